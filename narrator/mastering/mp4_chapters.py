"""The chapters of an MP4 in both forms: the text track that Apple's players read, and the list of others.

The first is QuickTime's (QuickTime File Format, "Chapter lists"); the second is Nero's `chpl` box, known by
what its readers do: FFmpeg, VLC, MP4v2.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from narrator.mastering.mp4 import FRAME, UNITY, Parts, box, full_box, media, track

_MOST_IN_LIST = 255  # FFmpeg and mutagen read a count of one byte
_MOST_IN_LIST_TITLE = 255
_MOST_IN_TITLE = 65_535
_PER_S = 10_000_000
_IS_UTF_8 = struct.pack(">I4sI", 12, b"encd", 0x100)
_TEXT_ENTRY = struct.pack(">6xHI14x3H6x", 1, 1, 0, 0, 1) + struct.pack(">I4sHHB", 13, b"ftab", 1, 1, 0)
_COPY_MODE = struct.pack(">5H2x", 0x40, 0x8000, 0x8000, 0x8000, 0)


@dataclass(frozen=True, slots=True)
class Chapters:
    """Where chapters begin, from 0 up in multiples of 1,024 frames, their titles, and where the last ends."""

    starts: Sequence[int]
    titles: Sequence[str]
    end: int
    rate_hz: int

    @property
    def samples(self) -> tuple[bytes, ...]:
        """The titles as the text track's samples, which are media data."""
        titles = (_cut(title, _MOST_IN_TITLE) for title in self.titles)
        return tuple(struct.pack(">H", len(title)) + title + _IS_UTF_8 for title in titles)

    def text_track(self, number: int, begin: int) -> Parts:
        """The track of the samples, which begin at the byte `begin`, one after another."""
        # Chapters are whole packets, so this unit is exact; and no hours are a number that readers take for -1.
        unit = math.gcd(self.rate_hz, FRAME)
        lengths = [(end - start) // unit for start, end in pairwise([*self.starts, self.end])]
        sizes = [len(sample) for sample in self.samples]
        table = box(
            b"stbl",
            full_box(b"stsd", 0, 0, _u32(1), box(b"text", _TEXT_ENTRY)),
            full_box(b"stts", 0, 0, _u32(len(lengths)), b"".join(_u32(1, length) for length in lengths)),
            full_box(b"stsc", 0, 0, _u32(1, 1, len(sizes), 1)),
            full_box(b"stsz", 0, 0, _u32(0, len(sizes), *sizes)),
            full_box(b"stco", 0, 0, _u32(1, begin)),
        )
        header = box(b"gmhd", full_box(b"gmin", 0, 0, _COPY_MODE), box(b"text", UNITY))
        return track(
            number,
            self.end,
            media(self.rate_hz // unit, self.end // unit, b"text", header, table),
            is_enabled=False,  # else its titles would be shown as subtitles
        )

    def listed(self) -> Parts:
        """The `chpl` box; none where it has not room for all: the last of half a list would go on for hours."""
        if len(self.titles) > _MOST_IN_LIST:
            return ()
        entries = []
        for start, title in zip(self.starts, self.titles, strict=True):
            text = _cut(title, _MOST_IN_LIST_TITLE)
            entries.append(struct.pack(">QB", round(start * _PER_S / self.rate_hz), len(text)) + text)
        return full_box(b"chpl", 1, 0, struct.pack(">IB", 0, len(entries)), *entries)


def _cut(title: str, most_bytes: int) -> bytes:
    """The title on one line, in UTF-8, of so many bytes at most; no character is cut, none ends a text of C."""
    whole = title.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", " ")
    text = " ".join(whole.split()).encode()
    return text[:most_bytes].decode("utf-8", "ignore").encode()


def _u32(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)
