"""Chapters that became one MP3, found by decoders that are not ours at the frames where they should be."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from narrator.audio.mpeg import FrameHeader, InfoTag
from narrator.errors import DiskError, Interrupted, UsageError
from narrator.mastering.crc16 import crc16
from narrator.mastering.joined import Joined
from narrator.mastering.mp3 import Mp3Encoder
from narrator.mastering.mp3_join import join_mp3
from tests.audio.signals import Sound, babble, chirp
from tests.end_to_end.sound import decode, read_mp3
from tests.faults.small_disk import small_disk

WAYS: list[tuple[int, dict[str, Any]]] = [
    (24_000, {"kbps": 64}),
    (24_000, {"kbps": 32}),
    (44_100, {"kbps": 192}),
    (8_000, {"kbps": 32}),
    (24_000, {"kbps": 64, "mode": "vbr"}),
    (48_000, {"kbps": 64, "mode": "vbr", "vbr_quality": 9}),
]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A piece, its master, and where in that a chirp is."""

    path: Path
    sound: Sound
    chirp: Sound
    at: int


def chapter(path: Path, rate_hz: int, seconds: float, quiet_s: float, **settings: Any) -> Chapter:
    quiet = np.zeros(round(quiet_s * rate_hz), np.float32)
    heard = chirp(seconds, rate_hz)
    sound = np.concatenate([quiet, heard, quiet])
    encoder = Mp3Encoder(path, rate_hz, **settings)
    encoder.write(sound)
    encoder.close()
    return Chapter(path, sound, heard, len(quiet))


def book(folder: Path, rate_hz: int, **settings: Any) -> list[Chapter]:
    """Chapters of odd lengths: two that begin and end quietly, two that are heard to the edges."""
    shapes = ((1.3, 0.2), (0.6, 0.1), (0.917, 0.0), (0.7001, 0.0))
    return [
        chapter(folder / f"{number}.mp3", rate_hz, seconds, quiet_s, **settings)
        for number, (seconds, quiet_s) in enumerate(shapes)
    ]


def join(chapters: Sequence[Chapter], path: Path) -> Joined:
    return join_mp3([each.path for each in chapters], path, lambda: False)


def by_pyav(path: Path, _: int) -> Sound:
    return decode(path).samples


def by_ffmpeg(path: Path, _: int) -> Sound:
    return _output("ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-")


def by_mpg123(path: Path, _: int) -> Sound:
    return _output("mpg123", "-q", "-e", "f32", "-s", str(path))


def by_lame(path: Path, _: int) -> Sound:
    pcm = _output("lame", "--quiet", "--decode", "-t", str(path), "-", kind="<i2")
    return (pcm / 32768).astype(np.float32)


def _output(program: str, *arguments: str, kind: str = "<f4") -> Sound:
    if not shutil.which(program):
        pytest.skip(f"the {program} program is not installed")
    done = subprocess.run([program, *arguments], capture_output=True, check=True)
    assert not done.stderr, "it complains of nothing"
    heard: Sound = np.frombuffer(done.stdout, kind)
    return heard


def found(heard: Sound, sound: Sound, near: int) -> int:
    """Where a sound is, within a tenth of a second of a place."""
    first = max(0, near - 2_400)
    part = heard[first : near + 2_400 + len(sound)].astype(np.float64)
    size = 1 << (len(part) + len(sound)).bit_length()
    spectrum = np.fft.rfft(part, size) * np.conj(np.fft.rfft(sound, size))
    return first + int(np.argmax(np.fft.irfft(spectrum, size)[: len(part) - len(sound) + 1]))


@pytest.mark.parametrize("decoder", [by_pyav, by_ffmpeg, by_mpg123, by_lame])
@pytest.mark.parametrize(("rate_hz", "way"), WAYS)
def test_each_chapter_begins_at_the_frame_that_is_told(
    tmp_path: Path, rate_hz: int, way: dict[str, Any], decoder: Callable[[Path, int], Sound]
) -> None:
    chapters, path = book(tmp_path, rate_hz, **way), tmp_path / "book.mp3"
    joined = join(chapters, path)
    heard = decoder(path, rate_hz)
    assert (joined.rate_hz, joined.frames) == (rate_hz, len(heard))
    assert joined.places[0][0] == 0
    for each, (start, end) in zip(chapters, joined.places, strict=True):
        assert found(heard, each.chirp, start + each.at) == start + each.at
        more_s = (end - start - len(each.sound)) / rate_hz
        assert 0 <= more_s <= 2_400 / rate_hz
    assert [start for start, _ in joined.places[1:]] == [end for _, end in joined.places[:-1]]
    assert joined.places[-1][1] == joined.frames == joined.places[-1][0] + len(chapters[-1].sound)


@pytest.mark.parametrize(("rate_hz", "way"), WAYS)
def test_a_chapter_sounds_as_it_did_alone_and_joins_are_silent(
    tmp_path: Path, rate_hz: int, way: dict[str, Any]
) -> None:
    chapters, path = book(tmp_path, rate_hz, **way), tmp_path / "book.mp3"
    joined = join(chapters, path)
    heard = decode(path).samples
    for each, (start, _) in zip(chapters, joined.places, strict=True):
        alone = decode(each.path).samples
        assert np.abs(heard[start : start + len(alone)] - alone).max() < 2e-5
    start, end = joined.places[0]
    assert np.abs(heard[start + len(chapters[0].sound) - rate_hz // 50 : end + rate_hz // 50]).max() < 1e-5


def test_pauses_that_are_not_digital_silence_are_joined_without_a_click(tmp_path: Path) -> None:
    rate_hz, paths, path = 24_000, [], tmp_path / "book.mp3"
    rng = np.random.default_rng(3)
    for number in range(3):
        tone = (10 ** (-66 / 20) * rng.standard_normal(rate_hz)).astype(np.float32)
        fade = np.minimum(1, np.minimum(np.arange(rate_hz), np.arange(rate_hz)[::-1]) / (rate_hz // 20))
        encoder = Mp3Encoder(tmp_path / f"{number}.mp3", rate_hz, 64)
        encoder.write((tone * fade).astype(np.float32))
        encoder.close()
        paths.append(tmp_path / f"{number}.mp3")
    join_mp3(paths, path, lambda: False)
    assert np.abs(decode(path).samples).max() < 10 ** (-66 / 20) * 6


@pytest.mark.parametrize("way", [{"kbps": 64}, {"kbps": 64, "mode": "vbr"}])
def test_its_info_frame_tells_the_truth(tmp_path: Path, way: dict[str, Any]) -> None:
    chapters, path = book(tmp_path, 24_000, **way), tmp_path / "book.mp3"
    joined = join(chapters, path)
    data = path.read_bytes()
    header = FrameHeader.parse(data)
    assert header
    info, music = data[: header.size], data[header.size :]
    tags = [InfoTag.parse(each.path.read_bytes()[: header.size], header) for each in chapters]
    whole = InfoTag.parse(info, header)
    assert whole
    assert whole.frames == sum(tag.frames for tag in tags if tag)
    assert tags[-1]
    assert (whole.delay, whole.padding) == (576, tags[-1].padding)
    lame = header.info_offset + 120
    assert int.from_bytes(info[lame + 32 : lame + 34], "big") == crc16(music)
    assert int.from_bytes(info[lame + 34 : lame + 36], "big") == crc16(info[: lame + 34])
    assert int.from_bytes(info[header.info_offset + 12 :][:4], "big") == len(data)
    seen, alone = read_mp3(path).info, read_mp3(chapters[0].path).info
    assert seen.length == pytest.approx(joined.frames / 24_000, abs=1e-6)
    assert (seen.bitrate_mode, seen.encoder_settings) == (alone.bitrate_mode, alone.encoder_settings)


def test_a_player_that_seeks_by_its_table_arrives_where_it_wants_to(tmp_path: Path) -> None:
    loud, soft, path = tmp_path / "loud.mp3", tmp_path / "soft.mp3", tmp_path / "book.mp3"
    for each, level in ((loud, 0.3), (soft, 0.0005)):
        encoder = Mp3Encoder(each, 24_000, 64, mode="vbr")
        encoder.write(babble(20, 24_000, level=level))
        encoder.close()
    join_mp3([loud, soft], path, lambda: False)
    data = path.read_bytes()
    table = data[29:129]
    half = loud.stat().st_size / len(data)
    assert half > 0.55
    assert table[50] / 256 == pytest.approx(half, abs=0.01)
    assert table[25] / 256 == pytest.approx(half / 2, abs=0.02)
    assert table[75] / 256 == pytest.approx(half + (1 - half) / 2, abs=0.02)


def test_one_chapter_is_a_book_too(tmp_path: Path) -> None:
    only, path = chapter(tmp_path / "1.mp3", 24_000, 0.8, 0.1, kbps=64), tmp_path / "book.mp3"
    joined = join([only], path)
    assert path.read_bytes() == only.path.read_bytes()
    assert joined == Joined(24_000, len(only.sound), ((0, len(only.sound)),))


def test_chapters_of_different_rates_are_told_what_to_do(tmp_path: Path) -> None:
    one = chapter(tmp_path / "1.mp3", 24_000, 0.5, 0.1, kbps=64)
    other = chapter(tmp_path / "2.mp3", 22_050, 0.5, 0.1, kbps=64)
    with pytest.raises(UsageError, match="24000 and of 22050 Hz") as caught:
        join([one, other], tmp_path / "book.mp3")
    assert "delivery.rate_hz" in caught.value.advice
    assert not (tmp_path / "book.mp3").exists()


@pytest.mark.parametrize("way", [{"kbps": 80}, {"kbps": 64, "mode": "vbr"}, {"kbps": 64, "quality": "best"}])
def test_chapters_by_different_settings_are_not_joined(tmp_path: Path, way: dict[str, Any]) -> None:
    one = chapter(tmp_path / "1.mp3", 24_000, 0.5, 0.1, kbps=64)
    other = chapter(tmp_path / "2.mp3", 24_000, 0.5, 0.1, **way)
    with pytest.raises(UsageError, match=r"1\.mp3 and .*2\.mp3 were encoded by different settings"):
        join([one, other], tmp_path / "book.mp3")


def damage(data: bytes) -> list[bytes]:
    return [
        b"",
        b"nothing of the kind",
        data[:100],
        data[192:],  # no Info frame
        data[:-1],
        data[:-192],
        data + b"TAG" + bytes(125),
        data[:1_000] + bytes([data[1_000] ^ 4]) + data[1_001:],
    ]


@pytest.mark.parametrize("kind", range(8))
def test_a_piece_that_is_not_what_was_written_is_named(tmp_path: Path, kind: int) -> None:
    chapters = book(tmp_path, 24_000, kbps=64)
    bad = chapters[1].path
    bad.write_bytes(damage(bad.read_bytes())[kind])
    with pytest.raises(DiskError, match=r"1\.mp3 is not what was written"):
        join(chapters, tmp_path / "book.mp3")


def test_a_piece_that_is_gone_is_named(tmp_path: Path) -> None:
    chapters = book(tmp_path, 24_000, kbps=64)
    chapters[2].path.unlink()
    with pytest.raises(DiskError, match=r"Reading .*2\.mp3 failed"):
        join(chapters, tmp_path / "book.mp3")


def test_a_person_can_stop_it(tmp_path: Path) -> None:
    chapters = book(tmp_path, 24_000, kbps=64)
    with pytest.raises(Interrupted, match="the chapters were joined"):
        join_mp3([each.path for each in chapters], tmp_path / "book.mp3", lambda: True)


def test_a_disk_that_fills_is_a_disk_error_that_names_the_file(tmp_path: Path) -> None:
    chapters = book(tmp_path, 24_000, kbps=64)
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        disk.fill()
        with pytest.raises(DiskError, match=r"Writing .*book\.mp3 failed: No space left"):
            join(chapters, disk.seen / "book.mp3")
