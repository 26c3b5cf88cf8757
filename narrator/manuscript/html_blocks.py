"""A page of XHTML to blocks in reading order, each with its role and with the anchors that lead to it.

The walk is iterative, since strangers nest elements deeper than Python calls. Inline elements add no space,
so a drop cap stays in its word; block elements and `<br/>` do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from lxml import etree

from narrator.manuscript.blocks import joined_row, split_lines
from narrator.manuscript.characters import clean, clean_lines, is_scene_break
from narrator.manuscript.headings import joined_heading
from narrator.manuscript.html_gaps import has_scene_gaps, is_gap
from narrator.manuscript.html_inline import TELLING, marks_of
from narrator.manuscript.html_marks import drop_cap_of, is_unread, terms_of
from narrator.manuscript.html_note_marks import MARK_TAGS, Naming, NoteMarks
from narrator.manuscript.html_pictures import alt_text_of
from narrator.manuscript.html_places import Place, is_block, is_line, is_note_itself, language_of, place_in
from narrator.manuscript.html_site import is_furniture, is_permalink
from narrator.manuscript.html_spans import fill_spans
from narrator.manuscript.html_text import MarkedText, Told
from narrator.manuscript.inline import without_signs
from narrator.manuscript.markup import local_name
from narrator.manuscript.page_blocks import PageBlock
from narrator.manuscript.pieces import Piece
from narrator.model import Mark, MarkKind, Role

_BREAK_CLASS = re.compile(
    r"(?:^|[\s_-])(?:scene|section|thought|text|story|space|ornament(?:al)?)[_-]?(?:break|divider|separator)s?(?:$|[\s_-])"
    r"|(?:^|\s)(?:tb|asterism|blank-?line)(?:$|\s)",
    re.IGNORECASE,
)
_ARTEFACT = re.compile(r"\[(?:image unavailable\.?|illustration|image|blank page)\]", re.IGNORECASE)
_EMPTIED = re.compile(r"\[\s*\]|\(\s*\)")
_CELL = "\x1f"
_HINTS = {MarkKind.NAME, MarkKind.DIRECTION}


@dataclass(frozen=True, slots=True)
class Page:
    """What one file says: its pieces, and before which of them (counted from 0) each of its anchors stands."""

    pieces: tuple[Piece, ...]
    anchors: Mapping[str, int]


def _nowhere(_address: str) -> str:
    return ""


def read_page(
    root: etree._Element,
    *,
    name: str,
    note_ids: frozenset[str] = frozenset(),
    naming: Naming = _nowhere,
    is_site: bool = False,
) -> Page:
    """The blocks of a page, which are PageBlocks. `name` is what people call the file.

    `note_ids` are the anchors of notes in it. `naming` makes the names that the marks of notes leave in their
    block, whether there is a note at that place or not. `is_site`: it is a page of the web, of whose menus and
    the like nothing is read.
    """
    body = next((node for node in root.iter() if local_name(node) == "body"), root)
    fill_spans(body)
    return _Walk(name, note_ids, naming, body, is_site=is_site).read(body, Place(language=language_of(root)))


class _Walk:
    """One pass over a page: text gathers until a block begins or ends, then becomes a piece."""

    def __init__(
        self,
        name: str,
        note_ids: frozenset[str],
        naming: Naming,
        body: etree._Element,
        *,
        is_site: bool,
    ) -> None:
        self._name = name
        self._is_site = is_site
        self._note_ids = note_ids
        self._marks = NoteMarks(body, naming)
        self._has_gaps = has_scene_gaps(body)
        self._places: dict[str, tuple[Place, Place]] = {}  # by tag: around it, and in it
        self._pieces: list[Piece] = []
        self._anchors: dict[str, int] = {}
        self._early: list[str] = []  # anchors met before any text of the block
        self._late: list[str] = []  # anchors met after text, with none after them yet
        self._text = MarkedText()
        self._linked = 0
        self._drop_cap = ""
        self._pictures: list[str] = []
        self._above: list[str] = []  # those above the first piece
        self._opens_note = False
        self._source = ""

    def read(self, body: etree._Element, around: Place) -> Page:
        places = [around]
        tags: list[tuple[str, bool]] = []  # of the elements that are open, and whether each is a block
        walk = etree.iterwalk(body, events=("start", "end", "comment", "pi"))
        for event, node in walk:
            if event == "start":
                tag, terms = local_name(node), terms_of(node)
                begins_block = is_block(tag, terms)
                tags.append((tag, begins_block))
                place = self._enter(node, tag, terms, places[-1], begins_block=begins_block)
                if place is None:
                    walk.skip_subtree()
                places.append(place or places[-1])
            else:
                if event == "end":
                    tag, ends_block = tags.pop()
                    self._leave(node, tag, places.pop(), ends_block=ends_block)
                if node is not body:
                    self._add(node.tail, places[-1])
        self._flush(around)
        for anchor in self._early + self._late:
            self._anchors.setdefault(anchor, len(self._pieces))
        return Page(tuple(self._pieces), self._anchors)

    def _enter(
        self, node: etree._Element, tag: str, terms: tuple[str, ...], around: Place, *, begins_block: bool
    ) -> Place | None:
        """Begin an element; None where it is not read."""
        has_attributes = bool(node.keys())
        if begins_block:
            self._separate(node, tag, around)
        if has_attributes:
            self._keep_anchors(node, tag)
        self._text.enter(node)
        if self._is_left_out(node, tag, terms, around):
            return None
        place = self._place(node, tag, terms, around)
        self._opens_note = self._opens_note or is_note_itself(terms)
        if tag == "br":
            self._text.separate(" " if around.in_row else "\n")
        elif tag == "img":
            self._look_at(node, place)
        elif tag == "ruby":
            self._text.mark_ruby(node)
        elif not around.in_row and (
            tag == "hr"
            or (begins_block and has_attributes and _BREAK_CLASS.search(node.get("class") or ""))
            or (self._has_gaps and is_gap(node, tag))
        ):
            self._pieces.append(self._piece(Told(Role.SCENE_BREAK, ""), place))
        if begins_block and self._text.is_blank:
            self._source = self._where(node)
        if tag in TELLING or has_attributes:
            is_inline = not begins_block or around.in_row or is_line(node, tag, around)
            marks = marks_of(node, tag, terms, place, around, text=self._text, is_inline=is_inline)
            self._text.mark(node, marks)
        self._add(node.text, place)
        return place

    def _place(self, node: etree._Element, tag: str, terms: tuple[str, ...], around: Place) -> Place:
        """The place inside an element; that of one without attributes is known from the one before."""
        if tag == "tr" or node.keys():
            return place_in(node, tag, terms, around, note_ids=self._note_ids)
        known = self._places.get(tag)
        if known is None or known[0] is not around:
            known = self._places[tag] = around, place_in(node, tag, terms, around, note_ids=self._note_ids)
        return known[1]

    def _leave(self, node: etree._Element, tag: str, place: Place, *, ends_block: bool) -> None:
        self._text.leave(node)
        if ends_block:
            parent_in_row = place.in_row and tag != "tr"
            if parent_in_row:
                self._text.separate(_CELL if tag in {"td", "th"} else " ")
            elif is_line(node, tag, place):
                self._text.separate("\n")
            else:
                self._flush(place)

    def _separate(self, node: etree._Element, tag: str, around: Place) -> None:
        """A block begins: what came before it is a block of its own, but in a table's row or a stanza."""
        if around.in_row:
            self._text.separate(" ")
        elif not is_line(node, tag, around):
            self._flush(around)
        elif not self._text.ends_line:
            self._text.separate("\n")

    def _keep_anchors(self, node: etree._Element, tag: str) -> None:
        for anchor in (node.get("id"), node.get("name") if tag == "a" else None):
            if anchor:
                (self._early if self._text.is_blank else self._late).append(anchor)

    def _where(self, node: etree._Element) -> str:
        anchor = node.get("id")
        return f"{self._name}#{anchor}" if anchor else f"{self._name}:{node.sourceline}"

    def _add(self, text: str | None, place: Place) -> None:
        if not text:
            return
        if self._drop_cap and text.strip():
            text, self._drop_cap = self._drop_cap + text.lstrip(), ""
        if self._late and text.strip():
            self._early += self._late
            self._late.clear()
        if place.is_linked:
            self._linked += len(text.strip())
        own = text if text.isascii() else without_signs(text)
        self._text.add(own if place.role is Role.CODE else own.replace("\n", " "))

    def _look_at(self, image: etree._Element, place: Place) -> None:
        """A picture may stand for a letter, for the break between scenes, or show something."""
        is_blank = self._text.is_blank
        self._drop_cap = drop_cap_of(image, opens_block=is_blank) or self._drop_cap
        if is_blank and not place.in_row and is_scene_break(clean(image.get("alt") or "")):
            self._pieces.append(self._piece(Told(Role.SCENE_BREAK, ""), place))
        elif place.role is not Role.HEADING and (text := alt_text_of(image)):
            self._pictures.append(text)

    def _is_left_out(self, node: etree._Element, tag: str, terms: tuple[str, ...], around: Place) -> bool:
        """Whether nothing in this element is read here."""
        if tag == "a" and is_permalink(node):
            return True
        if (terms or tag in MARK_TAGS) and self._is_note_mark(node, tag, terms, around):
            return True
        return is_unread(node, tag, terms) or (self._is_site and is_furniture(node, tag, terms))

    def _is_note_mark(self, node: etree._Element, tag: str, terms: tuple[str, ...], around: Place) -> bool:
        """Whether this is the mark of a note, which is no text; where it leads is kept in mind."""
        mark = self._marks.met(
            node,
            tag,
            terms,
            opens_block=self._text.is_blank,
            is_in_note=around.role is Role.NOTE or not self._note_ids.isdisjoint(self._early),
            in_heading=around.role is Role.HEADING,
        )
        if mark is None:
            return False
        self._opens_note = self._opens_note or mark.opens_note
        if mark.anchor:
            self._early.append(mark.anchor)
        if mark.note:
            self._text.refer(mark.note)
        return not mark.is_text

    # --- what becomes pieces ---------------------------------------------------------------------------

    def _flush(self, place: Place) -> None:
        """Make pieces of the text that gathered."""
        if not self._text.is_blank:
            self._make_pieces(place)
        else:
            self._text.drop()
            if self._pictures:
                self._hang_pictures()
                self._above, self._pictures = self._above + self._pictures, []
        self._linked = 0

    def _make_pieces(self, place: Place) -> None:
        if not self._note_ids.isdisjoint(self._early):
            place = replace(place, role=Role.NOTE)
        told = self._text.taken(partial(_blocks_of, place=place))
        if told:
            for anchor in self._early:
                self._anchors.setdefault(anchor, len(self._pieces))
            self._pieces += [self._piece(block, place) for block in told]
            self._early, self._late = self._late, []
            if self._pictures:
                self._hang_pictures()

    def _hang_pictures(self) -> None:
        """The pictures that were met stand after the last piece, or before the first."""
        last = self._pieces[-1].block if self._pieces else None
        if isinstance(last, PageBlock):
            block = replace(last, pictures=(*last.pictures, *self._pictures))
            self._pieces[-1] = replace(self._pieces[-1], block=block)
            self._pictures.clear()

    def _piece(self, told: Told, place: Place) -> Piece:
        marks, hints = told.marks, told.marks
        if told.marks:
            marks = tuple(mark for mark in told.marks if mark.kind not in _HINTS)
            hints = tuple(mark for mark in told.marks if mark.kind in _HINTS)
        if place.direction and told.text:
            hints = (Mark(MarkKind.DIRECTION, 0, len(told.text), place.direction),)
        block = PageBlock(
            told.role,
            told.text,
            self._source or self._name,
            place.language or None,
            marks=marks,
            notes=told.notes,
            hints=hints,
            is_letter=place.is_letter,
            opens_note=self._opens_note,
            pictures_before=tuple(self._above),
            length=len(told.text),
        )
        self._opens_note = False
        self._above = []
        level = place.level if told.role is Role.HEADING else 0
        linked, self._linked = self._linked, 0
        return Piece(block, level=level, kind=place.kind, matter=place.matter, linked=linked)


def _blocks_of(text: str, place: Place) -> list[tuple[Role, str]]:
    """The blocks in the text of one element, whose `<br/>` are line feeds."""
    if "[" in text or "(" in text:
        text = _EMPTIED.sub("", _ARTEFACT.sub("", text))
    if place.in_row:
        row = joined_row(clean(cell) for cell in text.split(_CELL))
        return [(Role.NOTE if place.role is Role.NOTE else Role.TABLE, row)] if row else []
    if place.role is Role.CODE:
        return [(Role.CODE, part) for part in map(clean, re.split(r"\n\s*\n", text)) if part]
    lines = clean_lines(text) if "\n" in text else (clean(text),)
    if place.role is Role.HEADING:
        return [(Role.HEADING, heading)] if (heading := joined_heading(lines)) else []
    if place.role in {Role.NOTE, Role.CAPTION}:
        return [(place.role, joined)] if (joined := clean(" ".join(lines))) else []
    return split_lines(lines, place.role, is_verse=place.is_verse)
