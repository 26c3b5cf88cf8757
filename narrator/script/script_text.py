"""A script as a text that a person can read before it is paid for, edit, and render from.

`edited` reads a text of `written` that nobody edited as the script that it was written from. Only the signs of
`script_text_signs` are the format's; what looks like one in a book is escaped.
"""

from __future__ import annotations

import codecs
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from narrator.errors import UsageError
from narrator.model import Pause, Script, ScriptChapter, Segment, Skip, Span
from narrator.script.chapter_script import count_words
from narrator.script.edits import EDITED
from narrator.script.policy import is_speakable
from narrator.script.script_text_inheritance import inherited
from narrator.script.script_text_sections import (
    CLOSING,
    FIRST_LINE,
    OPENING,
    REVISION,
    Paragraph,
    Section,
    read_sections,
    read_source,
)
from narrator.script.script_text_signs import (
    CHAPTER,
    COMMENT,
    CUTS,
    HEADING,
    SCENE_BREAK,
    Marks,
    check_language,
    escaped,
    escaped_line,
    misread,
    one_line,
    written_marks,
)
from narrator.script.script_text_source import ensure_same_source, source_lines
from narrator.script.strategies import Limit

SourceOf = Callable[[int, Span], str | None]
"""The characters of a span of the chapter with this index from 0, where the manuscript is at hand."""

_PREVIEW = 60
_HELP = r"""# {first_line}
#
# {book}
#
# This is all that will be spoken of the book, in order. Edit it, and have it spoken as you left it:
#     narrator render BOOK --text THIS-FILE
#
# Empty lines part paragraphs, and each is spoken in one go. Change, delete, join, split or add some.
#
#   === 3. A title     The third chapter. Its title names files and is not spoken; its number has to stay.
#                      Without paragraphs below its title a chapter is not spoken.
#   == A heading       It is spoken, with a longer pause after it.
#   * * *              A pause between two scenes.
#   Some text /        It goes on in the next paragraph, after the pause of a word; // is that of a clause, and
#                      /// that of a sentence.
#   [voice=NAME lang=fr pause=heading] Some text
#                      In another voice, in another language, or with another pause after it:
#                      {pauses}.
#
# What begins with # is not spoken. A \ before a sign makes mere text of the sign, and \\ is a backslash.
#
# By these, a change of the book is noticed that this text knows nothing of:
{source}"""


def written(script: Script, source_of: SourceOf | None = None) -> str:
    """The script as a text. With the manuscript's text at hand, it shows how what is not spoken begins."""
    named = f"{script.title}, by {', '.join(script.authors)}" if script.authors else script.title
    book = one_line(f"{named} ({script.language})" if script.language else named)
    pauses = ", ".join(Pause)
    source = source_lines([*filter(_is_numbered, script.chapters)])
    parts = [_HELP.format(first_line=f"{FIRST_LINE} {REVISION}", book=book, pauses=pauses, source=source)]
    if script.opening:
        parts += [f"{CHAPTER} {OPENING}\n", *_paragraphs(script.opening, Pause.SCENE_BREAK)]
    number = 0
    for index, chapter in enumerate(script.chapters):
        if _is_numbered(chapter):
            number += 1
            heading = f"{CHAPTER} {number}. {escaped_line(chapter.title)}".rstrip()
            parts += [f"\n{heading}\n", *_chapter(chapter, index, source_of)]
        else:
            parts.append(f"\n{_unspoken(chapter)}\n")
    if script.closing:
        parts += [f"\n{CHAPTER} {CLOSING}\n", *_paragraphs(script.closing, Pause.CHAPTER)]
    return "\n".join(parts)


def _is_numbered(chapter: ScriptChapter) -> bool:
    """Whether a chapter is spoken, or was before an edit: the numbers of a text outlast what it does."""
    return chapter.spoken or any(skip.rule == EDITED for skip in chapter.skipped)


def _unspoken(chapter: ScriptChapter) -> str:
    rules = ", ".join(dict.fromkeys(skip.rule for skip in chapter.skipped)) or "no text"
    words = f"{chapter.words} word" if chapter.words == 1 else f"{chapter.words} words"
    return one_line(f"{COMMENT} Not spoken ({rules}): the chapter “{chapter.title}”, {words}")


def _chapter(chapter: ScriptChapter, index: int, source_of: SourceOf | None) -> Iterator[str]:
    """The paragraphs, and after each what stands behind it in the source and is not spoken."""
    starts = sorted(
        (span.block, span.start, at) for at, part in enumerate(chapter.segments) for span in part.spans
    )
    after: defaultdict[int, list[str]] = defaultdict(list)
    for skip in chapter.skipped:
        if skip.spans:
            before = bisect_left(starts, min((span.block, span.start, -1) for span in skip.spans))
            after[starts[before - 1][2] if before else -1].append(_skipped(skip, index, source_of))
    yield from after[-1]
    for at, paragraph in enumerate(_paragraphs(chapter.segments, Pause.CHAPTER)):
        yield paragraph
        yield from after[at]


def _skipped(skip: Skip, index: int, source_of: SourceOf | None) -> str:
    sources = [source_of(index, span) or "" for span in skip.spans] if source_of else []
    text = " ".join(" ".join(sources).split())
    begins = text if len(text) <= _PREVIEW else f"{text[:_PREVIEW].rstrip()}… ({count_words(text)} words)"
    return one_line(f"{COMMENT} Not spoken ({skip.rule}){begins and ': '}{begins}") + "\n"


def _paragraphs(segments: Sequence[Segment], last: Pause) -> Iterator[str]:
    """Paragraphs with their signs. The last pause of a part is `last`, unless a mark names another."""
    for segment in segments[:-1]:
        is_signed = segment.pause in {Pause.PARAGRAPH, Pause.HEADING, Pause.SCENE_BREAK, *CUTS}
        marks = Marks(segment.voice, segment.language, None if is_signed else segment.pause)
        head = f"{HEADING} " if segment.pause is Pause.HEADING else ""
        tail = f" {CUTS[segment.pause]}" if segment.pause in CUTS else ""
        scene_break = f"\n{SCENE_BREAK}\n" if segment.pause is Pause.SCENE_BREAK else ""
        yield f"{head}{written_marks(marks)}{escaped(segment.text)}{tail}\n{scene_break}"
    for segment in segments[-1:]:
        marks = Marks(segment.voice, segment.language, None if segment.pause is last else segment.pause)
        yield f"{written_marks(marks)}{escaped(segment.text)}\n"


def is_script_text(head: bytes) -> bool:
    """Whether a file that begins so was written by `written`."""
    return head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(f"{COMMENT} {FIRST_LINE}".encode())


def edited(
    text: str, script: Script, limits: Sequence[Limit] = (), source_of: SourceOf | None = None
) -> Script:
    """The script as its text, written by `written`, was edited.

    Each character of the source stays in a segment, or goes under the rule `EDITED`. What was written anew has
    no spans, unless it is what had been taken out: with the manuscript's text at hand, that is known again.
    `limits` hold for what was changed.

    Raises:
        UsageError: a line cannot be understood, a chapter is missing, or a paragraph is too long: the line is
            named, with what to do; or the text was written from another book, or this one before it changed.
    """
    sections = read_sections(text)
    chapters = [chapter for chapter in script.chapters if _is_numbered(chapter)]
    ensure_same_source(read_source(text), sections, chapters)
    ordered = iter(_in_order(sections, chapters, end=text.count("\n") + 1))
    before = [*script.opening, *(part for chapter in chapters for part in chapter.segments), *script.closing]
    known, languages = {part.text for part in before}, {part.language for part in before}
    for paragraph in (each for section in sections for each in section.paragraphs):
        if paragraph.text not in known:
            _check_text(paragraph, limits)
        if paragraph.marks.language not in languages:
            check_language(paragraph.marks.language, paragraph.line)
    return replace(
        script,
        chapters=tuple(
            _edited(each, next(ordered), partial(source_of, index) if source_of else None)
            if _is_numbered(each)
            else each
            for index, each in enumerate(script.chapters)
        ),
        opening=_credit(script.opening, sections, OPENING, Pause.SCENE_BREAK),
        closing=_credit(script.closing, sections, CLOSING, Pause.CHAPTER),
    )


def _in_order(sections: Sequence[Section], chapters: Sequence[ScriptChapter], end: int) -> list[Section]:
    """The sections of the chapters, which have to be all there; `end` is the number of the text's last line."""
    found: list[Section] = []
    for section in sections:
        if section.number is None:
            continue
        if section.number > len(chapters):
            what = f"there is no chapter {section.number}: the script has {len(chapters)}."
            raise misread(section.line, what, "Give the chapter the number back that it had.")
        if section.number <= len(found):
            what = f"chapter {section.number} stands here, behind chapter {len(found)}."
            raise misread(
                section.line, what, "Leave each chapter once, in its place, with the number that it had."
            )
        if section.number > len(found) + 1:
            raise _missing(section.line, len(found) + 1, chapters)
        found.append(section)
    if len(found) < len(chapters):
        raise _missing(end, len(found) + 1, chapters)
    return found


def _missing(line: int, number: int, chapters: Sequence[ScriptChapter]) -> UsageError:
    heading = f"{CHAPTER} {number}. {escaped_line(chapters[number - 1].title)}"
    return misread(
        line,
        f"above this line, chapter {number} is missing.",
        f"Put its heading back, '{heading}'; a chapter without paragraphs below its heading is not spoken.",
    )


def _check_text(paragraph: Paragraph, limits: Sequence[Limit]) -> None:
    if not is_speakable(paragraph.text):
        raise misread(
            paragraph.line,
            f"{paragraph.text[:40]!r} has nothing that could be spoken.",
            f"Delete the paragraph; a pause between scenes is '{SCENE_BREAK}'.",
        )
    for limit in limits:
        if not limit.holds(paragraph.text):
            raise misread(
                paragraph.line,
                f"this has {limit.size(paragraph.text)} {limit.unit}, and {limit.number} may be sent at once.",
                f"Split it with an empty line; '{CUTS[Pause.SENTENCE]}' at the end of the first part makes "
                "the pause between them short.",
            )


def _credit(
    before: Sequence[Segment], sections: Sequence[Section], title: str, last: Pause
) -> tuple[Segment, ...]:
    named = [section for section in sections if section.number is None and section.title == title]
    if len(named) > 1:
        raise misread(named[1].line, f"the {title.lower()} stand here again.", "Leave one of the two.")
    return inherited(before, [*_segments(named[0].paragraphs, last)]).segments if named else ()


def _edited(
    chapter: ScriptChapter, section: Section, source_of: Callable[[Span], str | None] | None
) -> ScriptChapter:
    removed = [
        (skip, " ".join(source_of(span) or "" for span in skip.spans))
        for skip in chapter.skipped
        if skip.rule == EDITED and skip.spans and source_of
    ]
    now = inherited(chapter.segments, [*_segments(section.paragraphs, Pause.CHAPTER)], removed)
    skipped = [skip for skip in chapter.skipped if skip not in now.put_back]
    skipped += (Skip(EDITED, part.spans) for part in now.deleted if part.spans)
    return replace(chapter, title=section.title, segments=now.segments, skipped=tuple(skipped))


def _segments(paragraphs: Sequence[Paragraph], last: Pause) -> Iterator[Segment]:
    for number, paragraph in enumerate(paragraphs, 1):
        usual = last if number == len(paragraphs) else paragraph.pause or Pause.PARAGRAPH
        marks = paragraph.marks
        yield Segment(paragraph.text, (), marks.pause or usual, marks.voice, marks.language)
