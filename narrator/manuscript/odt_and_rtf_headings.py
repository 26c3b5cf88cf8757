"""Which paragraphs of a word processor's document are headings, by style, by words, or by looks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from narrator.manuscript.characters import clean, same_words, words_in
from narrator.manuscript.contents_marks import is_title_of_number
from narrator.manuscript.headings import Rank, is_bare_label, is_bare_number, label_is_chapter, label_of
from narrator.manuscript.matter import is_page_apart, kind_of_title
from narrator.manuscript.text_heading import TextHeading
from narrator.manuscript.text_headings import text_headings
from narrator.manuscript.text_paragraphs import Paragraph
from narrator.model import Role

_SHORTEST_LIST = 4
"""So many headings in a row with no text between them are lines of a list, where they come again."""
_LONGEST_LINE = 100
_LONGEST_TITLE = 220
_LIST_GAP = 12
_LONG_WORD = 10
LARGER = 1.12
"""A line in letters larger than the book's by this stands out."""
_SENTENCE_END = re.compile(r"[.,;:]$")
_PAGE_NUMBER = re.compile(r"[\s.·…]+\d{1,4}$")
_STANDS_OUT = 3
"""Empty lines that a new page, large letters and the like are worth, for rules that count these."""


@dataclass(frozen=True, slots=True)
class Written:
    r"""A paragraph as its author left it.

    `text` has '\n' at line breaks, and is '' where the paragraph says nothing. `level` is a heading's, 1 and
    more, by its style; `is_title`: in the style of the document's title. `kind` is what is known of the pages
    that it is on ('toc', 'index'). `blanks` counts empty paragraphs before it. `size` is that of its letters,
    in any unit, 0 where unknown. `linked` counts the characters of it that are links. `signed` is the text with
    signs for marks, '' where there are none; `notes` and `note` are as a block has them.
    """

    text: str
    role: Role = Role.PARAGRAPH
    level: int = 0
    is_title: bool = False
    kind: str = ""
    source: str = ""
    blanks: int = 0
    size: float = 0
    is_bold: bool = False
    is_centred: bool = False
    opens_page: bool = False
    linked: int = 0
    signed: str = ""
    notes: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """The number of the paragraph, or of the piece, where a chapter begins; its title and kind of page."""

    at: int
    title: str
    kind: str = ""
    holds_chapters: bool = False


def with_headings(written: Sequence[Written]) -> tuple[list[Written], list[Cut]]:
    """The paragraphs that have text, with the levels of headings, and where to cut; [] where levels tell it."""
    book = _without_lists(_with_titles([paragraph for paragraph in written if paragraph.text]))
    levels = [paragraph.level for paragraph in book if paragraph.level]
    told = _told(book)
    chapters = sum(label_is_chapter(heading.title) for _, heading in told)
    if len(levels) > 1 and chapters <= max(2, len(levels)):
        return _with_titles_below(_with_forgotten(book, told)), []
    if any(not is_page_apart(kind_of_title(heading.title)) for _, heading in told):
        return _with_told(book, told)
    looks = _with_looks(book)
    return (looks, []) if sum(paragraph.level > 0 for paragraph in looks) > 1 else (book, [])


def _with_titles(book: list[Written]) -> list[Written]:
    """A title that comes several times is the style of the chapters, and so above the other headings."""
    if sum(paragraph.is_title for paragraph in book) < 3:
        return book
    return [
        replace(paragraph, is_title=False, level=1)
        if paragraph.is_title
        else replace(paragraph, level=paragraph.level + bool(paragraph.level))
        for paragraph in book
    ]


def _with_forgotten(book: list[Written], told: Sequence[tuple[int, TextHeading]]) -> list[Written]:
    """The book with headings that somebody forgot to style: contents and the like, and missing chapters."""
    styled = [(line.level, number) for line in book if line.level and (number := _chapter_number(line.text))]
    numbers = {number for _, number in styled}
    top = min(line.level for line in book if line.level)
    others = {at for at, line in enumerate(book) if line.level} | {at for at, _ in told}
    found = list(book)
    for at, heading in told:
        if book[at].level:
            continue
        number = _chapter_number(heading.title)
        is_missing = len(styled) > 1 and number and number not in numbers
        if is_missing and at + 1 not in others and _heads_text(book, at + 1, others):
            found[at] = replace(book[at], level=styled[0][0])
        elif is_page_apart(kind_of_title(heading.title)):
            found[at] = replace(book[at], level=top)
    return found


def _chapter_number(text: str) -> str:
    """What numbers a chapter, such as 'chapter5', '' where the text does not begin with it."""
    text = clean(text)
    label = label_of(text)
    return same_words(text.removesuffix(label.title)) if label and label.rank is Rank.CHAPTER else ""


def _with_titles_below(book: Sequence[Written]) -> list[Written]:
    """A chapter's title right below its number, both in the style of chapters, as the lower of the two."""
    found = list(book)
    for at, (above, line) in enumerate(pairwise(book), 1):
        is_title = 0 < line.level == above.level and is_title_of_number(clean(line.text))
        if is_title and is_bare_label(clean(above.text)):
            found[at] = replace(line, level=line.level + 1)
    return found


def _without_lists(book: list[Written]) -> list[Written]:
    """Lines of a list of contents, in the style of headings or of a chapter's number, are no headings."""
    found = list(book)
    names = [_name(line) if line.level or _is_label(line) else "" for line in book]
    later = Counter(filter(None, names))
    run: list[int] = []
    for at, name in enumerate([*names, ""]):
        if name:
            run.append(at)
            later[name] -= 1
            continue
        if len(run) >= _SHORTEST_LIST:
            for number in run[: _listed([names[number] for number in run], later)]:
                found[number] = replace(book[number], level=0, kind="toc")
        run = []
    return found


def _listed(run: Sequence[str], later: Counter[str]) -> int:
    """How many of the first of these names are a list: till it begins anew, or all where most come again."""
    anew = next((number for number in range(len(run) - 1, 0, -1) if run[number] == run[0]), 0)
    if anew >= _SHORTEST_LIST - 1:
        return anew
    again = sum(later[name] > 0 for name in run)
    if again * 3 < len(run) * 2:
        return 0
    return len(run) if later[run[-1]] > 0 else len(run) - 1


def _name(line: Written) -> str:
    text = clean(line.text)
    return same_words(_PAGE_NUMBER.sub("", text) or text)


def _is_label(line: Written) -> bool:
    text = clean(line.text)
    is_short = _can_be_heading(line) and len(text) <= _LONGEST_LINE
    return is_short and (label_of(text) is not None or is_bare_number(text))


# --- by words -----------------------------------------------------------------------------------------


def _told(book: Sequence[Written]) -> list[tuple[int, TextHeading]]:
    """The headings that words tell, as in plain text, each with the number of its paragraph."""
    plain = [at for at, paragraph in enumerate(book) if _can_be_heading(paragraph)]
    body = body_size(book)
    lines = [_as_text(book, at, body) for at in plain]
    return [(plain[heading.at], heading) for heading in text_headings(lines)]


def _can_be_heading(paragraph: Written) -> bool:
    return paragraph.role is Role.PARAGRAPH and not paragraph.kind and bool(clean(paragraph.text))


def _as_text(book: Sequence[Written], at: int, body: float) -> Paragraph:
    paragraph = book[at]
    lines = tuple(line for line in map(clean, paragraph.text.split("\n")) if line)
    blanks = 1 + paragraph.blanks
    if _stands_out(paragraph, body) or not at:
        blanks += 0 if _is_below_number(book, at) else _STANDS_OUT
    elif _stands_out(book[at - 1], body) and _length(paragraph.text) > _LIST_GAP:
        blanks += 2 * _STANDS_OUT  # what is above it is a title
    return Paragraph(lines, " ".join(lines), at, blanks)


def _is_below_number(book: Sequence[Written], at: int) -> bool:
    """Whether this stands right below a chapter's number, and so is its title, whatever its words."""
    return at > 0 and not book[at].blanks and is_bare_label(clean(book[at - 1].text))


def _with_told(book: list[Written], told: Sequence[tuple[int, TextHeading]]) -> tuple[list[Written], list[Cut]]:
    """The book with these headings and those of its styles; it is cut at the former, and at pages apart."""
    found = list(book)
    cuts: dict[int, Cut] = {}
    for at, heading in told:
        cuts[at] = Cut(at, heading.title, heading.kind)
        own = (number for number in range(at, len(book)) if _can_be_heading(book[number]))
        for number in islice(own, heading.paragraphs):
            found[number] = replace(found[number], level=2)
    for at, paragraph in enumerate(book):
        if paragraph.level and is_page_apart(kind_of_title(clean(paragraph.text))):
            cuts.setdefault(at, Cut(at, clean(paragraph.text)))
    return found, [cuts[at] for at in sorted(cuts)]


# --- by looks -----------------------------------------------------------------------------------------


def _with_looks(book: Sequence[Written]) -> list[Written]:
    """Short lines that stand out, above text that does not, as headings: the larger the higher."""
    body = body_size(book)
    candidates = {at for at, paragraph in enumerate(book) if _looks_like_heading(paragraph, body)}
    above_text = {at for at in candidates if _heads_text(book, at + 1, candidates)}
    sizes = sorted({book[at].size for at in above_text}, reverse=True)
    return [
        replace(paragraph, level=min(sizes.index(paragraph.size) + 1, 6)) if at in above_text else paragraph
        for at, paragraph in enumerate(book)
    ]


def _heads_text(book: Sequence[Written], at: int, candidates: set[int]) -> bool:
    """Whether prose begins here, perhaps below one more line that stands out."""
    while at in candidates and book[at].blanks < 2 and not book[at].opens_page:
        at += 1
    length = 0
    while at < len(book) and at not in candidates and length <= _LIST_GAP:
        length += _length(book[at].text)
        at += 1
    return length > _LIST_GAP


def _looks_like_heading(paragraph: Written, body: float) -> bool:
    text = clean(paragraph.text)
    if not _can_be_heading(paragraph) or not text or len(text) > _LONGEST_LINE or _SENTENCE_END.search(text):
        return False
    return any(char.isalnum() for char in text) and _stands_out(paragraph, body)


def _stands_out(paragraph: Written, body: float) -> bool:
    is_large = body > 0 and paragraph.size > body * LARGER
    is_set_apart = paragraph.is_centred or paragraph.opens_page or paragraph.blanks > 1
    is_short = len(paragraph.text) <= _LONGEST_TITLE
    return is_short and (
        is_large or (paragraph.is_bold and is_set_apart) or (paragraph.is_centred and paragraph.opens_page)
    )


def _length(text: str) -> int:
    """Words; where there are no spaces between them, by the number of characters."""
    return max(words_in(text), len(text) // _LONG_WORD)


def body_size(book: Sequence[Written]) -> float:
    """The size of most of the letters."""
    sizes: Counter[float] = Counter()
    for paragraph in book:
        sizes[paragraph.size] += len(paragraph.text)
    return sizes.most_common(1)[0][0] if sizes else 0
