from __future__ import annotations

import math
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutagen.apev2 import APEv2

from narrator.errors import UnreadableAudio, UsageError
from narrator.mastering.figures import figures_of
from narrator.testing.speechlike import wav
from tests.audio.signals import babble
from tests.mastering.sound_files import write_sound, write_wav

SOUND = babble(6, 44_100)


def mp3(folder: Path, kbps: int = 64) -> bytes:
    return write_sound(folder / "whole.mp3", SOUND, 44_100, "libmp3lame", kbps=kbps).read_bytes()


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3",
        b"This is a text, and no sound at all.\n" * 500,
        b"<html><body>Not found</body></html>",
        bytes(50_000),
        np.random.default_rng(0).bytes(100_000),
        wav(b"", 24_000),
    ],
    ids=["empty", "three bytes", "text", "a web page", "zeros", "noise", "a header alone"],
)
@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.bin"])
def test_what_is_no_sound_is_said_to_be_none(name: str, data: bytes, tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match=name) as caught:
        figures_of(written(tmp_path, name, data))
    assert caught.value.advice


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    for path, told in (
        (tmp_path / "gone.mp3", "There is no file"),
        (tmp_path, "is no file"),
        (tmp_path / "pipe.mp3", "is no"),
    ):
        with pytest.raises(UsageError, match=told):
            figures_of(path)


def test_a_playlist_is_no_sound_and_nothing_that_it_names_is_opened(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        playlists = {
            "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{address}\n#EXT-X-ENDLIST\n",
            "b.mp3": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{address}\n#EXT-X-ENDLIST\n",
            "c.txt": f"ffconcat version 1.0\nfile '{address}'\n",
        }
        for name, text in playlists.items():
            with pytest.raises(UnreadableAudio):
                figures_of(written(tmp_path, name, text.encode()))
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_file_that_breaks_off_is_measured_and_said_to_do_so(tmp_path: Path) -> None:
    for whole in (
        write_sound(tmp_path / "a.mp3", SOUND, 44_100, "libmp3lame", kbps=64),
        write_sound(tmp_path / "a.flac", SOUND, 44_100, "flac"),
        write_wav(tmp_path / "a.wav", SOUND, 44_100),
        write_sound(tmp_path / "a.m4a", SOUND, 44_100, "aac", movflags="+faststart"),
    ):
        assert figures_of(whole).damage == "", whole
        data = whole.read_bytes()
        figures = figures_of(written(tmp_path, f"cut{whole.suffix}", data[: len(data) // 2]))
        missing_s = len(SOUND) / 44_100 - figures.duration_s
        assert 2.0 < missing_s < 4.0
        assert f"{missing_s:.1f} s of the length" in figures.damage, whole


@pytest.mark.parametrize("hole", [bytes(3000), np.random.default_rng(2).bytes(3000)], ids=["zeros", "noise"])
def test_a_hole_in_the_middle_is_passed_over_and_told(hole: bytes, tmp_path: Path) -> None:
    data = mp3(tmp_path)
    middle = len(data) // 2
    figures = figures_of(written(tmp_path, "a.mp3", data[:middle] + hole + data[middle + len(hole) :]))
    assert figures.duration_s == pytest.approx(6.0, abs=0.5)
    assert figures.damage


def test_tags_around_the_sound_are_no_damage(tmp_path: Path) -> None:
    path = written(tmp_path, "a.mp3", b"ID3\x03\x00\x00\x00\x7f\x00\x00" + bytes(0x7F << 14) + mp3(tmp_path))
    tags: Any = APEv2()  # type: ignore[no-untyped-call]  # mutagen types none of it
    tags["Lyrics"] = "la " * 1000
    tags.save(path)
    with path.open("ab") as file:
        file.write(b"TAG".ljust(128, b"x"))
    figures = figures_of(path)
    assert (figures.damage, figures.kbps) == ("", 64.0)
    assert figures.frames == pytest.approx(len(SOUND), abs=1152)  # FFmpeg trims no end that a tag follows


def test_a_last_frame_that_is_not_whole_is_no_damage(tmp_path: Path) -> None:
    bare = mp3(tmp_path)
    bare = bare[
        bare.index(b"\xff\xfb", bare.index(b"Info")) :
    ]  # as from a stream: no frame says how long it is
    figures = figures_of(written(tmp_path, "a.mp3", bare[:-100]))
    assert figures.damage == ""
    assert figures.duration_s == pytest.approx(6.0, abs=0.1)


def test_a_file_that_changes_its_kind_is_measured_and_said_to_do_so(tmp_path: Path) -> None:
    other = write_sound(tmp_path / "b.mp3", babble(3, 22_050), 22_050, "libmp3lame")
    figures = figures_of(written(tmp_path, "a.mp3", mp3(tmp_path) + other.read_bytes()))
    assert "changes from 1 channels at 44100 Hz to 1 at 22050 Hz" in figures.damage
    assert figures.rate_hz == 44_100
    assert figures.duration_s == pytest.approx(9.0, abs=0.1)
    assert figures.is_constant_bitrate is False


def test_samples_that_are_no_numbers_are_survived(tmp_path: Path) -> None:
    sound = SOUND.copy()
    sound[1000:1003] = math.nan, math.inf, -math.inf
    figures = figures_of(write_wav(tmp_path / "a.wav", sound, 44_100))
    assert figures.sample_peak_db == 0.0
    assert figures.rms_db == pytest.approx(
        figures_of(write_wav(tmp_path / "b.wav", SOUND, 44_100)).rms_db, abs=0.05
    )


def test_samples_above_full_scale_are_measured_as_they_are(tmp_path: Path) -> None:
    figures = figures_of(write_wav(tmp_path / "a.wav", SOUND * np.float32(20), 44_100))
    assert figures.sample_peak_db == pytest.approx(20 * math.log10(20 * np.abs(SOUND).max()), abs=0.001)


def test_a_wav_of_unknown_length_is_whole(tmp_path: Path) -> None:
    data = bytearray(write_wav(tmp_path / "a.wav", SOUND, 44_100).read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    figures = figures_of(written(tmp_path, "stream.wav", bytes(data)))
    assert (figures.damage, figures.frames) == ("", len(SOUND))


@pytest.mark.parametrize(
    "name", ["http:a.wav", "concat:a|b.wav", "naïve – “quoted” 🎧.wav", "-.wav", "a%20b?.wav"]
)
def test_a_file_of_any_name_is_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_wav(Path(name), SOUND, 44_100)
    assert figures_of(Path(name)).frames == len(SOUND)


def test_a_name_that_is_no_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    write_wav(path, SOUND, 44_100)
    assert figures_of(path).frames == len(SOUND)


@pytest.mark.parametrize("rate_hz", [1000, 2_000_000_000])
def test_a_rate_that_no_sound_has_is_refused(rate_hz: int, tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match=f"sample rate of {rate_hz} Hz"):
        figures_of(written(tmp_path, "a.wav", wav(bytes(20_000), rate_hz)))


def test_more_channels_than_can_be_told_apart_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match="16 channels"):
        figures_of(write_wav(tmp_path / "a.wav", np.tile(SOUND[:1000], (16, 1)), 44_100))
