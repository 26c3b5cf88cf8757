"""The characters of a PDF page through PDFium: their text, places, sizes and weights.

PDFium's interface: https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdf_text.h
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pypdfium2
import pypdfium2.raw as pdfium

_BOLD_NAME = re.compile(rb"bold|black|heavy|semibold|demi|(?<=[A-Z])BX\d", re.IGNORECASE)
_BOLD_WEIGHT = 600
_NAME_BYTES = 128
_ANGLES = 20
_MANY_LINES = 3
_LINES_TRIED = 12


class Glyphs:
    """The characters of a page. All lengths are points, x to the right, y down, as the text is read.

    `text` has one character for each of PDFium's, with the line ends and spaces that it inserts. The page is
    turned so that most of its text stands upright; Japanese columns are turned to be lines, too.
    """

    def __init__(self, textpage: pypdfium2.PdfTextPage, width: float, height: float) -> None:
        self._raw = textpage.raw
        self._width, self._height = width, height
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._sides = tuple(ctypes.c_double() for _ in range(4))
        self._matrix = pdfium.FS_MATRIX()
        self._name, self._flags = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_int()
        self.text = self._read(textpage)
        self._tilt = self._turn = self._commonest_turn()
        if not self._tilt and self._has_columns():
            self._turn = 3  # upright letters, in columns from the right to the left

    def _read(self, textpage: pypdfium2.PdfTextPage) -> str:
        count = textpage.count_chars()
        text: str = textpage.get_text_range() if count else ""
        if len(text) != count:  # a character beyond the BMP, or one that PDFium's own text leaves out
            codes = (pdfium.FPDFText_GetUnicode(self._raw, at) for at in range(count))
            text = "".join(chr(code) if code and not 0xD800 <= code < 0xE000 else " " for code in codes)
        return text

    def _commonest_turn(self) -> int:
        """How many quarter turns, counter-clockwise, most of the text is turned by."""
        turns = Counter(
            round(self._angle(at) / (math.pi / 2)) % 4
            for at in range(0, len(self.text), 1 + len(self.text) // _ANGLES)
            if not self.text[at].isspace()
        )
        return turns.most_common(1)[0][0] if turns else 0

    def _has_columns(self) -> bool:
        """Whether the characters of most lines stand below one another."""
        down = across = 0
        for line in islice(re.finditer(r"[^\r\n]{4,}", self.text), _LINES_TRIED):
            first, last = self.origin(line.start()), self.origin(line.end() - 1)
            if abs(last[1] - first[1]) > 2 * abs(last[0] - first[0]):
                down += 1
            else:
                across += 1
        return down > across and down >= _MANY_LINES

    def turned(self, x: float, y: float) -> tuple[float, float]:
        """A place on the page as the text is read, from PDF coordinates: points, y up."""
        return (
            (x, self._height - y),
            (y, x),
            (self._width - x, y),
            (self._height - y, self._width - x),
        )[self._turn]

    def origin(self, at: int) -> tuple[float, float]:
        """Where a character stands on its baseline."""
        pdfium.FPDFText_GetCharOrigin(self._raw, at, self._x, self._y)
        return self.turned(self._x.value, self._y.value)

    def sides(self, at: int) -> tuple[float, float]:
        """The x of a character's left and right side."""
        left, right, bottom, top = self._sides
        pdfium.FPDFText_GetCharBox(self._raw, at, left, right, bottom, top)
        one, _ = self.turned(left.value, bottom.value)
        other, _ = self.turned(right.value, top.value)
        return min(one, other), max(one, other)

    def bottom(self, at: int) -> float:
        """The y of a character's lower side."""
        left, right, bottom, top = self._sides
        pdfium.FPDFText_GetCharBox(self._raw, at, left, right, bottom, top)
        _, one = self.turned(left.value, bottom.value)
        _, other = self.turned(right.value, top.value)
        return max(one, other)

    def size(self, at: int) -> float:
        """The size of a character's type."""
        pdfium.FPDFText_GetMatrix(self._raw, at, self._matrix)
        scale = math.hypot(self._matrix.c, self._matrix.d)
        size: float = pdfium.FPDFText_GetFontSize(self._raw, at)
        return max(abs(size * scale), 0.1)

    def is_bold(self, at: int) -> bool:
        """Whether a character's font is bold, by its name or its weight."""
        length = pdfium.FPDFText_GetFontInfo(self._raw, at, self._name, _NAME_BYTES, self._flags)
        if 0 < length <= _NAME_BYTES and _BOLD_NAME.search(self._name.value):
            return True
        weight: int = pdfium.FPDFText_GetFontWeight(self._raw, at)
        return weight >= _BOLD_WEIGHT

    def angle(self, at: int) -> float:
        """How a character is turned against most of the page's, in radians from -pi to pi."""
        return math.remainder(self._angle(at) - self._tilt * math.pi / 2, 2 * math.pi)

    def _angle(self, at: int) -> float:
        """How a character is turned, counter-clockwise; PDFium counts the other way."""
        angle: float = pdfium.FPDFText_GetCharAngle(self._raw, at)
        return -angle


@contextmanager
def glyphs_of(page: pypdfium2.PdfPage) -> Iterator[Glyphs]:
    """The characters of a page, for as long as it is open."""
    textpage = page.get_textpage()
    try:
        left, bottom, right, top = page.get_bbox()
        yield Glyphs(textpage, right - left, top - bottom)
    finally:
        textpage.close()
