"""Languages and ruby in the paragraphs of word processors: as signs in a copy of the text, and then as marks.

The text itself stays without signs, so that whoever looks for headings and notes in it sees what people see.
Its copy goes the same way into blocks; where the two differ in anything but signs, there are no marks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from narrator.manuscript.inline import Marker, without_signs
from narrator.manuscript.language import guess_language, normal_tag
from narrator.model import Mark, MarkKind, Role

_NO_LANGUAGE = {"x", "zxx", "und", "mul", "mis", "none"}
"""What programs write where nothing shall be spell-checked."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A run of a paragraph's text: the language that it is marked to be in, as its file writes it, or ''."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Ruby:
    """Runs [start, end) of a paragraph, by number, and how they are read."""

    start: int
    end: int
    reading: str


def signed(runs: Sequence[Spoken], rubies: Sequence[Ruby], marker: Marker) -> str:
    """The text of a paragraph with signs; '' where it is in one language and has no ruby."""
    tags = list(_tags(runs, rubies))
    if (
        len({_primary(tag) for run, tag in zip(runs, tags, strict=True) if _has_letters(run.text)}) < 2
        and not rubies
    ):
        return ""
    begins, ends = {ruby.start: ruby for ruby in rubies}, {ruby.end for ruby in rubies}
    parts: list[str] = []
    before = ""
    for at, (run, tag) in enumerate(zip(runs, tags, strict=True)):
        parts += [marker.end()] * (at in ends)
        if tag != before:
            parts += [marker.end()] if before else []
            parts += [marker.begin(MarkKind.LANGUAGE, tag)] if tag else []
        before = tag
        if at in begins:
            parts.append(marker.begin(MarkKind.READING, begins[at].reading))
        parts.append(without_signs(run.text))
    return "".join(parts)


def _tags(runs: Sequence[Spoken], rubies: Sequence[Ruby]) -> Iterator[str]:
    """The language of each run; signs and spaces are in that of the text before them, and so is a ruby."""
    inside = {at for ruby in rubies for at in range(ruby.start + 1, ruby.end)}
    known: dict[str, str] = {}
    tag = ""
    for at, run in enumerate(runs):
        if _has_letters(run.text) and at not in inside:
            if run.language not in known:
                said = normal_tag(run.language)
                known[run.language] = "" if _primary(said) in _NO_LANGUAGE else said
            tag = known[run.language]
        yield tag


class Marks:
    """The marks of one document, whose paragraphs with signs are these."""

    def __init__(self, paragraphs: Iterable[str], marker: Marker) -> None:
        self._marker = marker
        said: dict[str, list[str]] = defaultdict(list)
        for paragraph in paragraphs:
            text, marks = marker.taken(paragraph) if paragraph else ("", ())
            for mark in marks:
                if mark.kind is MarkKind.LANGUAGE:
                    said[_primary(mark.value)].append(text[mark.start : mark.end])
        # Programs mark text by the keyboard that is plugged in: all that is marked alike must look like it.
        self._believed = {primary for primary, texts in said.items() if guess_language(texts) in {"", primary}}

    def of(
        self, plain: Sequence[tuple[Role, str]], with_signs: Sequence[tuple[Role, str]], language: str
    ) -> list[tuple[Role, str, tuple[Mark, ...]]]:
        """The blocks of a paragraph in this language, each with its marks."""
        taken = [(role, *self._marker.taken(text)) for role, text in with_signs]
        if [(role, text) for role, text, _ in taken] != list(plain):
            return [(role, text, ()) for role, text in plain]
        return [(role, text, self._certain(text, marks, language)) for role, text, marks in taken]

    def _certain(self, text: str, marks: Sequence[Mark], language: str) -> tuple[Mark, ...]:
        foreign = [
            mark for mark in marks if mark.kind is MarkKind.LANGUAGE and self._is_foreign(text, mark, language)
        ]
        rest = "".join(text[end:start] for end, start in _between(foreign, len(text)))
        kept = foreign if _has_letters(rest) else []
        return tuple(mark for mark in marks if mark.kind is not MarkKind.LANGUAGE or mark in kept)

    def _is_foreign(self, text: str, mark: Mark, language: str) -> bool:
        primary = _primary(mark.value)
        if primary == _primary(language) or primary not in self._believed:
            return False
        return guess_language([text[mark.start : mark.end]]) in {"", primary}


def _between(marks: Sequence[Mark], length: int) -> Iterator[tuple[int, int]]:
    end = 0
    for mark in marks:
        yield end, mark.start
        end = mark.end
    yield end, length


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def _primary(tag: str) -> str:
    return tag.partition("-")[0]
