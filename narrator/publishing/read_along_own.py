"""The person's own EPUB 3 with overlays: its pages get ids, and all else in it stays as it is."""

from __future__ import annotations

import lzma
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from narrator.errors import ManuscriptError
from narrator.publishing.epub_container import EpubContainer
from narrator.publishing.read_along_address import named, relative
from narrator.publishing.read_along_book import ReadAlongAudio, ReadAlongChapter
from narrator.publishing.read_along_files import style_name, write_overlays
from narrator.publishing.read_along_overlay import SegmentId, Spot, overlays
from narrator.publishing.read_along_package import OwnPackage, package_name
from narrator.publishing.read_along_pages import marked_page
from narrator.publishing.read_along_queue import BlockQueue
from narrator.publishing.xml_source import NotXml, read_source, utf8

_CONTAINER = "META-INF/container.xml"
_NOT_KEPT = {"mimetype", "META-INF/signatures.xml"}
"""A signature vouches for what is changed here: https://www.w3.org/TR/epub-33/#sec-container-metainf."""
_LARGEST = 24 << 20
_BLOCK = 1 << 20
_ENOUGH = 0.5


class Unmarkable(Exception):
    """The source is no EPUB 3 on whose pages the texts of the book are found."""


class OwnBook:
    """An EPUB 3, open.

    Raises:
        Unmarkable: it is none.
        ManuscriptError: it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as exc:
            raise Unmarkable(path.name) from exc
        self._members = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        try:
            self._package = self._open_package()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def write(
        self,
        container: EpubContainer,
        chapters: Sequence[ReadAlongChapter],
        audio: Mapping[int, ReadAlongAudio],
        narrator: str,
    ) -> None:
        """Write the book with overlays. Raises OSError.

        Raises:
            Unmarkable: less than half of the heard segments are found on its pages.
            ManuscriptError: it is damaged.
            Interrupted: as the container does.
        """
        folder = self._unused_folder()
        spots = self._write_pages(container, chapters, style_name(folder))
        with_text = sum(bool(segment.spans) for chapter in chapters for segment in chapter.segments)
        if len(spots) < with_text * _ENOUGH:
            raise Unmarkable(self._path.name)
        heard = overlays(chapters, audio, spots)
        in_order = [(page, heard[page]) for page in self._package.pages() if page in heard]
        dropped = self._old_overlays()
        items = write_overlays(container, folder, in_order, audio)
        container.add(self._package.name, self._package.with_overlays(items, dropped, narrator))
        self._copy_others(container, dropped)

    def _write_pages(
        self, container: EpubContainer, chapters: Sequence[ReadAlongChapter], style: str
    ) -> dict[SegmentId, list[Spot]]:
        """Write the pages, and say where each segment is on them."""
        container.add(_CONTAINER, self._read(_CONTAINER))
        pages = [page for page in self._package.pages() if page in self._members]
        queue = BlockQueue(chapters, pages)
        spots: dict[SegmentId, list[Spot]] = {}
        for page in pages:
            if self._members[page].file_size > _LARGEST:
                continue
            data = self._read(page)
            waiting = queue.waiting(page, len(data))
            marked = marked_page(data, waiting, relative(style, page))
            if marked is None:
                continue
            queue.found(page, [waiting[at] for at in marked.found])
            container.add(page, marked.data)
            for segment, places in marked.places.items():
                own = spots.setdefault(segment, [])
                own += [Spot(page, place.id, place.characters, place.is_note) for place in places]
        return spots

    def _copy_others(self, container: EpubContainer, dropped: set[str]) -> None:
        """Copy what is not there yet; the container leaves out what is."""
        for name, info in self._members.items():
            if name not in _NOT_KEPT and name not in dropped:
                packed = info.compress_type != zipfile.ZIP_STORED
                container.stream(name, self._blocks(info), info.file_size, packed=packed)

    def _old_overlays(self) -> set[str]:
        """The overlays that the book has, and the sounds that nothing else plays."""
        old = [name for name in self._package.overlays() if name in self._members]
        played = {address for name in old for address in self._addresses(name)}
        dropped = played.intersection(self._package.sounds())
        if dropped:
            for page in self._package.pages():
                dropped.difference_update(self._addresses(page))
        return dropped.union(self._package.overlays())

    def _addresses(self, name: str) -> Iterator[str]:
        """The files that an XML file names."""
        try:
            root = read_source(utf8(self._read(name)))
        except NotXml:
            return
        for element in root.walk():
            for attribute in ("src", "href", "data"):
                yield named(element.attributes.get(attribute, ""), name)

    def _unused_folder(self) -> str:
        """A folder beside the package document that is not in the book."""
        beside = posixpath.dirname(self._package.name)
        number, folder = 1, posixpath.join(beside, "read-along")
        while any(name.startswith(f"{folder}/") for name in self._members):
            number += 1
            folder = posixpath.join(beside, f"read-along-{number}")
        return folder

    def _open_package(self) -> OwnPackage:
        try:
            name = package_name(self._read(_CONTAINER))
            package = OwnPackage(name, self._read(name))
        except NotXml as exc:
            raise Unmarkable(self._path.name) from exc
        if not package.is_epub_3:
            raise Unmarkable(self._path.name)
        return package

    # --- the zip ---------------------------------------------------------------------------------------

    def _read(self, name: str) -> bytes:
        if name not in self._members or self._members[name].file_size > _LARGEST:
            raise Unmarkable(self._path.name)
        return b"".join(self._blocks(self._members[name]))

    def _blocks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        with self._damage(info.filename), self._zip.open(info) as member:
            while block := member.read(_BLOCK):
                yield block

    @contextmanager
    def _damage(self, name: str) -> Iterator[None]:
        try:
            yield
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as exc:
            raise ManuscriptError(
                f"{self._path.name}: {name} cannot be unpacked: {exc}.",
                advice="The book is damaged: get it anew, or leave the read-along book out.",
            ) from exc
