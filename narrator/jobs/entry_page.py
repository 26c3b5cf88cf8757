"""The inbox of a job: a page for each text from the web, which is read as any HTML file is.

A page is found by its identity, whatever becomes of its title: the project of a book is that of its file.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from narrator.durable import disk_errors, write_durably
from narrator.jobs.history import Item, ItemRecord
from narrator.jobs.web_texts import Entry, digest_of, shortened

_LONGEST_SLUG_BYTES = 60
_IDENTITY_DIGITS = 12
_OPENING = 60
_HEADING = re.compile(r"\s*<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_FACT = re.compile(
    r'^<(?:meta|link) (?:name|property|rel)="([^"]+)" (?:content|href)="([^"]*)">$', re.MULTILINE
)
_HEAD_BYTES = 32_768
"""More than the head of a page that was written here."""


class Inbox:
    """The pages in a folder, which need not be there yet. Raises DiskError wherever it cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with disk_errors(f"Reading {folder}"):
            found = sorted(folder.glob("*.html")) if folder.is_dir() else []
        self._pages = {path.stem.rpartition("-")[2]: path for path in found}

    def put(self, entry: Entry, *, stat: str = "") -> Item:
        """Write an entry's page, where it is not there as it is, and say what is to be rendered.

        Raises:
            DiskError: it cannot be written.
        """
        mark = _mark(entry.identity)
        path = self._pages.get(mark)
        if path is None:
            name = "-".join(filter(None, (entry.published[:10], _slug(entry.title), mark)))
            path = self._pages[mark] = self._folder / f"{name}.html"
        page = _page(entry).encode()
        with disk_errors(f"Reading {path}"):
            is_there = path.is_file() and path.read_bytes() == page
        if not is_there:
            write_durably(path, page)
        return Item(
            entry.identity,
            digest_of(entry.title, entry.text),
            path,
            stat,
            _shown_title(entry),
            entry.summary,
            entry.link,
            _instant(entry.published),
        )

    def kept(self, record: ItemRecord) -> Item | None:
        """What was put here of an entry at an earlier look, rendered or not; None where it is gone.

        Its digest is of what the page says now, which need not be what was rendered of it.
        """
        path = self._pages.get(_mark(record.identity))
        if path is None:
            return None
        with disk_errors(f"Reading {path}"):
            try:
                with path.open("rb") as file:
                    head = file.read(_HEAD_BYTES).decode("utf-8", "replace").partition("</head>")[0]
            except FileNotFoundError:
                return None
        facts = {key: html.unescape(value) for key, value in _FACT.findall(head)}
        return Item(
            record.identity,
            facts.get("narrator.digest", ""),
            path,
            record.stat,
            facts.get("dc.title", record.title),
            facts.get("description", ""),
            facts.get("canonical", ""),
            _instant(facts.get("article:published_time", "")),
        )


def _mark(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:_IDENTITY_DIGITS]


def _slug(title: str) -> str:
    """A title as part of a file's name: letters and digits of any script."""
    slug = re.sub(r"[\W_]+", "-", title.casefold()).encode()[:_LONGEST_SLUG_BYTES]
    return slug.decode(errors="ignore").strip("-")


def _shown_title(entry: Entry) -> str:
    """An entry's title; of one that has none, how its text begins."""
    return entry.title or shortened(entry.text.plain, _OPENING)


def _page(entry: Entry) -> str:
    """An entry as a page. It is headed by its title, also where its text begins with that."""
    markup = entry.text.markup
    if (first := _HEADING.match(markup)) and _words(_TAG.sub("", first[2])) == _words(entry.title):
        markup = markup[first.end() :]
    return "\n".join((
        "<!DOCTYPE html>",
        f'<html lang="{html.escape(entry.language)}">' if entry.language else "<html>",
        "<head>",
        '<meta charset="utf-8">',
        f"<title>{html.escape(_shown_title(entry), quote=False)}</title>",
        *_facts(entry),
        "</head>",
        "<body>",
        *([f"<h1>{html.escape(entry.title, quote=False)}</h1>"] if entry.title else []),
        markup,
        "</body>",
        "</html>",
        "",
    ))  # fmt: skip


def _facts(entry: Entry) -> Iterator[str]:
    """The lines of a page's head that say where it is from; those without a value are left out."""
    for kind, key, value in (
        ("name", "dc.title", _shown_title(entry)),
        ("name", "author", entry.author),
        ("name", "description", entry.summary),
        ("property", "article:published_time", entry.published),
        ("name", "narrator.digest", digest_of(entry.title, entry.text)),
    ):
        if value:
            yield f'<meta {kind}="{key}" content="{html.escape(value)}">'
    if entry.link:
        yield f'<link rel="canonical" href="{html.escape(entry.link)}">'


def _words(text: str) -> str:
    return "".join(filter(str.isalnum, html.unescape(text).casefold()))


def _instant(written: str) -> datetime | None:
    """A time in ISO 8601, in UTC where it names no zone; None where it is none."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
