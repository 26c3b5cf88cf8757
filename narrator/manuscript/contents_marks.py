"""Which entries of a table of contents are chapters, and which are sections inside one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from narrator.manuscript.characters import same_words, words_in
from narrator.manuscript.heading_levels import MANY_STORIES
from narrator.manuscript.headings import (
    Rank,
    is_bare_label,
    is_bare_number,
    is_numbered_title,
    is_section_title,
    joined_heading,
    label_is_chapter,
    label_of,
)
from narrator.manuscript.matter import is_page_apart, is_tail, kind_of_title
from narrator.manuscript.pieces import Piece
from narrator.model import Role

_PART_TEXT = 150
"""An entry with fewer words before the first entry under it is a mere heading of those."""
_LONG_SECTION = 1500
"""Entries with more words than this on average are chapters, whatever stands above them."""
_MANY_SECTIONS = 30
_SHORT_SECTION = 500
"""More inner entries than these, of fewer words on average, are sections, but not where poems stand."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry of the contents at the piece where it leads.

    `is_exact` is False where its own page has no text, so that it leads to the text of the next one.
    `is_spelt`: the piece there begins with the words of the title. `opens_file`: it is a file's first.
    """

    at: int
    title: str
    depth: int = 0
    holds_chapters: bool = False
    is_exact: bool = True
    is_spelt: bool = False
    opens_file: bool = False


def chapter_marks(marks: Iterable[Mark], pieces: Sequence[Piece], book_title: str) -> list[Mark]:
    """The marks at which chapters begin, one a place, in order."""
    words = [words_in(piece.block.text) for piece in pieces]
    # Stable, so that of entries for one place the outer stays before the inner.
    listed = _without_idle(sorted(marks, key=lambda mark: mark.at), book_title)
    ordered = _nested(_with_titles(listed, words), [piece.level for piece in pieces])
    is_fine = _is_fine(ordered, pieces, words)
    opened = _depths_with_text(ordered, words)
    found: list[Mark] = []
    closed_above: int | None = None
    for number, mark in enumerate(ordered):
        if closed_above is not None and mark.depth > closed_above:
            if _begins_tail(ordered[number:], closed_above):
                found.append(mark)
            continue
        below = _below(mark, ordered[number + 1 :])
        following = number + 1 + len(below)
        end = ordered[following].at if following < len(ordered) else len(words)
        holds_chapters = bool(below) and (
            same_words(mark.title) == same_words(book_title)
            or _holds_chapters(
                mark, below, pieces[mark.at : end], ordered, is_fine=is_fine or mark.depth in opened
            )
        )
        closed_above = mark.depth if below and not holds_chapters else None
        found.append(replace(mark, holds_chapters=holds_chapters))
    return _one_a_place(found)


def _begins_tail(marks: Sequence[Mark], top: int) -> bool:
    """Whether the first of these is 'Notes' or the like, and only such follow inside its chapter."""
    depth = marks[0].depth
    for mark in marks:
        if mark.depth <= top:
            break
        if mark.depth <= depth:
            if not is_tail(kind_of_title(mark.title)):
                return False
            depth = mark.depth
    return True


def _below(mark: Mark, later: Iterable[Mark]) -> list[Mark]:
    return list(takewhile(lambda other: other.depth > mark.depth, later))


def _without_idle(marks: Sequence[Mark], book_title: str) -> list[Mark]:
    """The marks without one of the book's title where another entry leads to the same place."""
    places = Counter(mark.at for mark in marks)
    title = same_words(book_title)
    return [
        mark
        for number, mark in enumerate(marks)
        if places[mark.at] == 1 or same_words(mark.title) != title or _below(mark, marks[number + 1 :])
    ]


def _with_titles(marks: Sequence[Mark], words: Sequence[int]) -> list[Mark]:
    """A number and its title in two entries, with nothing else between, as one."""
    found: list[Mark] = []
    for number, mark in enumerate(marks):
        held = found[-1] if found else None
        if held is not None and held.at < mark.at and held.is_spelt and is_bare_label(held.title):
            is_lone_below = mark.depth == held.depth + 1 and len(_below(held, marks[number:])) == 1
            is_title = (mark.depth == held.depth or is_lone_below) and is_title_of_number(mark.title)
            if is_title and sum(words[held.at : mark.at]) <= words_in(held.title):
                found[-1] = replace(held, title=joined_heading([held.title, mark.title]))
                continue
        found.append(mark)
    return found


def is_title_of_number(text: str) -> bool:
    """Whether this can be the title of the chapter whose number stands above it."""
    return (
        label_of(text) is None
        and not is_bare_number(text)
        and not is_numbered_title(text)
        and not is_page_apart(kind_of_title(text))
    )


def _nested(marks: Sequence[Mark], levels: Sequence[int]) -> list[Mark]:
    """The marks of a flat list with scenes below their acts, and unnumbered lower headings below chapters.

    A few such headings among many chapters are interludes, and stay.
    """
    chapters = sum(label_is_chapter(mark.title) for mark in marks)
    nested = _with_inner(marks, levels)
    lower = sum(
        new.depth > old.depth and label_of(old.title) is None for new, old in zip(nested, marks, strict=True)
    )
    return nested if not lower or lower >= chapters else list(marks)


def _with_inner(marks: Sequence[Mark], levels: Sequence[int]) -> list[Mark]:
    found: list[Mark] = []
    above: Mark | None = None
    for mark in marks:
        label = label_of(mark.title)
        is_inner = False
        if above is not None and above.depth == mark.depth:
            if label is not None:
                is_inner = label.rank is Rank.SCENE and not _is_scene(above)
            elif is_title_of_number(mark.title):
                is_inner = levels[mark.at] > levels[above.at] > 0
        if is_inner:
            found.append(replace(mark, depth=mark.depth + 1))
        else:
            above = mark if label is not None and label.rank is not Rank.PART else None
            found.append(mark)
    return found


def _is_scene(mark: Mark) -> bool:
    label = label_of(mark.title)
    return label is not None and label.rank is Rank.SCENE


def _is_fine(marks: Sequence[Mark], pieces: Sequence[Piece], words: Sequence[int]) -> bool:
    """Whether the inner entries are many and short: sections of a handbook."""
    top = min((mark.depth for mark in marks), default=0)
    inner = sum(mark.depth > top for mark in marks)
    verses = sum(piece.block.role is Role.VERSE for piece in pieces)
    return inner > _MANY_SECTIONS and sum(words) < _SHORT_SECTION * inner and verses * 3 < len(pieces)


def _depths_with_text(marks: Sequence[Mark], words: Sequence[int]) -> set[int]:
    """The depths at which most entries with others below them open with text of their own, as chapters do."""
    found: dict[int, list[bool]] = defaultdict(list)
    for mark, following in pairwise(marks):
        if following.depth > mark.depth and is_title_of_number(mark.title):
            found[mark.depth].append(sum(words[mark.at : following.at]) >= _PART_TEXT)
    return {depth for depth, is_text in found.items() if sum(is_text) * 2 > len(is_text)}


def _holds_chapters(
    mark: Mark, below: Sequence[Mark], pieces: Sequence[Piece], marks: Sequence[Mark], *, is_fine: bool
) -> bool:
    """Whether the entries below this one are chapters; `pieces` are all of its own and theirs."""
    outermost = min(inner.depth for inner in below)
    titles = [inner.title for inner in below if inner.depth == outermost]
    told = _told_by_titles(mark.title, titles)
    if told is not None:
        return told
    words = [words_in(piece.block.text) for piece in pieces]
    own = sum(words[: below[0].at - mark.at])
    is_mere = own <= words_in(mark.title) + 1
    is_long = sum(words) - own > _LONG_SECTION * len(below)
    has_files = all(inner.opens_file for inner in below)
    is_marked = not has_files and any(piece.kind == "chapter" for piece in pieces[:1])
    if is_marked or is_bare_number(mark.title) or is_numbered_title(mark.title):
        return is_long and is_mere and has_files
    if any(map(is_bare_number, titles)):
        # The numerals inside one story of a collection are no chapters.
        starts = sum(other.title == titles[0] for other in marks)
        is_story = starts >= MANY_STORIES or _is_among_stories(mark, marks)
        return not (is_story and all(map(is_bare_number, titles)))
    is_heading = is_mere or (own < _PART_TEXT and (has_files or not mark.opens_file))
    is_page = is_mere and len(titles) == 1 and is_numbered_title(titles[0])
    return is_long or is_page or (is_heading and not is_fine)


def _told_by_titles(title: str, inner: Sequence[str]) -> bool | None:
    """Whether entries of such titles, under one of that title, are chapters; None where they do not say."""
    if label := label_of(title):
        return label.rank is Rank.PART
    if is_page_apart(kind_of_title(title)) or same_words(title) in map(same_words, inner):
        return False
    if sum(map(is_section_title, inner)) * 2 >= len(inner):
        return False
    labels = [label for text in inner if (label := label_of(text))]
    return True if any(label.rank is Rank.CHAPTER for label in labels) else None


def _is_among_stories(mark: Mark, marks: Sequence[Mark]) -> bool:
    """Whether most entries at the depth of this one have none below them."""
    ends = [*marks[1:], Mark(0, "")]
    single = [
        following.depth <= peer.depth
        for peer, following in zip(marks, ends, strict=True)
        if peer.depth == mark.depth and not is_page_apart(kind_of_title(peer.title))
    ]
    return sum(single) * 2 > len(single)


def _one_a_place(marks: Iterable[Mark]) -> list[Mark]:
    """Of the entries for one place the one whose page it is, the innermost, the one spelt there, the first."""
    best: dict[int, Mark] = {}
    for mark in marks:
        held = best.get(mark.at)
        if held is None or _fitness(mark) > _fitness(held):
            best[mark.at] = mark
    return list(best.values())


def _fitness(mark: Mark) -> tuple[bool, int, bool]:
    return mark.is_exact, mark.depth, mark.is_spelt
