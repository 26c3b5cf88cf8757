"""The marks of notes in a FictionBook, and the notes that they lead to."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from narrator.manuscript.html_marks import is_note_mark
from narrator.manuscript.pieces import Piece

_NOTE_TYPES = {"note", "comment"}


def note_targets(root: etree._Element) -> frozenset[str]:
    """The ids that the marks of notes lead to."""
    return frozenset(
        (link.get("href") or "").lstrip("#")
        for link in root.iter("a")
        if (link.get("type") or "").lower() in _NOTE_TYPES
    )


def link_targets(root: etree._Element) -> frozenset[str]:
    """The ids that links of any kind lead to."""
    return frozenset((link.get("href") or "").lstrip("#") for link in root.iter("a"))


def note_name(anchor: str | None) -> str:
    """The name of the note with this id."""
    return f"#{anchor}"


def is_mark(node: etree._Element, *, opens_block: bool) -> bool:
    """Whether this element is the mark of a note; what is in it is no text."""
    if node.tag != "a":
        return False
    if (node.get("type") or "").lower() in _NOTE_TYPES:
        return True
    return is_note_mark(node, opens_block=opens_block, in_heading=False)


def with_notes_among(names: set[str], piece: Piece) -> Piece:
    """The piece without what its marks lead to where that is no note, or the one that it is in."""
    block = piece.block
    if not block.notes:
        return piece
    notes = tuple(name for name in block.notes if name in names and name != block.note)
    return piece if notes == block.notes else replace(piece, block=replace(block, notes=notes))
