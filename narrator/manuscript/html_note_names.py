"""Which note a mark in the text leads to, and which blocks are that note: by one name, over all files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from narrator.manuscript.html_blocks import Page
from narrator.manuscript.page_blocks import PageBlock
from narrator.manuscript.pieces import Anchor, Piece
from narrator.model import Role


def name_of(anchor: Anchor | None) -> str:
    """The name of a place, such as 'text/endnotes.xhtml#note-3'; '' for nowhere."""
    return "#".join(anchor) if anchor else ""


def with_notes_named(pages: Mapping[str, Page]) -> dict[str, Page]:
    """The pages with one name for each note, in its blocks and in those that refer to it.

    Until now blocks name all places that their marks lead to; those where no note stands are left out.
    """
    wanted = {name for page in pages.values() for piece in page.pieces for name in piece.block.notes}
    named: dict[str, dict[int, str]] = {file: {} for file in pages}
    names: dict[str, str] = {}
    for file, page in pages.items():
        for anchor, at in page.anchors.items():
            place = name_of((file, anchor))
            begin = _note_at(page.pieces, at) if place in wanted else None
            if begin is not None:
                # Several anchors may lead to one note: the first names it.
                names[place] = named[file].setdefault(begin, place)
    return {
        file: replace(page, pieces=tuple(_told(page.pieces, named[file], names)))
        for file, page in pages.items()
    }


def _note_at(pieces: Sequence[Piece], at: int) -> int | None:
    """The number of the piece with which the note at a place begins: there, or under a heading there."""
    for number, piece in enumerate(pieces[at : at + 2], at):
        if piece.block.role is Role.NOTE:
            return number
        if piece.block.role is not Role.HEADING:
            return None
    return None


def _told(pieces: Sequence[Piece], begins: Mapping[int, str], names: Mapping[str, str]) -> Iterator[Piece]:
    note = ""
    for at, piece in enumerate(pieces):
        block = piece.block
        if block.role is not Role.NOTE:
            note = ""
            if not block.notes:
                yield piece
                continue
        elif at in begins or (isinstance(block, PageBlock) and block.opens_note):
            note = begins.get(at, "")
        found = dict.fromkeys(names[place] for place in block.notes if place in names)
        notes = tuple(name for name in found if name != note)
        is_told = (note, notes) == (block.note, block.notes)
        yield piece if is_told else replace(piece, block=replace(block, note=note, notes=notes))
