"""XML with the places of its elements, so that insertions change a stranger's file, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.entities import html5
from operator import itemgetter
from xml.parsers import expat

_DEEPEST = 256
"""Nobody nests elements so deep, and each is looked at inside the one before."""
_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_DECLARED = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["'][^>]*\?>""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]*;)")
_OF_XML = {"amp;", "lt;", "gt;", "quot;", "apos;"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Edit = tuple[int, int, bytes]
"""The bytes [start, end) of a source, and what comes in their place."""


class NotXml(ValueError):
    """It is no well-formed XML, or its elements are nested deeper than anybody writes."""


@dataclass(slots=True, eq=False)
class Element:
    """An element: its source is [start, end), and [inner, close) what is between its tags.

    `name` and the names of attributes are as they are written, with their prefixes. `around` is its parent.
    """

    name: str
    attributes: dict[str, str]
    start: int
    inner: int
    around: Element | None
    close: int = 0
    end: int = 0
    children: list[Element] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """The name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """'opf:' for `<opf:item>`, '' for `<item>`."""
        return self.name[: -len(self.tag)]

    def walk(self) -> Iterator[Element]:
        """The element, and all in it in the order of their starts."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.walk() if element.tag == tag]

    def first(self, tag: str) -> Element | None:
        return next((element for element in self.walk() if element.tag == tag), None)


class Watcher:
    """What is told of a source as it is read; by default nobody listens."""

    def opens(self, element: Element) -> None:
        """An element begins."""

    def closes(self, element: Element) -> None:
        """An element ends."""

    def says(self, text: str, start: int, end: int | None) -> None:
        """Text that begins at byte `start`. Where `end` is set it is one reference, whose source ends there."""


def utf8(data: bytes) -> bytes:
    """An XML file in UTF-8, without a byte order mark, and with the characters that HTML has names for.

    Raises:
        NotXml: its encoding is unknown, or not what it says.
    """
    declared = _DECLARED.match(data)
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        elif declared and declared[1].lower() not in {b"utf-8", b"us-ascii"}:
            text = data.decode(declared[1].decode("ascii"))
        else:
            data = data.removeprefix(_BYTE_ORDER_MARK)
            data.decode("utf-8")
            return data
    except (LookupError, UnicodeError) as exc:
        raise NotXml(str(exc)) from exc
    return b'<?xml version="1.0" encoding="utf-8"?>' + _DECLARATION.sub("", text).encode()


def with_named_characters(data: bytes) -> bytes:
    """XHTML in UTF-8 with '&nbsp;' and all that HTML names as characters, for which XML has no names."""

    def character(match: re.Match[bytes]) -> bytes:
        name = match[1].decode("ascii")
        return match[0] if name in _OF_XML else html5.get(name, match[0].decode("ascii")).encode()

    return _NAMED.sub(character, data)


def read_source(data: bytes, watcher: Watcher | None = None) -> Element:
    """The root of an XML file in UTF-8. Entities of its own are not expanded, and nothing is fetched.

    Raises:
        NotXml: it is none.
    """
    reading = _Reading(data, watcher or Watcher())
    try:
        return reading.root()
    except expat.ExpatError as exc:
        raise NotXml(str(exc)) from exc


class _Reading:
    """One pass over a source. Expat says at which byte it is."""

    def __init__(self, data: bytes, watcher: Watcher) -> None:
        self._data = data
        self._watcher = watcher
        self._open: list[Element] = []
        self._root: Element | None = None
        self._in_cdata: list[str] | None = None
        self._cdata_start = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._say
        self._parser.StartCdataSectionHandler = self._begin_cdata
        self._parser.EndCdataSectionHandler = self._end_cdata
        self._parser.DefaultHandler = self._meet  # with it, expat expands no entity of a stranger's

    def root(self) -> Element:
        self._parser.Parse(self._data, True)  # noqa: FBT003 - expat takes no keyword here
        if self._root is None:
            raise NotXml("there is no element")
        return self._root

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex
        tag = _TAG.match(self._data, start)
        if tag is None or len(self._open) >= _DEEPEST:
            raise NotXml(f"elements are nested {_DEEPEST} deep")
        around = self._open[-1] if self._open else None
        element = Element(name, attributes, start, tag.end(), around)
        if around is None:
            self._root = element
        else:
            around.children.append(element)
        self._open.append(element)
        self._watcher.opens(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if self._data[element.inner - 2] == ord("/"):
            element.close = element.end = element.inner
        else:
            element.close = self._parser.CurrentByteIndex
            element.end = self._data.index(b">", element.close) + 1
        self._watcher.closes(element)

    def _say(self, text: str) -> None:
        if self._in_cdata is not None:
            self._in_cdata.append(text)
            return
        start = self._parser.CurrentByteIndex
        is_reference = self._data[start] == ord("&")
        self._watcher.says(text, start, self._data.index(b";", start) + 1 if is_reference else None)

    def _begin_cdata(self) -> None:
        self._in_cdata, self._cdata_start = [], self._parser.CurrentByteIndex

    def _end_cdata(self) -> None:
        # No tag can stand in it, so that it is one thing, as a reference is.
        text = "".join(self._in_cdata or ())
        self._in_cdata = None
        self._watcher.says(text, self._cdata_start, self._parser.CurrentByteIndex + len(b"]]>"))

    def _meet(self, markup: str) -> None:
        """Comments, instructions, the document type; and references, which are text where HTML has the name."""
        if markup.startswith("&") and markup[1:] in html5:
            start = self._parser.CurrentByteIndex
            self._watcher.says(html5[markup[1:]], start, start + len(markup))


def attribute_range(data: bytes, element: Element, name: str) -> tuple[int, int] | None:
    """The bytes of an attribute in its tag, with the white space before it."""
    pattern = rb"""\s+%b\s*=\s*(?:"[^"]*"|'[^']*')""" % re.escape(name.encode())
    found = re.compile(pattern).search(data, element.start, element.inner)
    return found.span() if found else None


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The source after all edits, none of which overlap; at one place those that come first stand first."""
    parts: list[bytes] = []
    done = 0
    for start, end, new in sorted(edits, key=itemgetter(0, 1)):
        parts += [data[done:start], new]
        done = end
    return b"".join([*parts, data[done:]])
