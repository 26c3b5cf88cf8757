"""Paragraphs as they grow while RTF is read: runs of text, cells of a row, notes that hang on a word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from narrator.manuscript.blocks import joined_row
from narrator.manuscript.characters import clean
from narrator.manuscript.headings import label_of
from narrator.manuscript.inline import Marker
from narrator.manuscript.odt_and_rtf_headings import Written
from narrator.manuscript.odt_and_rtf_notes import LOWERED, RAISED
from narrator.manuscript.rtf_format import Format, copied
from narrator.manuscript.rtf_words import language_of
from narrator.manuscript.signed import Spoken, signed
from narrator.model import Role

_MARK = re.compile(r"[\[(]?(?:\d{1,4}|[*†‡§]{1,4}|[a-zA-Z])[\])]?")


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph style: the level of headings in it (0 for none), the style it is based on, what it is for.

    `own_level` counts where no style that this one is based on has a level.
    """

    level: int = 0
    based_on: int = -1
    own_level: int = 0
    role: Role = Role.PARAGRAPH
    kind: str = ""
    is_title: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    is_raised: bool
    is_bold: bool
    size: int
    language: int


_PLAIN = Style()


class Flow:
    """A stream of paragraphs: the body, or a note, or the text in a frame."""

    def __init__(self, styles: dict[int, Style], marker: Marker, *, note: str = "") -> None:
        self.paragraphs: list[Written] = []
        self._styles = styles
        self._marker = marker
        self._note = note
        self._is_note = bool(note)
        self._notes: list[str] = []
        self._runs: list[_Run] = []
        self._begun: Format | None = None  # the format of the paragraph's first text
        self._number = ""
        self._is_item = False
        self._hanging: list[Written] = []  # notes and frames, which follow the paragraph that they hang on
        self._opens_page = False
        self._cell: list[Written] = []
        self._row: list[list[Written]] = []

    def add(self, text: str, form: Format) -> None:
        """Add text to the paragraph that is growing."""
        if self._begun is None and text.strip():
            self._begun = copied(form)
        self._runs.append(_Run(text, form.is_raised, form.is_bold, form.size, form.language))

    def number(self, text: str) -> None:
        """The bullet or number that stands before a paragraph of a list."""
        self._number, self._is_item = clean(text), True

    def hang(self, paragraphs: list[Written], *, note: str) -> None:
        """Add what hangs on this place, perhaps a note, whose mark was the raised text before it."""
        self._notes += [note] if note else []
        while note and self._runs and self._runs[-1].is_raised and _MARK.fullmatch(clean(self._runs[-1].text)):
            self._runs.pop()
        self._hanging += paragraphs

    def end_paragraph(self, form: Format) -> None:
        if form.is_drop_cap:
            # The letter is in a frame, which is a paragraph of its own; its word goes on in the next one.
            self._begun = None
            return
        paragraph = self._finished(form)
        hanging, self._hanging = self._hanging, []
        if form.in_table:
            self._cell += [paragraph, *hanging]
        else:
            self._end_table()
            self.paragraphs += [paragraph, *hanging]

    def end_cell(self, form: Format) -> None:
        paragraph = self._finished(form)
        self._row.append([*self._cell, paragraph])
        self._cell = []

    def end_row(self) -> None:
        """The cells as one block; where only one of them has text, its paragraphs as they are."""
        filled = [cell for cell in self._row if any(paragraph.text.strip() for paragraph in cell)]
        if len(filled) > 1:
            said = [[line for line in cell if line.role is not Role.NOTE] for cell in filled]
            text = joined_row(clean(" ".join(line.text for line in cell)) for cell in said)
            notes = tuple(name for cell in said for line in cell for name in line.notes)
            role = Role.NOTE if self._is_note else Role.TABLE
            self.paragraphs.append(Written(text, role, notes=notes, note=self._note))
            self.paragraphs += [line for cell in filled for line in cell if line.role is Role.NOTE]
        else:
            self.paragraphs += [line for cell in filled for line in cell]
        self.paragraphs += self._hanging
        self._row, self._hanging = [], []

    def end_page(self, form: Format) -> None:
        if self._begun is not None:
            self.end_paragraph(form)
        self._opens_page = True

    def finish(self, form: Format) -> list[Written]:
        """All paragraphs; the last one may lack its end."""
        if self._begun is not None or self._hanging:
            self.end_paragraph(replace(form, in_table=False))
        self._end_table()
        return self.paragraphs

    def _end_table(self) -> None:
        if self._cell:
            self._row.append(self._cell)
            self._cell = []
        if self._row:
            self.end_row()

    def _finished(self, form: Format) -> Written:
        begun = self._begun or form
        # What is in force at the paragraph's end counts, but some writers end its group before.
        told = form if form.style or form.outline >= 0 else begun
        style = self._styles.get(told.style, _PLAIN)
        kind = begun.kind or style.kind
        runs = self._runs_without_mark()
        letters = [run for run in runs if run.text.strip()]
        said = [
            f"{RAISED}{run.text}{LOWERED}" if run.is_raised and run.text.strip() else run.text for run in runs
        ]
        text = "".join(said)
        level = 0 if kind or self._is_note else self._level(told)
        if level and (label_of(self._number) is not None or not letters):
            text = f"{self._number} {text}"
        paragraph = Written(
            text,
            role=self._role(style),
            level=level,
            is_title=style.is_title and not (kind or level or self._is_note),
            kind=kind,
            size=max(letters, key=lambda run: len(run.text)).size / 2 if letters else 0,
            is_bold=bool(letters) and all(run.is_bold for run in letters),
            is_centred=told.is_centred,
            opens_page=form.opens_page or self._opens_page,
            signed=self._signed(said, runs),
            notes=tuple(self._notes),
            note=self._note,
        )
        self._opens_page = self._opens_page and not letters
        self._runs, self._begun, self._number, self._is_item, self._notes = [], None, "", False, []
        return paragraph

    def _signed(self, said: Sequence[str], runs: Sequence[_Run]) -> str:
        if len({run.language for run in runs}) < 2:
            return ""
        tags = (language_of(run.language) for run in runs)
        return signed([Spoken(*run) for run in zip(said, tags, strict=True)], (), self._marker)

    def _role(self, style: Style) -> Role:
        if self._is_note:
            return Role.NOTE
        return Role.LIST_ITEM if self._is_item and style.role is Role.PARAGRAPH else style.role

    def _level(self, form: Format) -> int:
        if form.outline >= 0:
            return form.outline + 1 if form.has_level else 0
        number = form.style
        seen: set[int] = set()
        while number in self._styles and number not in seen:
            style = self._styles[number]
            if style.level:
                return style.level
            seen.add(number)
            number = style.based_on
        return self._styles.get(form.style, _PLAIN).own_level

    def _runs_without_mark(self) -> list[_Run]:
        """The runs of this paragraph; a note's own mark stands raised at its beginning."""
        runs = self._runs
        while self._is_note and runs and (runs[0].is_raised or not runs[0].text.strip()):
            runs = runs[1:]
        return runs
