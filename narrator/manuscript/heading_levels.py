"""Which headings of a book are its chapters, where no table of contents says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from narrator.manuscript.characters import words_in
from narrator.manuscript.headings import (
    Rank,
    is_bare_label,
    is_bare_number,
    is_numbered_title,
    is_section_title,
    label_is_chapter,
    label_of,
)
from narrator.manuscript.matter import is_page_apart, kind_of_title
from narrator.manuscript.pieces import Piece
from narrator.model import Role

_MERE_HEADING = 150
"""A heading with fewer words before the next one below it only groups those."""
_TITLE_LINE = 60
"""A heading with fewer words below it, before one as high, is a line of the title page."""
_NEARLY_ALL = 0.95
MANY_STORIES = 5
"""Mere numerals that begin anew so often, under titles without a label, are parts of stories."""
_LONG_SECTION = 800
"""Stretches under headings without a number are chapters where they have more words than this on average."""
_LIST_GAP = 12
"""Titles with no more words between them than these are lines of a list."""
_LONGEST_TITLE = 100


@dataclass(frozen=True, slots=True)
class ChapterHeading:
    """The piece where a chapter or a part begins, its title, and whether other chapters stand under it."""

    at: int
    title: str
    holds_chapters: bool = False


def chapter_headings(pieces: Sequence[Piece]) -> list[ChapterHeading]:
    """The headings at which to cut, in order; [] where the book has none.

    The chapters are the highest level that occurs more than once: a lone heading above them is the book's
    title, and so are several that stand above one text. Where most headings of that level are parts that hold
    only headings, the level below counts too.
    """
    found = [(at, piece.level) for at, piece in enumerate(pieces) if piece.level]
    if len(found) < 2 and (told := _told_by_words(pieces)):
        return told
    levels = sorted({level for _, level in found})
    counts = {level: sum(own == level for _, own in found) for level in levels}
    several = [level for level in levels if counts[level] > 1]
    if not several:
        # A title above one chapter, or a title alone.
        return [ChapterHeading(at, _title_at(pieces, at)) for at, _ in found]
    apart = []
    while len(several) > 1 and _is_title_only(pieces, found, several[0]):
        levels.remove(several[0])
        apart.append(several.pop(0))
    chosen = [level for level in levels if level <= several[0]]
    below = [level for level in levels if level > several[0]]
    while below and _only_groups(pieces, found, chosen[-1], below[0]):
        chosen.append(below.pop(0))
    cuts = [
        (at, level)
        for at, level in found
        if level in chosen or (level in apart and is_page_apart(kind_of_title(pieces[at].block.text)))
    ]
    return _cuts(pieces, _without_scenes(pieces, cuts))


def _is_title_only(pieces: Sequence[Piece], found: Sequence[tuple[int, int]], level: int) -> bool:
    """Whether the headings of a level are lines of the book's title: nearly all text is below one of them."""
    ends = [*(at for at, own in found if own <= level), len(pieces)]
    parts = [(at, end) for at, end in pairwise(ends) if pieces[at].level == level]
    texts = [pieces[at].block.text for at, _ in parts]
    if any(label_of(text) or is_bare_number(text) or is_numbered_title(text) for text in texts):
        return False
    words = [_words(pieces, *part) for part, text in zip(parts, texts, strict=True) if _can_group(text)]
    return bool(words) and max(words) > _NEARLY_ALL * sum(words)


def _without_scenes(pieces: Sequence[Piece], cuts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The headings without those of scenes, where there are acts among them."""
    labels = {at: label.rank for at, _ in cuts if (label := label_of(pieces[at].block.text))}
    if Rank.CHAPTER not in labels.values():
        return list(cuts)
    return [(at, level) for at, level in cuts if labels.get(at) is not Rank.SCENE]


def _told_by_words(pieces: Sequence[Piece]) -> list[ChapterHeading]:
    """Paragraphs such as 'Chapter One' in a book without headings; [] where there are no two of them.

    A list of them, as in the contents, heads nothing; and mere digits may be the numbers of pages.
    """
    told = [at for at, piece in enumerate(pieces) if _is_told(piece)]
    found = [
        at
        for at, following in pairwise([*told, len(pieces)])
        if sum(words_in(piece.block.text) for piece in pieces[at + 1 : following]) > _LIST_GAP
    ]
    return [ChapterHeading(at, pieces[at].block.text) for at in found] if len(found) > 1 else []


def _is_told(piece: Piece) -> bool:
    text = piece.block.text
    if piece.block.role is not Role.PARAGRAPH or piece.linked or len(text) > _LONGEST_TITLE or text.isdigit():
        return False
    return is_bare_number(text) or label_of(text) is not None


def _cuts(pieces: Sequence[Piece], chosen: Sequence[tuple[int, int]]) -> list[ChapterHeading]:
    cuts: list[ChapterHeading] = []
    for number, (at, level) in enumerate(chosen):
        before = chosen[number - 1][0] if number else -1
        if before == at - 1 and _is_one_heading(pieces, at):
            continue
        following = chosen[number + 1][1] if number + 1 < len(chosen) else 0
        # The number may stand above the title in a lower heading.
        start = at - 1 if at and pieces[at - 1].level > level and _is_one_heading(pieces, at) else at
        cuts.append(ChapterHeading(start, _title_at(pieces, start), holds_chapters=following > level))
    return cuts


def _only_groups(pieces: Sequence[Piece], found: Sequence[tuple[int, int]], level: int, below: int) -> bool:
    """Whether most headings of a level only group headings below them, which are the chapters."""
    parts = groups = chapters = 0
    for number, (at, own) in enumerate(found):
        if own != level:
            continue
        following = found[number + 1] if number + 1 < len(found) else (len(pieces), 0)
        text, words = pieces[at].block.text, _words(pieces, at, following[0])
        if following[1] == below and _is_part(text):
            parts += 1
        elif following[1] == below and words < _MERE_HEADING and _can_group(text):
            groups += 1
        elif words >= _TITLE_LINE and not is_page_apart(kind_of_title(text)):
            chapters += 1
    if not groups or parts > groups:
        return parts + groups > chapters
    return parts + groups > chapters and _are_chapters(pieces, found, below)


def _is_part(text: str) -> bool:
    label = label_of(text)
    return label is not None and label.rank is Rank.PART


def _can_group(text: str) -> bool:
    """Whether the title can be that of a group of chapters: no chapter's number is in it."""
    return not (label_is_chapter(text) or is_numbered_title(text) or is_page_apart(kind_of_title(text)))


def _are_chapters(pieces: Sequence[Piece], found: Sequence[tuple[int, int]], level: int) -> bool:
    """Whether the headings of this level, under others without a label, head chapters and not sections."""
    outer = [(at, own) for at, own in found if own <= level] + [(len(pieces), 0)]
    inner = [(at, end) for (at, own), (end, _) in pairwise(outer) if own == level]
    texts = [pieces[at].block.text for at, _ in inner]
    if sum(map(is_section_title, texts)) * 2 >= len(texts):
        return False
    if all(map(is_bare_number, texts)) and texts.count(texts[0]) >= MANY_STORIES:
        return False
    if sum(label_is_chapter(text) or is_numbered_title(text) for text in texts) * 2 >= len(texts):
        return True
    words = sum(_words(pieces, at, end) for at, end in inner)
    blocks = [piece.block for at, end in inner for piece in pieces[at + 1 : end]]
    verses = sum(block.role is Role.VERSE for block in blocks)
    return words > _LONG_SECTION * len(inner) or verses * 2 > len(blocks)


def _words(pieces: Sequence[Piece], at: int, end: int) -> int:
    """How many words stand below a heading, up to the next one."""
    return sum(words_in(piece.block.text) for piece in pieces[at + 1 : end])


def _is_one_heading(pieces: Sequence[Piece], at: int) -> bool:
    """Whether this heading is the title of the number right above it: one heading in two lines.

    What stands no lower than the number of a part is the first chapter of that.
    """
    above, text = pieces[at - 1], pieces[at].block.text
    if not above.level or not is_bare_label(above.block.text):
        return False
    is_numbered = label_of(text) is not None or is_bare_number(text) or is_numbered_title(text)
    is_below = pieces[at].level > above.level or label_is_chapter(above.block.text)
    return is_below and not is_numbered and not is_page_apart(kind_of_title(text))


def _title_at(pieces: Sequence[Piece], at: int) -> str:
    """The heading's text, with the heading under it where it is only a number."""
    text = pieces[at].block.text
    if at + 1 < len(pieces) and pieces[at + 1].level and _is_one_heading(pieces, at + 1):
        return f"{text.rstrip('.: ')}: {pieces[at + 1].block.text}"
    return text
