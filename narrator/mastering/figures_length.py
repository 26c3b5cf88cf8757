"""How long a sound file says that it is: by that a copy which broke off is told from a whole one."""

from __future__ import annotations

from pathlib import Path

from narrator.audio.mpeg import HEADER_BYTES, FrameHeader, InfoTag
from narrator.durable import reading

_MOST_FRAME_BYTES = 2048  # more than an Info frame has at any bitrate
_RIFF_UNKNOWN_FROM = 0x7FFFFF00  # what writers put that cannot go back: near 2 or 4 GiB


def mp3_length_s(path: Path, first_byte: int) -> float | None:
    """By the Info frame that ends at `first_byte`, where the sound begins; None where there is none."""
    begin = max(0, first_byte - _MOST_FRAME_BYTES)
    with reading(path), path.open("rb") as file:
        file.seek(begin)
        before = file.read(first_byte - begin)
    for at in range(len(before) - HEADER_BYTES):
        header = FrameHeader.parse(before[at : at + HEADER_BYTES])
        tag = InfoTag.parse(before[at:], header) if header and at + header.size == len(before) else None
        if header and tag and tag.frames:
            return (tag.frames * header.samples - tag.delay - tag.padding) / header.rate_hz
    return None


def riff_share(path: Path) -> float | None:
    """The size that a WAV declares as a share of the one that it has; None where it declares none."""
    with reading(path), path.open("rb") as file:
        form = file.read(8)
        size = file.seek(0, 2)
    declared = int.from_bytes(form[4:], "little")
    return (declared + len(form)) / size if form[:4] == b"RIFF" and declared < _RIFF_UNKNOWN_FROM else None
