"""The files of an OpenDocument text, as a zip or as one flat file; protected ones and other kinds are named.

OASIS, Open Document Format 1.3, parts 2 (packages) and 3 (schema): https://docs.oasis-open.org/office/OpenDocument/v1.3/
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.markup import local_name
from narrator.manuscript.strict_xml import strict_root
from narrator.manuscript.zip_archive import ZipArchive

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_ANEW = "The file is damaged: get it anew, or open it in LibreOffice and save it again."
_OTHER_KINDS = {"spreadsheet", "presentation", "drawing", "chart", "database", "image", "formula"}
_LARGEST = 16 << 20
_MOST_TAGS = 600_000
_PICTURES = re.compile(rb"<office:binary-data[^>]*>[^<]*</office:binary-data>")


@dataclass(frozen=True, slots=True)
class Parts:
    """The roots of a document's files; of a flat one all are the same."""

    content: etree._Element
    styles: etree._Element | None
    meta: etree._Element | None

    @property
    def roots(self) -> Iterator[etree._Element]:
        """Each root once, the styles before the content, whose automatic styles are based on them."""
        yield from dict.fromkeys(root for root in (self.styles, self.content) if root is not None)


def read_parts(path: Path) -> Parts:
    """The parts of a document.

    Raises:
        ManuscriptError: damaged, protected, no text document, or larger than any book.
    """
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    parts = _zipped(path) if is_zip else _flat(path)
    body = next(parts.content.iter(f"{_OFFICE}body"), None)
    kinds = {local_name(child) for child in body} if body is not None else set()
    if kinds & _OTHER_KINDS and "text" not in kinds:
        raise ManuscriptError(
            f"{path.name} is an OpenDocument {min(kinds & _OTHER_KINDS)}, and no text.",
            advice="Save its text as .odt.",
        )
    return parts


def _zipped(path: Path) -> Parts:
    if not zipfile.is_zipfile(path):
        raise ManuscriptError(f"{path.name} is no whole OpenDocument: its zip is cut off.", advice=_ANEW)
    with ZipArchive(path, form="OpenDocument") as archive:
        _refuse_protected(archive, path.name)
        roots = {}
        for name in ("content.xml", "styles.xml", "meta.xml"):
            found = archive.find(name)
            roots[name] = _root(archive.read(found), f"{path.name}: {name}") if found else None
    content = roots["content.xml"]
    if content is None:
        raise ManuscriptError(f"{path.name} is no whole OpenDocument: it has no content.xml.", advice=_ANEW)
    return Parts(content, roots["styles.xml"], roots["meta.xml"])


def _refuse_protected(archive: ZipArchive, book: str) -> None:
    if archive.find("encrypted-package"):
        raise _protected(book)
    manifest = archive.find("META-INF/manifest.xml")
    if manifest is None:
        return
    for node in _root(archive.read(manifest), f"{book}: {manifest}").iter(f"{_MANIFEST}encryption-data"):
        parent = node.getparent()
        if parent is not None and parent.get(f"{_MANIFEST}full-path") == "content.xml":
            raise _protected(book)


def _protected(book: str) -> ManuscriptError:
    return ManuscriptError(
        f"{book} is protected by a password.", advice="Open it in LibreOffice and save it without a password."
    )


def _flat(path: Path) -> Parts:
    data = _PICTURES.sub(b"", path.read_bytes())
    if len(data) > _LARGEST:
        raise ManuscriptError(f"{path.name} holds more text than any book.", advice="Is it the right file?")
    root = _root(data, path.name)
    if root.tag != f"{_OFFICE}document":
        raise ManuscriptError(f"{path.name} is no OpenDocument.", advice="Is it the right file?")
    return Parts(root, root, root)


def _root(data: bytes, where: str) -> etree._Element:
    return strict_root(data, where=where, most_tags=_MOST_TAGS, advice=_ANEW)
