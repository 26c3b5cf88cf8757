from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from narrator.audio.riff import WavSource
from narrator.audio.wav import WavWriter
from tests.audio.signals import chirp, pcm_of


def written(pcm: bytes, *, largest: int = 0xFFFFFFFF) -> bytes:
    file = io.BytesIO()
    writer = WavWriter(file, 24_000, largest=largest)
    for at in range(0, len(pcm), 5_000):
        writer.write(pcm[at : at + 5_000])
    writer.close()
    return file.getvalue()


def ffmpeg_frames(file: io.BytesIO) -> list[np.ndarray]:
    with av.open(file, "r") as container:
        return [frame.to_ndarray()[0] for frame in container.decode(audio=0)]


def test_a_file_is_plain_riff_that_everyone_reads() -> None:
    pcm = pcm_of(chirp(1, 24_000))
    with wave.open(io.BytesIO(written(pcm))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert file.readframes(file.getnframes()) == pcm


def test_a_large_file_is_rf64_with_the_true_sizes() -> None:
    pcm = pcm_of(chirp(1, 24_000))
    data = written(pcm, largest=40_000)
    assert (data[:4], data[12:16]) == (b"RF64", b"ds64")
    assert len(data) == len(written(pcm))
    assert np.concatenate(ffmpeg_frames(io.BytesIO(data))).tobytes() == pcm
    source = WavSource()
    assert source.feed(data) == pcm
    source.finish()


def test_past_4_gib_the_length_is_still_right(tmp_path: Path) -> None:
    path = tmp_path / "day.wav"
    hole = 4 * 2**30
    with path.open("wb") as file:
        writer = WavWriter(_Sparse(file), 24_000)  # type: ignore[arg-type]  # all of BinaryIO that is used
        block = bytes(2**24)
        for _ in range(hole // len(block)):
            writer.write(block)
        writer.write(b"\x01\x02")
        writer.close()
    assert path.stat().st_size == 80 + hole + 2
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.duration == hole // 2 + 1


def test_what_a_killed_process_leaves_can_be_read() -> None:
    pcm = pcm_of(chirp(0.5, 24_000))
    file = io.BytesIO()
    WavWriter(file, 24_000).write(pcm)
    source = WavSource()
    assert source.feed(file.getvalue()) == pcm
    source.finish()


class _Sparse:
    """Seeks over zeros instead of writing them, so that 4 GiB cost no disk and no time."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        if len(data) < 2**20:
            return self._file.write(data)
        self._file.seek(len(data), 1)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)


@pytest.mark.parametrize("frames", [0, 1])
def test_nearly_nothing_is_a_file_too(frames: int) -> None:
    with wave.open(io.BytesIO(written(bytes(2 * frames)))) as file:
        assert file.getnframes() == frames
