"""A page of XHTML to blocks in reading order, each with its role and with the anchors that lead to it.

The walk is iterative, since strangers nest elements deeper than Python calls. Inline elements add no space,
so a drop cap stays in its word; block elements and `<br/>` do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lxml import etree

from narrator.manuscript.blocks import joined_row, split_lines
from narrator.manuscript.characters import clean, clean_lines, is_scene_break
from narrator.manuscript.headings import joined_heading
from narrator.manuscript.html_gaps import has_scene_gaps, is_gap
from narrator.manuscript.html_marks import (
    drop_cap_of,
    is_note_mark,
    is_unread,
    opening_marks,
    shown_text,
    terms_of,
)
from narrator.manuscript.html_places import Place, is_block, is_line, language_of, place_in
from narrator.manuscript.markup import local_name
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Role

_BREAK_CLASS = re.compile(
    r"(?:^|[\s_-])(?:scene|section|thought|text|story|space|ornament(?:al)?)[_-]?(?:break|divider|separator)s?(?:$|[\s_-])"
    r"|(?:^|\s)(?:tb|asterism|blank-?line)(?:$|\s)",
    re.IGNORECASE,
)
_ARTEFACT = re.compile(r"\[(?:image unavailable\.?|illustration|image|blank page)\]", re.IGNORECASE)
_EMPTIED = re.compile(r"\[\s*\]|\(\s*\)")
_CELL = "\x1f"


@dataclass(frozen=True, slots=True)
class Page:
    """What one file says: its pieces, and before which of them (counted from 0) each of its anchors stands."""

    pieces: tuple[Piece, ...]
    anchors: Mapping[str, int]


def read_page(root: etree._Element, *, name: str, note_ids: frozenset[str] = frozenset()) -> Page:
    """The blocks of a page. `name` is what people call the file; `note_ids` are the anchors of notes in it."""
    body = next((node for node in root.iter() if local_name(node) == "body"), root)
    return _Walk(name, note_ids).read(body, Place(language=language_of(root)))


class _Walk:
    """One pass over a page: text gathers until a block begins or ends, then becomes a piece."""

    def __init__(self, name: str, note_ids: frozenset[str]) -> None:
        self._name = name
        self._note_ids = note_ids
        self._pieces: list[Piece] = []
        self._anchors: dict[str, int] = {}
        self._early: list[str] = []  # anchors met before any text of the block
        self._late: list[str] = []  # anchors met after text, with none after them yet
        self._text: list[str] = []
        self._is_blank = True
        self._linked = 0
        self._drop_cap = ""
        self._has_gaps = False
        self._opening_marks: frozenset[str] = frozenset()  # raised marks that open a note on this page
        self._source = ""

    def read(self, body: etree._Element, around: Place) -> Page:
        places = [around]
        self._has_gaps = has_scene_gaps(body)
        self._opening_marks = opening_marks(body)
        walk = etree.iterwalk(body, events=("start", "end", "comment", "pi"))
        for event, node in walk:
            if event == "start":
                place = self._enter(node, places[-1])
                if place is None:
                    walk.skip_subtree()
                places.append(place or places[-1])
            else:
                if event == "end":
                    self._leave(node, places.pop())
                if node is not body:
                    self._add(node.tail, places[-1])
        self._flush(around)
        for anchor in self._early + self._late:
            self._anchors.setdefault(anchor, len(self._pieces))
        return Page(tuple(self._pieces), self._anchors)

    def _enter(self, node: etree._Element, around: Place) -> Place | None:
        """Begin an element; None where it is not read."""
        tag, terms = local_name(node), terms_of(node)
        begins_block = is_block(tag, terms)
        if begins_block:
            self._separate(node, tag, around)
        self._keep_anchors(node, tag)
        if tag == "a" and is_note_mark(
            node, opens_block=self._is_blank, in_heading=around.role is Role.HEADING
        ):
            return None
        if is_unread(node, tag, terms):
            return None
        if tag == "sup" and not self._is_blank and shown_text(node) in self._opening_marks:
            return None
        place = place_in(node, tag, terms, around, note_ids=self._note_ids)
        if tag == "br":
            self._text.append(" " if around.in_row else "\n")
        elif tag == "img":
            self._drop_cap = drop_cap_of(node, opens_block=self._is_blank) or self._drop_cap
            if self._is_blank and not around.in_row and is_scene_break(clean(node.get("alt") or "")):
                self._pieces.append(self._piece(Role.SCENE_BREAK, "", place))
        elif not around.in_row and (
            tag == "hr"
            or (begins_block and _BREAK_CLASS.search(node.get("class") or ""))
            or (self._has_gaps and is_gap(node, tag))
        ):
            self._pieces.append(self._piece(Role.SCENE_BREAK, "", place))
        if begins_block and self._is_blank:
            self._source = self._where(node)
        self._add(node.text, place)
        return place

    def _leave(self, node: etree._Element, place: Place) -> None:
        tag = local_name(node)
        if is_block(tag, terms_of(node)):
            parent_in_row = place.in_row and tag != "tr"
            if parent_in_row:
                self._text.append(_CELL if tag in {"td", "th"} else " ")
            elif is_line(node, tag, place):
                self._text.append("\n")
            else:
                self._flush(place)

    def _separate(self, node: etree._Element, tag: str, around: Place) -> None:
        """A block begins: what came before it is a block of its own, but in a table's row or a stanza."""
        if around.in_row:
            self._text.append(" ")
        elif not is_line(node, tag, around):
            self._flush(around)
        elif self._text[-1:] != ["\n"]:
            self._text.append("\n")

    def _keep_anchors(self, node: etree._Element, tag: str) -> None:
        for anchor in (node.get("id"), node.get("name") if tag == "a" else None):
            if anchor:
                (self._early if self._is_blank else self._late).append(anchor)

    def _where(self, node: etree._Element) -> str:
        anchor = node.get("id")
        return f"{self._name}#{anchor}" if anchor else f"{self._name}:{node.sourceline}"

    def _add(self, text: str | None, place: Place) -> None:
        if not text:
            return
        if self._drop_cap and text.strip():
            text, self._drop_cap = self._drop_cap + text.lstrip(), ""
        if text.strip():
            self._is_blank = False
            self._early += self._late
            self._late.clear()
            self._linked += len(text.strip()) if place.is_linked else 0
        self._text.append(text if place.role is Role.CODE else re.sub(r"\s+", " ", text))

    def _flush(self, place: Place) -> None:
        """Make pieces of the text that gathered."""
        if not self._note_ids.isdisjoint(self._early):
            place = replace(place, role=Role.NOTE)
        text = _EMPTIED.sub("", _ARTEFACT.sub("", "".join(self._text)))
        self._text.clear()
        blocks = [] if self._is_blank else _blocks_of(text, place)
        if blocks:
            for anchor in self._early:
                self._anchors.setdefault(anchor, len(self._pieces))
            self._pieces += [self._piece(role, block, place) for role, block in blocks]
            self._early, self._late = self._late, []
        self._is_blank, self._linked = True, 0

    def _piece(self, role: Role, text: str, place: Place) -> Piece:
        block = Block(role, text, self._source or self._name, place.language or None)
        level = place.level if role is Role.HEADING else 0
        linked, self._linked = self._linked, 0
        return Piece(block, level=level, kind=place.kind, matter=place.matter, linked=linked)


def _blocks_of(text: str, place: Place) -> list[tuple[Role, str]]:
    """The blocks in the text of one element, whose `<br/>` are line feeds."""
    if place.in_row:
        row = joined_row(clean(cell) for cell in text.split(_CELL))
        return [(Role.NOTE if place.role is Role.NOTE else Role.TABLE, row)] if row else []
    if place.role is Role.CODE:
        return [(Role.CODE, part) for part in map(clean, re.split(r"\n\s*\n", text)) if part]
    lines = clean_lines(text)
    if place.role is Role.HEADING:
        return [(Role.HEADING, heading)] if (heading := joined_heading(lines)) else []
    if place.role in {Role.NOTE, Role.CAPTION}:
        return [(place.role, joined)] if (joined := clean(" ".join(lines))) else []
    return split_lines(lines, place.role, is_verse=place.is_verse)
