"""Front, body or back, and what kind of page: told from structural terms, or from the words of a title.

Kinds are terms of the EPUB Structural Semantics Vocabulary (https://www.w3.org/TR/epub-ssv-11/), and a few of
our own where it has none: 'frontispiece', 'dramatis-personae', 'about-the-author', 'advertisement',
'uncopyright', 'gutenberg-header', 'gutenberg-license', 'transcribers-note'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from narrator.manuscript.headings import Rank, label_of
from narrator.manuscript.page_titles import TITLES_OF_KINDS
from narrator.model import Matter

_FRONT = (
    "cover frontispiece titlepage halftitlepage toc landmarks loi lot loa lov imprint copyright-page "
    "dedication epigraph foreword preface preamble introduction seriespage dramatis-personae "
    "gutenberg-header advertisement"
)
_BODY = "chapter part volume prologue epilogue conclusion"
_BACK = (
    "afterword acknowledgments appendix glossary bibliography index index-headnotes endnotes footnotes "
    "colophon uncopyright errata contributors other-credits about-the-author gutenberg-license "
    "transcribers-note"
)
_MATTER = {
    kind: matter
    for kinds, matter in ((_FRONT, Matter.FRONT), (_BODY, Matter.BODY), (_BACK, Matter.BACK))
    for kind in kinds.split()
}
_BRIEF = {
    "cover", "frontispiece", "titlepage", "halftitlepage", "copyright-page", "imprint", "dedication",
    "epigraph", "colophon", "uncopyright", "advertisement", "dramatis-personae",
}  # fmt: skip
_TAILS = {
    "about-the-author", "advertisement", "bibliography", "colophon", "contributors", "endnotes", "errata",
    "footnotes", "gutenberg-license", "index", "other-credits", "transcribers-note",
}  # fmt: skip
_IN_A_BODY = {"dedication", "epigraph", "dramatis-personae"}
"""Of the brief pages, those that stand inside a body as well: at the head of a part, before a play."""
_DIVISIONS = {"part", "volume", "chapter"}
_CONTAINERS = {"part", "volume"}

_SAME_TERM = {
    "acknowledgements": "acknowledgments",
    "contents": "toc",
    "copyright": "copyright-page",
    "copyrightpage": "copyright-page",
    "copyright-notice": "copyright-page",
    "halftitle": "halftitlepage",
    "half-title-page": "halftitlepage",
    "notes": "endnotes",
    "rearnotes": "endnotes",
    "title-page": "titlepage",
}
_MATTER_TERMS = {"frontmatter": Matter.FRONT, "bodymatter": Matter.BODY, "backmatter": Matter.BACK}

_KIND_OF_TITLE = {title: kind for kind, titles in TITLES_OF_KINDS.items() for title in titles.split("|")}

_SPACED = re.compile(r"(?<=[\u3040-\u30ff\u3400-\u9fff]) (?=[\u3040-\u30ff\u3400-\u9fff])")
"""'目 次' is '目次', spread out."""

# A kind may be followed by what it is about: 'Preface to the Second Edition', 'Introduction by A. N. Other'.
_OPENINGS = (
    (r"(?:author|editor|publisher|translator)s? s (?:preface|foreword|introduction|note)", "preface"),
    (r"pr[eé]face (?:to|by|of|de|du|à|pour)", "preface"),
    (r"vorwort (?:zur|zum|des|der|von)", "preface"),
    (r"(?:foreword|geleitwort) (?:to|by|von)", "foreword"),
    (r"(?:introduction|introductory note|einleitung) (?:to|by|of|von|zur|zum|par)", "introduction"),
    (r"afterword (?:to|by)", "afterword"),
    (r"(?:appendix|anhang|ap[ée]ndice|appendice) (?:\d+|[a-z]|[ivx]+)(?: |$)", "appendix"),
    (r"(?:also|other books|other titles|more|books) (?:by|from) ", "advertisement"),
    (r"(?:praise|advance praise) for ", "advertisement"),
    (r"(?:loved|enjoyed|liked) this book", "advertisement"),
    (r"about (?:the author|this e?book|the publisher)", "about-the-author"),
    (r"à propos de cette édition", "colophon"),
    (r"index (?:of|to) (?:first lines|titles|names|persons|people|places|authors|subjects|the )", "index"),
    (r"(?:list of|table of) (?:illustrations|plates|figures|maps)", "loi"),
    (r"the project gutenberg e(?:book|text) ", "gutenberg-header"),
    (r"transcribers? (?:s )?notes? ", "transcribers-note"),
)
_KIND_OF_OPENING = tuple((re.compile(pattern), kind) for pattern, kind in _OPENINGS)


def kind_of_terms(terms: Iterable[str]) -> str:
    """The kind that structural terms name (`epub:type`, a role without 'doc-', a guide's type), else ''."""
    for term in terms:
        kind = _SAME_TERM.get(term, term)
        if kind in _MATTER:
            return kind
    return ""


def matter_of_terms(terms: Iterable[str]) -> Matter | None:
    """Front, body or back where a structural term says it outright."""
    return next((_MATTER_TERMS[term] for term in terms if term in _MATTER_TERMS), None)


def kind_of_title(title: str) -> str:
    """The kind that a title names, else ''. 'Contents' is a toc; 'The Contents of the Box' is not."""
    folded = " ".join(re.findall(r"[^\W_]+", title.casefold()))
    if kind := _KIND_OF_TITLE.get(folded) or _KIND_OF_TITLE.get(_SPACED.sub("", folded)):
        return kind
    if label := label_of(title):
        return "part" if label.rank is Rank.PART else "chapter"
    return next((kind for pattern, kind in _KIND_OF_OPENING if pattern.match(folded)), "")


def matter_of_kind(kind: str) -> Matter | None:
    """Where such a page stands in a book, None where the kind does not say."""
    return _MATTER.get(kind)


def is_never_body(kind: str) -> bool:
    """Whether such a page is of the book and not of its text, even where the book calls it body."""
    return kind == "toc" or kind in _TAILS or kind in _BRIEF - _IN_A_BODY


def is_page_apart(kind: str) -> bool:
    """Whether this kind stands apart from the chapters, as a chapter of its own wherever it occurs."""
    return kind in _MATTER and kind not in _DIVISIONS


def is_brief(kind: str) -> bool:
    """Whether pages of this kind are short, so that a long chapter of such a title is none."""
    return kind in _BRIEF


def is_tail(kind: str) -> bool:
    """Whether pages of this kind also stand at the end of a chapter, under a heading of their own."""
    return kind in _TAILS


def is_container(kind: str) -> bool:
    """Whether this kind holds chapters."""
    return kind in _CONTAINERS
