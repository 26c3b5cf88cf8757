"""The package document of an EPUB (OPF): who wrote what, in which order it is read, and its cover.

Wire formats: https://idpf.org/epub/20/spec/OPF_2.0_final_spec.html and https://www.w3.org/TR/epub-33/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.book_facts import first_date, first_isbn, names_isbn, normal_part
from narrator.manuscript.characters import clean
from narrator.manuscript.descriptions import description_in, description_of
from narrator.manuscript.epub_toc import Landmark, guide
from narrator.manuscript.language import normal_tag
from narrator.manuscript.markup import local_name, parse_xhtml, parse_xml
from narrator.manuscript.zip_archive import ZipArchive
from narrator.model import Cover

_PACKAGE_TYPE = "application/oebps-package+xml"
_PAGE_TYPES = {"application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml", "text/xml"}
_PAGE_NAMES = (".xhtml", ".html", ".htm", ".xml")
_OPF_ROLE = "{http://www.idpf.org/2007/opf}role"
_AUTHOR_ROLES = {"", "aut", "author", "cre", "creator", "dub"}


_OPF_EVENT = "{http://www.idpf.org/2007/opf}event"
_OPF_SCHEME = "{http://www.idpf.org/2007/opf}scheme"
_ISBN_KINDS = {"02", "15"}
"""ISBN-10 and ISBN-13 in ONIX code list 5 (https://ns.editeur.org/onix/en/5)."""
_EVENTS_OF_FILES = {
    "modification",
    "modified",
    "conversion",
    "converted",
    "ops-publication",
    "epub-publication",
}
_DATE_PROPERTIES = {"dcterms:issued", "dcterms:created", "dcterms:date", "schema:datepublished"}


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the manifest: its name in the archive, and what the manifest says of it."""

    id: str
    name: str
    media_type: str
    properties: frozenset[str]

    @property
    def is_page(self) -> bool:
        return self.media_type in _PAGE_TYPES or self.name.lower().endswith(_PAGE_NAMES)


class Package:
    """The package document of an archive.

    Raises:
        ManuscriptError: there is none, or it is no XML.
    """

    def __init__(self, archive: ZipArchive, book: str) -> None:
        self._archive = archive
        self.name = _package_name(archive, book)
        self.root = parse_xml(archive.read(self.name), where=f"{book}: {self.name}")
        self._metas = self._elements("meta")
        self.items = {item.id: item for item in self._items()}

    def _elements(self, name: str) -> list[etree._Element]:
        return [node for node in self.root.iter() if local_name(node) == name]

    def _items(self) -> Iterator[Item]:
        for node in self._elements("item"):
            name = self._archive.find_somewhere(node.get("href") or "", base=self.name)
            if name is not None:
                properties = frozenset((node.get("properties") or "").split())
                yield Item(node.get("id") or "", name, (node.get("media-type") or "").lower(), properties)

    # --- reading order ------------------------------------------------------------------------------

    def spine(self) -> dict[str, bool]:
        """The pages in reading order, each once: its name, and whether it is part of the linear order."""
        pages: dict[str, bool] = {}
        for node in self._elements("itemref"):
            item = self.items.get(node.get("idref") or "")
            if item is not None and item.is_page:
                pages.setdefault(item.name, node.get("linear") != "no")
        return pages

    def missing_pages(self) -> list[str]:
        """What the spine names and the archive does not have."""
        return [
            node.get("idref") or "?"
            for node in self._elements("itemref")
            if node.get("idref") not in self.items
        ]

    def nav_name(self) -> str | None:
        """The navigation document of an EPUB 3."""
        return next((item.name for item in self.items.values() if "nav" in item.properties), None)

    def ncx_name(self) -> str | None:
        """The NCX of an EPUB 2: named by the spine, or told by its type or its name."""
        spine = next(iter(self._elements("spine")), None)
        named = self.items.get(spine.get("toc") or "") if spine is not None else None
        others = (item for item in self.items.values() if item.media_type == "application/x-dtbncx+xml")
        item = named or next(others, None)
        return (
            item.name if item else next((name for name in self._archive.names if name.endswith(".ncx")), None)
        )

    def guide(self) -> tuple[Landmark, ...]:
        """The landmarks of an EPUB 2."""
        return guide(self.root, lambda href: self._archive.locate(href, self.name))

    # --- metadata -----------------------------------------------------------------------------------

    def title(self) -> str:
        """The main title; '' where there is none."""
        titles = [(node, text) for node in self._elements("title") if (text := _text(node))]
        for node, text in titles:
            if "main" in self._refinements(node, "title-type"):
                return text
        plain = [text for node, text in titles if not self._refinements(node, "title-type")]
        return (plain or [text for _, text in titles] or [""])[0]

    def authors(self) -> tuple[str, ...]:
        """The creators who are authors, in order; translators and illustrators are not."""
        names = [
            text
            for node in self._elements("creator")
            if (text := _text(node)) and not _AUTHOR_ROLES.isdisjoint(self._roles(node))
        ]
        return tuple(dict.fromkeys(names))

    def language(self) -> str:
        """The declared language as a BCP 47 tag; '' where it is none."""
        tags = (normal_tag(_text(node)) for node in self._elements("language"))
        return next((tag for tag in tags if tag), "")

    def date(self) -> str:
        """The first date that is no file's: of the original, the publication or the issue; '' where silent."""
        dates = [_text(node) for node in self._elements("date") if _event(node) not in _EVENTS_OF_FILES]
        return first_date([*dates, *(_text(meta) for meta in self._metas if _dates(meta))])

    def isbn(self) -> str:
        """The ISBN among the identifiers; '' where there is none."""
        identifiers = self._elements("identifier")
        return first_isbn(_text(node) for node in identifiers if self._is_isbn(node) or names_isbn(_text(node)))

    def publisher(self) -> str:
        """The first publisher; '' where the book names none."""
        return next(filter(None, map(_text, self._elements("publisher"))), "")

    def description(self) -> str:
        """The first description, as plain text whose paragraphs are lines; '' where there is none."""
        said = (
            description_of(node) if len(node) else description_in(node.text or "")
            for node in self._elements("description")
        )
        return next(filter(None, said), "")

    def series(self) -> tuple[str, str]:
        """The series that the book belongs to and its place there; '' where silent."""
        collections = (meta for meta in self._metas if meta.get("property") == "belongs-to-collection")
        for meta in collections:
            if _text(meta) and "series" in self._refinements(meta, "collection-type"):
                return _text(meta), normal_part(next(iter(self._refinements(meta, "group-position")), ""))
        said = {meta.get("name"): clean(meta.get("content") or "") for meta in reversed(self._metas)}
        name = said.get("calibre:series", "")
        return name, normal_part(said.get("calibre:series_index", "")) if name else ""

    def _is_isbn(self, identifier: etree._Element) -> bool:
        scheme = identifier.get(_OPF_SCHEME) or identifier.get("scheme") or ""
        kinds = self._refinements(identifier, "identifier-type")
        return "isbn" in scheme.casefold() or any(
            kind in _ISBN_KINDS or "isbn" in kind.casefold() for kind in kinds
        )

    def _roles(self, creator: etree._Element) -> set[str]:
        role = creator.get(_OPF_ROLE) or creator.get("role") or ""
        return set(self._refinements(creator, "role")) | ({role} if role else set()) or {""}

    def _refinements(self, node: etree._Element, name: str) -> list[str]:
        target = f"#{node.get('id')}"
        return [
            _text(meta)
            for meta in self._metas
            if meta.get("refines") == target and meta.get("property") == name and _text(meta)
        ]

    # --- the cover ----------------------------------------------------------------------------------

    def cover(self) -> Cover | None:
        """The cover where it is a JPEG or PNG: by EPUB 3 property, EPUB 2 meta, guide, or a telling id."""
        for name in dict.fromkeys(self._cover_names()):
            data = self._archive.read_picture(name)
            media_type = _picture_type(data)
            if media_type:
                return Cover(media_type, data)
        return None

    def _cover_names(self) -> Iterator[str]:
        items = self.items.values()
        yield from (item.name for item in items if "cover-image" in item.properties)
        for meta in self._metas:
            if (meta.get("name") or "").lower() == "cover":
                content = meta.get("content") or ""
                named = self.items.get(content)
                found = named.name if named else self._archive.find(content, base=self.name)
                yield from self._pictures(found)
        for mark in self.guide():
            if "cover" in mark.terms:
                yield from self._pictures(mark.target[0])
        telling = (
            item.name
            for item in items
            if item.id.lower() in {"cover", "cover-image", "coverimage", "cover-img"}
        )
        for name in telling:
            yield from self._pictures(name)

    def _pictures(self, name: str | None) -> Iterator[str]:
        """The name itself, or the first picture on it where it is a page."""
        if name is None:
            return
        if not name.lower().endswith(_PAGE_NAMES):
            yield name
            return
        root = parse_xhtml(self._archive.read(name))
        for node in root.iter() if root is not None else ():
            if local_name(node) in {"img", "image"}:
                source = node.get("src") or node.get("{http://www.w3.org/1999/xlink}href") or ""
                found = self._archive.find(source, base=name)
                if found:
                    yield found
                return


def _package_name(archive: ZipArchive, book: str) -> str:
    container = archive.find("META-INF/container.xml")
    if container is not None:
        root = parse_xml(archive.read(container), where=f"{book}: {container}")
        roots = [node for node in root.iter() if local_name(node) == "rootfile"]
        # A book may have several renditions; the first of the package type is the default one.
        for node in sorted(roots, key=lambda node: node.get("media-type") != _PACKAGE_TYPE):
            if name := archive.find(node.get("full-path") or ""):
                return name
    packages = [name for name in archive.names if name.lower().endswith(".opf")]
    if not packages:
        raise ManuscriptError(
            f"{book} is not a whole EPUB: it has no package document.",
            advice="The file is damaged: get it anew, or repair it with Calibre.",
        )
    return packages[0]


def _event(node: etree._Element) -> str:
    return (node.get(_OPF_EVENT) or node.get("event") or "").lower()


def _dates(meta: etree._Element) -> bool:
    """Whether this says when the book itself appeared."""
    return "refines" not in meta.attrib and (meta.get("property") or "").lower() in _DATE_PROPERTIES


def _text(node: etree._Element) -> str:
    return clean(str(node.xpath("string()")))


def _picture_type(data: bytes) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/png" if data.startswith(b"\x89PNG\r\n\x1a\n") else ""
