"""The package document of an EPUB 3 that somebody made: what is in it, and the same with overlays.

The format: https://www.w3.org/TR/epub-33/#sec-package-doc and #sec-mo-package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from narrator.publishing.read_along_address import named, relative
from narrator.publishing.read_along_files import NewItem
from narrator.publishing.read_along_overlay import ACTIVE_CLASS, MEDIA_TYPE, clock
from narrator.publishing.read_along_xhtml import line
from narrator.publishing.xml_source import Edit, Element, NotXml, attribute_range, edited, read_source, utf8

PAGE_TYPE = "application/xhtml+xml"
MODIFIED = "2000-01-01T00:00:00Z"
"""When a book was changed last that does not say so; a clock would make other bytes of the same book."""
_PACKAGE_TYPE = "application/oebps-package+xml"


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the manifest, by its name in the container."""

    element: Element
    name: str
    media_type: str


def package_name(container: bytes) -> str:
    """The name of the package document that `META-INF/container.xml` names first; '' where it names none.

    Raises:
        NotXml: it is none.
    """
    roots = read_source(utf8(container)).all("rootfile")
    named = [root for root in roots if root.attributes.get("media-type") == _PACKAGE_TYPE] or roots
    return named[0].attributes.get("full-path", "") if named else ""


class OwnPackage:
    """A package document by its name in the container.

    Raises:
        NotXml: it is none, or has no manifest, no metadata or no spine.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._data = utf8(data)
        self._root = read_source(self._data)
        self._metadata, self._manifest = self._part("metadata"), self._part("manifest")
        self._spine = self._part("spine")

    def _part(self, tag: str) -> Element:
        found = self._root.first(tag)
        if found is None or found.close == found.inner == found.end:
            raise NotXml(f"there is no <{tag}>")
        return found

    @property
    def is_epub_3(self) -> bool:
        return self._root.attributes.get("version", "").startswith("3")

    @cached_property
    def items(self) -> dict[str, Item]:
        """The files of the manifest by their ids; those on the web are left out."""
        found = {}
        for element in self._manifest.all("item"):
            name = named(element.attributes.get("href", ""), self.name)
            if name:
                media_type = element.attributes.get("media-type", "")
                found[element.attributes.get("id", "")] = Item(element, name, media_type)
        return found

    def pages(self) -> list[str]:
        """The XHTML pages in reading order, each once."""
        ids = (reference.attributes.get("idref", "") for reference in self._spine.all("itemref"))
        items = (self.items[own] for own in ids if own in self.items)
        return list(dict.fromkeys(item.name for item in items if item.media_type == PAGE_TYPE))

    def overlays(self) -> list[str]:
        """The overlays that the book has already."""
        return [item.name for item in self.items.values() if item.media_type == MEDIA_TYPE]

    def sounds(self) -> list[str]:
        return [item.name for item in self.items.values() if item.media_type.startswith("audio/")]

    def with_overlays(self, new: Sequence[NewItem], dropped: Iterable[str], narrator: str) -> bytes:
        """The document with new files in its manifest, without what is dropped and what it said of overlays."""
        gone = set(dropped)
        edits: list[Edit] = [
            (element.start, element.end, b"")
            for element in self._metadata.all("meta")
            if element.attributes.get("property", "").startswith("media:")
        ]
        names = {item.name: f"{self._unused}-{number}" for number, item in enumerate(new, start=1)}
        overlay_of = {item.overlays: names[item.name] for item in new if item.overlays}
        for item in self.items.values():
            if item.name in gone:
                edits.append((item.element.start, item.element.end, b""))
            else:
                edits += self._overlay_edits(item.element, overlay_of.get(item.name, ""))
        close = self._manifest.close
        edits.append((close, close, self._items(new, names).encode()))
        edits.append((self._metadata.close, self._metadata.close, self._metas(new, names, narrator).encode()))
        return edited(self._data, edits)

    @cached_property
    def _unused(self) -> str:
        """The beginning of ids that no element has."""
        ids = {element.attributes.get("id", "") for element in self._root.walk()}
        name = "read-along"
        while any(each.startswith(name) for each in ids):
            name += "-x"
        return name

    def _overlay_edits(self, element: Element, overlay: str) -> list[Edit]:
        edits = []
        if old := attribute_range(self._data, element, "media-overlay"):
            edits.append((*old, b""))
        if overlay:
            at = element.start + 1 + len(element.name.encode())
            edits.append((at, at, f' media-overlay="{overlay}"'.encode()))
        return edits

    def _items(self, new: Sequence[NewItem], names: Mapping[str, str]) -> str:
        tag = f"{self._manifest.prefix}item"
        rows = ((names[item.name], relative(item.name, self.name), item.media_type) for item in new)
        return "".join(
            f'<{tag} id="{own}" href="{address}" media-type="{media_type}"/>\n'
            for own, address, media_type in rows
        )

    def _metas(self, new: Sequence[NewItem], names: Mapping[str, str], narrator: str) -> str:
        said = overlay_metas({names[item.name]: item.duration_ms for item in new if item.overlays}, narrator)
        has_modified = any(
            element.attributes.get("property") == "dcterms:modified" and "refines" not in element.attributes
            for element in self._metadata.all("meta")
        )
        if not has_modified:
            said.append(("dcterms:modified", "", MODIFIED))
        return "".join(meta(*each, prefix=self._metadata.prefix) for each in said)


def overlay_metas(durations_ms: Mapping[str, int], narrator: str) -> list[tuple[str, str, str]]:
    """What a package says of its overlays, by their ids: property, what it refines, and value."""
    return [
        ("media:duration", "", clock(sum(durations_ms.values()))),
        *(("media:duration", f"#{name}", clock(length)) for name, length in durations_ms.items()),
        ("media:narrator", "", narrator),
        ("media:active-class", "", ACTIVE_CLASS),
    ]


def meta(name: str, refines: str, value: str, *, prefix: str = "") -> str:
    """A `<meta>` of a package document on a line of its own."""
    about = f' refines="{refines}"' if refines else ""
    return f'<{prefix}meta property="{name}"{about}>{line(value)}</{prefix}meta>\n'
