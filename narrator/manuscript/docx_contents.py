"""What a Word file does not call by its name: contents typed by hand or styled as headings, licences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from narrator.manuscript.characters import same_words, words_in
from narrator.manuscript.docx_body import WordParagraph, is_list_title
from narrator.manuscript.gutenberg import body_bounds
from narrator.model import Role

# A number after a tab or a row of dots; '3-14' of a chapter and its page; or what lost its tab: 'PURPOSE12'.
_PAGE = re.compile(
    r"(?:\t|\.{3,}|(?:\. ){3,}|…|_{3,}|\s{3,})[\s.]*(?:\d{1,4}|[ivxlc]{1,7})\.?\s*$"
    r"|(?<=\S)\d{1,2}-\d{1,3}\s*$|(?<=[^\W\d_])\d{1,4}\s*$"
)
_FAR = 4
"""A list of contents goes on where one of the next so many lines ends with the number of a page."""
_LONGEST_LINE = 200
_SHORTEST_LIST = 3
_LINKED = 0.7
"""A larger share of a line that is a list's is a link."""
_LIST_GAP = 12
"""Headings with no more words between them than these are lines of a list, if the book has them again."""


def with_contents(paragraphs: Sequence[WordParagraph]) -> list[WordParagraph]:
    """The paragraphs, with such tables known as 'toc', and Project Gutenberg's header and licence as theirs."""
    found = _with_boilerplate(paragraphs)
    for start, end in (*_below_titles(found), *_linked_lists(found), *_listed_headings(found)):
        for at in range(start, end):
            role = Role.HEADING if is_list_title(found[at].text) else Role.PARAGRAPH
            found[at] = replace(found[at], kind="toc", level=0, role=role)
    return found


def _with_boilerplate(paragraphs: Sequence[WordParagraph]) -> list[WordParagraph]:
    first, end = body_bounds([paragraph.text for paragraph in paragraphs])
    return [
        *(replace(paragraph, kind="gutenberg-header", level=0) for paragraph in paragraphs[:first]),
        *paragraphs[first:end],
        *(replace(paragraph, kind="gutenberg-license", level=0) for paragraph in paragraphs[end:]),
    ]


def _below_titles(paragraphs: Sequence[WordParagraph]) -> Iterator[tuple[int, int]]:
    """From a line such as 'Contents' to the last line below it that ends with the number of a page."""
    for at, paragraph in enumerate(paragraphs):
        if paragraph.kind or not is_list_title(paragraph.text):
            continue
        end = following = at + 1
        while following < min(len(paragraphs), end + _FAR) and len(paragraphs[following].text) < _LONGEST_LINE:
            following += 1
            if _PAGE.search(paragraphs[following - 1].text):
                end = following
        if end - at > _SHORTEST_LIST:
            yield at, end


def _linked_lists(paragraphs: Sequence[WordParagraph]) -> Iterator[tuple[int, int]]:
    """Runs of lines that are links into the book, with their title.

    A heading may lead back to such a list, and follow it at once: there a line is said again.
    """
    start = 0
    for is_linked, group in groupby(paragraphs, key=_is_link):
        lines = list(group)
        fresh = _until_repeated([_title(line.text) for line in lines]) if is_linked else 0
        end = start + len(lines)
        if fresh >= _SHORTEST_LIST:
            is_titled = (
                start > 0 and not paragraphs[start - 1].kind and is_list_title(paragraphs[start - 1].text)
            )
            yield start - is_titled, start + fresh
        start = end


def _until_repeated(titles: Sequence[str]) -> int:
    """How many titles come before the first that is there already."""
    seen: set[str] = set()
    for at, title in enumerate(titles):
        if title in seen:
            return at
        seen.add(title)
    return len(titles)


def _is_link(paragraph: WordParagraph) -> bool:
    is_plain = paragraph.role in {Role.PARAGRAPH, Role.LIST_ITEM} and not paragraph.kind
    return is_plain and paragraph.linked > _LINKED * len(paragraph.text.strip())


def _listed_headings(paragraphs: Sequence[WordParagraph]) -> Iterator[tuple[int, int]]:
    """Runs of headings with nothing between them, each of which is there again further on."""
    headings = [at for at, paragraph in enumerate(paragraphs) if paragraph.level]
    later = Counter(_title(paragraphs[at].text) for at in headings)
    run: list[int] = []
    for at, following in pairwise([*headings, len(paragraphs)]):
        title = _title(paragraphs[at].text)
        later[title] -= 1
        is_again = later[title] > 0
        between = sum(words_in(paragraph.text) for paragraph in paragraphs[at + 1 : following])
        run += [at] if is_again else []
        if between > _LIST_GAP or not is_again:
            if _is_list([paragraphs[number].level for number in run]):
                yield run[0], run[-1] + 1
            run = []


def _is_list(levels: Sequence[int]) -> bool:
    """Whether headings of these levels list chapters, and are not one chapter's and its sections'."""
    return any(count >= _SHORTEST_LIST for count in Counter(levels).values())


def _title(text: str) -> str:
    """A line's words without the number of a page, by which it knows its heading."""
    return same_words(_PAGE.sub("", text) if len(text) < _LONGEST_LINE else text)
