"""The reading policy: which chapters and blocks a narrator speaks, each decision under a named rule."""

from __future__ import annotations

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

NOTHING_TO_SAY = "nothing to say"

UNSPOKEN_ROLES = frozenset({Role.CAPTION, Role.CODE, Role.NOTE})


def chapter_rule(chapter: Chapter) -> str | None:
    """The rule under which a whole chapter is skipped; None where it is spoken."""
    if chapter.kind in NEVER_SPOKEN:
        return chapter.kind
    if chapter.matter is Matter.BODY or chapter.kind in SPOKEN_FRONT_AND_BACK:
        return None
    return chapter.kind or f"{chapter.matter} matter"


def block_rule(block: Block) -> str | None:
    """The rule under which a block of a spoken chapter is skipped; None where it is spoken."""
    if block.role in UNSPOKEN_ROLES:
        return str(block.role)
    return None if is_speakable(block.text) else NOTHING_TO_SAY


def is_speakable(text: str) -> bool:
    """Whether there is a letter or a digit in it: voices make noises of anything less."""
    return any(character.isalnum() for character in text)
