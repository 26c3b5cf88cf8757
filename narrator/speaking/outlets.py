"""Where sound goes while it is made: into a file, or to whoever reads our standard output."""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager, suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from narrator.audio.wav import WavWriter, endless_header
from narrator.durable import disk_errors
from narrator.errors import NarratorError, UsageError


class Outlet(AbstractContextManager["Outlet", None], Protocol):
    """Takes s16le mono as it is made. Left in whatever way, what it was given stays usable."""

    def write(self, pcm: bytes) -> None: ...


class SoundFile:
    """A file of WAV, or of bare PCM, that grows as the sound is made.

    It is begun with the first of the sound, so that a command that is refused destroys nothing; the header is
    right once it is left, also by Ctrl-C. What is no regular file is written as a pipe.

    Raises:
        UsageError: there cannot be such a file.
        DiskError: it cannot be written.
    """

    def __init__(self, path: Path, rate_hz: int, *, is_wav: bool) -> None:
        _refuse(path)
        self._path = path
        self._rate_hz = rate_hz
        self._is_wav = is_wav
        self._stream: _Seekable | _Endless | None = None

    def write(self, pcm: bytes) -> None:
        with disk_errors(f"Writing {self._path}"):
            if self._stream is None:
                file = self._path.open("wb", buffering=0)
                self._stream = _stream(file, self._rate_hz, is_wav=self._is_wav)
            self._stream.write(pcm)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._stream is not None:
            with disk_errors(f"Writing {self._path}"), self._stream.file:
                self._stream.finish()


class StandardOutput:
    """Our standard output, whose descriptor this is: a WAV, or bare PCM. A redirected file has a right header.

    Raises:
        BrokenPipeError: whoever listened has heard enough.
        NarratorError: it cannot be written for another reason.
    """

    def __init__(self, descriptor: int, rate_hz: int, *, is_wav: bool) -> None:
        # Not by sys.stdout: what it still held when a pipe broke would be written once more at the end.
        self._file = FileIO(descriptor, "wb", closefd=False)
        self._rate_hz = rate_hz
        self._is_wav = is_wav
        self._stream: _Seekable | _Endless | None = None

    def write(self, pcm: bytes) -> None:
        try:
            self._stream = self._stream or _stream(self._file, self._rate_hz, is_wav=self._is_wav)
            self._stream.write(pcm)
        except BrokenPipeError:
            raise
        except OSError as exc:
            raise NarratorError(f"Standard output cannot be written: {exc.strerror}.") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._stream is not None:
            with suppress(OSError):  # what is wrong with it was told where the sound was written
                self._stream.finish()


class _Endless:
    """A stream that cannot be gone back in; or bare PCM, where there is no need to."""

    def __init__(self, file: FileIO, head: bytes) -> None:
        self.file = file
        self._head = head

    def write(self, pcm: bytes) -> None:
        left = memoryview(self._head + pcm)
        self._head = b""
        while left:
            left = left[self.file.write(left) :]

    def finish(self) -> None:
        """Nothing is left to be done."""


class _Seekable:
    """A WAV whose header is put right at the end."""

    def __init__(self, file: BufferedWriter, rate_hz: int) -> None:
        self.file = file
        self._wav = WavWriter(file, rate_hz)

    def write(self, pcm: bytes) -> None:
        self._wav.write(pcm)
        self.file.flush()

    def finish(self) -> None:
        self._wav.close()
        self.file.flush()


def _stream(file: FileIO, rate_hz: int, *, is_wav: bool) -> _Seekable | _Endless:
    if is_wav and _is_at_its_beginning(file.fileno()):
        return _Seekable(BufferedWriter(file), rate_hz)
    return _Endless(file, endless_header(rate_hz) if is_wav else b"")


def _is_at_its_beginning(descriptor: int) -> bool:
    """Whether this is a file that we are the first to write, and may go back in."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or os.lseek(descriptor, 0, os.SEEK_CUR):
        return False
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        return False
    return not fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND


def _refuse(path: Path) -> None:
    """Find out before anything is spoken whether there can be a file of that name.

    Raises:
        UsageError: no.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", advice="Name a file in it: -o speech.wav")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}.", advice="Make it, or name a file elsewhere.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{path} may not be written.", advice="Name a file elsewhere.")
