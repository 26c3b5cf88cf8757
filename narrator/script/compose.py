"""A manuscript becomes a script: chapter by chapter, with the titles and credits that are spoken."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from narrator.config import Reading, Titles
from narrator.model import AskedTitles, Block, Chapter, Manuscript, Pause, Script, ScriptChapter, Segment
from narrator.script.chapter_script import ChapterWriter, assert_tiling, is_numbered
from narrator.script.chapter_titles import folded, shows_title
from narrator.script.credits import asked_before, asked_titles, book_values, fill
from narrator.script.edits import moved, with_edits, with_edits_of_alike
from narrator.script.names_asked import unknown_names
from narrator.script.notes import with_notes
from narrator.script.policy import Policy
from narrator.script.speech_text import heading_text
from narrator.script.stamps import is_by_hand, is_edited, stamped
from narrator.script.treatment import Treatment
from narrator.script.wording import LEXICON, Wording

_LOG = logging.getLogger("narrator")

_HEAD = 5
"""The title and the author of a book that begins with them are among so many segments."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A script that was accepted: the SHA-256 of the manuscript that it is of, and how it was made.

    `cutting` and `wording` are the facts of the treatment of then. `is_early` says that it is of the time
    before texts were written out and edits told.
    """

    script: Script
    source_sha256: str
    cutting: Mapping[str, object]
    wording: Mapping[str, str]
    is_early: bool = False

    @property
    def reading(self) -> Reading:
        """What was wished to be spoken then."""
        return Reading.model_validate(self.cutting.get("reading", {}))

    def is_cut_by(self, treatment: Treatment) -> bool:
        return self.cutting == treatment.cutting

    def is_worded_by(self, treatment: Treatment) -> bool:
        """Whether the texts are written out as they would be now."""
        asked = treatment.wording.facts
        unasked = {"auto", "language"} if self.is_early else {"auto"}
        return {**self.wording, **dict.fromkeys(unasked, "")} == {**asked, **dict.fromkeys(unasked, "")}


def compose(
    manuscript: Manuscript,
    treatment: Treatment,
    accepted: Accepted | None = None,
    *,
    titles: Titles = Titles(),  # noqa: B008 - it is frozen
) -> Script:
    """Write the script of a book, its titles spoken as `titles` ask, whose templates are checked.

    What was accepted stays as it was, so that it is paid for once: chapters whose blocks are the same (by
    source digest), and titles of which the same was asked. Under another treatment they are made anew, or
    written out anew; what somebody edited by hand stays even then, where it is still cut alike.

    Raises:
        ConfigError: a regular expression of the lexicon takes too long over a text.
    """
    if accepted is None or not accepted.is_cut_by(treatment):
        for problem in unknown_names(manuscript, treatment.reading, treatment.cast):
            _LOG.warning("%s", problem)
    return _Composer(manuscript, treatment, accepted, titles).script()


def source_digest(chapter: Chapter) -> str:
    """SHA-256 of all that decides a chapter's script: its matter, its kind and its blocks."""
    form = json.dumps([chapter.matter, chapter.kind, [*map(_facts, chapter.blocks)]], ensure_ascii=False)
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()


def _facts(block: Block) -> list[object]:
    """What of a block decides how it is spoken; marks and a speaker only where there are some."""
    facts: list[object] = [block.role, block.text, block.language]
    if block.speaker or block.marks:
        facts += [block.speaker, [[mark.kind, mark.start, mark.end, mark.value] for mark in block.marks]]
    return facts


class _Composer:
    """One book's way to its script."""

    def __init__(
        self, manuscript: Manuscript, treatment: Treatment, accepted: Accepted | None, titles: Titles
    ) -> None:
        self._book = book = with_notes(manuscript, treatment.reading)
        self._before = with_notes(manuscript, accepted.reading) if accepted else book
        self._writer = ChapterWriter(book, treatment)
        self._plain_writer = ChapterWriter(book, replace(treatment, wording=Wording()))
        self._policy = Policy(treatment.reading)
        self._accepted = accepted
        self._is_cut_alike = accepted is not None and accepted.is_cut_by(treatment)
        self._is_worded_alike = accepted is not None and accepted.is_worded_by(treatment)
        self._asked = asked_titles(titles, book.title, book.authors, book.language)

    def script(self) -> Script:
        book = self._book
        accepted = self._accepted_script()
        before = asked_before(accepted, book.title, book.authors, book.language) if accepted else self._asked
        chapters = self._chapters(before)
        opening, closing = self._credits(chapters)
        if accepted:
            opening = self._credit(
                opening, accepted.opening, is_asked_alike=before.opening == self._asked.opening
            )
            closing = self._credit(
                closing, accepted.closing, is_asked_alike=before.closing == self._asked.closing
            )
        return Script(
            book.title,
            book.authors,
            book.language,
            chapters,
            opening,
            closing,
            self._asked,
            date=book.date,
            series=book.series,
            part=book.part,
            isbn=book.isbn,
            publisher=book.publisher,
            description=book.description,
        )

    def _accepted_script(self) -> Script | None:
        if self._accepted is None:
            return None
        script = self._accepted.script
        if not self._accepted.is_early:
            return script
        # Early credits have no stamps.
        return replace(
            script, opening=tuple(map(stamped, script.opening)), closing=tuple(map(stamped, script.closing))
        )

    def _chapters(self, before: AskedTitles) -> tuple[ScriptChapter, ...]:
        known = _Known(self._accepted)
        olds = [known.take(chapter, source_digest(chapter)) for chapter in self._before.chapters]
        chapters = []
        for number, (chapter, was) in enumerate(zip(self._book.chapters, self._before.chapters, strict=True)):
            digest, old = source_digest(chapter), olds[number]
            if old and was != chapter:
                old = moved(old, was, chapter)
            if old and self._accepted and self._accepted.is_early:
                old = self._plain_writer.vouched(old, chapter)
            fresh = self._chapter(chapter, digest, old) if old else self._new(chapter, digest, known)
            if old is None or not old.spoken or self._is_titled_anew(old, chapter, before):
                fresh = self._titled(fresh, self._title_said(number))
            chapters.append(replace(fresh, sources=tuple(block.source for block in chapter.blocks)))
        return tuple(chapters)

    def _new(self, chapter: Chapter, digest: str, known: _Known) -> ScriptChapter:
        """The script of a chapter that was not there before, or not like this."""
        made = self._writer.write(chapter, digest)
        if (changed := known.take_of(chapter.title)) is None:
            return made
        made, lost = with_edits_of_alike(made, changed)
        if lost:
            _LOG.warning(
                "The chapter %r was changed in the book. Edits of its script that could not be kept: %d.",
                chapter.title,
                lost,
            )
        made = self._writer.fitted(made)
        assert_tiling(chapter, made)
        return made

    def _chapter(self, chapter: Chapter, digest: str, old: ScriptChapter) -> ScriptChapter:
        if not self._is_cut_alike or (not self._is_worded_alike and _is_silenced(old)):
            made = self._writer.fitted(with_edits(self._writer.write(chapter, digest), old))
            assert_tiling(chapter, made)
            return made
        is_renamed = old.title_read != chapter.title
        kept = replace(old, title=chapter.title, title_read=chapter.title) if is_renamed else old
        kept = replace(kept, source_digest=digest)
        return kept if self._is_worded_alike else self._writer.reword(kept, chapter)

    def _title_said(self, number: int) -> str:
        """What is said of the title of a chapter of the book before its text; '' for nothing."""
        book, template = self._book, self._asked.chapter
        chapter = book.chapters[number]
        before = book.chapters[number - 1] if number else None
        if not template or shows_title(chapter, before, book.title, self._policy):
            return ""
        title = heading_text(chapter.title, is_chapter=is_numbered(chapter), language=book.language)
        return fill(template, {**book_values(book.title, book.authors, book.language), "chapter": title})

    def _is_titled_anew(self, old: ScriptChapter, chapter: Chapter, before: AskedTitles) -> bool:
        is_renamed = _says_title(old) and old.title_read != chapter.title
        is_alike = self._is_cut_alike and self._is_worded_alike
        is_reworded = not is_alike and _says_title(old) and not any(map(is_edited, _title_of(old)))
        return is_renamed or is_reworded or before.chapter != self._asked.chapter

    def _titled(self, chapter: ScriptChapter, title: str) -> ScriptChapter:
        """The chapter with this title said first, in place of another one."""
        opening = len(list(takewhile(lambda segment: not segment.spans, chapter.segments)))
        by_hand = tuple(filter(is_by_hand, chapter.segments[:opening]))
        text = by_hand + chapter.segments[opening:]
        return replace(chapter, segments=self._writer.unsourced(title, Pause.HEADING) + text if text else ())

    def _credits(self, chapters: Sequence[ScriptChapter]) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
        """The opening, unless the text begins with the very same words, and the closing."""
        first = next((chapter for chapter in chapters if chapter.spoken), None)
        heard = "".join(folded(segment.text) for segment in first.segments[:_HEAD]) if first else ""
        opening = "" if heard.startswith(folded(self._asked.opening)) else self._asked.opening
        return (
            self._writer.unsourced(opening, Pause.SCENE_BREAK),
            self._writer.unsourced(self._asked.closing, Pause.CHAPTER),
        )

    def _credit(
        self, new: tuple[Segment, ...], old: tuple[Segment, ...], *, is_asked_alike: bool
    ) -> tuple[Segment, ...]:
        stays = self._is_worded_alike or any(map(is_edited, old)) or not old
        return old if is_asked_alike and stays else new


def _says_title(chapter: ScriptChapter) -> bool:
    return bool(_title_of(chapter))


def _title_of(chapter: ScriptChapter) -> tuple[Segment, ...]:
    """The segments that say a title which the text does not show; what a person put there is none of them."""
    opening = takewhile(lambda segment: not segment.spans, chapter.segments)
    return tuple(segment for segment in opening if not is_by_hand(segment))


def _is_silenced(chapter: ScriptChapter) -> bool:
    return any(part.rule == LEXICON for part in chapter.skipped)


class _Known:
    """The chapters of the accepted script, each of which is taken once: two may be alike."""

    def __init__(self, accepted: Accepted | None) -> None:
        self._is_early = accepted is not None and accepted.is_early
        self._by_digest: defaultdict[str, deque[ScriptChapter]] = defaultdict(deque)
        for chapter in accepted.script.chapters if accepted else ():
            self._by_digest[chapter.source_digest].append(chapter)

    def take(self, chapter: Chapter, digest: str) -> ScriptChapter | None:
        """The script of a chapter with these blocks; an early one knew nothing of marks and speakers."""
        found = self._by_digest[digest]
        if not found and self._is_early:
            plain = tuple(replace(block, marks=(), speaker="") for block in chapter.blocks)
            found = self._by_digest[source_digest(replace(chapter, blocks=plain))]
        return found.popleft() if found else None

    def take_of(self, title: str) -> ScriptChapter | None:
        """The script of a chapter of this title whose blocks are not in the book any more."""
        for found in self._by_digest.values():
            if found and found[0].title_read == title:
                return found.popleft()
        return None
