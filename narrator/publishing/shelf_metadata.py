"""What Audiobookshelf reads of a book before it looks at its files: the `metadata.json` beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from narrator.publishing.record import AudiobookRecord
from narrator.publishing.timing import TimedFile


def shelf_metadata(record: AudiobookRecord, files: Sequence[TimedFile]) -> str:
    """The text of a `metadata.json` for files of one format, which are heard one after the other.

    The keys are those that Audiobookshelf writes itself, which takes them all back; it tells a book's place in
    its series by ' #'. The times of chapters are in seconds from the beginning of the first file.
    """
    return json.dumps(_facts(record, files), ensure_ascii=False, indent=2) + "\n"


def _facts(record: AudiobookRecord, files: Sequence[TimedFile]) -> dict[str, Any]:
    return {
        "tags": [],
        "chapters": list(_chapters(files)),
        "title": record.title,
        "subtitle": None,
        "authors": list(record.authors),
        "narrators": [f"{record.narrator} (synthetic voice)"],
        "series": [f"{record.series} #{record.part}" if record.part else record.series]
        if record.series
        else [],
        "genres": ["Audiobook"],
        "publishedYear": record.date[:4] or None,
        "publishedDate": record.date or None,
        "publisher": record.publisher or None,
        "description": record.description or None,
        "isbn": record.isbn or None,
        "asin": None,
        "language": record.language or None,
        "explicit": False,
        "abridged": bool(record.gaps),
    }


def _chapters(files: Sequence[TimedFile]) -> Iterator[dict[str, Any]]:
    begin_s = 0.0
    number = 0
    for file in files:
        for chapter in file.chapters:
            yield {
                "id": number,
                "start": round(begin_s + chapter.start_s, 6),
                "end": round(begin_s + chapter.end_s, 6),
                "title": " ".join(chapter.title.split()),
            }
            number += 1
        begin_s += file.duration_s
