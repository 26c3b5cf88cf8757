from __future__ import annotations

import json

from narrator.publishing.record import Gap
from narrator.publishing.shelf_metadata import shelf_metadata
from narrator.publishing.timing import timed_files
from tests.publishing.timed import record, volume


def test_what_audiobookshelf_reads_is_all_that_is_known_of_the_book() -> None:
    book = record(
        date="1905-10-06",
        series="Cats of Meiji",
        part="1.5",
        isbn="9783161484100",
        publisher="Hattori",
        description="A cat.\nIt has no name.",
        language="ja",
    )
    assert json.loads(shelf_metadata(book, timed_files(book, "mp3"))) == {
        "tags": [],
        "chapters": [{"id": 0, "start": 0.0, "end": 2.0, "title": "One"}],
        "title": "The Cat",
        "subtitle": None,
        "authors": ["Natsume Sōseki", "Strunk, Jr."],
        "narrators": ["hibari heart (synthetic voice)"],
        "series": ["Cats of Meiji #1.5"],
        "genres": ["Audiobook"],
        "publishedYear": "1905",
        "publishedDate": "1905-10-06",
        "publisher": "Hattori",
        "description": "A cat.\nIt has no name.",
        "isbn": "9783161484100",
        "asin": None,
        "language": "ja",
        "explicit": False,
        "abridged": False,
    }


def test_what_is_not_known_is_null_or_empty() -> None:
    facts = json.loads(shelf_metadata(record(authors=(), language=""), []))
    assert (facts["authors"], facts["series"], facts["chapters"]) == ([], [], [])
    unknown = ("publishedYear", "publishedDate", "publisher", "description", "isbn", "language")
    assert [facts[name] for name in unknown] == [None] * 6


def test_a_series_without_a_part_is_its_name() -> None:
    assert json.loads(shelf_metadata(record(series="Cats"), []))["series"] == ["Cats"]


def test_chapters_are_counted_on_over_the_volumes() -> None:
    files = [volume("out/1.m4b", 10.0, 20.5), volume("out/2.m4b", 30.0, first=3)]
    chapters = json.loads(shelf_metadata(record(), files))["chapters"]
    assert [(each["id"], each["start"], each["end"], each["title"]) for each in chapters] == [
        (0, 0.0, 10.0, "Chapter 1"),
        (1, 10.0, 30.5, "Chapter 2"),
        (2, 30.5, 60.5, "Chapter 3"),
    ]


def test_a_book_with_gaps_is_abridged() -> None:
    assert json.loads(shelf_metadata(record(gaps=(Gap(1, "One", "Two.", "refused"),)), []))["abridged"]
