"""The body of an OpenDocument text to paragraphs; notes and frames follow the paragraph that they hang on.

OASIS, Open Document Format 1.3, part 3, sections 5 to 9:
https://docs.oasis-open.org/office/OpenDocument/v1.3/os/part3-schema/OpenDocument-v1.3-os-part3-schema.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from lxml import etree

from narrator.manuscript.blocks import joined_row
from narrator.manuscript.characters import clean
from narrator.manuscript.inline import Marker
from narrator.manuscript.markup import local_name
from narrator.manuscript.odt_and_rtf_headings import Written
from narrator.manuscript.odt_and_rtf_notes import LOWERED, RAISED
from narrator.manuscript.odt_styles import TEXT, Look, Styles, whole_number
from narrator.manuscript.signed import Ruby, Spoken, signed
from narrator.model import Role

_UNREAD = {
    "tracked-changes", "annotation", "annotation-end", "forms", "note-citation", "ruby-text", "number",
    "sequence-decls", "variable-decls", "user-field-decls", "dde-connection-decls", "hidden-text",
    "page-number", "page-count", "bibliography-mark", "page-variable-get", "page-variable-set", "binary-data",
    "object", "object-ole", "plugin", "applet", "scripts", "script", "covered-table-cell", "named-expressions",
    "table-of-content-source", "alphabetical-index-source", "illustration-index-source", "table-index-source",
    "object-index-source", "user-index-source", "bibliography-source", "event-listeners", "glue-point",
}  # fmt: skip
_KIND_OF_INDEX = {
    "table-of-content": "toc", "user-index": "toc", "alphabetical-index": "index", "illustration-index": "loi",
    "table-index": "lot", "object-index": "loi", "bibliography": "bibliography",
}  # fmt: skip
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_ALT_TEXTS = {f"{_SVG}title", f"{_SVG}desc"}
_PARAGRAPHS = {"p", "h"}
_FAMILIES = {"p": "paragraph", "h": "paragraph", "span": "text", "section": "section"}
_SCENE_BREAK = "* * *"


@dataclass(frozen=True, slots=True)
class _Place:
    """What is around a text: a note, a list, an index, a link."""

    role: Role = Role.PARAGRAPH
    kind: str = ""
    is_linked: bool = False
    in_list: bool = False
    note: str = ""


@dataclass(slots=True)
class _Paragraph:
    """A paragraph that is open, and what hangs on it."""

    look: Look
    node: etree._Element
    place: _Place
    text: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    rubies: list[Ruby] = field(default_factory=list)
    ruby_start: int = 0
    notes: list[str] = field(default_factory=list)
    linked: int = 0
    bold: int = 0
    size: float = 0
    hanging: list[Written] = field(default_factory=list)

    def add(self, text: str, language: str) -> None:
        self.text.append(text)
        self.languages.append(language)

    def end_ruby(self, reading: str) -> None:
        if reading and len(self.text) > self.ruby_start:
            self.rubies.append(Ruby(self.ruby_start, len(self.text), reading))

    def signed(self, marker: Marker) -> str:
        if len(set(self.languages)) < 2 and not self.rubies:
            return ""
        return signed(
            [Spoken(*run) for run in zip(self.text, self.languages, strict=True)], self.rubies, marker
        )


@dataclass(slots=True)
class _Row:
    """A table's row that is open, with the paragraphs of each cell."""

    node: etree._Element
    cells: list[list[Written]] = field(default_factory=list)


class BodyWalk:
    """One pass over a document's body."""

    def __init__(self, styles: Styles, marker: Marker) -> None:
        self._styles = styles
        self._marker = marker
        self._written: list[Written] = []
        self._open: list[_Paragraph | _Row] = []
        self._number = 0
        self._notes = 0

    def read(self, body: etree._Element) -> list[Written]:
        places = [_Place()]
        spans: list[Look] = []
        walk = etree.iterwalk(body, events=("start", "end", "comment", "pi"))
        for event, node in walk:
            name = local_name(node)
            if event == "start":
                if self._is_unread(node, name):
                    walk.skip_subtree()
                    places.append(places[-1])
                    continue
                places.append(_place_in(name, places[-1], f"note-{self._notes + 1}"))
                if name == "span":
                    spans.append(self._look(node, name))
                self._enter(node, name, places[-1])
                self._add(node.text, places[-1], spans)
                continue
            if event == "end":
                places.pop()
                if name == "span" and not self._is_unread(node, name):
                    spans.pop()
                self._leave(node)
            if node is not body:
                self._add(node.tail, places[-1], spans)
        return self._written

    def _is_unread(self, node: etree._Element, name: str) -> bool:
        if name in _UNREAD or node.tag in _ALT_TEXTS:
            return True
        if name == "hidden-paragraph" and node.get(f"{TEXT}is-hidden") == "true":
            return True
        if name == "section" and node.get(f"{TEXT}display") == "none":
            return True
        return name in _FAMILIES and self._look(node, name).is_hidden

    def _look(self, node: etree._Element, name: str) -> Look:
        return self._styles.look(_FAMILIES[name], node.get(f"{TEXT}style-name") or "")

    def _enter(self, node: etree._Element, name: str, place: _Place) -> None:
        if name in _PARAGRAPHS:
            look = self._look(node, name)
            if name == "h" and not place.kind:
                level = whole_number(node.get(f"{TEXT}outline-level")) or look.level or 1
                look = replace(look, level=level, is_title=False)
            self._open.append(_Paragraph(look, node, place))
        elif name == "table-row" and _is_row(node):
            self._open.append(_Row(node))
        elif self._open:
            inner = self._open[-1]
            if isinstance(inner, _Paragraph):
                self._in_paragraph(inner, node, name)
            elif name == "table-cell":
                inner.cells.append([])

    def _in_paragraph(self, paragraph: _Paragraph, node: etree._Element, name: str) -> None:
        if sign := _sign(node, name):
            paragraph.add(sign, "")
        elif name == "ruby":
            paragraph.ruby_start = len(paragraph.text)
        elif name == "note":
            self._notes += 1
            paragraph.notes.append(f"note-{self._notes}")

    def _leave(self, node: etree._Element) -> None:
        if self._open and isinstance(inner := self._open[-1], _Paragraph) and node.tag == f"{TEXT}ruby":
            inner.end_ruby(_reading(node))
        if not self._open or self._open[-1].node is not node:
            return
        inner = self._open.pop()
        if isinstance(inner, _Paragraph):
            self._end_paragraph(inner)
        else:
            self._end_row(inner)

    def _add(self, text: str | None, place: _Place, spans: list[Look]) -> None:
        """Text outside a paragraph is white space between elements."""
        paragraph = self._open[-1] if self._open else None
        if not text or not isinstance(paragraph, _Paragraph):
            return
        look = spans[-1] if spans else None
        said = re.sub(r"\s+", " ", text)
        is_raised = look is not None and look.is_raised and said.strip()
        language = (look.language if look else "") or paragraph.look.language
        paragraph.add(f"{RAISED}{said}{LOWERED}" if is_raised else said, language)
        if length := len(text.strip()):
            paragraph.linked += length if place.is_linked else 0
            paragraph.bold += length if paragraph.look.is_bold or (look and look.is_bold) else 0
            paragraph.size = paragraph.size or _size(paragraph.look, look)

    def _end_paragraph(self, paragraph: _Paragraph) -> None:
        look, place = paragraph.look, paragraph.place
        text = _SCENE_BREAK if look.is_rule else "".join(paragraph.text)
        self._number += 1
        letters = len(clean(text).replace(" ", ""))
        role = place.role if place.role is not Role.PARAGRAPH else look.role
        kind = place.kind or look.kind
        is_plain = role is Role.PARAGRAPH and not kind
        written = Written(
            text,
            role=Role.LIST_ITEM if role is Role.PARAGRAPH and place.in_list and not look.level else role,
            level=look.level if place.role is Role.PARAGRAPH and not kind else 0,
            is_title=look.is_title and is_plain,
            kind=kind,
            source=f"paragraph {self._number}",
            size=paragraph.size or look.size,
            is_bold=bool(letters) and paragraph.bold >= letters,
            is_centred=look.is_centred,
            opens_page=look.opens_page,
            linked=paragraph.linked,
            signed=paragraph.signed(self._marker),
            notes=tuple(paragraph.notes),
            note=place.note if role is Role.NOTE else "",
        )
        self._give([written, *paragraph.hanging])

    def _give(self, written: list[Written]) -> None:
        """Hand over what is finished: to the paragraph that it hangs on, to the cell around, to the book."""
        around = self._open[-1] if self._open else None
        if isinstance(around, _Paragraph):
            around.hanging += written
        elif around is not None and around.cells:
            around.cells[-1] += written
        else:
            self._written += written

    def _end_row(self, row: _Row) -> None:
        notes = [line for cell in row.cells for line in cell if line.role is Role.NOTE]
        said = [[line.text for line in cell if line.role is not Role.NOTE] for cell in row.cells]
        text = joined_row(clean(" ".join(cell)) for cell in said)
        source = next((line.source for cell in row.cells for line in cell), "")
        met = tuple(
            name for cell in row.cells for line in cell if line.role is not Role.NOTE for name in line.notes
        )
        self._give([Written(text, Role.TABLE, source=source, notes=met), *notes] if text else notes)


def _place_in(name: str, around: _Place, following_note: str) -> _Place:
    if name == "note":
        return replace(around, note=following_note)
    if name == "note-body":
        return _Place(role=Role.NOTE, note=around.note)
    if kind := _KIND_OF_INDEX.get(name):
        return replace(around, kind=kind)
    if name == "a":
        return replace(around, is_linked=True)
    if name in {"list-item", "list-header"}:
        return replace(around, in_list=True)
    return around


def _is_row(node: etree._Element) -> bool:
    """Whether this is a row of several cells, and not a frame around a page."""
    cells = [child for child in node if local_name(child) == "table-cell"]
    if len(cells) < 2:
        return False
    return all(local_name(inner) not in {"table", "h"} for cell in cells for inner in cell.iter())


def _reading(ruby: etree._Element) -> str:
    return clean("".join(str(text) for node in ruby.iter(f"{TEXT}ruby-text") for text in node.itertext()))


def _sign(node: etree._Element, name: str) -> str:
    """What an element without text stands for."""
    if name == "s":
        return " " * (whole_number(node.get(f"{TEXT}c")) or 1)
    return {"tab": " ", "line-break": "\n"}.get(name, "")


def _size(paragraph: Look, span: Look | None) -> float:
    default = Look().size
    return span.size if span is not None and span.size != default else paragraph.size
