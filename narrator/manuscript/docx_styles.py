"""Word's styles: what a paragraph's style makes of it and how its text looks, with all that is inherited."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree

from narrator.manuscript.docx_package import child_of, is_on, name_of, value_of
from narrator.model import Role

TITLE_LEVEL = 1
_LOWEST = 6
_DEEPEST = 50
_BODY_LEVEL = 9  # outlineLvl of body text, ECMA-376-1 17.3.1.20

# Word keeps the English names of its own styles in styles.xml, and puts ids in the user's language; other
# writers put either. 'berschrift1' is what Word makes of 'Überschrift 1'.
_HEADING = re.compile(
    r"(?:heading|head|[üu]?berschrift|titre|t[íi]tulo|titolo|ttulo|kop|rubrik|overskrift|otsikko|nag[łl]?[óo]?wek"
    r"|nadpis|c[íi]msor|encabezado|cabe[çc]alho|başlık|заголовок|見出し|标题|標題|제목) ?-?([1-9])",
)


def _means(name: str, **changes: Any) -> tuple[re.Pattern[str], Mapping[str, Any]]:
    return re.compile(name), {"level": 0, "role": None, "kind": "", **changes}


_MEANINGS = (
    _means(r"toc ?heading|contents heading|inhaltsverzeichnis[üu]?berschrift|toa heading",
           kind="toc", role=Role.HEADING),
    _means(r"(?:toc|contents|inhalt|verzeichnis|tm|sommario|tdc) ?[1-9]|table of authorities", kind="toc"),
    _means(r"table of figures|(?:illustration|figure|table) index ?[1-9]", kind="loi"),
    _means(r"index ?[1-9]", kind="index"),
    _means(r"bibliography(?: ?[1-9])?|literaturverzeichnis", kind="bibliography"),
    _means(r"(?:book ?)?title|titel|titre|título|ttulo|titolo|puesto", level=TITLE_LEVEL),
    _means(r"(?:part|partie|teil|parte|deel)(?: ?(?:title|head|heading|number|no|titel|titre))*",
           level=TITLE_LEVEL),
    _means(r"(?:chapter|chap|chapitre|kapitel|cap[íi]tulo|capitolo|hoofdstuk|глава)(?: ?(?:title|head|heading"
           r"|number|no|num|name|opener|titel|[üu]berschrift|titre|titolo|t[íi]tulo))*", level=TITLE_LEVEL + 1),
    _means(r"sub ?title|untertitel|sous ?titre|subtítulo|sottotitolo|ondertitel", role=Role.HEADING),
    _means(r"(?:book )?authors?|byline|autor|auteur", is_author=True),
    _means(r"(?:intense |intensives )?(?:block ?)?(?:quote|quotation|zitat|citation|citaat|cita)s?"
           r"(?: ?intense)?|block ?text|extract|epigraph|letter", role=Role.QUOTATION),
    _means(r"(?:.* )?(?:verse|poem|poetry|stanza|strophe|gedicht|po[èe]me|lyrics)(?: .*)?", role=Role.VERSE),
    _means(r"html preformatted|preformatted(?: text)?|source ?code|code(?: block)?|listing", role=Role.CODE),
    _means(r"(?:(?:image|figure|table|captioned) )?caption|beschriftung|l[ée]gende", role=Role.CAPTION),
    _means(r"(?:foot|end) ?note(?: ?text)?|fu(?:ss|ß)notentext|notedebasdepage|voetnoottekst", role=Role.NOTE),
    _means(r"(?:.* )?(?:scene|section|ornament(?:al)?) ?(?:break|divider|separator)", role=Role.SCENE_BREAK),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks. `size` counts half points; `language` is what it is spell-checked in."""

    size: int = 20  # ECMA-376-1 17.3.2.38: 10 points where nothing says more
    is_bold: bool = False
    is_underlined: bool = False
    is_centred: bool = False
    is_caps: bool = False
    is_raised: bool = False
    is_hidden: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph's style says. `level` is a heading's from 1 (the book's title) to 6, else 0."""

    look: Look = Look()
    level: int = 0
    role: Role | None = None
    kind: str = ""
    numbering: tuple[str, int] | None = None
    starts_page: bool = False
    is_author: bool = False


class Styles:
    """The styles of a document by id; one that it does not define is told by the id itself."""

    def __init__(self, root: etree._Element | None) -> None:
        self._nodes: dict[str, etree._Element] = {}
        self._known: dict[str, Style] = {}
        self._runs: dict[str, Mapping[str, Any]] = {}
        self._default = ""
        defaults: etree._Element | None = None
        for node in root if root is not None else ():
            if name_of(node) == "w:docDefaults":
                defaults = node
            elif name_of(node) == "w:style":
                # A style that is there twice is what it was defined as last.
                self._nodes[value_of(node, "styleId")] = node
                if value_of(node, "type") == "paragraph" and value_of(node, "default") not in {
                    "",
                    "0",
                    "false",
                }:
                    self._default = value_of(node, "styleId")
        runs = child_of(child_of(defaults, "w:rPrDefault"), "w:rPr")
        marks = child_of(child_of(defaults, "w:pPrDefault"), "w:pPr")
        self._plain = Style(replace(Look(), **run_changes(runs), **_paragraph_changes(marks)))

    def of(self, style_id: str) -> Style:
        """A paragraph's style; the document's default style where it names none."""
        return self._resolved(style_id or self._default, frozenset())

    def _resolved(self, style_id: str, above: frozenset[str]) -> Style:
        known = self._known.get(style_id)
        if known is None:
            known = self._inherited(style_id, above)
            if not above:
                self._known[style_id] = known
        return known

    def _inherited(self, style_id: str, above: frozenset[str]) -> Style:
        node = self._nodes.get(style_id)
        if node is None:
            return _named(_spaced(style_id), self._plain)
        base_id = value_of(child_of(node, "w:basedOn"))
        is_loop = base_id in above or base_id == style_id or len(above) > _DEEPEST
        base = self._resolved(base_id, above | {style_id}) if base_id and not is_loop else self._plain
        marks = child_of(node, "w:pPr")
        if base.level == TITLE_LEVEL:
            # Pandoc bases the styles of authors and dates on that of titles, which look much the same.
            base = replace(base, level=0)
        changes = {**run_changes(child_of(node, "w:rPr")), **_paragraph_changes(marks)}
        style = with_marks(replace(base, look=replace(base.look, **changes)), marks)
        named = _named(value_of(child_of(node, "w:name")).casefold() or _spaced(style_id), style)
        return named if named is not style else _named(_spaced(style_id), style)

    def run_look(self, marks: etree._Element | None, around: Look) -> Look:
        """How a run looks, by its properties, in a paragraph whose text looks like `around`."""
        if marks is None or not len(marks):
            return around
        style_id = value_of(child_of(marks, "w:rStyle"))
        changes = {**self._run_style(style_id), **run_changes(marks)} if style_id else run_changes(marks)
        return replace(around, **changes) if changes else around

    def _run_style(self, style_id: str) -> Mapping[str, Any]:
        if style_id not in self._runs:
            chain: list[etree._Element] = []
            following = style_id
            while following in self._nodes and self._nodes[following] not in chain:
                chain.append(self._nodes[following])
                following = value_of(child_of(chain[-1], "w:basedOn"))
            changes: dict[str, Any] = {}
            for node in reversed(chain):
                changes |= run_changes(child_of(node, "w:rPr"))
            self._runs[style_id] = changes
        return self._runs[style_id]


def with_marks(style: Style, marks: etree._Element | None) -> Style:
    """A style with what `w:pPr` says of outline, numbering and pages."""
    for node in marks if marks is not None else ():
        name = name_of(node)
        if name == "w:outlineLvl" and style.role is None:
            outline = _number(value_of(node), _BODY_LEVEL)
            style = replace(style, level=_level(outline + 1) if outline < _BODY_LEVEL else 0)
        elif name == "w:numPr":
            number = value_of(child_of(node, "w:numId")) or (style.numbering[0] if style.numbering else "")
            depth = _number(value_of(child_of(node, "w:ilvl")), 0)
            style = replace(style, numbering=(number, depth) if number not in {"", "0"} else None)
        elif name == "w:pageBreakBefore":
            style = replace(style, starts_page=is_on(node))
    return style


def paragraph_look(marks: etree._Element | None, around: Look) -> Look:
    """How a paragraph's text looks by its own `w:pPr`; the run properties in it are those of its mark alone."""
    changes = _paragraph_changes(marks)
    return replace(around, **changes) if changes else around


def _paragraph_changes(marks: etree._Element | None) -> dict[str, Any]:
    aligned = value_of(child_of(marks, "w:jc"))
    return {"is_centred": aligned == "center"} if aligned else {}


_LOOKS: Mapping[str, Callable[[etree._Element], dict[str, Any]]] = {
    "w:b": lambda node: {"is_bold": is_on(node)},
    "w:u": lambda node: {"is_underlined": value_of(node) != "none"},
    "w:sz": lambda node: {"size": _number(value_of(node), 20)},
    "w:caps": lambda node: {"is_caps": is_on(node)},
    "w:vertAlign": lambda node: {"is_raised": value_of(node) == "superscript"},
    "w:vanish": lambda node: {"is_hidden": is_on(node)},
    "w:lang": lambda node: {"language": value_of(node)} if value_of(node) else {},
}


def run_changes(marks: etree._Element | None) -> dict[str, Any]:
    """What `w:rPr` changes of a look."""
    changes: dict[str, Any] = {}
    for node in marks if marks is not None else ():
        if change := _LOOKS.get(name_of(node)):
            changes |= change(node)
    return changes


def _named(name: str, style: Style) -> Style:
    """The style with what its name says; the style itself where the name says nothing."""
    name = " ".join(name.replace("_", " ").split())
    if match := _HEADING.fullmatch(name):
        return replace(style, level=_level(int(match[1])), role=None, kind="")
    changes = next((changes for pattern, changes in _MEANINGS if pattern.fullmatch(name)), None)
    return replace(style, **changes) if changes else style


def _level(heading: int) -> int:
    """The level of 'Heading 1' and so on, which stand below the book's title."""
    return min(heading + TITLE_LEVEL, _LOWEST)


def _spaced(style_id: str) -> str:
    """'BlockText' as 'block text'."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", style_id).casefold()


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else default
