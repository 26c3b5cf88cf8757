"""What the names of paragraph styles say, in the languages that word processors speak."""

from __future__ import annotations

import re

from narrator.model import Role

# The built-in headings of Word and LibreOffice: 'heading 1', 'Überschrift 1', 'Titre 1', 'Заголовок 1'.
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titulo|titolo|títol|kop|rubrik|overskrift|otsikko|nagłówek|nadpis"
    r"|címsor|titlu|başlık|заголовок|επικεφαλίδα|見出し|标题|標題|제목)[ _-]*(\d{1,2})",
    re.IGNORECASE,
)
# What publishers call theirs: 'Chapter Title', 'ChapterNumber', 'Part Heading'.
_OWN_HEADING = re.compile(
    r"(part|chapter|kapitel|chapitre|cap[íi]tulo|capitolo)[ _-]*(?:title|head(?:ing)?|number|titel|titre)?",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:book )?title|titel|titre(?: principal)?|título|titolo|название|заголовок|tytuł|表題|标题",
    re.IGNORECASE,
)
_ROLES = (
    (r"(?:intense )?quot\w*|block ?(?:text|quote)|zitat\w*|citations?|citas?|citazione|citaat", Role.QUOTATION),
    (r"(?:pre-?formatted|source|html)[ _]?(?:text|code|preformatted)?|code(?: ?block)?|quelltext", Role.CODE),
    (r"captions?|beschriftung|légende|illustration|figure|drawing|didascalia|leyenda|bijschrift", Role.CAPTION),
    (r"(?:verse|poem|poetry|stanza|gedicht|vers|poème|poesia|lyrics)(?:[ _-]\w+)*", Role.VERSE),
    (r"(?:foot|end)note(?:[ _]text)?|fußnote|endnote|note de (?:bas de page|fin)|funotentext", Role.NOTE),
)  # fmt: skip
_ROLE_OF_NAME = tuple((re.compile(pattern, re.IGNORECASE), role) for pattern, role in _ROLES)
_KINDS = (
    (r"(?:toc|contents|verzeichnis|inhaltsverzeichnis|table des matières)[ _]?(?:heading|\d+)", "toc"),
    (r"index[ _]?(?:heading|separator|\d+)", "index"),
    (r"(?:bibliography)[ _]?(?:heading|\d+)", "bibliography"),
    (r"(?:illustration|figure|table|object)[ _]index[ _]?(?:heading|\d+)", "loi"),
)
_KIND_OF_NAME = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _KINDS)


def level_of_style(name: str) -> int:
    """The level of a built-in heading, else 0. Of a name with aliases ('heading 1,h1') the first counts."""
    match = _HEADING.fullmatch(_plain(name))
    return int(match[1]) if match else 0


def level_of_own_style(name: str) -> int:
    """The level of a style that is named for parts or chapters and is based on no built-in heading, else 0."""
    own = _OWN_HEADING.fullmatch(_plain(name))
    return 0 if own is None else 1 if own[1].casefold() == "part" else 2


def is_title_style(name: str) -> bool:
    """Whether this style is for the title of the whole document."""
    return _TITLE.fullmatch(_plain(name)) is not None


def role_of_style(name: str) -> Role:
    """The role that a style is for; PARAGRAPH where the name tells none."""
    plain = _plain(name)
    return next((role for pattern, role in _ROLE_OF_NAME if pattern.fullmatch(plain)), Role.PARAGRAPH)


def kind_of_style(name: str) -> str:
    """The kind of page that a style belongs to, such as 'toc', else ''."""
    plain = _plain(name)
    return next((kind for pattern, kind in _KIND_OF_NAME if pattern.fullmatch(plain)), "")


def _plain(name: str) -> str:
    return re.split(r"[,;]", name, maxsplit=1)[0].strip()
