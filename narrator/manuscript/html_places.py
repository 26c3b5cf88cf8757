"""What the elements around a text make of it: role, kind of section, verse, language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.html_marks import classes_of
from narrator.manuscript.markup import local_name
from narrator.manuscript.matter import is_container, kind_of_terms, matter_of_terms
from narrator.manuscript.page_blocks import Sureness
from narrator.model import Matter, Role

_BLOCK_TAGS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_SECTIONS = {"body", "section", "article", "div", "nav", "aside", "main", "header", "ol"}
_NOTE_TERMS = {"footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes"}
_ONE_NOTE = {"footnote", "endnote", "rearnote"}
_NOTE_CLASS = re.compile(
    r"(?:mso)?(?:foot|end|rear|side)-?notes?(?:-?(?:text|body|para|block))?\d*|fn\d*|note-body"
    r"|trans(?:criber)?s?-?notes?|tnotes?"
)
_TITLE_TERMS = {"title", "subtitle", "fulltitle"}
_VERSE_TERMS = {"verse", "poem", "song", "hymn", "lyrics"}
_VERSE_CLASSES = {"poem", "poetry", "poetry-container", "verse", "stanza", "linegroup", "lg", "gedicht"}
_LINE_CLASSES = {"verse", "line", "l", "v", "versline", "poem-line", "poetry-line"}
_QUOTATION_CLASSES = {"blockquot", "blockquote", "bq", "extract", "epigraph", "letter"}
_LETTER_TERMS = {"letter"}
_LETTER_CLASSES = {"letter"}
_DIRECTION_TERMS = {"stage-direction"}
_DIRECTION_CLASSES = {
    "stage", "stagedir", "stagedirection", "stage-direction", "stage_direction", "stage-dir", "sdm", "sd",
    "direction", "scenedesc",
}  # fmt: skip
_CAPTION_CLASSES = {"caption", "figcaption", "caption-text", "wp-caption-text"}
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
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_LOWEST = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run of text stands. `level` is a heading's; `in_row` a table's row, whose cells are one block.

    `direction` is how sure it is that this is a stage direction, '' where it is none.
    """

    role: Role = Role.PARAGRAPH
    level: int = 0
    kind: str = ""
    matter: Matter | None = None
    language: str = ""
    is_verse: bool = False
    in_row: bool = False
    is_hgroup: bool = False
    is_linked: bool = False
    is_letter: bool = False
    direction: str = ""


def is_block(tag: str, terms: tuple[str, ...]) -> bool:
    """Whether an element begins a block; a note does even where its tag is inline."""
    return tag in _BLOCK_TAGS or not _NOTE_TERMS.isdisjoint(terms)


def is_note_itself(terms: tuple[str, ...]) -> bool:
    """Whether an element with these terms is one note, and not several."""
    return not _ONE_NOTE.isdisjoint(terms)


def is_row(node: etree._Element) -> bool:
    """Whether this `<tr>` is a row of cells, and not a frame around a page."""
    cells = [child for child in node if local_name(child) in {"td", "th"}]
    return len(cells) > 1 and all(local_name(inner) != "table" for cell in cells for inner in cell.iter())


def is_line(node: etree._Element, tag: str, around: Place) -> bool:
    """Whether this block is a line of a stanza, and not a stanza."""
    if not around.is_verse or tag not in {"div", "p"} or _LINE_CLASSES.isdisjoint(classes_of(node)):
        return False
    return all(local_name(inner) not in {"br", "div", "p"} for inner in node.iterdescendants())


def language_of(node: etree._Element) -> str:
    """The language that an element declares, or ''."""
    # The second is how a parser of HTML names the first.
    return node.get(_LANG) or node.get("xml:lang") or node.get("lang") or ""


def place_in(
    node: etree._Element, tag: str, terms: tuple[str, ...], around: Place, *, note_ids: frozenset[str]
) -> Place:
    """The place inside an element that stands in `around`; `note_ids` are the ids of blocks that are notes."""
    classes = classes_of(node)
    is_noted = _is_note(tag, terms, classes) or (tag in _BLOCK_TAGS and node.get("id") in note_ids)
    role, level = _role(tag, terms, classes, around, is_noted=is_noted)
    in_row = around.in_row or (tag == "tr" and is_row(node))
    is_verse = not _VERSE_TERMS.isdisjoint(terms) or not _VERSE_CLASSES.isdisjoint(classes)
    return Place(
        role=Role.TABLE if tag == "tr" and in_row and role is not Role.NOTE else role,
        level=level,
        kind=_kind(node, tag, terms, classes, around.kind),
        matter=matter_of_terms(terms) or around.matter,
        language=(language_of(node) if tag in _BLOCK_TAGS else "") or around.language,
        is_verse=is_verse or (around.is_verse and tag != "blockquote" and tag not in _HEADINGS),
        in_row=in_row,
        is_hgroup=around.is_hgroup or tag == "hgroup",
        is_linked=around.is_linked or (tag == "a" and "href" in node.attrib),
        is_letter=_is_letter(tag, terms, classes, around),
        direction=around.direction or _direction(terms, classes),
    )


def _is_letter(tag: str, terms: tuple[str, ...], classes: frozenset[str], around: Place) -> bool:
    """Whether this is in a letter, and in no quotation inside it."""
    if tag not in _BLOCK_TAGS:
        return around.is_letter
    if not (_LETTER_TERMS.isdisjoint(terms) and _LETTER_CLASSES.isdisjoint(classes)):
        return True
    is_quoted = tag == "blockquote" or not _QUOTATION_CLASSES.isdisjoint(classes)
    return around.is_letter and not is_quoted


def _direction(terms: tuple[str, ...], classes: frozenset[str]) -> str:
    if not _DIRECTION_TERMS.isdisjoint(terms):
        return Sureness.TYPED
    return "" if _DIRECTION_CLASSES.isdisjoint(classes) else Sureness.CLASSED


def _role(
    tag: str, terms: tuple[str, ...], classes: frozenset[str], around: Place, *, is_noted: bool
) -> tuple[Role, int]:
    """The role inside an element, and its level where it is a heading. A note stays one, whatever is in it."""
    if tag in _HEADINGS:
        # Even in a section of notes; those are judged when the whole chapter is known.
        return Role.HEADING, int(tag[1])
    if around.role in {Role.NOTE, Role.CODE}:
        return around.role, 0
    if is_noted:
        return Role.NOTE, 0
    if tag == "p" and (around.is_hgroup or not _TITLE_TERMS.isdisjoint(terms)):
        return Role.HEADING, _LOWEST
    role = _role_of_class(tag, classes, around) or _ROLE_OF_TAG.get(tag)
    return (role, 0) if role else (around.role, around.level)


def _role_of_class(tag: str, classes: frozenset[str], around: Place) -> Role | None:
    if tag not in _BLOCK_TAGS:
        return None
    if not _CAPTION_CLASSES.isdisjoint(classes):
        return Role.CAPTION
    is_quoted = around.role is Role.PARAGRAPH and not _QUOTATION_CLASSES.isdisjoint(classes)
    return Role.QUOTATION if is_quoted else None


def _is_note(tag: str, terms: tuple[str, ...], classes: frozenset[str]) -> bool:
    if not _NOTE_TERMS.isdisjoint(terms):
        return True
    return tag in _BLOCK_TAGS and tag != "body" and any(map(_NOTE_CLASS.fullmatch, classes))


def _kind(node: etree._Element, tag: str, terms: tuple[str, ...], classes: frozenset[str], around: str) -> str:
    """The outermost kind that is no mere container counts: an epigraph inside a chapter is the chapter's."""
    if around and not is_container(around):
        return around
    if kind := _GUTENBERG_IDS.get(node.get("id") or ""):
        return kind
    if "pg-boilerplate" in classes:
        return "gutenberg-license" if "pgfooter" in classes else "gutenberg-header"
    return (kind_of_terms(terms) if tag in _SECTIONS else "") or around
