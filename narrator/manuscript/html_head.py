"""What the head of an HTML page says of the book: title, authors and date."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.book_facts import first_date
from narrator.manuscript.characters import clean
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


@dataclass(frozen=True, slots=True)
class Head:
    """What is said; '' and () where nothing is."""

    title: str
    authors: tuple[str, ...]
    date: str


def head_of(root: etree._Element) -> Head:
    """By the meta elements of a page; title and author else by its title."""
    facts, shown = _facts(root)
    title = next((facts[key][0] for key in _TITLES if key in facts), "")
    authors = next((tuple(facts[key]) for key in _AUTHORS if key in facts), ())
    date = first_date(value for key in _DATES for value in facts.get(key, ()))
    if by := _BY.fullmatch(shown):
        return Head(title or by["title"], authors or (by["author"].rstrip("."),), date)
    return Head(title or shown, authors, date)


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
