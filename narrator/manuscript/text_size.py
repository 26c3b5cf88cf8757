"""How much text a book may have: a file with more is refused before it costs much time and memory."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from narrator.errors import ManuscriptError

# The complete works of Mark Twain have 16 million characters and those of Shakespeare some 40,000 paragraphs in
# 125,000 lines; the longest serials have 150,000 paragraphs.
_MOST_CHARACTERS = 20_000_000
_MOST_LINES = 350_000
_MOST_ENDS_OF_LINES = 2_000_000
_MOST_PARAGRAPHS = 160_000
_MOST_CHAPTERS = 20_000
_MOST_BLOCKS = 100_000
_MOST_MARKDOWN = 120_000
_MOST_MARKUP = 250_000
_MOST_SIGNS = 1_000_000
_MARKUP = re.compile(r"[*_~`]+|[\[<&\\]")
"""What the parser of Markdown makes a token of, or two."""
_SIGNS = "#$%+-:=@^{}!>]"
"""Where it stops to look for its rules."""
_BEGINS_BLOCK = re.compile(r"^[ \t]*(?:[#><|]|[*+:~-][ \t]|\d+[.)]|$(?=\n[^\n]))", re.MULTILINE)


def refuse_long_text(text: str, name: str) -> None:
    """Refuse more characters, or lines with the empty ones, than books have.

    Raises:
        ManuscriptError: it has.
    """
    _refuse(len(text), _MOST_CHARACTERS, "characters", name)
    _refuse(sum(map(text.count, "\n\r\f")), _MOST_ENDS_OF_LINES, "ends of lines", name)


def refuse_many_lines(lines: Sequence[str], name: str) -> None:
    """Refuse more lines, or paragraphs between empty lines, than books have.

    Raises:
        ManuscriptError: there are.
    """
    _refuse(len(lines) - lines.count(""), _MOST_LINES, "lines", name)
    refuse_many_paragraphs(sum(1 for before, line in pairwise(lines) if line and not before), name)


def refuse_many_paragraphs(count: int, name: str) -> None:
    """Refuse more paragraphs than books have.

    Raises:
        ManuscriptError: there are.
    """
    _refuse(count, _MOST_PARAGRAPHS, "paragraphs", name)


def refuse_many_chapters(count: int, name: str) -> None:
    """Refuse more chapters than books have.

    Raises:
        ManuscriptError: there are.
    """
    _refuse(count, _MOST_CHAPTERS, "chapters", name)


def refuse_much_markdown(source: str, name: str) -> None:
    """Refuse Markdown of more paragraphs, headings, list items, cells of tables and markup than books have.

    Raises:
        ManuscriptError: it has.
    """
    _refuse(source.count("\n") - source.count("\n\n"), _MOST_LINES, "lines", name)
    blocks = sum(1 for _ in _BEGINS_BLOCK.finditer(source)) + source.count("|") + source.count("^[")
    _refuse(blocks, _MOST_BLOCKS, "paragraphs, list items, cells and notes", name)
    markup = sum(1 for _ in _MARKUP.finditer(source))
    _refuse(markup, _MOST_MARKUP, "signs of markup", name)
    _refuse(blocks + markup // 3, _MOST_MARKDOWN, "paragraphs with markup", name)
    _refuse(sum(map(source.count, _SIGNS)), _MOST_SIGNS, "signs that may be markup", name)


@contextmanager
def unswept() -> Iterator[None]:
    """Makes a book's many small parts, none of which is garbage, without the collector looking for cycles.

    To look through them again and again takes a third of the time of reading a long book.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _refuse(count: int, most: int, what: str, name: str) -> None:
    if count > most:
        raise ManuscriptError(
            f"{name} has more than {most:,} {what}, which no book has.",
            advice="Is it the right file? Part one that holds several books.",
        )
