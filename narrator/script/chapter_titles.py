"""Chapters that do not show their titles: which of these titles are spoken. In doubt none is.

A title that is left out is a small loss; one that is heard twice is a fault that everybody hears.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import regex

from narrator.model import Block, Chapter, Role
from narrator.script.credits import is_no_name
from narrator.script.policy import Policy

_FIRST = 5
"""A heading, or the title's words, among so many blocks at the start of a chapter is what shows its title."""
_LAST = 2
"""A table of contents that leads below a heading leaves it among the last blocks of the chapter before."""
_AROUND = 20
_PARTS = regex.compile(r"[.:;—–|/]\s*|\s-\s")


def shows_title(chapter: Chapter, before: Chapter | None, book_title: str, policy: Policy) -> bool:
    """Whether a listener hears the title without our help, or should not: a made-up name, or the book's own.

    `before` is the chapter that stands before it.
    """
    title = folded(chapter.title)
    if is_no_name(chapter.title) or title == folded(book_title):
        return True
    first = _spoken(chapter.blocks, policy)[:_FIRST]
    if any(block.role is Role.HEADING for block in first) or _repeats(chapter.title, first):
        return True
    if before is None or policy.chapter_rule(before) is not None:
        return False
    last = _spoken(before.blocks, policy)[-_LAST:]
    return folded(before.title) == title or any(_is_about(title, folded(block.text)) for block in last)


def folded(text: str) -> str:
    """A form in which two spellings of one title are equal: letters and digits alone, case folded."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def _spoken(blocks: Sequence[Block], policy: Policy) -> list[Block]:
    return [block for block in blocks if block.text and policy.block_rule(block) is None]


def _repeats(title: str, first: Sequence[Block]) -> bool:
    """Whether the text begins with the title or with a part of it, on one line or on several."""
    text = "".join(folded(block.text) for block in first)
    parts = [folded(title[start:]) for start in (0, *(match.end() for match in _PARTS.finditer(title)))]
    lines = [folded(line) for block in first for line in block.text.split("\n")]
    return any(part and text.startswith(part) for part in parts) or any(
        _is_about(parts[0], line) for line in lines[:_FIRST]
    )


def _is_about(title: str, line: str) -> bool:
    """Whether the one is in the other, and a line is little else."""
    return bool(line) and (line in title or (title in line and len(line) <= 2 * len(title) + _AROUND))
