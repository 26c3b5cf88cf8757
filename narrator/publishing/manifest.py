"""An audiobook as the W3C has it: a manifest, and the page that leads to it and lists the chapters.

With the files that they name they are what the Lightweight Packaging Format puts into a zip file, under these
names: https://www.w3.org/TR/audiobooks/, https://www.w3.org/TR/pub-manifest/, https://www.w3.org/TR/lpf/.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

import langcodes

from narrator.publishing.record import AudiobookRecord
from narrator.publishing.timing import TimedFile

MANIFEST_NAME = "publication.json"
PAGE_NAME = "index.html"

_MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "m4b": "audio/mp4",
    "opus": "audio/ogg; codecs=opus",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
_BOOKS = UUID("7aaa0dda-50fb-5674-a4f1-42eb63605380")
"""The name space of the identifiers of books that have no ISBN (RFC 9562, 5.5)."""
_RIGHT_TO_LEFT = {"Adlm", "Arab", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"}


def manifest(record: AudiobookRecord, files: Sequence[TimedFile], cover: str = "") -> str:
    """The text of a `publication.json` of files of one format that stand beside it.

    `cover` is the name of the picture that does, '' where there is none. It says neither when nor where it was
    published, which nobody knows yet.
    """
    return json.dumps(_facts(record, files, cover), ensure_ascii=False, indent=2) + "\n"


def entry_page(record: AudiobookRecord, files: Sequence[TimedFile]) -> str:
    """The text of the `index.html` beside the manifest: the table of contents, chapter by chapter."""
    language = f' lang="{escape(record.language)}"' if record.language else ""
    authors = f"<p>{_text('; '.join(record.authors))}</p>\n" if record.authors else ""
    entries = "".join(f'<li><a href="{escape(url)}">{_text(title)}</a></li>\n' for url, title in _places(files))
    return (
        f"<!DOCTYPE html>\n<html{language}>\n<head>\n"
        f'<meta charset="utf-8">\n<title>{_text(record.title)}</title>\n'
        f'<link rel="publication" href="{MANIFEST_NAME}">\n</head>\n<body>\n'
        f"<h1>{_text(record.title)}</h1>\n{authors}"
        f'<nav role="doc-toc">\n<ol>\n{entries}</ol>\n</nav>\n</body>\n</html>\n'
    )


def _facts(record: AudiobookRecord, files: Sequence[TimedFile], cover: str) -> dict[str, Any]:
    lengths_ms = [round(file.duration_s * 1000) for file in files]
    facts = {
        "@context": ["https://schema.org", "https://www.w3.org/ns/pub-context"],
        "conformsTo": "https://www.w3.org/TR/audiobooks/",
        "type": "Audiobook",
        "id": _identifier(record),
        "name": record.title,
        "author": list(record.authors),
        "readBy": f"{record.narrator} (synthetic voice)",
        "publisher": record.publisher,
        "description": record.description,
        "inLanguage": record.language,
        "readingProgression": _progression(record.language),
        "datePublished": record.date,
        "abridged": bool(record.gaps),
        "accessMode": ["auditory"],
        "accessModeSufficient": [{"type": "ItemList", "itemListElement": ["auditory"]}],
        "accessibilityFeature": ["tableOfContents"],
        "accessibilityHazard": ["none"],
        "accessibilitySummary": {"value": "Read by a synthetic voice.", "language": "en"},
        "duration": _duration(sum(lengths_ms)),
        "readingOrder": [
            {
                "type": "LinkedResource",
                "url": quote(file.name),
                "encodingFormat": _MEDIA_TYPES[file.format],
                "name": file.title,
                "duration": _duration(length_ms),
            }
            for file, length_ms in zip(files, lengths_ms, strict=True)
        ],
        "resources": list(_resources(cover)),
    }
    return {name: value for name, value in facts.items() if value not in ("", [])}


def _resources(cover: str) -> Iterator[dict[str, Any]]:
    yield {
        "type": "LinkedResource",
        "url": PAGE_NAME,
        "rel": "contents",
        "encodingFormat": "text/html",
    }
    if cover:
        yield {
            "type": "LinkedResource",
            "url": quote(cover),
            "rel": "cover",
            "encodingFormat": mimetypes.guess_type(cover)[0] or "image/jpeg",
            "name": "Cover",
        }


def _places(files: Sequence[TimedFile]) -> Iterator[tuple[str, str]]:
    """Where each chapter is heard; in a longer file by a fragment (https://www.w3.org/TR/media-frags/)."""
    for file in files:
        for chapter in file.chapters:
            fragment = f"#t={chapter.start_s:.3f},{chapter.end_s:.3f}" if len(file.chapters) > 1 else ""
            yield quote(file.name) + fragment, chapter.title


def _identifier(record: AudiobookRecord) -> str:
    if record.isbn:
        return f"urn:isbn:{record.isbn}"
    facts = [record.title, record.authors, record.language, record.narrator]
    return uuid5(_BOOKS, json.dumps(facts)).urn


def _progression(language: str) -> str:
    script = langcodes.get(language).maximize().script if langcodes.tag_is_valid(language) else None
    return "rtl" if script in _RIGHT_TO_LEFT else "ltr"


def _duration(length_ms: int) -> str:
    """'PT12.345S' (ISO 8601)."""
    seconds, ms = divmod(length_ms, 1000)
    return f"PT{seconds}.{ms:03}S"


def _text(text: str) -> str:
    return escape(" ".join(text.split()), quote=False)
