"""Small books, good and bad, written where a test wants them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

CONTAINER = """<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""

PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:x</dc:identifier>
<dc:title>A Small Book</dc:title><dc:language>en</dc:language></metadata>
<manifest><item id="page" href="page.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="page"/></spine></package>"""

ENCRYPTION = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>
<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>
<enc:CipherData><enc:CipherReference URI="page.xhtml"/></enc:CipherData></enc:EncryptedData></encryption>"""


def paragraph(number: int) -> str:
    """A sentence like no other, long enough for its length to be judged."""
    return (
        f"Paragraph {number} tells of the winter when the river froze, and the ferry stood for {number} days."
    )


OPENING, CLOSING = "The Ferry.", "The end of The Ferry."
"""The credits of a book of the title that `markdown` gives where it is told none."""


def markdown(path: Path, chapters: Mapping[str, list[str]], title: str = "The Ferry") -> Path:
    """Write a book of chapters of paragraphs; the file's name is its project's."""
    parts = ["\n\n".join((f"## {heading}", *paragraphs)) for heading, paragraphs in chapters.items()]
    path.write_text(f"# {title}\n\n" + "\n\n".join(parts) + "\n", encoding="utf-8")
    return path


def epub(path: Path, body: str, more: Mapping[str, str] | None = None) -> Path:
    """Write an EPUB of one page; `more` are further files of the archive."""
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>A</title></head><body>{body}</body></html>'
    files = {"META-INF/container.xml": CONTAINER, "book.opf": PACKAGE, "page.xhtml": page, **(more or {})}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, text in files.items():
            archive.writestr(name, text)
    return path
