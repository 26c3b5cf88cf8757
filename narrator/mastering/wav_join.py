"""One WAV of a whole book: the samples of its chapters' pieces under one header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

from narrator.audio.pcm import BYTES_PER_FRAME
from narrator.audio.wav import HEADER_BYTES, WavWriter, rate_and_bytes
from narrator.durable import disk_errors
from narrator.errors import DiskError
from narrator.mastering.joined import Joined, blocks_of


def join_wav(pieces: Sequence[Path], path: Path, should_stop: Callable[[], bool]) -> Joined:
    """Write the WAV `path` of files that `WavEncoder` wrote: RF64 where it passes 4 GiB.

    Raises:
        DiskError: a piece cannot be read or is not whole, or the file cannot be written.
        Interrupted: `should_stop()` said so.
        ValueError: no pieces, or pieces of different rates.
    """
    facts = [_rate_and_frames(piece) for piece in pieces]
    rates_hz = {rate_hz for rate_hz, _ in facts}
    if len(rates_hz) != 1:
        raise ValueError(f"pieces of one rate are joined, not of {sorted(rates_hz)}")
    rate_hz = rates_hz.pop()
    with disk_errors(f"Writing {path}"), path.open("wb") as file:
        writer = WavWriter(file, rate_hz)
        for piece in pieces:
            for block in blocks_of(piece, HEADER_BYTES, should_stop):
                writer.write(block)
        writer.close()
    places = tuple(pairwise(accumulate((frames for _, frames in facts), initial=0)))
    return Joined(rate_hz, places[-1][1], places)


def _rate_and_frames(piece: Path) -> tuple[int, int]:
    with disk_errors(f"Reading {piece}"), piece.open("rb") as file:
        facts = rate_and_bytes(file.read(HEADER_BYTES))
        if facts is None or piece.stat().st_size != HEADER_BYTES + facts[1]:
            raise DiskError(
                f"{piece} is not what was written there: it is no whole WAV.",
                advice="Remove it, and run the same command again: it is made anew.",
            )
    return facts[0], facts[1] // BYTES_PER_FRAME
