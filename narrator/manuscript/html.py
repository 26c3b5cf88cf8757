"""An HTML page to a Manuscript: a whole book in one file, chapters by its headings."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import chapters_of
from narrator.manuscript.characters import clean
from narrator.manuscript.epub_outline import Outline
from narrator.manuscript.gutenberg import authors_of, body_bounds, header_fields
from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.html_notes import notes_by_file
from narrator.manuscript.html_places import language_of
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.markup import local_name, parse_xhtml
from narrator.manuscript.pieces import Anchor
from narrator.model import Manuscript

_OF_GUTENBERG = re.compile(
    r"(?:The\s+)?Project\s+Gutenberg(?:['’]s)?\s+e-?(?:book|text)\s+of\s+|[\s,.—–|-]*(?:an?\s+)?Project\s+Gutenberg.*",
    re.IGNORECASE,
)
_BY = re.compile(r"(?P<title>.+?),?\s+(?:by|von|par|de|di|por|door)\s+(?P<author>[A-ZÀ-Þ][^,]{2,60})")
_TITLES = ("dc.title", "dcterms.title", "citation_title", "og:title", "title")
_AUTHORS = ("dc.creator", "dcterms.creator", "citation_author", "article:author", "author")


def read_html(path: Path) -> Manuscript:
    """Read an HTML or XHTML file; links and pictures are not followed.

    Raises:
        ManuscriptError: it has no text.
    """
    root = parse_xhtml(path.read_bytes())
    if root is None:
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    name = path.name
    notes = notes_by_file({name: root}, _anchor)
    outline = Outline({name: read_page(root, name=name, note_ids=notes.get(name, frozenset()))})
    texts = [piece.block.text for piece in outline.pieces if piece.block.text]
    if not texts:
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    first, _ = body_bounds(texts)
    fields = header_fields("\n".join(texts[:first]))
    said_title, said_authors = _said(root)
    title = fields.get("title") or said_title or path.stem
    language = normal_tag(fields.get("language", "") or _language(root)) or guess_language(texts)
    stretches = outline.stretches((), (), title)
    return Manuscript(
        title,
        authors_of(fields) or said_authors,
        language,
        chapters_of(stretches, book_title=title, language=language),
    )


def _anchor(href: str, name: str) -> Anchor | None:
    return (name, unquote(href[1:])) if href.startswith("#") else None


def _language(root: etree._Element) -> str:
    body = next((node for node in root.iter() if local_name(node) == "body"), root)
    return language_of(root) or language_of(body)


def _said(root: etree._Element) -> tuple[str, tuple[str, ...]]:
    """Title and authors by the head of the page: its meta elements, and else its title."""
    facts: dict[str, list[str]] = {}
    shown = ""
    for node in root.iter():
        tag = local_name(node)
        if tag == "meta":
            key = (node.get("name") or node.get("property") or "").lower()
            if value := clean(node.get("content") or ""):
                facts.setdefault(key, []).append(value)
        elif tag == "title" and not shown:
            shown = clean(_OF_GUTENBERG.sub("", "".join(map(str, node.itertext()))))
    title = next((facts[key][0] for key in _TITLES if key in facts), "")
    authors = next((tuple(facts[key]) for key in _AUTHORS if key in facts), ())
    if by := _BY.fullmatch(shown):
        return title or by["title"], authors or (by["author"].rstrip("."),)
    return title or shown, authors
