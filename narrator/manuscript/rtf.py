"""Rich Text Format to a Manuscript: from Word, LibreOffice, WordPad, TextEdit, Scrivener and the like."""

from __future__ import annotations

import re
from pathlib import Path

from narrator.errors import ManuscriptError
from narrator.manuscript.inline import Marker
from narrator.manuscript.odt_and_rtf import Facts, manuscript_of
from narrator.manuscript.rtf_document import Document, read_document
from narrator.manuscript.rtf_words import language_of
from narrator.model import Manuscript

_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\\\s*\\?rtf", re.IGNORECASE)
_LARGEST = 64 << 20
_LARGEST_WITHOUT_PICTURES = 32 << 20
_MOST_COMMANDS = 2_500_000
_MOST_CHARACTERS = 12_000_000
"""Of text: four times as much as 'In Search of Lost Time' has."""
_MOST_PARAGRAPHS = 100_000
_ENDS = re.compile(rb"\\(?:par|cell|row|sect|page|footnote)(?![A-Za-z])")
"""What ends or begins a paragraph."""
_PICTURE = re.compile(rb"[0-9a-fA-F\r\n]{256,}")
"""Hexadecimal digits with no space between: most of the bytes of many files."""


def read_rtf(path: Path) -> Manuscript:
    """Read an RTF file.

    Raises:
        ManuscriptError: it is no RTF, has no text, or is larger than any book.
    """
    marker = Marker()
    document = _document(path, marker)
    facts = Facts(
        title=document.title,
        authors=(document.author,) if document.author else (),
        default_language=language_of(document.language),
    )
    manuscript = manuscript_of(
        document.paragraphs, facts, marker, name=re.sub(r"[_-]+", " ", path.stem).strip()
    )
    if manuscript is None:
        raise ManuscriptError(
            f"{path.name} has no text.", advice="Is it the right file? Its pages may be pictures."
        )
    return manuscript


def _document(path: Path, marker: Marker) -> Document:
    too_large = ManuscriptError(f"{path.name} is larger than any book.", advice="Is it the right file?")
    if path.stat().st_size > _LARGEST:
        raise too_large
    data = path.read_bytes()
    if not _OPENING.match(data):
        raise ManuscriptError(f"{path.name} is not RTF.", advice="Is it the right file? Save it anew as RTF.")
    data = _PICTURE.sub(b"", data)
    commands = sum(data.count(sign) for sign in (b"\\", b"{", b"}"))
    paragraphs = sum(1 for _ in _ENDS.finditer(data))
    if len(data) > _LARGEST_WITHOUT_PICTURES or commands > _MOST_COMMANDS or paragraphs > _MOST_PARAGRAPHS:
        raise too_large
    document = read_document(_source(data), marker)
    if sum(len(paragraph.text) for paragraph in document.paragraphs) > _MOST_CHARACTERS:
        raise too_large
    return document


def _source(data: bytes) -> str:
    """The file with a character for each byte. UTF-8, which RTF does not know, is escaped: some write it."""
    if not data.isascii():
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
        else:
            return re.sub(r"[^\x00-\x7f]", lambda match: f"{{\\uc0\\u{ord(match[0])} }}", text)
    return data.decode("latin-1")
