"""A read-along book written anew from its blocks, where the source is no EPUB 3: plain, and whole."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from narrator.publishing.epub_container import EpubContainer
from narrator.publishing.read_along_address import relative
from narrator.publishing.read_along_book import ReadAlongAudio, ReadAlongChapter, ReadAlongFacts
from narrator.publishing.read_along_files import NewItem, style_name, write_overlays
from narrator.publishing.read_along_overlay import SegmentId, Spot, overlays
from narrator.publishing.read_along_package import MODIFIED, PAGE_TYPE, meta, overlay_metas
from narrator.publishing.read_along_xhtml import STYLE, ChapterPage, is_language, line, page

_FOLDER = "EPUB"
_PACKAGE = f"{_FOLDER}/package.opf"
_NAV = f"{_FOLDER}/nav.xhtml"
_STYLE = f"{_FOLDER}/book.css"
_COVER_PAGE, _TITLE_PAGE = f"{_FOLDER}/cover.xhtml", f"{_FOLDER}/title.xhtml"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNKNOWN_LANGUAGE = "und"
_UNTITLED = "Untitled"
_CONTAINER = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">\n<rootfiles>\n'
    f'<rootfile full-path="{_PACKAGE}" media-type="application/oebps-package+xml"/>\n'
    "</rootfiles>\n</container>\n"
)


class WrittenBook:
    """A book that is written into a container. Raises OSError.

    Raises:
        Interrupted: as the container does.
    """

    def __init__(self, container: EpubContainer, facts: ReadAlongFacts) -> None:
        self._container = container
        self._facts = facts
        self._title = facts.title if line(facts.title) else _UNTITLED
        self._items: list[NewItem] = []
        self._spine: list[str] = []
        self._properties: dict[str, str] = {}
        self._digest = hashlib.sha256()

    def write(self, chapters: Sequence[ReadAlongChapter], audio: Mapping[int, ReadAlongAudio]) -> None:
        """Write the book: cover, title page, chapters, overlays, contents, and the document that lists them."""
        self._container.add("META-INF/container.xml", _CONTAINER.encode())
        self._add(_STYLE, "text/css", STYLE.encode())
        self._cover()
        self._title_page()
        contents, spots = self._chapters(chapters)
        self._nav(contents)
        heard = overlays(chapters, audio, spots)
        in_order = [(name, heard[name]) for name in contents if name in heard]
        self._items += write_overlays(self._container, _FOLDER, in_order, audio)
        self._container.add(_PACKAGE, self._package().encode())

    def _add(self, name: str, media_type: str, data: bytes, *, properties: str = "") -> None:
        self._container.add(name, data)
        self._items.append(NewItem(name, media_type))
        if properties:
            self._properties[name] = properties
        if media_type == PAGE_TYPE and properties != "nav":
            self._spine.append(name)
        self._digest.update(data)

    def _page(self, name: str, title: str, body: str, *, properties: str = "") -> None:
        styles = [relative(style, name) for style in (_STYLE, style_name(_FOLDER))]
        data = page(title, self._facts.language, body, styles=styles)
        self._add(name, PAGE_TYPE, data, properties=properties)

    def _cover(self) -> None:
        cover = self._facts.cover
        if cover is None:
            return
        name = f"{_FOLDER}/cover.{'png' if cover.media_type == 'image/png' else 'jpg'}"
        self._add(name, cover.media_type, cover.data, properties="cover-image")
        picture = f'<img src="{relative(name, _COVER_PAGE)}" alt="Cover"/>'
        body = f'<body class="cover" epub:type="cover">\n<div>{picture}</div>\n</body>'
        self._page(_COVER_PAGE, self._title, body)

    def _title_page(self) -> None:
        facts = self._facts
        lines = [", ".join(facts.authors), facts.publisher, facts.date, f"Read by {facts.narrator}."]
        shown = "".join(f'<p class="title">{line(each)}</p>\n' for each in lines if line(each))
        head = f"<h1>{line(self._title)}</h1>\n"
        body = f'<body>\n<section epub:type="titlepage">\n{head}{shown}</section>\n</body>'
        self._page(_TITLE_PAGE, self._title, body)

    def _chapters(
        self, chapters: Sequence[ReadAlongChapter]
    ) -> tuple[dict[str, str], dict[SegmentId, list[Spot]]]:
        """Write the chapters; the title of each by the name of its page, and where each segment stands."""
        contents: dict[str, str] = {}
        spots: dict[SegmentId, list[Spot]] = {}
        for number, chapter in enumerate(chapters):
            name = f"{_FOLDER}/chapter-{number + 1:04}.xhtml"
            title = chapter.title if line(chapter.title) else self._title
            own = ChapterPage(name, number, replace(chapter, title=title))
            self._page(name, title, own.body)
            contents[name] = title
            spots |= own.spots
        return contents, spots

    def _nav(self, contents: Mapping[str, str]) -> None:
        rows = "".join(
            f'<li><a href="{relative(name, _NAV)}">{line(title)}</a></li>\n'
            for name, title in {_TITLE_PAGE: self._title, **contents}.items()
        )
        body = f'<body>\n<nav epub:type="toc" id="toc">\n<ol>\n{rows}</ol>\n</nav>\n</body>'
        self._page(_NAV, self._title, body, properties="nav")

    # --- the package document --------------------------------------------------------------------------

    def _package(self) -> str:
        ids = {item.name: f"item-{number}" for number, item in enumerate(self._items, start=1)}
        overlay_of = {item.overlays: ids[item.name] for item in self._items if item.overlays}
        items = "".join(self._item(item, ids[item.name], overlay_of.get(item.name, "")) for item in self._items)
        spine = "".join(f'<itemref idref="{ids[name]}"/>\n' for name in self._spine)
        durations = {ids[item.name]: item.duration_ms for item in self._items if item.overlays}
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">\n'
            f"{self._metadata(durations)}"
            f"<manifest>\n{items}</manifest>\n<spine>\n{spine}</spine>\n</package>\n"
        )

    def _item(self, item: NewItem, name: str, overlay: str) -> str:
        properties = self._properties.get(item.name, "")
        attributes = f' properties="{properties}"' if properties else ""
        attributes += f' media-overlay="{overlay}"' if overlay else ""
        address = relative(item.name, _PACKAGE)
        return f'<item id="{name}" href="{address}" media-type="{item.media_type}"{attributes}/>\n'

    def _metadata(self, durations_ms: Mapping[str, int]) -> str:
        facts = self._facts
        own_id = uuid.UUID(bytes=self._digest.digest()[:16], version=5)
        authors = {f"author-{at}": name for at, name in enumerate(filter(line, facts.authors), start=1)}
        told = [
            ("identifier", ' id="id"', f"urn:uuid:{own_id}"),
            ("title", "", self._title),
            ("language", "", facts.language if is_language(facts.language) else _UNKNOWN_LANGUAGE),
            *(("creator", f' id="{own}"', name) for own, name in authors.items()),
            ("contributor", ' id="narrator"', facts.narrator),
            ("publisher", "", facts.publisher),
            ("date", "", facts.date),
            ("description", "", facts.description),
            ("source", "", f"urn:isbn:{facts.isbn}" if facts.isbn else ""),
        ]
        elements = "".join(
            f"<dc:{name}{attributes}>{line(value)}</dc:{name}>\n"
            for name, attributes, value in told
            if line(value)
        )
        metas = [
            *(("role", f"#{own}", "aut") for own in authors),
            ("role", "#narrator", "nrt"),
            ("dcterms:modified", "", f"{facts.date}T00:00:00Z" if _DAY.fullmatch(facts.date) else MODIFIED),
            *overlay_metas(durations_ms, facts.narrator),
        ]
        said = "".join(meta(*each) for each in metas)
        return f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n{elements}{said}</metadata>\n'
