"""What a Word file says of its book: properties that a person wrote, else what its first page shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from lxml import etree

from narrator.manuscript.book_facts import names_isbn
from narrator.manuscript.characters import clean, words_in
from narrator.manuscript.custom_properties import Published, published
from narrator.manuscript.docx_body import WordParagraph
from narrator.manuscript.docx_package import name_of
from narrator.manuscript.docx_styles import TITLE_LEVEL
from narrator.manuscript.language import guess_language, normal_tag
from narrator.model import Role

# What programs put there by themselves.
_NO_TITLE = re.compile(
    r"microsoft word\b.*|(?:word )?document ?\d*|untitled.*|unbenannt.*|sans titre.*|\[.*\]"
    r"|title|titel|titre|.*\.(?:docx?|dotx?|odt|rtf|txt|pdf|html?|indd|md)",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"(?:windows|microsoft office|office|default|ms)?[ -]?(?:user|utilisateur|benutzer|usuario|utente)\d*"
    r"|unknown|anonymous|un-?named|author|admin(?:istrator)?|owner|guest|python-docx|pandoc|apache poi|aspose.*"
    r"|docx4j|calibre.*|libreoffice|microsoft|word|pc|home|hp|dell|acer|asus|lenovo|toshiba",
    re.IGNORECASE,
)
_BY = re.compile(r"(?i:written by|by|von|par|de|di|por|door|av)\s+(?P<name>[^\W\d_a-z].{2,60})")
_FRONT = 24
"""The title and the author stand among the first paragraphs, of which there are so many."""
_LARGER = 1.4
_LONGEST_TITLE = 150
_LONGEST_NAME = 6
_NEAR = {
    "ar": {"fa", "ur"}, "da": {"nb", "nn", "no"}, "es": {"ast", "ca", "gl"}, "fr": {"ca", "oc"},
    "hi": {"mr", "ne"}, "nl": {"af"}, "pl": {"cs", "sk"}, "pt": {"gl"}, "ru": {"be", "bg", "mk", "sr"},
    "zh": {"yue"},
}  # fmt: skip
"""Languages that a guess takes for another."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Title, authors and language; () and '' where neither the file nor its text tells."""

    title: str
    authors: tuple[str, ...]
    language: str


def facts_of(core: etree._Element | None, paragraphs: Sequence[WordParagraph], *, fallback: str) -> Facts:
    """The facts of a document with these core properties; `fallback` is its title where nothing else is."""
    said: dict[str, str] = {}
    for node in core if core is not None else ():
        said.setdefault(name_of(node), clean(node.text or ""))
    title, creators = said.get("dc:title", ""), said.get("dc:creator", "").split(";")
    authors = tuple(name for part in creators if (name := part.strip()) and not _NO_AUTHOR.fullmatch(name))
    front = list(takewhile(lambda paragraph: paragraph.level <= TITLE_LEVEL, paragraphs[:_FRONT]))
    return Facts(
        ("" if _NO_TITLE.fullmatch(title) else title) or _shown_title(front, paragraphs) or fallback,
        authors or tuple(_shown_authors(front)),
        _language(paragraphs, said.get("dc:language", "")),
    )


def published_in(core: etree._Element | None, custom: etree._Element | None) -> Published:
    """What a document's properties say of its publication: those of Dublin Core, and what a person added."""
    said = [(name_of(node), node.text or "") for node in (core if core is not None else ())]
    issued = [("issued", text) for name, text in said if name == "dcterms:issued"]
    numbers = [("isbn", text) for name, text in said if name == "dc:identifier" and names_isbn(text)]
    comments = next((text for name, text in said if name == "dc:description"), "")
    added = [
        (node.get("name") or "", "".join(map(str, node.itertext())))
        for node in (custom if custom is not None else ())
    ]
    return published([*issued, *numbers, *added], comments)


def _shown_title(front: Sequence[WordParagraph], paragraphs: Sequence[WordParagraph]) -> str:
    """The text in the style of titles, where there is one; else the lines in the largest letters."""
    titles = [paragraph for paragraph in paragraphs if paragraph.level == TITLE_LEVEL]
    if titles:
        return clean(titles[0].text) if len(titles) == 1 else ""
    usual = Counter[int]()
    for paragraph in paragraphs:
        usual[paragraph.look.size] += len(paragraph.text)
    lines = [paragraph for paragraph in front if not paragraph.kind]
    largest = max((paragraph.look.size for paragraph in lines), default=0)
    if largest < usual.most_common(1)[0][0] * _LARGER:
        return ""
    shown = " ".join(clean(paragraph.text) for paragraph in lines if paragraph.look.size == largest)
    return shown if len(shown) <= _LONGEST_TITLE else ""


def _shown_authors(front: Sequence[WordParagraph]) -> Iterator[str]:
    """The names in the style of authors; else in the first line such as 'by Jane Doe'."""
    styled = [clean(paragraph.text) for paragraph in front if paragraph.style.is_author]
    if styled:
        yield from styled
        return
    for paragraph in front:
        match = _BY.fullmatch(clean(paragraph.text)) if paragraph.role is not Role.NOTE else None
        if match and words_in(match["name"]) <= _LONGEST_NAME:
            yield match["name"].rstrip(".")
            return


def usual_language(paragraphs: Sequence[WordParagraph]) -> str:
    """The language in which most of the text is spell-checked, as the file writes it; '' if in none."""
    counts: Counter[str] = Counter()
    for paragraph in paragraphs:
        counts[paragraph.language] += len(paragraph.text)
    return counts.most_common(1)[0][0] if counts else ""


def _language(paragraphs: Sequence[WordParagraph], declared: str) -> str:
    """The book's language. What Word calls it is often only what Word was installed in, so the words decide."""
    said = [tag for tag in map(normal_tag, (declared, usual_language(paragraphs))) if tag]
    guess = guess_language(paragraph.text for paragraph in paragraphs)
    if not guess:
        return said[0] if said else ""
    likely = {guess, *_NEAR.get(guess, ())}
    return next((tag for tag in said if tag.partition("-")[0] in likely), guess)
