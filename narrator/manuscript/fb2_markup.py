"""FictionBook from strangers to a tree: wrong nesting, bare ampersands and HTML entities lose no text.

Many files are no XML at all, and a parser that mends XML puts the chapters after one wrong tag inside one
another. FictionBook needs few elements, and each has its rank: that tells which of them a tag ends.
The elements: http://www.fictionbook.org/index.php/Eng:XML_Schema_Fictionbook_2.1
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree

from narrator.manuscript.encoding import decode

_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)""", re.IGNORECASE)
_TAG = re.compile(r"<(/?)(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s[^<>]*)?/?)>", re.ASCII)
_ATTRIBUTE = re.compile(r"""(?:[\w.-]+:)?([A-Za-z_][\w.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.ASCII)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[<>]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENTITY = re.compile(r"&#?\w{1,40};")
_CLOSED_BY = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
_CDATA = "<![CDATA["

_RANKS = {
    name: rank
    for rank, names in enumerate(
        (
            "fictionbook",
            "description body binary stylesheet",
            "section title-info src-title-info document-info publish-info custom-info output",
            "title epigraph annotation cite poem table author translator coverpage history",
            "stanza tr td th",
            "p v subtitle text-author date",
        )
    )
    for name in names.split()
}
_INLINE = 6
_ENDED_FROM = (0, 1, 3, 5, 5, 5)
"""An element of a rank ends what is open around it from this rank on; a section may stand in a section."""
_VOID = {"empty-line", "image", "br", "hr", "sequence"}
_ATTRIBUTES = {"alt", "href", "id", "lang", "name", "number", "title", "type", "value"}
"""Those that mean something; a tree of strangers' names grows slowly."""
_DEEPEST = 200
"""Elements deeper than this are left out, and what is in them belongs to the one around."""


def parse_fb2(data: bytes) -> etree._Element:
    """The root of a FictionBook: an element 'root' around whatever is there; names lower case, no prefixes."""
    declared = _DECLARED.search(data[:2000])
    source = decode(data, declared=declared[1].decode("ascii") if declared else "")
    return _Tree().built(_UNFIT.sub("", source))


class _Tree:
    """A tree as it grows: the open elements, from the outermost in."""

    def __init__(self) -> None:
        self._builder = etree.TreeBuilder()
        self._open: list[str] = []

    def built(self, source: str) -> etree._Element:
        self._builder.start("root", {})
        for token in _tokens(source):
            if isinstance(token, str):
                self._builder.data(token)
                continue
            ends, name, attributes = token.groups()
            if ends:
                self._end(name.lower())
            else:
                self._start(name.lower(), attributes, is_closed=attributes.endswith("/"))
        self._close(0)
        self._builder.end("root")
        return self._builder.close()

    def _start(self, name: str, attributes: str, *, is_closed: bool) -> None:
        rank = _rank(name)
        if rank < _INLINE:
            keep = len(self._open)
            while keep and _rank(self._open[keep - 1]) >= _ENDED_FROM[rank]:
                keep -= 1
            self._close(keep)
        is_closed = is_closed or name in _VOID
        if len(self._open) >= _DEEPEST:
            return
        found: dict[str | bytes, str | bytes] = {
            key: _UNFIT.sub("", html.unescape(one or two))
            for key, one, two in _ATTRIBUTE.findall(attributes)
            if key in _ATTRIBUTES
        }
        self._builder.start(name, found)
        if is_closed:
            self._builder.end(name)
        else:
            self._open.append(name)

    def _end(self, name: str) -> None:
        """Close an element with all that is open in it; a tag that ends nothing is no more than a slip."""
        rank = _rank(name)
        for number in range(len(self._open) - 1, -1, -1):
            if self._open[number] == name:
                self._close(number)
                return
            if _rank(self._open[number]) < rank:
                return

    def _close(self, keep: int) -> None:
        while len(self._open) > keep:
            self._builder.end(self._open.pop())


def _rank(name: str) -> int:
    return _RANKS.get(name, _INLINE)


def _tokens(source: str) -> Iterator[re.Match[str] | str]:
    """Tags, and the text between them with its references resolved. No entity of a document type is known."""
    source = _DOCTYPE.sub("", source, count=1)
    unclosed: set[str] = set()
    at = 0
    while at < len(source):
        begin = source.find("<", at)
        if begin < 0:
            begin = len(source)
        if begin > at:
            yield _resolved(source[at:begin])
        if begin == len(source):
            return
        if tag := _TAG.match(source, begin):
            yield tag
            at = tag.end()
            continue
        opening = next((start for start in _CLOSED_BY if source.startswith(start, begin)), "")
        end = -1 if opening in unclosed or not opening else source.find(_CLOSED_BY[opening], begin)
        if end >= 0:
            if opening == _CDATA:
                yield source[begin + len(_CDATA) : end]
            at = end + len(_CLOSED_BY[opening])
        else:
            unclosed.add(opening)
            yield "<"
            at = begin + 1


def _resolved(text: str) -> str:
    return _ENTITY.sub(_entity, text) if "&" in text else text


def _entity(match: re.Match[str]) -> str:
    text = html.unescape(match[0])
    # An entity that is not HTML's was declared in the document type, which is not read.
    return "" if text == match[0] else _UNFIT.sub("", text)
