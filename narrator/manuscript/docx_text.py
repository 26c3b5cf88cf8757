"""The text of one paragraph: its runs put together, as they are shown with all changes accepted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from narrator.manuscript.docx_fields import Fields, is_silent, kind_of_field
from narrator.manuscript.docx_package import child_of, is_on, name_of, value_of
from narrator.manuscript.docx_styles import Look, Styles
from narrator.manuscript.inline import Marker
from narrator.manuscript.signed import Ruby, Spoken, signed

PAGE = "\f"
_UNREAD = {
    "w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:sdtPr", "w:sdtEndPr", "w:smartTagPr", "w:customXmlPr",
    "w:rt", "w:rubyPr",
}  # fmt: skip
_PICTURES = {"w:drawing", "w:pict", "w:object"}
_BOX = "w:txbxContent"
_GALLERIES_UNREAD = ("page numbers", "watermarks", "headers", "footers")
_RULE = "{urn:schemas-microsoft-com:office:office}hr"
_YES = {"t", "true", "1", "on"}
_NOTES = {"w:footnoteReference": "footnote", "w:endnoteReference": "endnote"}
_SIGNS = {"w:tab": "\t", "w:ptab": "\t", "w:cr": "\n", "w:noBreakHyphen": "-"}
_LINE_ENDS = re.compile(r"[\r\n\t]+")
_ORNAMENT = "\ue000"
# The Greek letters of the font Symbol, by the Latin letters in whose places they stand:
# https://www.unicode.org/Public/MAPPINGS/VENDORS/ADOBE/symbol.txt
_SYMBOL = dict(
    zip(
        map(ord, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
)
_DINGBATS = re.compile(r"dingbat|webding|wingding|ornament", re.IGNORECASE)
_FIRST_SIGN, _SURROGATES = 0x20, 0xD800
_PRIVATE = 0xF000  # where Word keeps the letters of fonts that have an encoding of their own
_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡§¶]+|[ivx]{1,5})[\])]?")
_MARK_ANCHOR = re.compile(r"_?(?:ftn|edn|fn|footnote|endnote|note|sdfootnote|sdendnote)", re.IGNORECASE)
_BEFORE_MARK = re.compile(r"(?:[^\W\d_]{4}|[.,;:!?…\"'”’»)\]])\s?$")


class ParagraphText:
    """What gathers of a paragraph: its text, and what stands in it but is read after it.

    `text` has a line feed for each line break, a form feed for each break of page or column, and tabs. `notes`
    are the notes that it refers to, as ('footnote' or 'endnote', id); `boxes` the text boxes anchored in it.
    `linked` counts the characters that are links inside the document.
    """

    def __init__(self, styles: Styles, fields: Fields, look: Look) -> None:
        self.notes: list[tuple[str, str]] = []
        self.boxes: list[etree._Element] = []
        self.kind = ""
        self.linked = 0
        self.has_rule = False
        self.has_picture = False
        self._styles = styles
        self._fields = fields
        self._around = look
        self._parts: list[str] = []
        self._languages: list[str] = []
        self._rubies: list[Ruby] = []
        self._weights: Counter[Look] = Counter()

    @property
    def text(self) -> str:
        text = "".join(self._parts)
        if _ORNAMENT in text:
            bare = text.replace(_ORNAMENT, "")
            return bare if bare.strip() else "*"
        return text

    def signed(self, marker: Marker) -> str:
        """The text with signs for languages and ruby; '' where there is nothing to mark."""
        if len(set(self._languages)) < 2 and not self._rubies:
            return ""
        runs = [Spoken(text, language) for text, language in zip(self._parts, self._languages, strict=True)]
        return signed(runs, self._rubies, marker)

    @property
    def look(self) -> Look:
        """The look of most of the text; bold only where nearly all of it is."""
        if not self._weights:
            return self._around
        usual = max(self._weights, key=self._weights.__getitem__)
        bold = sum(count for look, count in self._weights.items() if look.is_bold)
        is_bold = bold * 10 >= self._weights.total() * 9
        return usual if usual.is_bold == is_bold else replace(usual, is_bold=is_bold)

    @property
    def language(self) -> str:
        """The language of nearly all of the text, else ''."""
        counts: Counter[str] = Counter()
        for look, count in self._weights.items():
            counts[look.language] += count
        language = max(counts, key=counts.__getitem__, default="")
        return language if counts[language] * 10 >= counts.total() * 9 else ""

    def read(self, node: etree._Element, anchor: str = "") -> None:
        """Take all that stands inside a paragraph, or an element in one; `anchor` is where a link leads."""
        for child in node:
            name = name_of(child)
            if name in _UNREAD:
                continue
            if name == "w:r":
                self._run(child, anchor)
            elif name == _BOX or name in _PICTURES:
                self._picture(child)
            elif name == "m:t":
                self._add(child.text or "", self._around, anchor)
            elif name == "w:hyperlink":
                self._link(child, value_of(child, "anchor") or anchor)
            elif name == "w:fldSimple":
                self._simple_field(child, anchor)
            elif name != "w:sdt" or is_read(child):
                for inner in chosen(child):
                    self.read(inner, anchor)

    def _link(self, node: etree._Element, anchor: str) -> None:
        before = len(self._parts)
        self.read(node, anchor)
        if _is_note_mark("".join(self._parts[before:]).strip(), "", self._around, anchor):
            self._take_back(before)

    def _simple_field(self, node: etree._Element, anchor: str) -> None:
        code = value_of(node, "instr").strip()
        if not is_silent(code):
            self.kind = self.kind or kind_of_field(code)
            self.read(node, anchor)

    def _run(self, run: etree._Element, anchor: str) -> None:
        look = self._styles.run_look(child_of(run, "w:rPr"), self._around)
        anchor = anchor or self._fields.anchor
        before = len(self._parts)
        self._in_run(run, look, anchor)
        added = "".join(self._parts[before:]).strip()
        if added and _is_note_mark(added, "".join(self._parts[before - 1 : before]), look, anchor):
            self._take_back(before)

    def _take_back(self, before: int) -> None:
        del self._parts[before:], self._languages[before:]

    def _in_run(self, run: etree._Element, look: Look, anchor: str) -> None:
        for child in run:
            name = name_of(child)
            if name == "w:fldChar":
                self._fields.mark(child)
            elif name == "w:instrText":
                self._fields.code(child.text or "")
            elif name in _NOTES:
                if self._note(child, _NOTES[name], look):
                    return
            elif name == "w:ruby":
                self._ruby(child, anchor)
            elif name == "mc:AlternateContent":
                for inner in chosen(child):
                    self._in_run(inner, look, anchor)
            elif name in _PICTURES or (len(child) and name not in _UNREAD):
                self._picture(child)
            else:
                self._add(_characters(child, name), look, anchor)

    def _ruby(self, node: etree._Element, anchor: str) -> None:
        before = len(self._parts)
        self.read(node, anchor)
        reading = "".join(inner.text or "" for rt in node if name_of(rt) == "w:rt" for inner in rt.iter("{*}t"))
        if reading.strip() and len(self._parts) > before:
            self._rubies.append(Ruby(before, len(self._parts), reading.strip()))

    def _note(self, node: etree._Element, kind: str, look: Look) -> bool:
        """Take the mark of a note; whether the rest of its run is that mark, typed by hand."""
        if look.is_hidden or self._fields.is_silent:
            return False
        self.notes.append((kind, value_of(node, "id")))
        return value_of(node, "customMarkFollows") in _YES

    def _picture(self, node: etree._Element) -> None:
        boxes = list(_boxes(node))
        is_rule = any(shape.get(_RULE) in _YES for shape in node)
        self.boxes += boxes
        self.has_rule = self.has_rule or is_rule
        self.has_picture = self.has_picture or not (boxes or is_rule)

    def _add(self, text: str, look: Look, anchor: str) -> None:
        if not text or look.is_hidden or self._fields.is_silent:
            return
        if filled := len(text.strip()):
            self.kind = self.kind or self._fields.kind
            self._weights[look] += filled
            self.linked += filled if anchor else 0
        self._parts.append(text)
        self._languages.append(look.language)


def chosen(node: etree._Element) -> Iterator[etree._Element]:
    """The element itself; of alternatives for newer and older programs the newest that has text.

    Most say the same. A choice may be empty, as where it stands for what a program could not keep.
    """
    if name_of(node) != "mc:AlternateContent":
        yield node
        return
    choices = [child for child in node if name_of(child) == "mc:Choice"]
    choices += (child for child in node if name_of(child) == "mc:Fallback")
    if choices:
        yield next((choice for choice in choices if _has_text(choice)), choices[0])


def _has_text(node: etree._Element) -> bool:
    return any(inner.text for inner in node.iter("{*}t"))


def gallery_of(node: etree._Element) -> str:
    """What kind of building block a `w:sdt` is, in lower case: 'table of contents'; '' for others."""
    building_block = child_of(child_of(node, "w:sdtPr"), "w:docPartObj")
    return value_of(child_of(building_block, "w:docPartGallery")).casefold()


def is_read(node: etree._Element) -> bool:
    """Whether the content of a `w:sdt` belongs to the text, and is no prompt to type something."""
    if is_on(child_of(child_of(node, "w:sdtPr"), "w:showingPlcHdr")):
        return False
    return not gallery_of(node).startswith(_GALLERIES_UNREAD)


def _is_note_mark(text: str, before: str, look: Look, anchor: str) -> bool:
    """Whether this is a note's mark that somebody typed, or another program wrote as a link."""
    if not _MARK.fullmatch(text):
        return False
    return bool(_MARK_ANCHOR.match(anchor)) or (look.is_raised and _BEFORE_MARK.search(before) is not None)


def _boxes(node: etree._Element) -> Iterator[etree._Element]:
    """The text boxes in a drawing; those inside another are its own."""
    if name_of(node) == _BOX:
        yield node
        return
    for inner in chosen(node):
        for child in inner:
            yield from _boxes(child)


def _characters(node: etree._Element, name: str) -> str:
    """What an element of a run stands for."""
    if name == "w:t":
        return _LINE_ENDS.sub(" ", node.text or "")
    if name == "w:br":
        return PAGE if value_of(node, "type") in {"page", "column"} else "\n"
    if name == "w:sym":
        return _symbol(value_of(node, "char"), value_of(node, "font"))
    return _SIGNS.get(name, "")


def _symbol(code: str, font: str) -> str:
    try:
        char = int(code, 16)
    except ValueError:
        return ""
    if _DINGBATS.search(font):
        return _ORNAMENT
    if char >= _PRIVATE:
        char -= _PRIVATE
    if font.casefold() == "symbol":
        return _SYMBOL.get(char, "")
    return chr(char) if _FIRST_SIGN <= char < _SURROGATES else ""
