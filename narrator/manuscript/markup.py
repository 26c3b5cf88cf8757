"""XML and HTML from strangers: parsed without entities, network or unbounded depth, and without losing text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.encoding import decode

_DECLARED = re.compile(
    rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
# The internal subset is where entities, and bombs of entities, are declared; nothing else of it matters here.
_DOCTYPE = re.compile(r"<![Dd][Oo][Cc][Tt][Yy][Pp][Ee]")
_REST_OF_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_REFERENCE = r"&([A-Za-z][A-Za-z0-9]*|#[0-9]{1,9}|#[xX][0-9A-Fa-f]{1,8});"
_ENTITY = re.compile(rf"<!\[CDATA\[.*?\]\]>|{_REFERENCE}", re.DOTALL)
_ENTITY_ALONE = re.compile(_REFERENCE)
_NO_TEXT = {"", "\x00", "\ufffd"}
_OF_XML = {"amp", "lt", "gt", "quot", "apos"}
_COMMENT = (re.compile(r"<!--.*?-->", re.DOTALL), "-->")
_TAG = (re.compile(r"<[^>]*>"), ">")
_UNSEEN = (
    _COMMENT,
    (re.compile(r"<\?.*?\?>", re.DOTALL), "?>"),
    *(
        (re.compile(rf"<{tag}\b.*?</{tag}", re.DOTALL | re.IGNORECASE), f"</{tag}")
        for tag in ("head", "title", "script", "style")
    ),
    _TAG,
)
"""What of a page nobody sees, and how each ends."""
_LONGEST_COMMENT = 10_000_000
"""The parser takes the rest of a longer comment for text."""
_NESTING = (
    re.compile(r"</?(?!(?:p|h[1-6]|br|hr|html|head|body|title|script|style)\b)[a-z][^>]*>", re.IGNORECASE),
    ">",
)
_ANEW = "The file is damaged: get it anew, or repair it with Calibre."
_MOST_TAGS = 600_000
"""Of both kinds, in all pages of a book: several times those of a Bible with its verses numbered."""
_WHITE = " \n\t\r\f\u00a0\u3000"
_LOST = 0.9
"""A tree with less than this share of the text that the source shows has lost some."""


def parse_xml(data: bytes, *, where: str) -> etree._Element:
    """The root of an XML file, mended where it is broken.

    Raises:
        ManuscriptError: there is no element in it at all, or they are nested deeper than it can be read.
    """
    parser = _xml_parser()
    root = _root(_source(data), parser)
    if root is None:
        raise ManuscriptError(f"{where} is not XML.", advice=_ANEW)
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
        raise ManuscriptError(f"{where} is nested deeper than any book.", advice=_ANEW)
    return root


def parse_xhtml(data: bytes) -> etree._Element | None:
    """The root of an XHTML or HTML file; None where it holds no element.

    Read as XML first, since `<a id="x"/>` and `<title/>` mean what they say there. Where tags end none that is
    open, such as those around a `<br>`, it is HTML: mended as XML, one would hold all that follows. Where one
    way loses text (broken markup, elements nested hundreds deep) the other is tried, and at last HTML without
    what only nests.
    """
    source = _source(data)
    if len(source) > _LONGEST_COMMENT:
        source = _without(source, *_COMMENT)
    seen = source
    for unseen in _UNSEEN:
        seen = _without(seen, *unseen)
    expected = _visible(seen)
    best: etree._Element | None = None
    for root in _readings(source):
        if _size(root) >= expected * _LOST:
            return root
        if best is None or _size(root) > _size(best):
            best = root
    return best


def _readings(source: str) -> Iterator[etree._Element]:
    """What a page can be read as, the likeliest first."""
    parser = _xml_parser()
    as_xml = _root(source, parser)
    is_html = any(error.type == etree.ErrorTypes.ERR_TAG_NAME_MISMATCH for error in parser.error_log)
    if as_xml is not None and not is_html:
        yield as_xml
    as_html = _html_root(source)
    if as_html is not None:
        yield as_html
    if as_xml is not None and is_html:
        yield as_xml
    as_flat = _html_root(_without(source, *_NESTING, sign=" "))
    if as_flat is not None:
        yield as_flat


def refuse_endless(pages: Iterable[bytes], *, where: str) -> None:
    """Stop at a book with so many tags in its pages that nobody wrote them.

    Raises:
        ManuscriptError: it has.
    """
    if sum(page.count(b"<") for page in pages) > _MOST_TAGS:
        raise ManuscriptError(f"{where} holds more than any book.", advice="Is it the right file?")


def local_name(node: etree._Element) -> str:
    """An element's name without its namespace, in lower case; '' for a comment or an instruction."""
    tag: object = node.tag  # lxml-stubs knows elements alone
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


def _source(data: bytes) -> str:
    declared = _DECLARED.search(data[:2000])
    name = (declared[1] or declared[2]).decode("ascii", "replace") if declared else ""
    if not name or name.lower().startswith("utf"):
        name = "cp1252"  # asked for only where the bytes are no UTF-8
    text = _DECLARATION.sub("", decode(data, declared=name).replace("\x00", ""), count=1)
    doctype = _DOCTYPE.search(text)
    if doctype and (whole := _REST_OF_DOCTYPE.match(text, doctype.start())):
        text = text[: whole.start()] + text[whole.end() :]
    if "&" not in text:
        return text
    known = text.rfind("]]>") + 3 if "]]>" in text else 0
    return _ENTITY.sub(_entity, text[:known]) + _ENTITY_ALONE.sub(_entity, text[known:])


def _without(source: str, pattern: re.Pattern[str], end: str, *, sign: str = "") -> str:
    """The source without what matches a pattern that ends so; quick though thousands begin and none ends."""
    at = max(source.rfind(end), source.rfind(end.upper()))
    known = at + len(end) if at >= 0 else 0
    return pattern.sub(sign, source[:known]) + source[known:]


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if name is None or name in _OF_XML:
        return match[0]
    text = html.unescape(f"&{name};")
    if name.startswith("#"):
        # The parser makes invalid bytes of half a character, and html.unescape the sign for what is none.
        return "" if text in _NO_TEXT else match[0]
    # Not HTML's: it was declared in the document type, which is not read.
    return "" if text.startswith("&") else text


def _xml_parser() -> etree.XMLParser:
    """A parser that mends, and reads 256 elements inside one another."""
    return etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )


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
    """How many characters of a text are no white space of the usual kinds."""
    return len(text) - sum(map(text.count, _WHITE))
