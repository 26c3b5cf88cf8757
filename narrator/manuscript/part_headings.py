"""Headings without text: a part's stands before the first chapter of it, and 'The End' after the last."""

from __future__ import annotations

import re
from dataclasses import replace

from narrator.manuscript.characters import words_in
from narrator.manuscript.headings import Rank, label_is_chapter, label_of
from narrator.manuscript.matter import is_page_apart
from narrator.manuscript.pieces import Piece, Stretch
from narrator.model import Role

_HEADING_ONLY = 60
"""A part's page with no more words than these beside its headings is a heading of the chapter that follows."""
_END = re.compile(
    r"(?:the )?end(?: of (?:the )?(?:\w+ )?(?:part|book|volume|story|tale|act)(?: \w+)?)?\W*"
    r"|finis\W*|fin(?: d[eu]\b.{0,30})?\W*|einde\W*|ende\W*|[完終了]|おわり",
    re.IGNORECASE,
)
_LINES_OF_END = 2
_MOST_BARE = 3
"""Fewer than one chapter in so many is a mere title that heads the next one."""


def with_ends_back(stretches: list[Stretch]) -> list[Stretch]:
    """'The End' under a heading of its own is the last line of the chapter before it."""
    found: list[Stretch] = []
    for stretch in stretches:
        text = [piece.block.text for piece in stretch.pieces if piece.block.text]
        is_end = len(text) <= _LINES_OF_END and all(map(_END.fullmatch, text))
        if is_end and found and not is_page_apart(found[-1].kind):
            found[-1] = replace(found[-1], pieces=found[-1].pieces + stretch.pieces)
        else:
            found.append(stretch)
    return found


def with_headings_forward(stretches: list[Stretch]) -> list[Stretch]:
    """A part's heading at the end of a chapter, on a page that no entry names, belongs to the next chapter."""
    found = list(stretches)
    for number in range(len(found) - 1):
        pieces, following = found[number].pieces, found[number + 1]
        end = len(pieces)
        while end > 1 and (pieces[end - 1].block.role in {Role.HEADING, Role.SCENE_BREAK}):
            end -= 1
        first = next((i for i in range(end, len(pieces)) if _names_part(pieces[i])), None)
        if first and not is_page_apart(following.kind):
            found[number] = replace(found[number], pieces=pieces[:first])
            found[number + 1] = replace(following, pieces=pieces[first:] + following.pieces)
    return found


def _names_part(piece: Piece) -> bool:
    label = label_of(piece.block.text)
    return piece.kind == "part" or (label is not None and label.rank is Rank.PART)


def joined(stretches: list[Stretch]) -> list[Stretch]:
    """Parts that hold only a heading, before what they head."""
    found: list[Stretch] = []
    heading: Stretch | None = None
    bare = sum(map(_is_bare_title, stretches))
    # Where most chapters are pictures under their titles, these are no headings of others.
    can_be_bare = bare * _MOST_BARE < len(stretches)
    for stretch in stretches:
        headed = stretch
        if heading is not None:
            pieces = heading.pieces + stretch.pieces
            headed = replace(stretch, pieces=pieces, title=stretch.title or heading.title)
        is_heading = _heads_chapters(headed) or (can_be_bare and _is_bare_title(headed))
        heading = headed if is_heading else None
        if heading is None:
            found.append(headed)
    return found if heading is None else [*found, heading]


def _heads_chapters(stretch: Stretch) -> bool:
    if is_page_apart(stretch.kind) or label_is_chapter(stretch.title):
        return False
    words = _words_of_text(stretch)
    if stretch.kind == "part" or stretch.holds_chapters:
        return words <= _HEADING_ONLY
    return not stretch.title and not words


def _is_bare_title(stretch: Stretch) -> bool:
    """Whether this is an entry of the contents with nothing on its page but its title."""
    can_head = stretch.kind == "" and not stretch.holds_chapters and not label_is_chapter(stretch.title)
    return can_head and bool(stretch.title) and not _words_of_text(stretch)


def _words_of_text(stretch: Stretch) -> int:
    return sum(words_in(piece.block.text) for piece in stretch.pieces if piece.block.role is not Role.HEADING)
