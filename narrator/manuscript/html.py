"""An HTML page to a Manuscript: a whole book in one file, chapters by its headings."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import chapters_of
from narrator.manuscript.gutenberg import authors_of, body_bounds, date_of, header_fields
from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.html_head import head_of
from narrator.manuscript.html_note_names import name_of, with_notes_named
from narrator.manuscript.html_notes import notes_by_file
from narrator.manuscript.html_places import language_of
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.markup import local_name, parse_xhtml, refuse_endless
from narrator.manuscript.outline import Outline
from narrator.manuscript.pieces import Anchor
from narrator.manuscript.settled import settled
from narrator.model import Manuscript


def read_html(path: Path) -> Manuscript:
    """Read an HTML or XHTML file; links and pictures are not followed.

    Raises:
        ManuscriptError: it has no text, or more than any book.
    """
    data = path.read_bytes()
    refuse_endless([data], where=path.name)
    root = parse_xhtml(data)
    if root is None:
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    name = path.name
    notes = notes_by_file({name: root}, _anchor)
    page = read_page(
        root,
        name=name,
        note_ids=notes.get(name, frozenset()),
        naming=lambda address: name_of(_anchor(address, name)),
        is_site=True,
    )
    outline = Outline(with_notes_named({name: page}))
    texts = [piece.block.text for piece in outline.pieces if piece.block.text]
    if not texts:
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    first, _ = body_bounds(texts)
    fields = header_fields("\n".join(texts[:first]))
    head = head_of(root)
    title = fields.get("title") or head.title or path.stem
    language = normal_tag(fields.get("language", "") or _language(root)) or guess_language(texts)
    stretches = outline.stretches((), (), title)
    return Manuscript(
        title,
        authors_of(fields) or head.authors,
        language,
        settled(chapters_of(stretches, book_title=title, language=language), language),
        date=date_of(fields) or head.date,
        isbn=head.isbn,
        publisher=head.publisher,
        description=head.description,
    )


def _anchor(href: str, name: str) -> Anchor | None:
    return (name, unquote(href[1:])) if href.startswith("#") else None


def _language(root: etree._Element) -> str:
    body = next((node for node in root.iter() if local_name(node) == "body"), root)
    return language_of(root) or language_of(body)
