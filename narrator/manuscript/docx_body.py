"""The body of a Word file as a row of paragraphs: tables, notes, boxes and changes put where they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.blocks import joined_row
from narrator.manuscript.characters import clean
from narrator.manuscript.docx_fields import Fields, are_balanced
from narrator.manuscript.docx_numbering import Numbering
from narrator.manuscript.docx_package import WordPackage, child_of, name_of, value_of
from narrator.manuscript.docx_styles import Look, Style, Styles, paragraph_look, with_marks
from narrator.manuscript.docx_text import PAGE, ParagraphText, chosen, gallery_of, is_read
from narrator.manuscript.inline import Marker
from narrator.manuscript.matter import kind_of_title
from narrator.model import Role

_UNREAD = {"w:del", "w:moveFrom", "w:sectPr", "w:sdtPr", "w:sdtEndPr", "w:tblPr", "w:tblGrid", "w:pPr"}
_KINDS = {"table of contents": "toc", "cover pages": "titlepage", "bibliographies": "bibliography"}
_NOTE_OPENING = re.compile(r"^[\s./)\]:*†‡]+")
_SENTENCE_GOES_ON = re.compile(r"[^.!?…:;\"'”’»)\s]\s*\f\s*(?=[^\W\d_A-ZÀ-ÞА-Я])")
_PLAIN = Style()
_LISTS = {"toc", "loi", "lot"}
_LONGEST_LIST_TITLE = 60
_MOST_PARAGRAPHS = 100_000
_LONGEST_HEADING = 200
"""Longer ones are paragraphs that somebody put into a heading's style by mistake."""


@dataclass(frozen=True, slots=True)
class WordParagraph:
    """A paragraph as it is shown, or a row of a table.

    `text` has a line feed for each break of line, and tabs. `level` is a heading's, 1 to 6, else 0. `blanks`
    counts the empty paragraphs before it. `kind` is 'toc' and the like where the file says so. `number` counts
    the paragraphs of the file from 1. `signed` is the text with signs for marks, '' where there are none;
    `notes` and `note` are as a block has them.
    """

    number: int
    text: str
    role: Role = Role.PARAGRAPH
    level: int = 0
    look: Look = _PLAIN.look
    style: Style = _PLAIN
    kind: str = ""
    language: str = ""
    blanks: int = 0
    linked: int = 0
    starts_page: bool = False
    signed: str = ""
    notes: tuple[str, ...] = ()
    note: str = ""


def paragraphs_of(package: WordPackage, marker: Marker, *, where: str) -> list[WordParagraph]:
    """All that is read of a document, in reading order; notes follow the paragraph that refers to them.

    Raises:
        ManuscriptError: it holds text in a way that cannot be read.
    """
    notes = {
        (kind, value_of(note, "id")): note
        for kind, root in (("footnote", package.footnotes), ("endnote", package.endnotes))
        for note in (root if root is not None else ())
        if name_of(note) == f"w:{kind}"
    }
    body = child_of(package.document, "w:body")
    if body is None:
        return []
    walk = _Walk(Styles(package.styles), Numbering(package.numbering), notes, marker, where)
    return walk.read(body, Fields(is_balanced=are_balanced(body)))


def with_joined(
    paragraphs: Iterable[WordParagraph], goes_on: Callable[[WordParagraph, WordParagraph], bool]
) -> list[WordParagraph]:
    """The paragraphs, with those that go on from the first of a run put to it, each on a line of its own."""
    runs: list[list[WordParagraph]] = []
    for paragraph in paragraphs:
        if runs and goes_on(runs[-1][0], paragraph):
            runs[-1].append(paragraph)
        else:
            runs.append([paragraph])
    return [
        replace(
            run[0],
            text="\n".join(paragraph.text for paragraph in run),
            signed="\n".join(paragraph.signed or paragraph.text for paragraph in run),
            notes=tuple(name for paragraph in run for name in paragraph.notes),
        )
        if len(run) > 1
        else run[0]
        for run in runs
    ]


class _Walk:
    """One pass over the body."""

    def __init__(
        self,
        styles: Styles,
        numbering: Numbering,
        notes: Mapping[tuple[str, str], etree._Element],
        marker: Marker,
        where: str,
    ) -> None:
        self._styles = styles
        self._numbering = numbering
        self._notes = dict(notes)
        self._names = notes.keys()
        self._marker = marker
        self._where = where
        self._fields = Fields()
        self._found: list[WordParagraph] = []
        self._number = 0
        self._blanks = 0
        self._prefix = ""  # text whose paragraph goes on in the next: a drop cap, or a mark that was deleted
        self._starts_page = False
        self._met: list[str] = []  # the notes whose marks stood in text that goes on in the next paragraph

    def read(self, node: etree._Element, fields: Fields, kind: str = "") -> list[WordParagraph]:
        """The paragraphs inside an element that holds a text of its own."""
        kept = self._fields, self._found, self._blanks, self._prefix, self._starts_page
        self._fields, self._found, self._blanks, self._prefix, self._starts_page = fields, [], 0, "", False
        self._blocks(node, kind)
        if self._prefix.strip():
            self._found.append(WordParagraph(self._number, self._prefix, kind=kind))
        found = self._found
        self._fields, self._found, self._blanks, self._prefix, self._starts_page = kept
        return found

    def _blocks(self, node: etree._Element, kind: str) -> None:
        for child in node:
            name = name_of(child)
            if name in _UNREAD:
                continue
            if name == "w:p":
                self._paragraph(child, kind)
            elif name == "w:tbl":
                for row in _inside(child, "w:tr"):
                    self._row(row, kind)
            elif name == "w:altChunk":
                raise ManuscriptError(
                    f"{self._where} holds text as a file inside it, which only Word reads.",
                    advice="Open it in Word, save it anew as .docx, and render that.",
                )
            elif name == "w:sdt":
                if is_read(child):
                    self._blocks(child, _KINDS.get(gallery_of(child), kind))
            else:
                for inner in chosen(child):
                    self._blocks(inner, kind)

    def _paragraph(self, node: etree._Element, kind: str) -> None:
        self._number += 1
        if self._number > _MOST_PARAGRAPHS:
            raise ManuscriptError(
                f"{self._where} holds more text than any book.", advice="Is it the right file?"
            )
        number = self._number
        marks = child_of(node, "w:pPr")
        style = with_marks(self._styles.of(value_of(child_of(marks, "w:pStyle"))), marks)
        text = ParagraphText(self._styles, self._fields, paragraph_look(marks, style.look))
        text.read(node)
        self._met += [_name(key) for key in text.notes if key in self._names]
        kind = kind or text.kind or style.kind
        self._fields.end_paragraph()
        frame = child_of(marks, "w:framePr")
        if _is_deleted(child_of(marks, "w:rPr")) or value_of(frame, "dropCap") in {"drop", "margin"}:
            self._prefix += text.text if frame is None else text.text.strip()
        else:
            base = WordParagraph(
                number, "", look=text.look, style=style, kind=kind, language=text.language, linked=text.linked
            )
            self._place(base, self._prefix + text.text, text, marks)
        self._after(text, kind)

    def _place(self, base: WordParagraph, raw: str, text: ParagraphText, marks: etree._Element | None) -> None:
        """Add a paragraph, in as many parts as pages that begin in it, or note that it is empty."""
        role, level = _role(base, raw)
        label = self._numbering.label(base.style.numbering)
        if label:
            role = Role.PARAGRAPH if role is Role.LIST_ITEM else role
        signed = text.signed(self._marker)
        parts = _parts(raw, label, is_whole=level > 0)
        copies = _parts(self._prefix + signed, label, is_whole=level > 0) if signed else []
        self._prefix = ""
        self._starts_page = self._starts_page or base.style.starts_page
        for at, part in enumerate(parts):
            self._starts_page = self._starts_page or at > 0
            if not part.strip():
                continue
            is_last = not any(map(str.strip, parts[at + 1 :]))
            # Made anew: `replace` takes several times as long, and files have very many paragraphs.
            self._found.append(
                WordParagraph(
                    base.number, part, role, level, base.look, base.style, base.kind, base.language,
                    self._blanks, base.linked, self._starts_page,
                    copies[at] if len(copies) == len(parts) else "", self._notes_met() if is_last else (),
                )
            )  # fmt: skip
            self._blanks, self._starts_page = 0, False
        if any(part.strip(" \t\n") for part in parts):
            return
        if text.has_rule or _is_rule(marks) or role is Role.SCENE_BREAK:
            self._found.append(replace(base, role=Role.SCENE_BREAK))
        elif not (text.has_picture or text.boxes or level):
            self._blanks += 1

    def _notes_met(self) -> tuple[str, ...]:
        met, self._met = tuple(self._met), []
        return met

    def _after(self, text: ParagraphText, kind: str) -> None:
        """What is anchored in a paragraph and read after it: text boxes, then notes."""
        for box in text.boxes:
            self._found += self.read(box, Fields(), kind)
        for key in text.notes:
            note = self._notes.pop(key, None)
            if note is None:
                continue
            own = self.read(note, Fields())
            if own:
                own[0] = replace(own[0], text=_NOTE_OPENING.sub("", own[0].text, count=1))
            name = _name(key)
            self._found += [replace(part, role=Role.NOTE, level=0, kind=kind, note=name) for part in own]

    def _row(self, row: etree._Element, kind: str) -> None:
        if child_of(child_of(row, "w:trPr"), "w:del") is not None:
            return
        cells = [cell for cell in _inside(row, "w:tc") if not _is_cell_deleted(cell)]
        is_frame = len(cells) == 1 or any(True for cell in cells for _ in _inside(cell, "w:tbl"))
        if is_frame:
            for cell in cells:
                self._blocks(cell, kind)
            return
        read = [self.read(cell, self._fields, kind) for cell in cells]
        filled = [cell for cell in read if cell]
        if len(filled) == 1:
            self._found += filled[0]
            return
        texts = [[part for part in cell if part.role is not Role.NOTE] for cell in read]
        text = joined_row(clean(" ".join(part.text for part in cell)) for cell in texts)
        if not text:
            return
        first = filled[0][0]
        level = max(part.level for cell in filled for part in cell) if len(text) <= _LONGEST_HEADING else 0
        notes = tuple(name for cell in texts for part in cell for name in part.notes)
        role = Role.HEADING if level else Role.TABLE
        self._found.append(replace(first, text=text, role=role, level=level, signed="", notes=notes))
        self._found += [part for cell in filled for part in cell if part.role is Role.NOTE]
        self._blanks, self._starts_page = 0, False


def is_list_title(text: str) -> bool:
    """Whether this is the title of a table of contents, of figures or the like."""
    return len(text) < _LONGEST_LIST_TITLE and kind_of_title(clean(text)) in _LISTS


def _role(paragraph: WordParagraph, text: str) -> tuple[Role, int]:
    style = paragraph.style
    if style.level and len(text.strip()) > _LONGEST_HEADING:
        return Role.PARAGRAPH, 0
    if style.level and not paragraph.kind:
        return Role.HEADING, style.level
    if style.level:
        # Inside a table of contents its own title alone is a heading, and none cuts it.
        is_line = paragraph.kind in _LISTS and not is_list_title(text)
        return (Role.PARAGRAPH if is_line else Role.HEADING), 0
    if style.role is not None:
        return style.role, 0
    return (Role.LIST_ITEM if style.numbering else Role.PARAGRAPH), 0


def _parts(text: str, label: str, *, is_whole: bool) -> list[str]:
    """The text of a paragraph, cut where pages begin in it, with the label that is printed before it."""
    text = text.replace(PAGE, " ") if is_whole else _SENTENCE_GOES_ON.sub(_joined, text)
    if label:
        text = f"{label}{'. ' if label[-1].isalnum() and text.strip() else ' '}{text.strip()}"
    return text.split(PAGE)


def _name(key: tuple[str, str]) -> str:
    """The name of a note: 'footnote-3'."""
    return "-".join(key)


def _joined(match: re.Match[str]) -> str:
    return match[0].replace(PAGE, " ")


def _is_deleted(marks: etree._Element | None) -> bool:
    """Whether the end of a paragraph was deleted, so that it goes on in the next."""
    return child_of(marks, "w:del") is not None or child_of(marks, "w:moveFrom") is not None


def _is_cell_deleted(cell: etree._Element) -> bool:
    return child_of(child_of(cell, "w:tcPr"), "w:cellDel") is not None


def _is_rule(marks: etree._Element | None) -> bool:
    """Whether an empty paragraph is drawn as a line."""
    borders = child_of(marks, "w:pBdr")
    return any(
        value_of(line) not in {"", "nil", "none"}
        for line in (child_of(borders, "w:top"), child_of(borders, "w:bottom"))
        if line is not None
    )


def _inside(node: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """The elements of a name in a table or a row, through whatever wraps them."""
    for child in node:
        name = name_of(child)
        if name == wanted:
            yield child
        elif name in {"w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "mc:AlternateContent"}:
            for inner in chosen(child):
                yield from _inside(inner, wanted)
