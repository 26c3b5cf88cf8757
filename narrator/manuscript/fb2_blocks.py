"""A body of a FictionBook to pieces, and the sections in it as the entries of a table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from narrator.manuscript.blocks import joined_row, split_lines
from narrator.manuscript.characters import clean, clean_lines, is_scene_break
from narrator.manuscript.contents_marks import Mark
from narrator.manuscript.fb2_notes import is_mark, note_name, with_notes_among
from narrator.manuscript.headings import Rank, is_bare_number, joined_heading, label_of
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Matter, Role

_PARAGRAPHS_PER_GAP = 4
"""Where empty lines are more frequent than this they are how the book parts its paragraphs."""
_SPACES = re.compile(r"\s+")
_LINES = {"p", "v", "subtitle", "text-author", "date", "td", "th"}
_QUOTED = {"epigraph", "cite"}
_UNREAD = {"binary", "stylesheet"}
_LOWEST = 6
_SUBTITLE = 5
_HIGHEST_SECTION = 4


@dataclass(frozen=True, slots=True)
class Place:
    """What is around a line: its role, how many sections, and what kind of pages they are.

    `title_kind` is the kind of page that the body's own title makes, '' where it is a volume's. `title` is the
    nearest title of a section, and `note` the name of the note that this is.
    """

    role: Role = Role.PARAGRAPH
    depth: int = 0
    kind: str = ""
    matter: Matter | None = None
    language: str = ""
    title_kind: str = ""
    title: str = ""
    note: str = ""


class BodyWalk:
    """The pieces of all bodies, one after another, and the marks of their titled sections.

    `note_ids` are the ids of sections that the book's note marks lead to, `link_ids` those that any link does.
    """

    def __init__(self, note_ids: frozenset[str], link_ids: frozenset[str]) -> None:
        self.pieces: list[Piece] = []
        self.marks: list[Mark] = []
        self._subtitles: list[Mark] = []
        self._note_ids = note_ids
        self._link_ids = link_ids
        self._notes: tuple[str, ...] = ()  # those referred to in the element that is being read
        leaves = dict.fromkeys(_LINES, self._paragraph)
        leaves |= {"title": self._title, "subtitle": self._subtitle, "stanza": self._stanza, "tr": self._row}
        self._leaves = leaves | {"image": self._image}
        self._gaps: list[int] = []  # pieces before which an empty line or a nameless section stands

    def read(self, body: etree._Element, around: Place) -> None:
        """Add a body; `around` says what is known of all of it."""
        waiting = [(around, self._children(body, around))]
        while waiting:
            place, children = waiting[-1]
            node = next(children, None)
            if node is None:
                waiting.pop()
            elif inner := self._entered(node, place):
                waiting.append((inner, self._children(node, inner)))

    def _children(self, node: etree._Element, place: Place) -> Iterator[etree._Element]:
        """The elements in a container. Text that stands there by mistake is a paragraph."""
        if text := clean(node.text or ""):
            self._add(place.role, text, place, node)
        for child in node:
            yield child
            if text := clean(child.tail or ""):
                self._add(place.role, text, place, child)

    def finished(self) -> tuple[list[Piece], list[Mark]]:
        """All pieces, scene breaks among them, and the marks at them in order."""
        if len(self._subtitles) > 1:
            self.marks += self._subtitles
        names = {piece.block.note for piece in self.pieces}
        self.pieces = [with_notes_among(names, piece) for piece in self.pieces]
        return self._with_scene_breaks()

    def _entered(self, node: etree._Element, around: Place) -> Place | None:
        """The place in a container, None where the element is no container and is done with."""
        tag = str(node.tag)
        place = around
        if node.keys():
            note = note_name(node.get("id")) if self._is_note(node, around) else around.note
            place = replace(around, language=node.get("lang") or around.language, note=note)
        if tag == "section":
            return self._section(node, place)
        if tag in _QUOTED and around.role is not Role.NOTE:
            is_of_book = tag == "epigraph" and not around.depth and around.title_kind
            return replace(place, role=Role.QUOTATION, kind="epigraph" if is_of_book else around.kind)
        if tag == "empty-line":
            self._gaps.append(len(self.pieces))
        elif add := self._leaves.get(tag):
            self._notes = tuple(dict.fromkeys(_referred(node)))
            add(node, place)
        elif tag not in _UNREAD:
            return place
        return None

    def _is_note(self, node: etree._Element, around: Place) -> bool:
        """Whether this element is one note, with all that is in it."""
        anchor = node.get("id")
        return anchor in self._note_ids or (around.role is Role.NOTE and anchor in self._link_ids)

    def _section(self, node: etree._Element, around: Place) -> Place:
        is_note = node.get("id") in self._note_ids
        if around.depth and not _heading(node):
            self._gaps.append(len(self.pieces))
        return replace(
            around,
            depth=around.depth + 1,
            role=Role.NOTE if is_note else around.role,
            title=_heading(node) or around.title,
        )

    # --- what becomes pieces ---------------------------------------------------------------------------

    def _title(self, node: etree._Element, place: Place) -> None:
        heading = _joined_lines(node)
        parent = node.getparent()
        of = str(parent.tag) if parent is not None else ""
        if not heading:
            return
        if is_scene_break(heading):
            self._add(Role.SCENE_BREAK, "", place, node)
            return
        if place.role is Role.NOTE and place.depth:
            if not is_bare_number(heading):
                self._add(Role.NOTE, heading, place, node)
            return
        level = _LOWEST if of in {"poem", "stanza"} else min(place.depth + 1, _HIGHEST_SECTION)
        if of == "body" and place.title_kind:
            place = replace(place, kind=place.title_kind)
        elif of in {"section", "body"}:
            self.marks.append(Mark(len(self.pieces), heading, place.depth, is_spelt=True))
        self._add(Role.HEADING, heading, place, node, level=level)

    def _subtitle(self, node: etree._Element, place: Place) -> None:
        text = clean(_text(node))
        if is_scene_break(text):
            self._add(Role.SCENE_BREAK, "", place, node)
        elif place.role is not Role.PARAGRAPH:
            self._add(place.role, text, place, node)
        elif text:
            # In books made from other formats the chapters of a part are no sections of their own.
            is_under_part = not place.title or _is_part(place.title)
            if is_under_part and (label_of(text) or is_bare_number(text)):
                self._subtitles.append(Mark(len(self.pieces), text, place.depth + 1, is_spelt=True))
            self._add(Role.HEADING, text, place, node, level=_SUBTITLE)

    def _stanza(self, node: etree._Element, place: Place) -> None:
        lines: list[str] = []
        for child in node:
            if child.tag in {"title", "subtitle"}:
                self._add(Role.VERSE, "\n".join(lines), place, node)
                lines = []
                self._entered(child, place)
            elif text := clean(_text(child)):
                lines.append(text)
        role = Role.NOTE if place.role is Role.NOTE else Role.VERSE
        self._add(role, ("\n" if role is Role.VERSE else " ").join(lines), place, node)

    def _image(self, node: etree._Element, place: Place) -> None:
        self._add(Role.CAPTION, clean(node.get("title") or ""), place, node)

    def _row(self, node: etree._Element, place: Place) -> None:
        cells = [clean(_text(cell)) for cell in node]
        if len(cells) > 1 and place.role is Role.PARAGRAPH:
            self._add(Role.TABLE, joined_row(cells), place, node)
        else:
            self._add(place.role, " ".join(filter(None, cells)), place, node)

    def _paragraph(self, node: etree._Element, place: Place) -> None:
        text = _text(node)
        codes = [str(inner.xpath("string()")) for inner in node if inner.tag == "code"]
        if place.role is Role.NOTE:
            self._add(Role.NOTE, clean(text), place, node)
        elif codes and clean("".join(codes)) == clean(text):
            self._add(Role.CODE, clean(text), place, node)
        else:
            for role, part in split_lines(clean_lines(text), place.role, is_verse=node.tag == "v"):
                self._add(role, part, place, node)

    def _add(self, role: Role, text: str, place: Place, node: etree._Element, *, level: int = 0) -> None:
        if not text and role is not Role.SCENE_BREAK:
            return
        source = f"#{anchor}" if (anchor := _anchor(node)) else ""
        note = place.note if role is Role.NOTE else ""
        block = Block(role, text, source, place.language or None, notes=self._notes, note=note)
        self._notes = ()
        self.pieces.append(Piece(block, level=level, kind=place.kind, matter=place.matter))

    # --- scene breaks ----------------------------------------------------------------------------------

    def _with_scene_breaks(self) -> tuple[list[Piece], list[Mark]]:
        """Empty lines between paragraphs are scene breaks, where they are few enough to mean something."""
        prose = sum(piece.block.role is Role.PARAGRAPH for piece in self.pieces)
        gaps = sorted({at for at in self._gaps if 0 < at < len(self.pieces) and self._parts_prose(at)})
        if len(gaps) * _PARAGRAPHS_PER_GAP > prose:
            return self.pieces, sorted(self.marks, key=lambda mark: mark.at)
        found = list(self.pieces)
        for at in reversed(gaps):
            found.insert(at, replace(found[at], block=Block(Role.SCENE_BREAK, ""), linked=0))
        marks = (replace(mark, at=mark.at + sum(gap <= mark.at for gap in gaps)) for mark in self.marks)
        return found, sorted(marks, key=lambda mark: mark.at)

    def _parts_prose(self, at: int) -> bool:
        return all(piece.block.role is Role.PARAGRAPH for piece in self.pieces[at - 1 : at + 1])


def _heading(section: etree._Element) -> str:
    title = section.find("title")
    return _joined_lines(title) if title is not None else ""


def _joined_lines(title: etree._Element) -> str:
    return joined_heading(clean(line) for line in title_lines(title))


def _is_part(title: str) -> bool:
    label = label_of(title)
    return label is not None and label.rank is Rank.PART


def title_lines(title: etree._Element) -> Iterator[str]:
    """The lines of a title; text that stands in it without `<p>` is one, too."""
    yield title.text or ""
    for child in title:
        yield _text(child) if child.tag != "image" else ""
        yield child.tail or ""


def _referred(node: etree._Element) -> list[str]:
    """The names of the notes, or of other places, that the marks in an element lead to."""
    marks: list[etree._Element] = []
    if len(node) and next(node.iter("a"), None) is not None:
        _text(node, marks)
    return [href for mark in marks if (href := mark.get("href") or "").startswith("#")]


def _text(node: etree._Element, marks: list[etree._Element] | None = None) -> str:
    """The text in a line, without the marks of notes, which are added to `marks`; a `<br/>` is a line feed."""
    parts = [_spaced(node.text)]
    if not len(node):
        return parts[0]
    walk = etree.iterwalk(node, events=("start", "end"))
    for event, inner in walk:
        if inner is node:
            continue
        if event == "start":
            refers = is_mark(inner, opens_block=not "".join(parts).strip())
            if refers and marks is not None:
                marks.append(inner)
            if refers or inner.tag == "image":
                walk.skip_subtree()
                continue
            parts.append("\n" if inner.tag == "br" else _spaced(inner.text))
        else:
            parts.append((" " if inner.tag in _LINES else "") + _spaced(inner.tail))
    return "".join(parts)


def _spaced(text: str | None) -> str:
    """The text with its line ends as spaces: those of the file mean nothing."""
    return _SPACES.sub(" ", text) if text else ""


def _anchor(node: etree._Element | None) -> str:
    """The nearest id around an element."""
    while node is not None:
        if anchor := node.get("id"):
            return anchor
        node = node.getparent()
    return ""
