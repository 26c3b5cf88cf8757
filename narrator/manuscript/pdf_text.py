"""The text of a PDF and its places, as PDFium finds it in a child process that has limits.

Small files can make PDFium work for hours or fill the memory: forms that draw one another ten-fold, a content
that is listed a thousand times. No look at a file tells them all, so PDFium is stopped where it takes too much.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from narrator.errors import ManuscriptError
from narrator.manuscript.pdf_lines import Line
from narrator.manuscript.pdf_outline import Bookmark


@dataclass(frozen=True, slots=True)
class PdfText:
    """The lines of each page as they are drawn, the outline, and what the file says of itself."""

    pages: list[list[Line]]
    bookmarks: list[Bookmark]
    title: str
    author: str
    language: str


def text_of(path: Path) -> PdfText:
    """The text of a PDF.

    Raises:
        ManuscriptError: protected, damaged, no PDF, larger than any book, or made to do harm.
    """
    command = [sys.executable, "-P", "-m", "narrator.manuscript.pdf_child", str(path)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        try:
            found = text_from(_said(child, path))
        finally:
            child.kill()
    return found


def _said(child: subprocess.Popen[bytes], path: Path) -> Iterator[list[Any]]:
    """What the child says: records, and that it is done or why it refuses."""
    for line in child.stdout or ():
        said = json.loads(line)
        if isinstance(said, list):
            yield said
            continue
        if said:
            raise ManuscriptError(said["what"], advice=said["advice"])
        return
    complaint = child.stderr.read().decode(errors="replace") if child.stderr else ""
    code = child.wait()
    if code > 0:
        raise RuntimeError(f"{path.name}: the reading of PDFs ended with {code}:\n{complaint}")
    raise too_much(path)


def too_much(path: Path) -> ManuscriptError:
    """What a person is told of a file that was too much for the limits."""
    return ManuscriptError(
        f"{path.name} takes more time or memory than any book: it is damaged, or made to do harm.",
        advice="Repair it (qpdf in.pdf out.pdf), or get the book from another source.",
    )


def text_from(records: Iterable[list[Any]]) -> PdfText:
    """The text in the records that `pdf_file.records` makes, perhaps by way of JSON."""
    following = iter(records)
    title, author, language, bookmarks = next(following)
    pages = [[Line(*fields) for fields in page] for page in following]
    return PdfText(pages, [Bookmark(*fields) for fields in bookmarks], title, author, language)
