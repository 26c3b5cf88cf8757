"""Word's fields: codes that are never read, and results that are, but for page numbers and the like.

A complex field is a row of marks in the text: begin, its code, separate, its result, end (ECMA-376-1 17.16.18).
Fields nest, and the result of one, such as the table of contents, goes on over many paragraphs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from narrator.manuscript.docx_package import name_of, value_of

_SILENT = {"PAGE", "NUMPAGES", "SECTIONPAGES", "PAGEREF", "NOTEREF"}
_LISTS = re.compile(r"TO[CA]\b.*\\c\b", re.IGNORECASE | re.DOTALL)
_KINDS = (
    (re.compile(r"TO[CA]\b", re.IGNORECASE), "toc"),
    (re.compile(r"INDEX\b", re.IGNORECASE), "index"),
    (re.compile(r"BIBLIOGRAPHY\b|ADDIN\s.*(?:REFLIST|BIBL)", re.IGNORECASE | re.DOTALL), "bibliography"),
)
_LOCAL_LINK = re.compile(r'HYPERLINK\s+\\l\s+"([^"]*)"', re.IGNORECASE)


@dataclass(slots=True)
class _Field:
    code: list[str] = field(default_factory=list)
    has_result: bool = False

    @property
    def text(self) -> str:
        return "".join(self.code).strip()


class Fields:
    """The fields that are open where the reading stands."""

    def __init__(self, *, is_balanced: bool = True) -> None:
        self._open: list[_Field] = []
        self._is_balanced = is_balanced

    def mark(self, node: etree._Element) -> None:
        """Take a `w:fldChar`."""
        kind = value_of(node, "fldCharType")
        if kind == "begin":
            self._open.append(_Field())
        elif kind == "separate" and self._open:
            self._open[-1].has_result = True
        elif kind == "end" and self._open:
            self._open.pop()

    def code(self, text: str) -> None:
        """Take a `w:instrText`."""
        if self._open and not self._open[-1].has_result:
            self._open[-1].code.append(text)

    def end_paragraph(self) -> None:
        """Where marks do not match, no field goes on over the end of a paragraph and swallows the book."""
        if not self._is_balanced:
            self._open.clear()

    @property
    def is_silent(self) -> bool:
        """Whether text here is a code, or a result that only serves the eye."""
        return any(not one.has_result or is_silent(one.text) for one in self._open)

    @property
    def kind(self) -> str:
        """The kind of page that the fields around make of the text, else ''."""
        return next((kind for one in self._open if (kind := kind_of_field(one.text))), "")

    @property
    def anchor(self) -> str:
        """The bookmark that a link around the text leads to, else ''."""
        matches = (_LOCAL_LINK.match(one.text) for one in self._open)
        return next((match[1] for match in matches if match), "")


def is_silent(code: str) -> bool:
    """Whether a field's result is the number of a page or of a note."""
    return code.split(maxsplit=1)[0].upper() in _SILENT if code else False


def kind_of_field(code: str) -> str:
    r"""The kind of page that a field makes, else ''. A table with `\c` is one of figures or the like."""
    if _LISTS.match(code):
        return "loi"
    return next((kind for pattern, kind in _KINDS if pattern.match(code)), "")


def are_balanced(root: etree._Element) -> bool:
    """Whether each field that begins in a part also ends there."""
    kinds = [value_of(node, "fldCharType") for node in root.iter("{*}fldChar") if name_of(node) == "w:fldChar"]
    return kinds.count("begin") == kinds.count("end")
