"""Whether a WAV that ended by closing is whole: only its header can tell."""

from __future__ import annotations

RIFF_BYTES = 8
"""The beginning of a WAV that says how long all of it is."""

_UNKNOWN_FROM = 0x7FFFFF00
"""Sizes from here on mean that it was not known: a server that streams cannot go back to write it."""


def declared_size(head: bytes) -> int | None:
    """How many bytes there are by the first 8 of them; None where they do not say, or are no WAV's."""
    size = int.from_bytes(head[4:RIFF_BYTES], "little")
    is_told = len(head) >= RIFF_BYTES and head[:4] == b"RIFF" and 0 < size < _UNKNOWN_FROM
    return size + RIFF_BYTES if is_told else None
