"""What was read: Manuscript > Chapter > Block."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a block is in its book."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    VERSE = "verse"
    QUOTATION = "quotation"
    LIST_ITEM = "list item"
    TABLE = "table"
    CAPTION = "caption"
    ALT_TEXT = "alt text"
    CODE = "code"
    LETTER = "letter"
    SPEECH = "speech"
    STAGE_DIRECTION = "stage direction"
    NOTE = "note"
    SCENE_BREAK = "scene break"


class Matter(StrEnum):
    """Where in a book a chapter stands."""

    FRONT = "front"
    BODY = "body"
    BACK = "back"


class MarkKind(StrEnum):
    """What is special about some characters of a block; what a mark's value is."""

    LANGUAGE = "language"
    """They are in another language than the block: its BCP 47 tag."""

    VOICE = "voice"
    """The author wants another voice for them: its name."""

    NAME = "name"
    """They say who speaks, and not what is said: ''."""

    DIRECTION = "direction"
    """They are a stage direction: ''."""

    READING = "reading"
    """They are read in another way than they are written, as ruby tells: how."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters [start, end) of a block's text, at least one, that are special in one way."""

    kind: MarkKind
    start: int
    end: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    r"""A run of text with one role.

    `text` is clean Unicode (NFC): white space is single spaces, except in verse, whose lines are split by
    '\n'. A scene break's text is ''. `source` says where it stands, for people: 'ch01.xhtml#p4', 'line 12'.
    `speaker` is who says a speech, as the book writes it. `marks` are in the order of their starts.

    `notes` name the notes whose marks stood in the text, in order; `note` is the name of the note that a
    block of role NOTE belongs to, '' where the book does not say. A name is unique in its book.
    """

    role: Role
    text: str
    source: str = ""
    language: str | None = None
    speaker: str = ""
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """An entry of the table of contents, or a stretch of the book between two of them.

    `kind` is the EPUB structural term where one is known or was told from the title ('chapter', 'preface',
    'toc', 'endnotes', 'colophon', 'copyright-page' ...), else ''. The heading is the first block where the
    book shows one; `title` is always set.
    """

    title: str
    blocks: tuple[Block, ...]
    matter: Matter = Matter.BODY
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """The book's picture: 'image/jpeg' or 'image/png' and its bytes."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A book as it was read, all of it, in reading order. `language` is a BCP 47 tag, or '' if unknown.

    `date` is when it was first published as far as the book says: '1865', '1865-11' or '1865-11-26'.
    `series` is the series that it belongs to and `part` its place there: '3', '3.5'. `isbn` is digits alone,
    `description` plain text whose paragraphs are lines. '' where unknown.
    """

    title: str
    authors: tuple[str, ...]
    language: str
    chapters: tuple[Chapter, ...]
    cover: Cover | None = None
    date: str = ""
    series: str = ""
    part: str = ""
    isbn: str = ""
    publisher: str = ""
    description: str = ""
