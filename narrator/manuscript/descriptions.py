"""What a book is about, as its makers declare it: plain text, or HTML inside a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from narrator.manuscript.characters import clean
from narrator.manuscript.markup import local_name, parse_xhtml

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]+|#[xX]?[0-9a-fA-F]+);")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_LINES = {
    "p", "div", "br", "hr", "li", "ul", "ol", "dl", "dt", "dd", "tr", "section", "blockquote", "pre",
    "h1", "h2", "h3", "h4", "h5", "h6", "v", "stanza", "subtitle", "text-author", "empty-line",
}  # fmt: skip
"""Elements of HTML and FictionBook that are lines of their own, or hold such."""
_UNSEEN = {"script", "style", "head"}
_LONGEST = 10_000
_LARGEST = 200_000
"""So many characters, with their markup, are no description."""


def description_in(declared: str) -> str:
    """A description as plain text whose paragraphs are lines; '' where it is none, or longer than any."""
    if len(declared) > _LARGEST:
        return ""
    if _MARKUP.search(declared):
        root = parse_xhtml(f"<html><body>{declared}</body></html>".encode("utf-8", "replace"))
        return description_of(root) if root is not None else ""
    return _whole(_PARAGRAPHS.split(declared))


def description_of(node: etree._Element) -> str:
    """As `description_in`, of an element that holds paragraphs."""
    return _whole("".join(_text(node)).split("\n"))


def _whole(paragraphs: Iterable[str]) -> str:
    text = "\n".join(filter(None, map(clean, paragraphs)))
    return text if len(text) <= _LONGEST else ""


def _text(node: etree._Element) -> Iterator[str]:
    r"""The text of an element, with a '\n' wherever a line begins or ends."""
    unseen = 0
    for event, each in etree.iterwalk(node, events=("start", "end", "comment", "pi")):
        name = local_name(each)
        if name in _UNSEEN:
            unseen += 1 if event == "start" else -1
        if name in _LINES:
            yield "\n"
        piece = each.text if event == "start" else each.tail if each is not node else None
        if piece and not unseen:
            yield piece.replace("\n", " ")
