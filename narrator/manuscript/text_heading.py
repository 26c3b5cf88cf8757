"""A chapter's heading in plain text, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from narrator.manuscript.characters import same_words
from narrator.manuscript.headings import (
    Rank,
    is_bare_label,
    is_bare_number,
    is_numbered_title,
    joined_heading,
    label_of,
)
from narrator.manuscript.text_paragraphs import Paragraph, plain


@dataclass(frozen=True, slots=True)
class TextHeading:
    """A heading that fills whole paragraphs: the number of its first, how many they are, and its title."""

    at: int
    title: str
    paragraphs: int = 1
    kind: str = ""


def heading_text(paragraph: Paragraph) -> str:
    """A heading on one line: 'CHAPTER I' above 'The Lamp' is 'CHAPTER I. The Lamp'."""
    lines = [plain(line) for line in paragraph.lines]
    return joined_heading(lines) if len(lines) > 1 and is_bare_label(lines[0]) else paragraph.text


def is_numbered(heading: TextHeading) -> bool:
    """Whether it is a number, but no word says of what."""
    title = heading.title
    return is_bare_number(title) or (label_of(title) is None and is_numbered_title(title))


def is_labelled_chapter(heading: TextHeading) -> bool:
    label = label_of(heading.title)
    return label is not None and label.rank is Rank.CHAPTER


def number_of(title: str) -> str:
    """A heading's number, by which a line of the contents and the chapter know one another."""
    label = label_of(title)
    return same_words(title.rpartition(label.title)[0] if label and label.title else title)
