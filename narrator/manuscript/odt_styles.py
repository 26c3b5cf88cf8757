"""The styles of an OpenDocument text: what a style says by itself, by its parents, and by its name.

OASIS, Open Document Format 1.3, part 3, sections 16 and 20:
https://docs.oasis-open.org/office/OpenDocument/v1.3/os/part3-schema/OpenDocument-v1.3-os-part3-schema.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.markup import local_name
from narrator.manuscript.odt_and_rtf_styles import (
    is_title_style,
    kind_of_style,
    level_of_own_style,
    level_of_style,
    role_of_style,
)
from narrator.model import Role

STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_ESCAPED = re.compile(r"_([0-9a-fA-F]{1,4})_")
_POINTS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,9})?)pt")
_PERCENT = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,9})?)%")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,3}")
_BASE_SIZE = 12.0
_LONGEST_CHAIN = 40


@dataclass(frozen=True, slots=True)
class Look:
    """What a style makes of a paragraph or a run. `size` is in points; `level` is a heading's, 0 for none."""

    level: int = 0
    role: Role = Role.PARAGRAPH
    kind: str = ""
    is_title: bool = False
    is_rule: bool = False
    size: float = _BASE_SIZE
    is_bold: bool = False
    is_centred: bool = False
    opens_page: bool = False
    is_hidden: bool = False
    is_raised: bool = False
    language: str = ""


class Styles:
    """All styles of a document by family and name."""

    def __init__(self, roots: Iterable[etree._Element]) -> None:
        self._nodes: dict[tuple[str, str], etree._Element] = {}
        self._defaults: dict[str, etree._Element] = {}
        self._looks: dict[tuple[str, str], Look] = {}
        for root in roots:
            for node in root.iter(f"{STYLE}style"):
                key = node.get(f"{STYLE}family") or "", node.get(f"{STYLE}name") or ""
                self._nodes[key] = node
            for node in root.iter(f"{STYLE}default-style"):
                self._defaults[node.get(f"{STYLE}family") or ""] = node

    def look(self, family: str, name: str) -> Look:
        """The look of a style of the family 'paragraph', 'text' or 'section'; a plain one if it is unknown."""
        key = family, name
        if key not in self._looks:
            self._looks[key] = self._look(family, name)
        return self._looks[key]

    def default_language(self) -> str:
        """The language that the program was set to, such as 'en-US', else ''."""
        default = self._defaults.get("paragraph")
        facts = _properties(default) if default is not None else {}
        return _language(facts)

    def _look(self, family: str, name: str) -> Look:
        chain = list(self._chain(family, name))
        names = [shown for node in chain for shown in _names(node)] or [_plain(name)]
        facts: dict[str, str] = {}
        for node in reversed(self._with_default(chain, family)):
            facts |= _properties(node)
        # A page begins where the style itself says so, and with a master page of its own.
        own = chain[0] if chain else None
        has_master = own is not None and bool(own.get(f"{STYLE}master-page-name"))
        return Look(
            level=_level(chain, names),
            role=next(
                (role for shown in names if (role := role_of_style(shown)) != Role.PARAGRAPH), Role.PARAGRAPH
            ),
            kind=next(filter(None, map(kind_of_style, names)), ""),
            is_title=any(map(is_title_style, _own_names(chain))),
            is_rule="Horizontal Line" in names,
            size=self._size(family, chain),
            is_bold=facts.get(f"{_FO}font-weight", "") in {"bold", "600", "700", "800", "900"},
            is_centred=facts.get(f"{_FO}text-align") == "center",
            opens_page=has_master or facts.get(f"{_FO}break-before") == "page",
            is_hidden=facts.get(f"{TEXT}display") == "none",
            is_raised=facts.get(f"{STYLE}text-position", "").startswith(("super", "33%", "58%")),
            language=_language(facts),
        )

    def _chain(self, family: str, name: str) -> Iterator[etree._Element]:
        """The style and those that it is based on, nearest first."""
        for _ in range(_LONGEST_CHAIN):
            node = self._nodes.get((family, name))
            if node is None:
                return
            yield node
            name = node.get(f"{STYLE}parent-style-name") or ""

    def _with_default(self, chain: Sequence[etree._Element], family: str) -> list[etree._Element]:
        default = self._defaults.get(family)
        return [*chain, default] if default is not None else list(chain)

    def _size(self, family: str, chain: Sequence[etree._Element]) -> float:
        """The size of letters in points; percentages are of the style that this one is based on."""
        share = 1.0
        for node in self._with_default(chain, family):
            size = _properties(node).get(f"{_FO}font-size", "")
            if match := _POINTS.fullmatch(size):
                return float(match[1]) * share
            if match := _PERCENT.fullmatch(size):
                share *= float(match[1]) / 100
        return _BASE_SIZE * share


def _language(facts: Mapping[str, str]) -> str:
    """The language in these properties, such as 'en-US', else ''."""
    parts = [facts.get(f"{_FO}language", ""), facts.get(f"{_FO}country", "")]
    return "-".join(part for part in parts if part and part != "none")


def _properties(node: etree._Element) -> Mapping[str, str]:
    return {
        str(key): str(value)
        for child in node
        if child.tag
        in {f"{STYLE}text-properties", f"{STYLE}paragraph-properties", f"{STYLE}section-properties"}
        for key, value in child.attrib.items()
    }


def _level(chain: Iterable[etree._Element], names: Sequence[str]) -> int:
    for node in chain:
        level = node.get(f"{STYLE}default-outline-level")
        if level is not None:  # '' takes back what the style that it is based on says
            return whole_number(level)
    levels = [*map(level_of_style, names), *map(level_of_own_style, names)]
    return next(filter(None, levels), 0)


def whole_number(text: str | None) -> int:
    """The number in an attribute; 0 where there is none, or one that no document needs."""
    return int(text) if text and _WHOLE_NUMBER.fullmatch(text) else 0


def _own_names(chain: Iterable[etree._Element]) -> list[str]:
    """The names of the style that the author chose: an automatic one only varies it."""
    for node in chain:
        parent = node.getparent()
        if parent is None or local_name(parent) != "automatic-styles":
            return list(_names(node))
    return []


def _names(node: etree._Element) -> Iterator[str]:
    yield _plain(node.get(f"{STYLE}name") or "")
    if shown := node.get(f"{STYLE}display-name"):
        yield shown


def _plain(name: str) -> str:
    """A style's name without its escapes: 'Heading_20_1' is 'Heading 1'."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)
