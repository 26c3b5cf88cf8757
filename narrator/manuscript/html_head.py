"""What the head of an HTML page says of the book: title, authors, date, and how it was published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.book_facts import first_date, first_isbn, names_isbn
from narrator.manuscript.characters import clean
from narrator.manuscript.descriptions import description_in
from narrator.manuscript.markup import local_name

_OF_GUTENBERG = re.compile(
    r"(?:The\s+)?Project\s+Gutenberg(?:['’]s)?\s+e-?(?:book|text)\s+of\s+|[\s,.—–|-]*(?:an?\s+)?Project\s+Gutenberg.*",
    re.IGNORECASE,
)
_BY = re.compile(r"(?P<title>.+?),?\s+(?:by|von|par|de|di|por|door)\s+(?P<author>[A-ZÀ-Þ][^,]{2,60})")
_TITLES = ("dc.title", "dcterms.title", "citation_title", "og:title", "title")
_AUTHORS = ("dc.creator", "dcterms.creator", "citation_author", "article:author", "author")
_DATES = (
    "dc.date", "dc.date.issued", "dc.date.created", "dcterms.date", "dcterms.issued", "dcterms.created",
    "citation_publication_date", "citation_date", "book:release_date", "article:published_time", "date",
)  # fmt: skip
_ISBNS = ("citation_isbn", "book:isbn", "og:isbn", "isbn")
_IDENTIFIERS = ("dc.identifier", "dcterms.identifier")
_PUBLISHERS = ("dc.publisher", "dcterms.publisher", "citation_publisher", "publisher")
_DESCRIPTIONS = ("dc.description", "dcterms.description", "og:description", "description")


@dataclass(frozen=True, slots=True)
class Head:
    """What is said, as a Manuscript has it; '' and () where nothing is."""

    title: str
    authors: tuple[str, ...]
    date: str
    isbn: str = ""
    publisher: str = ""
    description: str = ""


def head_of(root: etree._Element) -> Head:
    """By the meta elements of a page; title and author else by its title."""
    facts, shown = _facts(root)
    title = next((facts[key][0] for key in _TITLES if key in facts), "")
    authors = next((tuple(facts[key]) for key in _AUTHORS if key in facts), ())
    date = first_date(value for key in _DATES for value in facts.get(key, ()))
    if by := _BY.fullmatch(shown):
        title, authors = title or by["title"], authors or (by["author"].rstrip("."),)
    return Head(
        title or shown,
        authors,
        date,
        first_isbn(_isbns(facts)),
        next((facts[key][0] for key in _PUBLISHERS if key in facts), ""),
        next((description_in(facts[key][0]) for key in _DESCRIPTIONS if key in facts), ""),
    )


def _isbns(facts: Mapping[str, list[str]]) -> Iterator[str]:
    for key in _ISBNS:
        yield from facts.get(key, ())
    for key in _IDENTIFIERS:
        yield from filter(names_isbn, facts.get(key, ()))


def _facts(root: etree._Element) -> tuple[dict[str, list[str]], str]:
    """The values of the meta elements by their lower-case names, and the title as it is shown."""
    facts: dict[str, list[str]] = {}
    shown = ""
    for node in root.iter("{*}meta", "{*}META", "{*}title", "{*}TITLE"):
        tag = local_name(node)
        if tag == "meta":
            key = (node.get("name") or node.get("property") or "").lower()
            if value := clean(node.get("content") or ""):
                facts.setdefault(key, []).append(value)
        elif tag == "title" and not shown:
            shown = clean(_OF_GUTENBERG.sub("", "".join(map(str, node.itertext()))))
    return facts, shown
