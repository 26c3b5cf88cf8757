"""Which headings of plain text are chapters: what the contents name, but no sections, scenes or boxes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from narrator.manuscript.characters import words_in
from narrator.manuscript.headings import (
    Rank,
    is_bare_number,
    is_numbered_title,
    is_section_title,
    label_of,
)
from narrator.manuscript.matter import is_page_apart, kind_of_title
from narrator.manuscript.text_contents import contents_of
from narrator.manuscript.text_heading import (
    TextHeading,
    heading_text,
    is_labelled_chapter,
    is_numbered,
    number_of,
)
from narrator.manuscript.text_paragraphs import Paragraph

_FIRST_NUMBER = re.compile(r"[§（(]?\s*(?:I|1|１|一|One|ONE)(?!\w)")
_REMARKS = {"foreword", "introduction", "preface"}
_FEWEST_BOXES = 3
"""Volumes of one book have prefaces of their own, but books in more volumes than these are rare."""
_ACT = re.compile(r"(?:\w+\s+)?(?:acte?|akte?|atto|acto|ato|aufzug|bedrijf)\b", re.IGNORECASE)


def with_listed(book: Sequence[Paragraph], found: list[TextHeading]) -> list[TextHeading]:
    """The headings, and those that the book's contents name; numbers are sections where it names none.

    Where it names numbered chapters, what it names after the first of them may be sections of these.
    """
    contents = contents_of(book)
    if contents is None:
        return found
    listed = [TextHeading(at, heading_text(book[at])) for at in contents.chapters]
    places = set(contents.chapters)
    numbered = [heading for heading in listed if is_numbered(heading) or is_labelled_chapter(heading)]
    is_titled = sum(is_numbered_title(heading.title) for heading in numbered) > 1
    if len(numbered) > 1:
        listed = [
            heading
            for heading in listed
            if heading.at < numbered[0].at or is_page_apart(kind_of_title(heading.title))
        ]
    kept = [
        heading
        for heading in found
        if heading.at < contents.end
        or heading.at in places
        or not (is_bare_number(heading.title) if numbered else is_numbered(heading))
        or (len(numbered) > 1 and not is_titled)
    ]
    by_place = {heading.at: heading for heading in [*listed, *kept]}
    return [by_place[at] for at in sorted(by_place)]


def without_sections(found: list[TextHeading]) -> list[TextHeading]:
    """The headings without mere numbers among those that say 'Chapter', whose sections they number.

    These begin anew in each; where 'II' follows 'Chapter I' it is a chapter.
    """
    labelled = [heading.at for heading in found if is_labelled_chapter(heading)]
    numbers = {heading.at for heading in found if is_numbered(heading)}
    sections = {heading.at for heading in found if is_section_title(heading.title)}
    firsts = [
        _FIRST_NUMBER.match(heading.title) is not None
        for before, heading in pairwise(found)
        if is_labelled_chapter(before) and heading.at in numbers - sections
    ]
    if len(labelled) > 1 and sum(firsts) * 2 > len(firsts):
        apart = (heading.at for heading in found if is_page_apart(kind_of_title(heading.title)))
        first = min(labelled[0], next(apart, labelled[0]))
        sections |= {at for at in numbers if at > first}
    kept = [heading for heading in found if heading.at not in sections]
    return kept if any(not is_page_apart(kind_of_title(heading.title)) for heading in kept) else found


def without_boxes(book: Sequence[Paragraph], found: list[TextHeading]) -> list[TextHeading]:
    """The headings without warnings and remarks in the midst of chapters, which are called as pages are.

    Notes stand at a chapter's end, and so are shorter than it.
    """
    labelled = [number for number, heading in enumerate(found) if is_labelled_chapter(heading)]
    boxes: set[int] = set()
    for start, end in pairwise(labelled):
        for number in range(start + 1, end):
            before, heading, after = found[number - 1], found[number], found[number + 1]
            kind = kind_of_title(heading.title)
            is_long = _words(book, heading, after) > _words(book, before, heading)
            if kind in _REMARKS or (kind == "endnotes" and is_long):
                boxes.add(number)
    counts = Counter(kind_of_title(found[number].title) for number in boxes)
    is_box = {number for number in boxes if counts[kind_of_title(found[number].title)] >= _FEWEST_BOXES}
    return [heading for number, heading in enumerate(found) if number not in is_box]


def _words(book: Sequence[Paragraph], start: TextHeading, end: TextHeading) -> int:
    return sum(words_in(paragraph.text) for paragraph in book[start.at + 1 : end.at])


def without_scenes(found: list[TextHeading]) -> list[TextHeading]:
    """The headings without the scenes of acts; 'Act I. Scene 2' is one where 'Act I' stood before."""
    if not any(_ACT.match(heading.title) and label_of(heading.title) for heading in found):
        return found
    kept: list[TextHeading] = []
    act = ""
    for heading in found:
        label = label_of(heading.title)
        scene = label_of(label.title) if label else None
        is_scene = (label is not None and label.rank is Rank.SCENE) or (
            scene is not None and scene.rank is Rank.SCENE and number_of(heading.title) == act
        )
        if not is_scene:
            kept.append(heading)
            act = number_of(heading.title) if scene else ""
    return kept
