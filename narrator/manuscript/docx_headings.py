"""Headings in Word files whose authors used no styles for them, or forgot some: told by words, then by look."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from narrator.manuscript.characters import clean, clean_lines, words_in
from narrator.manuscript.docx_body import WordParagraph
from narrator.manuscript.docx_looks import (
    CHAPTER_LEVEL,
    LIST_GAP,
    Shape,
    can_head,
    stands_out,
    usual_shape,
    with_headings_by_look,
)
from narrator.manuscript.docx_styles import TITLE_LEVEL
from narrator.manuscript.headings import Rank, is_bare_label, is_bare_number, is_numbered_title, label_of
from narrator.manuscript.text_headings import text_headings
from narrator.manuscript.text_paragraphs import Paragraph
from narrator.model import Role

_TITLE_BELOW = CHAPTER_LEVEL + 1
_LOWEST = 6
_LONGEST_ARTICLE = 100
_ARTICLE = re.compile(
    r"(?:article|artikel|art[íi]culo|articolo|artigo|статья)\s+(?:\d{1,3}|[IVXLC]{1,7})(?!\w)\s*[.:—–-]*\s*"
    r"(?P<title>.*)",
    re.IGNORECASE,
)
_SECTION = re.compile(r"section\b", re.IGNORECASE)
_SEVERAL = 3
_SENTENCE_ENDS = ".!?:;,\"'”’»"


def with_headings(paragraphs: Sequence[WordParagraph]) -> list[WordParagraph]:
    """The paragraphs, with headings found where the styles name none, or where single ones were forgotten."""
    styled = sum(paragraph.level > TITLE_LEVEL for paragraph in paragraphs)
    titles = sum(paragraph.level == TITLE_LEVEL for paragraph in paragraphs)
    if styled > 1 or titles > 1:
        whole = _headed(paragraphs, _forgotten(paragraphs) or _unstyled(paragraphs))
        return _headed(whole, _titles_below(whole))
    by_words = _by_words(paragraphs)
    articles = _articles(paragraphs)
    labelled = [text for at in by_words if label_of(text := clean(paragraphs[at].text))]
    if articles and all(map(_SECTION.match, labelled)):
        return _with_articles(paragraphs, articles)
    numbered = sum(is_bare_number(clean(paragraphs[at].text)) for at in by_words)
    by_look = with_headings_by_look(paragraphs) if len(labelled) + numbered < 2 else None
    return by_look or _headed(paragraphs, by_words)


def _headed(paragraphs: Sequence[WordParagraph], levels: dict[int, int]) -> list[WordParagraph]:
    return [
        replace(paragraph, role=Role.HEADING, level=levels[at]) if at in levels else paragraph
        for at, paragraph in enumerate(paragraphs)
    ]


def _by_words(paragraphs: Sequence[WordParagraph]) -> dict[int, int]:
    """What the rules for plain text take for headings, with their levels."""
    at_of = [at for at, paragraph in enumerate(paragraphs) if not paragraph.kind]
    usual = usual_shape(paragraphs)
    found: dict[int, int] = {}
    for heading in text_headings([_as_text(paragraphs[at], usual) for at in at_of]):
        for below in range(heading.paragraphs):
            found[at_of[heading.at + below]] = _TITLE_BELOW if below else CHAPTER_LEVEL
    return _without_sections(paragraphs, found)


def _without_sections(paragraphs: Sequence[WordParagraph], found: dict[int, int]) -> dict[int, int]:
    """The headings without mere numbers where chapters are called so, and without labels that head nothing."""
    chapters = {at for at in found if _is_chapter(clean(paragraphs[at].text))}
    if len(chapters) < 2:
        return found
    idle = {at for at in chapters if _words_below(paragraphs, at, chapters) <= LIST_GAP}
    sections = {at for at in found if found[at] == CHAPTER_LEVEL and _is_section(clean(paragraphs[at].text))}
    dropped = idle | sections
    dropped |= {at for at, level in found.items() if level == _TITLE_BELOW and at - 1 in dropped}
    return {at: level for at, level in found.items() if at not in dropped}


def _is_chapter(text: str) -> bool:
    label = label_of(text)
    return label is not None and label.rank is Rank.CHAPTER


def _is_section(text: str) -> bool:
    return is_bare_number(text) or is_numbered_title(text)


def _as_text(paragraph: WordParagraph, usual: Shape) -> Paragraph:
    """A paragraph as lines of plain text; one that stands out has empty lines before it."""
    lines = tuple(line for line in clean_lines(paragraph.text) if line) or ("",)
    blanks = 0 if paragraph.role is not Role.PARAGRAPH else 1 + paragraph.blanks
    if blanks and (paragraph.starts_page or stands_out(paragraph, usual)):
        blanks += 2
    return Paragraph(lines, " ".join(lines), paragraph.number, blanks)


# --- beside styles -----------------------------------------------------------------------------------------


def _forgotten(paragraphs: Sequence[WordParagraph]) -> dict[int, int]:
    """Lines such as 'Chapter 7' that have no style in a book where such lines have one, and that head text."""
    styled = [(_label_word(paragraph.text), paragraph.level) for paragraph in paragraphs if paragraph.level]
    words = Counter(pair for pair in styled if pair[0])
    if not words:
        return {}
    (word, level), count = words.most_common(1)[0]
    if count < _SEVERAL or count * 2 < sum(own == level for _, own in styled):
        return {}
    found = {
        at
        for at, paragraph in enumerate(paragraphs)
        if paragraph.blanks and can_head(paragraph) and _label_word(paragraph.text) == word
    }
    ends = found | {at for at, paragraph in enumerate(paragraphs) if paragraph.level}
    return {at: level for at in found if _words_below(paragraphs, at, ends) > LIST_GAP}


def _unstyled(paragraphs: Sequence[WordParagraph]) -> dict[int, int]:
    """The chapters of a book in which styles head other pages, such as the preface, alone."""
    if any(paragraph.level and label_of(clean(paragraph.text)) for paragraph in paragraphs):
        return {}
    found = _by_words(paragraphs)
    if sum(_is_chapter(clean(paragraphs[at].text)) for at in found) < _SEVERAL:
        return {}
    styled = [paragraph.level for paragraph in paragraphs if paragraph.level > TITLE_LEVEL]
    lower = min(styled, default=CHAPTER_LEVEL) - CHAPTER_LEVEL
    return {at: min(level + lower, _LOWEST) for at, level in found.items()}


def _label_word(text: str) -> str:
    """The word of a label: 'chapter' of 'CHAPTER 7 - BUDGETS', '' where there is none."""
    text = clean(text)
    return text.split()[0].casefold() if label_of(text) else ""


def _titles_below(paragraphs: Sequence[WordParagraph]) -> dict[int, int]:
    """Lines below 'Chapter 1' and the like that are titles: where most stand out, or are no sentences."""
    usual = usual_shape(paragraphs)
    numbered = [
        at
        for at, paragraph in enumerate(paragraphs[:-1])
        if paragraph.level and is_bare_label(clean(paragraph.text))
    ]
    possible = {at + 1 for at in numbered if not paragraphs[at + 1].level and can_head(paragraphs[at + 1])}
    outstanding = sum(stands_out(paragraphs[at], usual) for at in possible)
    open_ended = sum(paragraphs[at].text.rstrip()[-1] not in _SENTENCE_ENDS for at in possible)
    evident = max(outstanding, open_ended if len(numbered) >= _SEVERAL else 0)
    if evident * 3 < len(numbered) * 2:
        return {}
    return {at: min(paragraphs[at - 1].level + 1, _LOWEST) for at in possible}


# --- the articles of laws and contracts -----------------------------------------------------------------


def _articles(paragraphs: Sequence[WordParagraph]) -> list[int]:
    """The lines such as 'ARTICLE IV' that head text; [] where there are no two of them."""
    found = {
        at
        for at, paragraph in enumerate(paragraphs)
        if paragraph.role is Role.PARAGRAPH and not paragraph.kind and _article(paragraph)
    }
    heads = [at for at in sorted(found) if _words_below(paragraphs, at, found) > LIST_GAP]
    return heads if len(heads) > 1 else []


def _article(paragraph: WordParagraph) -> re.Match[str] | None:
    text = clean(paragraph.text)
    return _ARTICLE.fullmatch(text) if len(text) <= _LONGEST_ARTICLE else None


def _with_articles(paragraphs: Sequence[WordParagraph], articles: Sequence[int]) -> list[WordParagraph]:
    """The paragraphs with articles as headings, each with the title in the line below it."""
    usual = usual_shape(paragraphs)
    found = list(paragraphs)
    for at in reversed(articles):
        text, below = clean(found[at].text), found[at + 1]
        match = _ARTICLE.fullmatch(text)
        if match and not match["title"] and can_head(below) and stands_out(below, usual):
            text = f"{text.rstrip(' .:—–-')}. {clean(below.text)}"
            del found[at + 1]
        found[at] = replace(found[at], text=text, role=Role.HEADING, level=CHAPTER_LEVEL)
    return found


def _words_below(paragraphs: Sequence[WordParagraph], at: int, ends: AbstractSet[int]) -> int:
    """The words after a line, up to the next of `ends`; counted no further than need be."""
    words = 0
    for number in range(at + 1, len(paragraphs)):
        if number in ends or words > LIST_GAP:
            break
        words += words_in(paragraphs[number].text)
    return words
