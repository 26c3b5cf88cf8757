from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from mutagen.mp4 import MP4

from narrator.errors import ConfigError, DiskError, Interrupted
from narrator.mastering.aac import AacEncoder
from narrator.mastering.joined import Joined
from narrator.mastering.m4b import join_m4b
from narrator.mastering.mp4 import Packets, media_header, movie, size_of
from narrator.mastering.mp4_chapters import Chapters
from tests.audio.signals import Sound, babble, chirp
from tests.end_to_end.sound import decode

RATE_HZ = 24_000
TITLES = ("One", "Zwei: ünï 🐈", "三 / 3")


def piece(path: Path, sound: Sound, rate_hz: int = RATE_HZ, kbps: int = 64) -> Path:
    encoder = AacEncoder(path, rate_hz, kbps)
    encoder.write(sound)
    encoder.close()
    return path


def pieces_of(folder: Path, sounds: Sequence[Sound], rate_hz: int = RATE_HZ) -> list[Path]:
    return [piece(folder / f"{number}.m4a", sound, rate_hz) for number, sound in enumerate(sounds)]


def read(path: Path) -> Any:
    """The file as mutagen reads it; it is typed in part only."""
    return MP4(path)  # type: ignore[no-untyped-call]  # as above


def chapters_of(path: Path) -> list[tuple[str, Fraction, Fraction]]:
    """As FFmpeg's libraries read them: title, start and end in seconds."""
    with av.open(str(path)) as container:
        return [
            (str(each["metadata"].get("title", "")), each["start"] * unit, each["end"] * unit)
            for each in container.chapters()
            if (unit := each["time_base"])
        ]


def never() -> bool:
    return False


def joined(folder: Path, sounds: Sequence[Sound], titles: Sequence[str] = TITLES) -> tuple[Path, Joined]:
    path = folder / "book.m4b"
    return path, join_m4b(pieces_of(folder, sounds), path, titles, never)


@pytest.fixture
def sounds() -> list[Sound]:
    """Chapters of different lengths, with low noise up to their very edges."""
    rng = np.random.default_rng(0)
    chapters = []
    for before, seconds in ((12_345, 1.1), (0, 0.7), (700, 1.6)):
        sound = np.pad(chirp(seconds, RATE_HZ), (before, 9_000))
        chapters.append((sound + 0.0005 * rng.standard_normal(len(sound))).astype(np.float32))
    return chapters


def probed(path: Path) -> Any:
    if not shutil.which("ffprobe"):
        pytest.skip("ffprobe is not installed")
    command = ["ffprobe", "-v", "error", "-show_chapters", "-show_streams", "-of", "json", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_every_chapter_sounds_as_its_piece_to_the_bit_where_it_is_said_to_be(
    tmp_path: Path, sounds: list[Sound]
) -> None:
    path, volume = joined(tmp_path, sounds)
    heard = decode(path)
    assert (heard.rate_hz, len(heard.samples)) == (volume.rate_hz, volume.frames)
    assert volume.places[0][0] == 0
    assert volume.places[-1][1] == volume.frames
    for number, (start, end) in enumerate(volume.places):
        alone = decode(tmp_path / f"{number}.m4a").samples
        assert np.array_equal(heard.samples[start : start + len(alone)], alone)
        assert end - start in {len(alone), len(alone) + 1024}
        assert np.abs(heard.samples[start + len(alone) : end]).max(initial=0) < 0.005, "and then silence"


def test_a_chirp_is_found_at_its_very_sample(tmp_path: Path, sounds: list[Sound]) -> None:
    path, volume = joined(tmp_path, sounds)
    heard = decode(path).samples
    for sound, (start, _) in zip(sounds, volume.places, strict=True):
        around = np.pad(heard, 64)[start : start + len(sound) + 128]
        lags = [float(np.dot(around[lag : lag + len(sound)], sound)) for lag in range(128)]
        assert int(np.argmax(lags)) == 64


def test_no_join_clicks_though_sound_goes_up_to_it(tmp_path: Path) -> None:
    loud = babble(0.5, RATE_HZ, level=0.5)[: 11 * 1024]
    path, volume = joined(tmp_path, [loud, loud, loud])
    heard = decode(path).samples
    for start, _ in volume.places:
        assert np.abs(heard[start : start + len(loud)] - loud).max() < 0.1


def test_the_ffmpeg_program_hears_the_same(tmp_path: Path, sounds: list[Sound]) -> None:
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    path, volume = joined(tmp_path, sounds)
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    heard = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)
    assert len(heard) == volume.frames
    assert np.abs(heard - decode(path).samples).max() < 1e-5


def test_all_readers_see_the_same_chapters(tmp_path: Path, sounds: list[Sound]) -> None:
    path, volume = joined(tmp_path, sounds)
    wanted = [
        (title, Fraction(start, RATE_HZ), Fraction(end, RATE_HZ))
        for title, (start, end) in zip(TITLES, volume.places, strict=True)
    ]
    assert chapters_of(path) == wanted
    starts_s = [float(start) for _, start, _ in wanted]
    listed = read(path).chapters
    assert [each.title for each in listed] == list(TITLES)
    assert [each.start for each in listed] == pytest.approx(starts_s, abs=1e-6)
    seen = probed(path)
    assert [each["tags"]["title"] for each in seen["chapters"]] == list(TITLES)
    assert [float(each["start_time"]) for each in seen["chapters"]] == pytest.approx(starts_s, abs=1e-6)
    sound, text = seen["streams"]
    assert (sound["codec_name"], sound["duration_ts"]) == ("aac", volume.frames)
    assert text["codec_tag_string"] == "text"


def boxes(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at + 8 : at + 16], "big") if size == 1 else size
    return found


def test_what_a_player_needs_to_begin_is_before_the_sound(tmp_path: Path, sounds: list[Sound]) -> None:
    path, _ = joined(tmp_path, sounds)
    assert boxes(path.read_bytes()) == [b"ftyp", b"moov", b"mdat"]


def test_itunes_own_note_says_what_the_edit_list_says(tmp_path: Path, sounds: list[Sound]) -> None:
    path, volume = joined(tmp_path, sounds)
    fields = bytes(read(path).tags["----:com.apple.iTunes:iTunSMPB"][0]).split()
    assert [int(field, 16) for field in fields[:4]] == [0, 1024, 0, volume.frames]


@pytest.mark.parametrize("rate_hz", [11_025, 22_050, 44_100, 48_000])
def test_chapters_begin_where_they_do_at_any_rate(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "book.m4b"
    pieces = pieces_of(tmp_path, [chirp(seconds, rate_hz) for seconds in (0.2, 0.3)], rate_hz)
    volume = join_m4b(pieces, path, ["a", "b"], never)
    assert [start * rate_hz for _, start, _ in chapters_of(path)] == [start for start, _ in volume.places]
    assert len(decode(path).samples) == volume.frames


def test_a_book_of_one_chapter_is_its_piece(tmp_path: Path) -> None:
    path, volume = joined(tmp_path, [chirp(1.3, RATE_HZ)], ["All of it"])
    alone = decode(tmp_path / "0.m4a").samples
    assert np.array_equal(decode(path).samples, alone)
    assert volume == Joined(RATE_HZ, len(alone), ((0, len(alone)),))


def test_titles_of_any_length_and_script_are_read_by_all(tmp_path: Path) -> None:
    titles = ["/" * 500, "🐈" * 500, "", "two\nlines\0here", "lone \ud800 half"]
    expected = ["/" * 500, "🐈" * 500, "", "two lines here", "lone � half"]
    path, _ = joined(tmp_path, [chirp(0.1, RATE_HZ)] * 5, titles)
    assert [title for title, *_ in chapters_of(path)] == expected
    listed = [each.title for each in read(path).chapters]
    assert listed == ["/" * 255, "🐈" * 63, "", *expected[3:]], "whole characters in 255 bytes"


def test_more_chapters_than_the_list_has_are_all_in_the_track(tmp_path: Path) -> None:
    path, one = tmp_path / "book.m4b", piece(tmp_path / "one.m4a", chirp(0.1, RATE_HZ))
    titles = [f"Chapter {number}" for number in range(1, 301)]
    volume = join_m4b([one] * 300, path, titles, never)
    assert [title for title, *_ in chapters_of(path)] == titles
    assert not read(path).chapters, "a list would end with the 255th"
    assert len(decode(path).samples) == volume.frames


def test_equal_pieces_are_equal_bytes(tmp_path: Path, sounds: list[Sound]) -> None:
    path, _ = joined(tmp_path, sounds)
    once = path.read_bytes()
    joined(tmp_path, sounds)
    assert path.read_bytes() == once


def test_a_file_past_4_gib_and_32_bits_of_samples_is_read(tmp_path: Path) -> None:
    packets = 5_000_000  # 29.6 h, whose sound is a hole in the file
    sizes = np.full(packets, 900, ">u4")
    sizes[-1] = 1234
    described = Packets(48_000, b"\x11\x88\x56\xe5\x00", sizes.tobytes())
    half = described.count // 2 * 1024
    chapters = Chapters([0, half], ["a", "b"], described.frames, 48_000)
    titles = b"".join(chapters.samples)
    begin = size_of(movie(described, 0, others=[chapters.text_track(2, 0)])) + len(media_header(0))
    head = movie(described, begin + len(titles), others=[chapters.text_track(2, begin)])
    path = tmp_path / "large.m4b"
    with path.open("wb") as file:
        file.writelines(head)
        file.write(media_header(len(titles) + described.total_bytes) + titles)
        file.truncate(file.tell() + described.total_bytes)
    assert path.stat().st_size > 1 << 32
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert (stream.duration, stream.frames) == (described.frames, packets)
        assert described.frames > 1 << 32
        last = [packet for packet in _from_end(container, stream) if packet.size][-1]
        assert (last.size, last.pos) == (1234, path.stat().st_size - 1234)
    assert [end * 48_000 for *_, end in chapters_of(path)] == [half, described.frames]


def _from_end(container: Any, stream: Any) -> Any:
    container.seek(stream.duration - 4096, stream=stream)
    return container.demux(stream)


def test_pieces_of_different_rates_are_not_joined(tmp_path: Path) -> None:
    pieces = [piece(tmp_path / f"{rate}.m4a", chirp(0.2, rate), rate) for rate in (22_050, 24_000)]
    with pytest.raises(ConfigError, match=r"delivery\.rate_hz.*22050 Hz and 24000 Hz"):
        join_m4b(pieces, tmp_path / "book.m4b", ["a", "b"], never)
    assert not (tmp_path / "book.m4b").exists()


def test_nothing_is_not_joined_nor_what_has_no_title(tmp_path: Path) -> None:
    for pieces in ([], [tmp_path / "a"]):
        with pytest.raises(ValueError, match="titles"):
            join_m4b(pieces, tmp_path / "book.m4b", ["a"] * (1 - len(pieces)), never)


@pytest.mark.parametrize("damage", ["cut", "other", "high", "empty", "shorter", "rate", "table", "gone"])
def test_a_piece_that_is_not_whole_is_a_disk_error_that_names_it(tmp_path: Path, damage: str) -> None:
    path = piece(tmp_path / "damaged.m4a", chirp(0.5, RATE_HZ))
    data = path.read_bytes()
    rate_at, table_at = data.index(b"mdhd") + 16, data.index(b"stsz") - 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(
            {
                "cut": data[:-200],
                "other": b"RIFF" * 99,
                "high": b"\xff" * 999,
                "empty": b"",
                "shorter": data[:40] + data[41:],
                "rate": data[:rate_at] + b"\xff" + data[rate_at + 1 :],
                "table": data[:table_at] + bytes([data[table_at] - 1]) + data[table_at + 1 :],
            }[damage]
        )
    with pytest.raises(DiskError, match=r"damaged\.m4a"):
        join_m4b([path], tmp_path / "book.m4b", ["a"], never)


def test_it_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path, [chirp(0.5, RATE_HZ)])
    with pytest.raises(Interrupted, match="the chapters were joined"):
        join_m4b(pieces, tmp_path / "book.m4b", ["a"], lambda: True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_a_disk_error_that_names_the_file(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path, [babble(9, RATE_HZ)])
    with pytest.raises(DiskError, match=r"/dev/full.*" + os.strerror(errno.ENOSPC)):
        join_m4b(pieces, Path("/dev/full"), ["a"], never)
