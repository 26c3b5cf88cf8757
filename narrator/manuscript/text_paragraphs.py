"""Lines of plain text to paragraphs: wrapped prose joined again, verse and inscriptions kept as lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from narrator.manuscript.characters import clean, is_scene_break, is_unspaced, without_noise

_WIDE_GAP = 4
"""So many blank lines stand before the first paragraph, as before a chapter."""
_LONG_LINE = 110
"""Lines that were wrapped by a person or a tool are shorter; a longer one is a paragraph of its own."""
_PROSE_WIDTH = 60
"""Indents begin paragraphs only in lines as wide as this; in narrower ones they are a poet's."""
_SLACK = 8
"""A line that leaves more room than the next word and these columns was broken on purpose."""
_LONGEST_BRACKET = 12
_UNDERLINE = re.compile(r"([=\-~^*_])\1{2,}")
_UNDERLINE_SLACK = 3
# Each looks back from the line's end, of which there are fewer than of places to look ahead from.
_HYPHENATED = re.compile(r"\n(?:(?<=[^\W\d_]-\n)(?=[^\W\d_])|(?<=--\n)(?=\S)|(?<=[—–]\n)(?=\S))")
_WIDE_SPACE = "\u3000"
_CJK = r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
_UNSPACED = re.compile(rf"\n(?<={_CJK}\n)(?={_CJK})")
_WHOLE_CJK_LINE = re.compile(r"[。．！？」』）…―—：]$|^\S{1,14}$")
"""A line that ends as sentences do, or as headings: where most do, each is a paragraph."""
_ITALICS = re.compile(r"(?<![^\W_])_([^_]+)_")
_BOLD = {
    sign: (
        re.compile(rf"(?<!\w)[{sign}](?=\S)(.*?\S)[{sign}](?!\w)"),
        re.compile(rf".*\S[{sign}](?!\w)", re.DOTALL),
    )
    for sign in "=+~"
}
"""What each sign of bold print encloses, and all up to the last that may end it."""
# A letter counts where it stands at the end of a word: '[s]he' and '[a] man' are an editor's.
_MARK = re.compile(
    r"\s?\[(?:\d{1,3}|\*{1,3}|†|‡)\]|(?<=\S)\[[A-Fa-f]\](?!\w)|\s?\{\d{1,4}\}|\s?\[(?:Pg|Page)\.? ?\d+\]"
)
_SMALL_CAPS = re.compile(r"</?(?:i|b|sc|em)>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines between blank ones. `line` counts the file's lines from 1, `blanks` the empty ones before it.

    `lines` have no indent in common with all of the book, but keep their own. `text` is all of it on one line,
    without marks of notes and of emphasis. `is_underlined`: a line of signs stood below it.
    """

    lines: tuple[str, ...]
    text: str
    line: int
    blanks: int
    is_underlined: bool = False

    @property
    def indent(self) -> int:
        """Columns before the leftmost line."""
        return min(len(line) - len(line.lstrip()) for line in self.lines)


def lines_of(text: str) -> list[str]:
    """The lines of a file, whatever ends them: LF, CR LF, CR, and the CR CR LF of a faulty copy."""
    return [
        line.rstrip().expandtabs(4)
        for line in without_noise(re.sub(r"(?<!\r)\r*\n|\r", "\n", text.replace("\f", "\n\n"))).split("\n")
    ]


def paragraphs_of(lines: Sequence[str], *, first_line: int) -> list[Paragraph]:
    """The paragraphs of a stretch of lines; `first_line` is the number of its first."""
    filled = [line for line in lines if line]
    is_wrapped = sum(len(line) > _LONG_LINE for line in filled) * 20 <= len(filled)
    if is_unspaced("".join(filled)):
        is_wrapped = sum(bool(_WHOLE_CJK_LINE.search(line)) for line in filled) * 3 < len(filled) * 2
    margin = _common_margin(filled)
    found: list[Paragraph] = []
    gathered: list[str] = []
    blanks = _WIDE_GAP
    for number, line in enumerate([*lines, ""]):
        if line:
            gathered.append(line.lstrip() if line[:margin].strip() else line[margin:])
        elif gathered:
            found += _paragraphs(gathered, first_line + number - len(gathered), blanks, is_wrapped=is_wrapped)
            gathered, blanks = [], 1
        else:
            blanks += 1
    return found


def _common_margin(lines: Sequence[str]) -> int:
    """The indent that nearly all lines have."""
    indents = sorted(len(line) - len(line.lstrip()) for line in lines)
    return indents[len(indents) // 20] if indents else 0


def _paragraphs(lines: Sequence[str], first_line: int, blanks: int, *, is_wrapped: bool) -> Iterator[Paragraph]:
    """The paragraphs of lines without a blank one: each line where none is wrapped, else often one.

    Where some long lines are indented and most are not, indents begin paragraphs; wide ones always do.
    """
    if len(lines) > 1 and _is_underline(lines[1], lines[0]):
        yield Paragraph((lines[0],), prose(lines[:1]), first_line, blanks, is_underlined=True)
        lines, first_line, blanks = lines[2:], first_line + 2, 1
    if not lines:
        return
    starts = [0] if is_wrapped else list(range(len(lines)))
    indented = [number for number, line in enumerate(lines) if line[:1] in {" ", _WIDE_SPACE}]
    is_rare = 1 < len(indented) <= len(lines) // 3 and max(map(len, lines)) > _PROSE_WIDTH
    if is_wrapped and (is_rare or any(line[:1] == _WIDE_SPACE for line in lines)):
        starts = sorted({0, *indented})
    for start, end in pairwise([*starts, len(lines)]):
        part = tuple(lines[start:end])
        yield Paragraph(part, prose(part), first_line + start, blanks if not start else int(not is_wrapped))


def _is_underline(line: str, above: str) -> bool:
    return bool(_UNDERLINE.fullmatch(line.strip())) and abs(len(line) - len(above)) <= _UNDERLINE_SLACK


def text_width(paragraphs: Sequence[Paragraph]) -> int:
    """The column at which the prose is wrapped: nine lines in ten of longer paragraphs end before it."""
    widths = sorted(
        len(line) for paragraph in paragraphs if len(paragraph.lines) > 2 for line in paragraph.lines
    )
    return widths[len(widths) * 9 // 10] if widths else 72


def is_broken(paragraph: Paragraph, width: int) -> bool:
    """Whether its lines were broken on purpose, as verse and inscriptions are, and not to fit the page."""
    lines = [line.strip() for line in paragraph.lines]
    if len(lines) < 2:
        return False
    room = width - 2 * paragraph.indent if paragraph.indent < width // 4 else width
    early = sum(
        len(line) + 1 + len(following.split()[0]) + _SLACK <= room for line, following in pairwise(lines)
    )
    return early * 3 >= (len(lines) - 1) * 2


def prose(lines: Sequence[str]) -> str:
    """Wrapped lines as one; a word parted at its own hyphen, and a dash, are joined without a space."""
    joined = _HYPHENATED.sub("", "\n".join(line.strip() for line in lines))
    return plain(_UNSPACED.sub("", joined).replace("\n", " "))


def plain(text: str) -> str:
    """One line without the marks of plain-text books: _italics_, =bold=, [12], {3}."""
    if "<" in text:
        text = _SMALL_CAPS.sub("", text)
    if "[" in text or "{" in text:
        text = _MARK.sub("", text)
    cleaned = clean(text)
    return cleaned if is_scene_break(cleaned) else clean(_without_emphasis(cleaned))


def _without_emphasis(text: str) -> str:
    if "_" in text:
        text = _ITALICS.sub(r"\1", text)
    for sign, (bold, to_last) in _BOLD.items():
        # Beyond the last sign that ends something each other would look for its end up to the text's.
        if sign in text and (reach := to_last.match(text)):
            text = bold.sub(r"\1", reach[0]) + text[reach.end() :]
    return text


def bracket_end(paragraphs: Sequence[Paragraph], at: int) -> int:
    """The number after the paragraph in which the bracket closes that opens at this one, else `at` + 1."""
    depth = 0
    for number in range(at, min(at + _LONGEST_BRACKET, len(paragraphs))):
        for line in paragraphs[number].lines:
            depth += line.count("[") - line.count("]")
        if depth <= 0:
            return number + 1
    return at + 1
