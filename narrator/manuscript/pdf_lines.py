"""A line of a PDF page: what it says, where it stands, and in what type."""

from __future__ import annotations

from dataclasses import dataclass, replace

HYPHEN = "\ufffe"
"""What PDFium makes of a hyphen at a line's end, whether the word has it elsewhere or not."""


@dataclass(frozen=True, slots=True)
class Line:
    """A run of text on one baseline. Lengths are points; `y` is the baseline's depth below the page's top.

    `mark` is the note mark that it begins with, taken off; a hyphen at its end that parts a word is `HYPHEN`.
    `cells` are its parts where wide gaps stand between them, else ().
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool
    page: int
    mark: str = ""
    cells: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        return self.right - self.left


def mirrored(line: Line) -> Line:
    """The line as in a mirror, so that text from the right to the left begins at its left side."""
    return replace(line, left=-line.right, right=-line.left)
