"""Sound through the loudspeakers of this machine, by sounddevice (the extra `play`) and PortAudio."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from narrator.audio.pcm import BYTES_PER_FRAME
from narrator.audio.silence import frames_in
from narrator.errors import UsageError

_PIECE_MS = 100
"""No signal is heard while PortAudio waits in a write: so long at the most Ctrl-C is put off."""

_ELSEWHERE = "or name a file: -o speech.wav"


class Loudspeaker:
    """Plays s16le mono as it is written; a write waits while there is more than a moment of sound to play.

    A context manager: left, it plays all to its end; by Ctrl-C, it is silent at once.

    Raises:
        UsageError: sounddevice or PortAudio is not installed, or there is no loudspeaker.
    """

    def __init__(self, rate_hz: int) -> None:
        self._sounddevice = _sounddevice()
        self._piece_bytes = BYTES_PER_FRAME * frames_in(_PIECE_MS, rate_hz)
        with _translated(self._sounddevice):
            self._stream = self._sounddevice.RawOutputStream(samplerate=rate_hz, channels=1, dtype="int16")
            self._stream.start()

    def write(self, pcm: bytes) -> None:
        """Play a piece, whole frames.

        Raises:
            UsageError: the loudspeaker is gone.
        """
        with _translated(self._sounddevice):
            for start in range(0, len(pcm), self._piece_bytes):
                self._stream.write(pcm[start : start + self._piece_bytes])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _translated(self._sounddevice):
            if isinstance(error, KeyboardInterrupt):
                self._stream.abort()
            else:
                self._stream.stop()
            self._stream.close()


@contextmanager
def _translated(sounddevice: Any) -> Iterator[None]:
    """Make PortAudio's errors ours."""
    try:
        yield
    except sounddevice.PortAudioError as exc:
        raise UsageError(
            f"No sound can be played here: {exc.args[0] if exc.args else 'no loudspeaker answers'}.",
            advice=f"Check the sound output of this machine, {_ELSEWHERE}",
        ) from exc


def _sounddevice() -> Any:
    try:
        return importlib.import_module("sounddevice")
    except ModuleNotFoundError as exc:
        raise UsageError(
            "To play sound, narrator needs the package sounddevice, which is not installed.",
            advice=f"Install it: pip install 'narrator[play]', {_ELSEWHERE}",
        ) from exc
    except OSError as exc:  # it is there, and the library that it needs is not
        raise UsageError(
            "To play sound, narrator needs the library PortAudio, which is not installed.",
            advice=f"Install it, as by apt install libportaudio2, {_ELSEWHERE}",
        ) from exc
