from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest

from narrator.publishing.manifest import PAGE_NAME, entry_page, manifest
from narrator.publishing.timing import timed_files
from tests.publishing.timed import record, timed_file, volume

_RECOMMENDED = {
    "abridged", "accessMode", "accessModeSufficient", "accessibilityFeature", "accessibilityHazard",
    "accessibilitySummary", "author", "duration", "datePublished", "id", "inLanguage", "readBy",
    "readingProgression", "resources", "type",
}  # fmt: skip
"""All that the recommendation would have (2.2), but for what nobody knows: an address, and a change's date."""

_DURATION = re.compile(r"PT(\d+)\.(\d{3})S")


def milliseconds(duration: str) -> int:
    match = _DURATION.fullmatch(duration)
    assert match
    return int(match[1]) * 1000 + int(match[2])


class Page(HTMLParser):
    """The links of a page, those in its table of contents, and its language."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[dict[str, str | None]] = []
        self.contents: list[tuple[str, str]] = []
        self.language: str | None = None
        self._is_in_contents = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "html":
            self.language = facts.get("lang")
        elif tag == "link":
            self.links.append(facts)
        elif tag == "nav":
            self._is_in_contents = facts.get("role") == "doc-toc"
        elif tag == "a" and self._is_in_contents:
            self.contents.append((facts["href"] or "", ""))

    def handle_data(self, data: str) -> None:
        if self.contents and data.strip():
            self.contents[-1] = (self.contents[-1][0], data)


def test_a_manifest_has_all_that_is_required_and_what_is_recommended() -> None:
    book = record(date="1905-10-06", isbn="9783161484100", publisher="Hattori", description="A cat.")
    facts = json.loads(manifest(book, timed_files(book, "mp3"), "cover.jpg"))
    assert facts["@context"] == ["https://schema.org", "https://www.w3.org/ns/pub-context"]
    assert facts["conformsTo"] == "https://www.w3.org/TR/audiobooks/"
    assert facts["type"] == "Audiobook"
    assert facts["name"] == "The Cat"
    assert facts["author"] == ["Natsume Sōseki", "Strunk, Jr."]
    assert facts["readBy"] == "hibari heart (synthetic voice)"
    assert facts["id"] == "urn:isbn:9783161484100"
    assert facts["datePublished"] == "1905-10-06"
    assert set(facts) >= _RECOMMENDED
    assert facts["readingOrder"] == [
        {
            "type": "LinkedResource",
            "url": "01%20-%20One.mp3",
            "encodingFormat": "audio/mpeg",
            "name": "One",
            "duration": "PT2.000S",
        }
    ]
    assert [(each["rel"], each["url"], each["encodingFormat"]) for each in facts["resources"]] == [
        ("contents", PAGE_NAME, "text/html"),
        ("cover", "cover.jpg", "image/jpeg"),
    ]


def test_durations_add_up_to_the_millisecond() -> None:
    files = [timed_file(path=f"out/{number}.mp3") for number in range(3)]
    facts = json.loads(manifest(record(), [*files, volume("out/v.mp3", 1 / 3, 1 / 3)]))
    parts = [milliseconds(each["duration"]) for each in facts["readingOrder"]]
    assert milliseconds(facts["duration"]) == sum(parts) == 3667


def test_only_audio_is_in_the_reading_order_and_nothing_twice() -> None:
    names = ["Who? #1 100%.mp3", "吾輩は猫.m4b", "a.opus", "b.flac", "c.wav"]
    facts = json.loads(manifest(record(), [volume(f"out/{name}", 1.0) for name in names]))
    assert [unquote(each["url"]) for each in facts["readingOrder"]] == names
    assert all(each["encodingFormat"].startswith("audio/") for each in facts["readingOrder"])
    assert all(not urlsplit(each["url"]).fragment and each["url"].isascii() for each in facts["readingOrder"])
    urls = [each["url"] for each in facts["readingOrder"] + facts["resources"]]
    assert len(set(urls)) == len(urls)


def test_what_is_not_known_is_left_out() -> None:
    facts = json.loads(manifest(record(authors=(), language=""), []))
    assert not {"author", "inLanguage", "datePublished", "publisher", "description"} & set(facts)
    assert [each["rel"] for each in facts["resources"]] == ["contents"]


def test_a_book_without_an_isbn_has_the_same_identifier_each_time() -> None:
    one, same, other = (json.loads(manifest(record(title=title), []))["id"] for title in ("A", "A", "B"))
    assert one == same != other
    assert UUID(one).version == 5


@pytest.mark.parametrize(
    ("language", "progression"),
    [("en", "ltr"), ("he", "rtl"), ("ar-EG", "rtl"), ("", "ltr"), ("x-mine", "ltr")],
)
def test_the_direction_is_that_of_the_language(language: str, progression: str) -> None:
    assert json.loads(manifest(record(language=language), []))["readingProgression"] == progression


def test_the_page_leads_to_the_manifest_and_lists_the_chapters() -> None:
    title = 'A </title> & "B"'
    page = Page(entry_page(record(title=title), [timed_file(title=title, path="out/One #1.mp3")]))
    assert page.language == "en"
    assert page.links == [{"rel": "publication", "href": "publication.json"}]
    assert page.contents == [("One%20%231.mp3", title)]


def test_chapters_inside_a_file_are_found_by_their_times() -> None:
    page = Page(entry_page(record(), [volume("out/v.m4b", 1.25, 2.0), timed_file(path="out/x.mp3")]))
    assert page.contents == [
        ("v.m4b#t=0.000,1.250", "Chapter 1"),
        ("v.m4b#t=1.250,3.250", "Chapter 2"),
        ("x.mp3", "One"),
    ]
