"""A page of XHTML to blocks in reading order, each with its role and with the anchors that lead to it.

The walk is iterative, since strangers nest elements deeper than Python calls. Inline elements add no space, so a
drop cap stays in its word; block elements and `<br/>` do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lxml import etree

from narrator.manuscript.characters import clean, clean_lines, is_scene_break
from narrator.manuscript.headings import joined_heading
from narrator.manuscript.html_marks import classes_of, drop_cap_of, is_note_mark, is_unread, terms_of
from narrator.manuscript.markup import local_name
from narrator.manuscript.matter import is_container, kind_of_terms, matter_of_terms
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Matter, Role

_BLOCK_TAGS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_SECTIONING = {"body", "section", "article", "div", "nav", "aside", "main", "header", "ol"}
_NOTE_TERMS = {"footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "note", "annotation"}
_NOTE_CLASSES = {"footnote", "footnotes", "endnote", "endnotes", "rearnote", "fn", "note-body", "sidenote"}
_VERSE_TERMS = {"verse", "poem", "song", "hymn", "lyrics"}
_VERSE_CLASSES = {"poem", "poetry", "poetry-container", "verse", "stanza", "linegroup", "lg", "poesie", "gedicht"}
_LINE_CLASSES = {"verse", "line", "l", "v", "versline", "poem-line", "poetry-line"}
_QUOTATION_CLASSES = {"blockquot", "blockquote", "bq", "extract", "epigraph", "letter"}
_CAPTION_CLASSES = {"caption", "figcaption", "caption-text", "wp-caption-text"}
_BREAK_CLASS = re.compile(r"(?:^|[\s_-])(?:scene|section|thought|text)[_-]?(?:break|divider)s?(?:$|[\s_-])", re.I)
_ROLE_OF_TAG = {
    "blockquote": Role.QUOTATION,
    "figcaption": Role.CAPTION,
    "caption": Role.CAPTION,
    "pre": Role.CODE,
    "li": Role.LIST_ITEM,
    "dt": Role.LIST_ITEM,
    "dd": Role.LIST_ITEM,
}
_GUTENBERG_IDS = {"pg-header": "gutenberg-header", "pg-footer": "gutenberg-license"}
_ARTEFACT = re.compile(r"\[(?:image unavailable\.?|illustration|image|blank page)\]", re.I)
_EMPTIED = re.compile(r"\[\s*\]|\(\s*\)")
_CELL = "\x1f"
_VERSE_LINE = 72
"""Lines of this mean length or less, split by `<br/>`, are verse, a letterhead or a title page; longer are prose."""
_SPEAKER = 40
"""The longest first cell, in characters, that names who speaks or what the second cell is about."""
_PROSE_LINE = 100
"""A longer line without a break is prose, even where poems stand."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one file says: its pieces, and before which of them (counted from 0) each of its anchors stands."""

    pieces: tuple[Piece, ...]
    anchors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """What the elements around a run of text make of it."""

    role: Role = Role.PARAGRAPH
    level: int = 0
    kind: str = ""
    matter: Matter | None = None
    language: str = ""
    is_verse: bool = False
    in_row: bool = False
    is_hgroup: bool = False
    is_linked: bool = False


def read_page(root: etree._Element, *, name: str, note_ids: frozenset[str] = frozenset()) -> Page:
    """The blocks of a page. `name` is what people call the file; `note_ids` are the anchors of notes in it."""
    body = next((node for node in root.iter() if local_name(node) == "body"), root)
    language = root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("lang") or ""
    return _Walk(name, note_ids).read(body, _Place(language=language))


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
        self._source = ""

    def read(self, body: etree._Element, around: _Place) -> Page:
        places = [around]
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

    def _enter(self, node: etree._Element, around: _Place) -> _Place | None:
        """Begin an element; None where it is not read."""
        tag, terms = local_name(node), terms_of(node)
        is_block = tag in _BLOCK_TAGS or not _NOTE_TERMS.isdisjoint(terms)
        if is_block:
            self._separate(node, tag, around)
        self._note_anchor(node)
        if tag == "a" and is_note_mark(node, opens_block=self._is_blank, in_heading=around.role is Role.HEADING):
            return None
        if is_unread(node, tag, terms):
            return None
        place = self._place(node, tag, terms, around)
        if tag == "br":
            self._text.append(" " if around.in_row else "\n")
        elif tag == "img":
            self._drop_cap = drop_cap_of(node, opens_block=self._is_blank) or self._drop_cap
        elif not around.in_row and (tag == "hr" or (is_block and _BREAK_CLASS.search(node.get("class") or ""))):
            self._pieces.append(self._piece(Role.SCENE_BREAK, "", place))
        if is_block and self._is_blank:
            self._source = self._where(node)
        self._add(node.text, place)
        return place

    def _leave(self, node: etree._Element, place: _Place) -> None:
        tag = local_name(node)
        if tag in _BLOCK_TAGS or not _NOTE_TERMS.isdisjoint(terms_of(node)):
            parent_in_row = place.in_row and tag != "tr"
            if parent_in_row:
                self._text.append(_CELL if tag in {"td", "th"} else " ")
            elif _is_line(node, tag, place):
                self._text.append("\n")
            else:
                self._flush(place)

    def _separate(self, node: etree._Element, tag: str, around: _Place) -> None:
        """A block begins: what came before it is a block of its own, but in a table's row or a stanza."""
        if around.in_row:
            self._text.append(" ")
        elif _is_line(node, tag, around):
            self._text.append("\n")
        else:
            self._flush(around)

    def _place(self, node: etree._Element, tag: str, terms: tuple[str, ...], around: _Place) -> _Place:
        """What an element makes of the text in it. A note stays a note, whatever is in it."""
        classes = classes_of(node)
        language = node.get("{http://www.w3.org/XML/1998/namespace}lang") or node.get("lang")
        role, level = self._role(node, tag, terms, classes, around)
        is_verse = not _VERSE_TERMS.isdisjoint(terms) or not _VERSE_CLASSES.isdisjoint(classes)
        return replace(
            around,
            role=role,
            level=level,
            kind=_kind(node, tag, terms, classes, around),
            matter=matter_of_terms(terms) or around.matter,
            language=language if language and tag in _BLOCK_TAGS else around.language,
            is_verse=is_verse or (around.is_verse and role not in {Role.HEADING, Role.QUOTATION}),
            in_row=around.in_row or (tag == "tr" and _is_row(node)),
            is_hgroup=around.is_hgroup or tag == "hgroup",
            is_linked=around.is_linked or (tag == "a" and "href" in node.attrib),
        )

    def _role(
        self, node: etree._Element, tag: str, terms: tuple[str, ...], classes: frozenset[str], around: _Place
    ) -> tuple[Role, int]:
        is_heading = tag in {"h1", "h2", "h3", "h4", "h5", "h6"}
        if around.role is Role.NOTE or around.role is Role.CODE:
            # A section of notes may have a heading; it is judged when the chapter is known.
            return (Role.HEADING, int(tag[1])) if is_heading else (around.role, around.level)
        if self._is_note(node, tag, terms, classes):
            return Role.NOTE, 0
        if is_heading:
            return Role.HEADING, int(tag[1])
        if around.is_hgroup and tag == "p":
            return Role.HEADING, max(around.level, 6)
        if not _CAPTION_CLASSES.isdisjoint(classes) and tag in _BLOCK_TAGS:
            return Role.CAPTION, 0
        if tag == "tr" and _is_row(node):
            return Role.TABLE, 0
        if tag in _BLOCK_TAGS and not _QUOTATION_CLASSES.isdisjoint(classes) and around.role is Role.PARAGRAPH:
            return Role.QUOTATION, 0
        return _ROLE_OF_TAG.get(tag, around.role), around.level

    def _is_note(self, node: etree._Element, tag: str, terms: tuple[str, ...], classes: frozenset[str]) -> bool:
        if not _NOTE_TERMS.isdisjoint(terms):
            return True
        if tag not in _BLOCK_TAGS or tag == "body":
            return False
        return not _NOTE_CLASSES.isdisjoint(classes) or (node.get("id") or "") in self._note_ids

    def _note_anchor(self, node: etree._Element) -> None:
        for anchor in {node.get("id"), node.get("name") if local_name(node) == "a" else None} - {None, ""}:
            (self._early if self._is_blank else self._late).append(str(anchor))

    def _where(self, node: etree._Element) -> str:
        anchor = node.get("id")
        return f"{self._name}#{anchor}" if anchor else f"{self._name}:{node.sourceline or 1}"

    def _add(self, text: str | None, place: _Place) -> None:
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

    def _flush(self, place: _Place) -> None:
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

    def _piece(self, role: Role, text: str, place: _Place) -> Piece:
        block = Block(role, text, self._source or self._name, place.language or None)
        level = place.level if role is Role.HEADING else 0
        linked, self._linked = self._linked, 0
        return Piece(block, level=level, kind=place.kind, matter=place.matter, linked=linked)


def _kind(
    node: etree._Element, tag: str, terms: tuple[str, ...], classes: frozenset[str], around: _Place
) -> str:
    """The outermost kind that is no mere container counts: an epigraph inside a chapter is the chapter's."""
    if around.kind and not is_container(around.kind):
        return around.kind
    if kind := _GUTENBERG_IDS.get(node.get("id") or ""):
        return kind
    if "pg-boilerplate" in classes:
        return "gutenberg-license" if "pgfooter" in classes else "gutenberg-header"
    return (kind_of_terms(terms) if tag in _SECTIONING else "") or around.kind


def _is_row(node: etree._Element) -> bool:
    """Is this `<tr>` a row of cells, and not a frame around a page?"""
    cells = [child for child in node if local_name(child) in {"td", "th"}]
    return len(cells) > 1 and all(local_name(inner) != "table" for cell in cells for inner in cell.iter())


def _is_line(node: etree._Element, tag: str, place: _Place) -> bool:
    """Is this block a line of a stanza, and not a stanza?"""
    if not place.is_verse or tag not in {"div", "p"} or _LINE_CLASSES.isdisjoint(classes_of(node)):
        return False
    return all(local_name(inner) not in {"br", "div", "p"} for inner in node.iterdescendants())


def _blocks_of(text: str, place: _Place) -> list[tuple[Role, str]]:
    """The blocks in the text of one element, whose `<br/>` are line feeds."""
    if place.in_row:
        row = _row(text)
        return [(Role.NOTE if place.role is Role.NOTE else Role.TABLE, row)] if row else []
    if place.role is Role.CODE:
        return [(Role.CODE, part) for part in map(clean, re.split(r"\n\s*\n", text)) if part]
    lines = clean_lines(text)
    if place.role is Role.HEADING:
        return [(Role.HEADING, heading)] if (heading := joined_heading(lines)) else []
    if place.role in {Role.NOTE, Role.CAPTION}:
        return [(place.role, joined)] if (joined := clean(" ".join(lines))) else []
    return [block for stanza in _stanzas(lines) for block in _lined(stanza, place)]


def _stanzas(lines: tuple[str, ...]) -> list[list[str]]:
    stanzas: list[list[str]] = [[]]
    for line in lines:
        if line:
            stanzas[-1].append(line)
        elif stanzas[-1]:
            stanzas.append([])
    return [stanza for stanza in stanzas if stanza]


def _lined(lines: list[str], place: _Place) -> list[tuple[Role, str]]:
    """Lines of one paragraph: verse, or paragraphs parted by `<br/>`, or one paragraph broken for the eye."""
    if all(is_scene_break(line) for line in lines):
        return [(Role.SCENE_BREAK, "")]
    if place.is_verse and (len(lines) > 1 or len(lines[0]) <= _PROSE_LINE):
        return [(Role.VERSE, "\n".join(lines))]
    if len(lines) == 1:
        return [(place.role, lines[0])]
    if sum(map(len, lines)) <= _VERSE_LINE * len(lines) and place.role is not Role.LIST_ITEM:
        return [(Role.VERSE, "\n".join(lines))]
    if all(line[-1] in ".!?…:;\"'”’»)—-" for line in lines):
        return [(place.role, line) for line in lines]
    return [(place.role, " ".join(lines))]


def _row(text: str) -> str:
    """A table's row as it is read: 'Lane: Yes, sir.'; cells of data with commas between them."""
    cells = [clean(cell) for cell in text.split(_CELL)]
    cells = [cell for cell in cells if cell]
    if len(cells) == 2 and len(cells[0]) <= _SPEAKER and cells[0][-1] not in ".!?:;,":
        return f"{cells[0]}: {cells[1]}"
    return ", ".join(cells)
