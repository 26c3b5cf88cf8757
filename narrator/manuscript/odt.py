"""OpenDocument text to a Manuscript: .odt and .ott of LibreOffice and others, and flat .fodt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.characters import clean
from narrator.manuscript.custom_properties import published
from narrator.manuscript.inline import Marker
from narrator.manuscript.language import normal_tag
from narrator.manuscript.odt_and_rtf import Facts, manuscript_of
from narrator.manuscript.odt_blocks import BodyWalk
from narrator.manuscript.odt_package import read_parts
from narrator.manuscript.odt_styles import Styles
from narrator.model import Manuscript

_DC = "{http://purl.org/dc/elements/1.1/}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_MOST_PARAGRAPHS = 120_000


def read_odt(path: Path) -> Manuscript:
    """Read an OpenDocument text.

    Raises:
        ManuscriptError: damaged, protected, no text document, without text, or larger than any book.
    """
    parts = read_parts(path)
    styles = Styles(parts.roots)
    body = next(parts.content.iter(f"{_OFFICE}text"), None)
    marker = Marker()
    written = BodyWalk(styles, marker).read(body) if body is not None else []
    if len(written) > _MOST_PARAGRAPHS:
        raise ManuscriptError(f"{path.name} holds more text than any book.", advice="Is it the right file?")
    facts = _facts(parts.meta, normal_tag(styles.default_language()))
    manuscript = manuscript_of(written, facts, marker, name=re.sub(r"[_-]+", " ", path.stem).strip())
    if manuscript is None:
        raise ManuscriptError(
            f"{path.name} has no text.", advice="Is it the right file? Its pages may be pictures."
        )
    return manuscript


def _facts(meta: etree._Element | None, default_language: str) -> Facts:
    """What the document says of itself. Its creator is who wrote last; its first author is asked before."""
    author = _text(meta, f"{_META}initial-creator") or _text(meta, f"{_DC}creator")
    return Facts(
        title=_text(meta, f"{_DC}title"),
        authors=(author,) if author else (),
        language=normal_tag(_text(meta, f"{_DC}language")),
        default_language=default_language,
        published=published(_added(meta), _raw(meta, f"{_DC}description")),
    )


def _added(meta: etree._Element | None) -> Iterator[tuple[str, str]]:
    """The properties that a person added."""
    for node in meta.iter(f"{_META}user-defined") if meta is not None else ():
        yield node.get(f"{_META}name") or "", "".join(map(str, node.itertext()))


def _text(meta: etree._Element | None, tag: str) -> str:
    return clean(_raw(meta, tag))


def _raw(meta: etree._Element | None, tag: str) -> str:
    # An annotation has a creator, too.
    facts = meta.find(f".//{_OFFICE}meta") if meta is not None else None
    node = facts.find(tag) if facts is not None else None
    return str(node.xpath("string()")) if node is not None else ""
