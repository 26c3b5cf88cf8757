"""XML and HTML from strangers: parsed without entities, network or unbounded depth, and without losing text."""

from __future__ import annotations

import html
import re

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.encoding import decode

_DECLARED = re.compile(
    rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
# The internal subset is where entities, and bombs of entities, are declared; nothing else of it matters here.
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"<!\[CDATA\[.*?\]\]>|&([A-Za-z][A-Za-z0-9]*);", re.DOTALL)
_OF_XML = {"amp", "lt", "gt", "quot", "apos"}
_HEAD = re.compile(r"<head\b.*?</head\s*>|<title\b.*?</title\s*>", re.DOTALL | re.IGNORECASE)
_UNSEEN = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<(?:script|style)\b.*?</(?:script|style)\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE
)
_NESTING = re.compile(
    r"</?(?!(?:p|h[1-6]|br|hr|html|head|body|title|script|style)\b)[a-z][^>]*>", re.IGNORECASE
)
_LOST = 0.9
"""A tree with less than this share of the text that the source shows has lost some."""


def parse_xml(data: bytes, *, where: str) -> etree._Element:
    """The root of an XML file, mended where it is broken.

    Raises:
        ManuscriptError: there is no element in it at all.
    """
    root = _xml_root(_source(data))
    if root is None:
        raise ManuscriptError(
            f"{where} is not XML.", advice="The file is damaged: get it anew, or repair it with Calibre."
        )
    return root


def parse_xhtml(data: bytes) -> etree._Element | None:
    """The root of an XHTML or HTML file; None where it holds no element.

    Read as XML first, since `<a id="x"/>` and `<title/>` mean what they say there. Where that loses text
    (broken markup, elements nested hundreds deep) it is read as HTML, and at last without what only nests.
    """
    source = _source(data)
    expected = _visible(_UNSEEN.sub("", _HEAD.sub("", source)))
    best = _xml_root(source)
    for text in (source, _NESTING.sub(" ", source)):
        if best is not None and _size(best) >= expected * _LOST:
            break
        root = _html_root(text)
        if root is not None and (best is None or _size(root) > _size(best)):
            best = root
    return best


def local_name(node: etree._Element) -> str:
    """An element's name without its namespace, in lower case; '' for a comment or an instruction."""
    tag: object = node.tag  # lxml-stubs knows elements alone
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _source(data: bytes) -> str:
    declared = _DECLARED.search(data[:2000])
    name = (declared[1] or declared[2]).decode("ascii", "replace") if declared else ""
    if not name or name.lower().startswith("utf"):
        name = "cp1252"  # asked for only where the bytes are no UTF-8
    text = _DECLARATION.sub("", decode(data, declared=name).replace("\x00", ""), count=1)
    return _ENTITY.sub(_entity, _DOCTYPE.sub("", text, count=1))


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if name is None or name in _OF_XML:
        return match[0]
    text = html.unescape(f"&{name};")
    # Not HTML's: it was declared in the document type, which is not read.
    return "" if text.startswith("&") else text


def _xml_root(source: str) -> etree._Element | None:
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )
    return _root(source, parser)


def _html_root(source: str) -> etree._Element | None:
    return _root(source, etree.HTMLParser(recover=True, no_network=True, huge_tree=True, encoding="utf-8"))


def _root(source: str, parser: etree.XMLParser | etree.HTMLParser) -> etree._Element | None:
    data = source.encode("utf-8", "replace")
    if not data.strip():
        return None
    try:
        root: etree._Element | None = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None
    return root


def _size(root: etree._Element) -> int:
    """The characters in its body; 0 where broken markup left none."""
    body = next((node for node in root.iter() if local_name(node) == "body"), None)
    return _visible(str(body.xpath("string()"))) if body is not None else 0


def _visible(text: str) -> int:
    return len("".join(text.split()))
