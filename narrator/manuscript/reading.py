"""The one way in: a file of any format that people have to a Manuscript.

A new format is one module with a `Reader` and one line in `READERS`.
"""

from __future__ import annotations

import importlib
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from narrator.errors import ManuscriptError, UsageError
from narrator.manuscript.encoding import is_binary
from narrator.model import Manuscript
from narrator.ports import Reader

READERS: Mapping[str, str] = MappingProxyType(
    {
        "EPUB": "epub:read_epub",
        "FictionBook": "fb2:read_fb2",
        "HTML": "html:read_html",
        "OpenDocument": "odt:read_odt",
        "PDF": "pdf:read_pdf",
        "RTF": "rtf:read_rtf",
        "Markdown": "markdown:read_markdown",
        "Word": "docx:read_docx",
        "plain text": "plain_text:read_plain_text",
    }
)
"""Format to module and `Reader`: only the one that is needed is loaded."""

_BY_SUFFIX = {
    ".epub": "EPUB", ".kepub": "EPUB",
    ".md": "Markdown", ".markdown": "Markdown", ".mdown": "Markdown", ".mkd": "Markdown",
    ".txt": "plain text", ".text": "plain text",
    ".azw": "Kindle", ".azw3": "Kindle", ".kfx": "Kindle", ".mobi": "Kindle", ".prc": "Kindle",
    ".doc": "Word", ".docx": "Word", ".docm": "Word", ".dotx": "Word", ".dotm": "Word",
    ".odt": "OpenDocument", ".ott": "OpenDocument", ".fodt": "OpenDocument", ".rtf": "RTF",
    ".fb2": "FictionBook", ".fbz": "FictionBook",
    ".htm": "HTML", ".html": "HTML", ".xhtml": "HTML",
    ".pdf": "PDF", ".djvu": "DjVu", ".lit": "Microsoft Reader", ".tex": "LaTeX", ".cbz": "comic book",
}  # fmt: skip
_BY_OPENING = (
    (b"%PDF-", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\xd0\xcf\x11\xe0", "Word"),
    (b"AT&TFORM", "DjVu"),
    (b"\xef\xbb\xbf{\\rtf", "RTF"),
)
_BY_ROOT = (
    (re.compile(rb"<(?:\w+:)?FictionBook[\s>]"), "FictionBook"),
    (re.compile(rb"<office:document[\s>]"), "OpenDocument"),
)
_KINDLE = slice(60, 68)  # the type and creator of a Palm database: https://wiki.mobileread.com/wiki/MOBI
_LARGEST_TEXT = 96 << 20
_WITH_PICTURES = frozenset({"EPUB", "OpenDocument", "PDF", "Word"})
"""What may be larger: their readers count text alone."""

_LONGEST_PARAGRAPH = 2_000_000
"""Longer than most books: a file that lost its line breaks, or was made to."""

_HEAD = 8192


def read_manuscript(path: Path) -> Manuscript:
    """Read a manuscript by what is in the file, and by its name where that does not tell.

    Raises:
        UsageError: there is no such file, or it is a folder.
        ManuscriptError: a format that narrator does not read, damaged, protected, or without text.
    """
    head = _head(path)
    name = format_of(path, head)
    if name not in READERS:
        raise ManuscriptError(
            f"{path.name} is {name}, which narrator does not read.",
            advice="Convert it to EPUB, Markdown or plain text, with Calibre or Pandoc for example.",
        )
    if name not in _WITH_PICTURES and path.stat().st_size > _LARGEST_TEXT:
        raise ManuscriptError(f"{path.name} is larger than any book.", advice="Is it the right file?")
    manuscript = _reader(name)(path)
    longest = max((len(block.text) for each in manuscript.chapters for block in each.blocks), default=0)
    if longest > _LONGEST_PARAGRAPH:
        raise ManuscriptError(
            f"{path.name} has a paragraph of {longest:,} characters.",
            advice="Its line breaks were lost: part its paragraphs by empty lines.",
        )
    return manuscript


def _reader(name: str) -> Reader:
    module, _, function = READERS[name].partition(":")
    reader: Reader = getattr(importlib.import_module(f"narrator.manuscript.{module}"), function)
    return reader


def is_manuscript(path: Path) -> bool:
    """Whether a file is named as a book that can be read; its content is not looked at."""
    return path.is_file() and not path.name.startswith(".") and _named(path) in READERS


def format_of(path: Path, head: bytes) -> str:
    """The name of a file's format, from its first bytes and its name.

    Raises:
        ManuscriptError: it is empty, or no text and no format that is known.
    """
    if not head.strip(b"\x00 \t\r\n\f\xef\xbb\xbf"):
        raise ManuscriptError(f"{path.name} is empty.", advice="Is it the right file?")
    by_name = _named(path)
    if head.startswith(b"PK"):
        return _format_of_zip(path, by_name)
    if head[_KINDLE] in {b"BOOKMOBI", b"TEXtREAd"}:
        return "Kindle"
    by_opening = next((name for opening, name in _BY_OPENING if head.startswith(opening)), None)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        by_opening = by_opening or next((name for root, name in _BY_ROOT if root.search(head)), None)
    if by_opening or by_name == "EPUB":
        return by_opening or "EPUB"
    return _format_of_text(path, head, by_name)


def _format_of_text(path: Path, head: bytes, by_name: str | None) -> str:
    if by_name == "FictionBook":  # a file in UTF-16, or one that lacks its beginning
        return by_name
    if is_binary(head):
        if by_name and by_name not in READERS:
            return by_name
        raise ManuscriptError(
            f"{path.name} is no text and no book that narrator knows.",
            advice=f"narrator reads {', '.join(READERS)}.",
        )
    if by_name is None or by_name == "RTF":  # an .rtf that does not begin as one
        return "plain text"
    return by_name


def _named(path: Path) -> str | None:
    """The format that a file's name stands for."""
    return "FictionBook" if path.name.lower().endswith(".fb2.zip") else _BY_SUFFIX.get(path.suffix.lower())


def _format_of_zip(path: Path, by_name: str | None) -> str:
    """An EPUB by what is in it; other zips by their name."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        # An EPUB is told how it is damaged by its own reader.
        return by_name or "EPUB"
    if "META-INF/container.xml" in names or any(name.lower().endswith(".opf") for name in names):
        return "EPUB"
    if any(name.startswith("word/") for name in names):
        return "Word"
    if any(name.lower().endswith(".fb2") for name in names):
        return "FictionBook"
    if "content.xml" in names or "encrypted-package" in names:
        return "OpenDocument"
    return by_name if by_name and by_name not in {"Markdown", "plain text"} else "a zip archive"


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", advice="Name the file of the manuscript in it.")
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except FileNotFoundError as exc:
        raise UsageError(f"There is no file {path}.", advice="Check its name and folder.") from exc
    except (OSError, ValueError) as exc:
        raise UsageError(f"{path} cannot be read: {exc}.", advice="Check its permissions.") from exc
