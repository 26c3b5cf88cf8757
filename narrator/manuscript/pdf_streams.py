"""Streams of a PDF that are made to fill the memory: found and refused before PDFium inflates them.

PDFium inflates a page's content whole, up to a GiB a stream. Text and drawings deflate to a tenth; what
deflates to a hundredth, and is large, is a trap. Streams: ISO 32000-1, 7.3.8; zlib's header: RFC 1950, 2.2.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from narrator.errors import ManuscriptError

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_LARGEST = 64 << 20
_STEP = 1 << 20
_HARMLESS = 20
"""What inflates to less than so many times its size, measured after a MiB, is no trap."""
_SMALLEST = _LARGEST // 1032
"""zlib makes nothing smaller that inflates to more."""
_CHUNK = 1 << 14
_LAYERS = 4
"""Filters can stand in a row; PDFium follows some, and a trap needs two."""


def refuse_traps(path: Path) -> None:
    """Look through a file's deflated streams.

    Raises:
        ManuscriptError: they inflate to far more than the text of any book.
    """
    if not path.stat().st_size:  # nothing can be mapped
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        total = 0
        for match in _STREAM.finditer(data):
            start = match.end()
            if _is_deflated(data[start : start + 2]):
                total += _size_of_trap(data, start)
            if total > _LARGEST:
                raise ManuscriptError(
                    f"{path.name} would fill the memory: it is made to do harm, and no book.",
                    advice="Get the book from another source.",
                )


def _is_deflated(head: bytes) -> bool:
    """Whether a zlib stream can begin with these two bytes."""
    return len(head) == 2 and head[0] & 15 == 8 and int.from_bytes(head, "big") % 31 == 0


def _size_of_trap(data: mmap.mmap, start: int) -> int:
    """What a stream inflates to, in bytes, counted to somewhat above the limit; 0 where it is harmless."""
    feed = _Feed(data, start)
    parts, layers = _inflated(feed), 1
    size = 0
    try:
        part = next(parts, b"")
        while _is_deflated(part[:2]) and layers < _LAYERS:
            parts, layers = _inflated(chain([part], parts)), layers + 1
            part = next(parts, b"")
        if layers == 1 and data.find(b"endstream", start, start + _SMALLEST) >= 0:
            return 0
        for following in chain([part], parts):
            size += len(following)
            if size > _LARGEST:
                return size
            if size >= _STEP and size < _HARMLESS * feed.fed:
                return 0
    except zlib.error:
        return 0  # damaged, or by chance like a zlib stream: PDFium gets no further
    return size


class _Feed:
    """The bytes of a file from a place on, in chunks; `fed` counts those that were asked for."""

    def __init__(self, data: mmap.mmap, start: int) -> None:
        self._data, self._start = data, start
        self.fed = 0

    def __iter__(self) -> Iterator[bytes]:
        for at in range(self._start, len(self._data), _CHUNK):
            self.fed += _CHUNK
            yield self._data[at : at + _CHUNK]


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A zlib stream inflated, in parts of a MiB at most."""
    inflater = zlib.decompressobj()
    for chunk in chunks:
        rest = chunk
        while rest and not inflater.eof:
            if part := inflater.decompress(rest, _STEP):
                yield part
            rest = inflater.unconsumed_tail
        if inflater.eof:
            return
