from __future__ import annotations

import os
import threading
import wave
from contextlib import suppress
from pathlib import Path

import pytest

from narrator.errors import DiskError, NarratorError, UsageError
from narrator.speaking.outlets import SoundFile, StandardOutput

RATE_HZ = 24_000
PCM = bytes(range(256)) * 4


def heard(path: Path) -> tuple[int, bytes]:
    """The rate and the sound of a WAV, by a reader that believes its header."""
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        return sound.getframerate(), sound.readframes(sound.getnframes())


def test_a_file_has_one_right_header(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with SoundFile(path, RATE_HZ, is_wav=True) as file:
        file.write(PCM)
        file.write(PCM)
    assert heard(path) == (RATE_HZ, 2 * PCM)
    assert path.read_bytes().count(b"RIFF") == 1


def test_a_file_grows_as_the_sound_is_made(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with SoundFile(path, RATE_HZ, is_wav=True) as file:
        file.write(PCM)
        assert path.read_bytes().endswith(PCM)
        assert heard(path)[1] == PCM


@pytest.mark.parametrize("error", [KeyboardInterrupt, UsageError("it failed")])
def test_what_was_written_before_an_interruption_is_whole(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with suppress(KeyboardInterrupt, UsageError), SoundFile(path, RATE_HZ, is_wav=True) as file:
        file.write(PCM)
        raise error
    with wave.open(str(path)) as sound:
        assert sound.getnframes() == len(PCM) // 2


def test_bare_pcm_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "speech.pcm"
    with SoundFile(path, RATE_HZ, is_wav=False) as file:
        file.write(PCM)
    assert path.read_bytes() == PCM


def test_a_file_of_before_stays_until_there_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(b"a longer file, of before" * 1000)
    with SoundFile(path, RATE_HZ, is_wav=True):
        pass
    assert path.read_bytes().startswith(b"a longer file")
    with SoundFile(path, RATE_HZ, is_wav=True) as file:
        file.write(PCM)
    assert heard(path) == (RATE_HZ, PCM)


@pytest.mark.parametrize("name", [".", "nowhere/speech.wav"])
def test_where_there_can_be_no_file_it_is_said_before_anything_is_spoken(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        SoundFile(tmp_path / name, RATE_HZ, is_wav=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("is_wav", [True, False])
def test_a_full_disk_is_a_disk_error(*, is_wav: bool) -> None:
    with (
        pytest.raises(DiskError, match="No space left"),
        SoundFile(Path("/dev/full"), RATE_HZ, is_wav=is_wav) as file,
    ):
        file.write(PCM)


def test_a_pipe_gets_a_header_of_unknown_length_and_each_piece_at_once() -> None:
    reading, writing = os.pipe()
    with StandardOutput(writing, RATE_HZ, is_wav=True) as output:
        output.write(PCM)
        head = os.read(reading, 44)
        assert os.read(reading, len(PCM)) == PCM
        output.write(PCM[:2])
        assert os.read(reading, 100) == PCM[:2]
    os.close(writing)
    os.close(reading)
    assert (head[:4], head[4:8], head[8:12], head[36:40]) == (b"RIFF", b"\xff" * 4, b"WAVE", b"data")
    assert head[40:] == b"\xff" * 4
    assert int.from_bytes(head[24:28], "little") == RATE_HZ


def test_more_than_a_pipe_holds_goes_through_it_whole() -> None:
    reading, writing = os.pipe()
    got: list[bytes] = []

    def read() -> None:
        while data := os.read(reading, 65_536):
            got.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    with StandardOutput(writing, RATE_HZ, is_wav=False) as output:
        output.write(PCM * 500)
    os.close(writing)
    reader.join()
    os.close(reading)
    assert b"".join(got) == PCM * 500


def test_who_reads_no_more_ends_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError), StandardOutput(writing, RATE_HZ, is_wav=True) as output:
        output.write(PCM)
    os.close(writing)


def test_output_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    path = tmp_path / "read-only"
    path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    output = StandardOutput(descriptor, RATE_HZ, is_wav=True)
    with pytest.raises(NarratorError, match="cannot be written"):
        output.write(PCM)
    os.close(descriptor)


def test_a_redirection_into_a_new_file_has_the_right_header(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with path.open("wb") as redirected, StandardOutput(redirected.fileno(), RATE_HZ, is_wav=True) as output:
        output.write(PCM)
        output.write(PCM)
    with wave.open(str(path)) as sound:
        assert sound.getnframes() == len(PCM)


def test_what_is_appended_to_is_not_gone_back_in(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(b"before")
    with path.open("ab") as redirected, StandardOutput(redirected.fileno(), RATE_HZ, is_wav=True) as output:
        output.write(PCM)
    assert path.read_bytes()[:10] == b"beforeRIFF"
    assert path.read_bytes().endswith(PCM)
