"""Rich Text Format to a Manuscript: from Word, LibreOffice, WordPad, TextEdit, Scrivener and the like."""

from __future__ import annotations

import re
from pathlib import Path

from narrator.errors import ManuscriptError
from narrator.manuscript.odt_and_rtf import Facts, manuscript_of
from narrator.manuscript.rtf_document import Document, read_document
from narrator.model import Manuscript

_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\\\s*\\?rtf", re.IGNORECASE)
_LARGEST = 64 << 20
_LARGEST_WITHOUT_PICTURES = 32 << 20
_MOST_COMMANDS = 2_500_000
_MOST_CHARACTERS = 12_000_000
"""Of text: four times as much as 'In Search of Lost Time' has."""
_MOST_PARAGRAPHS = 120_000
_PICTURE = re.compile(rb"[0-9a-fA-F\r\n]{256,}")
"""Hexadecimal digits with no space between: most of the bytes of many files."""
# Windows language identifiers by their lower ten bits, which leave out the country:
# https://learn.microsoft.com/openspecs/windows_protocols/ms-lcid
_LANGUAGES = {
    1: "ar", 2: "bg", 3: "ca", 4: "zh", 5: "cs", 6: "da", 7: "de", 8: "el", 9: "en", 10: "es", 11: "fi",
    12: "fr", 13: "he", 14: "hu", 16: "it", 17: "ja", 18: "ko", 19: "nl", 20: "no", 21: "pl", 22: "pt",
    24: "ro", 25: "ru", 29: "sv", 31: "tr", 34: "uk",
}  # fmt: skip
_PRIMARY = 0x3FF


def read_rtf(path: Path) -> Manuscript:
    """Read an RTF file.

    Raises:
        ManuscriptError: it is no RTF, has no text, or is larger than any book.
    """
    document = _document(path)
    facts = Facts(
        title=document.title,
        authors=(document.author,) if document.author else (),
        default_language=_LANGUAGES.get(document.language & _PRIMARY, ""),
    )
    manuscript = manuscript_of(document.paragraphs, facts, name=re.sub(r"[_-]+", " ", path.stem).strip())
    if manuscript is None:
        raise ManuscriptError(
            f"{path.name} has no text.", advice="Is it the right file? Its pages may be pictures."
        )
    return manuscript


def _document(path: Path) -> Document:
    too_large = ManuscriptError(f"{path.name} is larger than any book.", advice="Is it the right file?")
    if path.stat().st_size > _LARGEST:
        raise too_large
    data = path.read_bytes()
    if not _OPENING.match(data):
        raise ManuscriptError(f"{path.name} is not RTF.", advice="Is it the right file? Save it anew as RTF.")
    data = _PICTURE.sub(b"", data)
    commands = sum(data.count(sign) for sign in (b"\\", b"{", b"}"))
    if len(data) > _LARGEST_WITHOUT_PICTURES or commands > _MOST_COMMANDS:
        raise too_large
    document = read_document(_source(data))
    characters = sum(len(paragraph.text) for paragraph in document.paragraphs)
    if characters > _MOST_CHARACTERS or len(document.paragraphs) > _MOST_PARAGRAPHS:
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
