"""The reading policy: which chapters and blocks a narrator speaks, each decision under a named rule."""

from __future__ import annotations

import re
from typing import Literal

from narrator.config import Reading
from narrator.model import Block, Chapter, Matter, Role

SPOKEN_FRONT_AND_BACK = frozenset(
    {
        "acknowledgments", "afterword", "appendix", "chapter", "conclusion", "epigraph", "epilogue", "foreword",
        "introduction", "part", "preamble", "preface", "prologue", "volume",
    }
)  # fmt: skip
"""What the author wrote to be read. Everything else outside the body is the book's apparatus."""

NEVER_SPOKEN = frozenset(
    {
        "about-the-author", "advertisement", "bibliography", "colophon", "contributors", "copyright-page",
        "cover", "dramatis-personae", "endnotes", "errata", "footnotes", "frontispiece", "glossary",
        "gutenberg-header", "gutenberg-license", "halftitlepage", "imprint", "index",
        "index-headnotes", "landmarks", "loa", "loi", "lot", "lov", "other-credits", "rearnotes", "seriespage",
        "titlepage", "toc", "transcribers-note", "uncopyright",
    }
)  # fmt: skip

_SPEAKABLE = re.compile(r"[^\W_]")

BY_WISH = "by wish"
NOTHING_TO_SAY = "nothing to say"
SPEAKER = "speaker"
STAGE_DIRECTION = str(Role.STAGE_DIRECTION)


class Policy:
    """What is spoken of a book, by the wishes for its reading."""

    def __init__(self, reading: Reading) -> None:
        self._spoken = frozenset(map(name_of, reading.speak))
        self._skipped = frozenset(map(name_of, reading.skip))
        self._by_role: dict[Role, Literal["speak", "skip"]] = {
            Role.ALT_TEXT: reading.alt_texts,
            Role.CAPTION: reading.captions,
            Role.CODE: reading.code,
            Role.NOTE: "skip" if reading.notes == "skip" else "speak",
            Role.STAGE_DIRECTION: reading.stage_directions,
            Role.TABLE: reading.tables,
        }

    def chapter_rule(self, chapter: Chapter) -> str | None:
        """The rule under which a whole chapter is skipped; None where it is spoken.

        Names that are more exact win: a title over a kind, and a kind over 'front', 'body' and 'back'.
        """
        for name in (chapter.title, chapter.kind, chapter.matter):
            if not name:
                continue
            if name_of(name) in self._skipped:
                return f"{name}, {BY_WISH}" if name is not chapter.title else BY_WISH
            if name_of(name) in self._spoken:
                return None
        if chapter.kind in NEVER_SPOKEN:
            return chapter.kind
        if chapter.matter is Matter.BODY or chapter.kind in SPOKEN_FRONT_AND_BACK:
            return None
        return chapter.kind or f"{chapter.matter} matter"

    def block_rule(self, block: Block) -> str | None:
        """The rule under which a block of a spoken chapter is skipped; None where it is spoken."""
        if self._by_role.get(block.role) == "skip":
            return str(block.role)
        return None if is_speakable(block.text) else NOTHING_TO_SAY


def is_speakable(text: str) -> bool:
    """Whether there is a letter or a digit in it: voices make noises of anything less."""
    return _SPEAKABLE.search(text) is not None


def name_of(written: str) -> str:
    """A kind, a matter or a title, as they are compared: 'About the Author' is 'about-the-author'."""
    return "-".join(written.casefold().split())
