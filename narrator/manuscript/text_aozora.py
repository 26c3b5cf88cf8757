"""Japanese texts as Aozora Bunko writes them: ruby as 《reading》, notes of the editors as ［＃...］.

The notation: https://www.aozora.gr.jp/annotation/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from narrator.manuscript.inline import Marker
from narrator.model import MarkKind

_SCRIPTS = (
    r"[\u3400-\u9fff\uf900-\ufaff々〆〇仝ヶ\U00020000-\U0003ffff]",
    "[ァ-ヺー]",
    "[ぁ-ゖ]",
    "[A-Za-zＡ-Ｚａ-ｚÀ-ÿ]",
)
_BASE = (
    r"(?:｜([^《》｜\n]{1,60})"
    rf"|({'|'.join(rf'(?<!{kind}){kind}+' for kind in _SCRIPTS)}))"
)
_RUBY = re.compile(rf"{_BASE}《([^《》\n]{{1,60}})》")
_KANA_RUBY = re.compile(rf"{_BASE}《([ぁ-ゖァ-ヺー・ゝゞ]{{1,60}})》")
_FEWEST = 3
"""So many readings in kana tell ruby from 《titles》, in a text that does not come from Aozora."""
_NOTE = re.compile(r"［＃[^［］\n]*(?:［[^［］\n]*］[^［］\n]*)*］")
_LETTER = re.compile(
    r"※［＃[^］\n]{0,100}?(?:U\+([0-9A-Fa-f]{4,6})|([12])-(\d{1,2})-(\d{1,2}))[^］\n]{0,100}］"
)
_HEADING = re.compile(r"^(.{0,200}?)［＃「[^\n]{0,200}」は(?:同行|窓)?([大中小])見出し］.*$", re.MULTILINE)
_HEADING_TAG = re.compile(
    r"^(?:［＃[^］\n]*字下げ］)?［＃(?:同行|窓)?([大中小])見出し］(.{0,200}?)［＃[^］\n]{0,20}見出し終わり］.*$",
    re.MULTILINE,
)
_RULE = re.compile(r"-{20,}\s*")
_SIGNS_TITLE = "【テキスト中に現れる記号について】"
_ORIGIN = re.compile(r"底本[：:]")
_TRANSLATOR = re.compile(r"[訳譯編]$")
_HEAD_LINES = 60


def is_aozora(text: str) -> bool:
    """Whether a text has the notes of Aozora's editors."""
    return "［＃" in text or _SIGNS_TITLE in text[:5000]


def with_readings(text: str, marker: Marker) -> str:
    """The text with signs for the marks of its readings, and without ruby, notes and their rare letters' names.

    Its headings are underlined.
    """
    if not is_aozora(text):
        if "《" not in text:
            return text
        if next(islice(_KANA_RUBY.finditer(text), _FEWEST - 1, None), None) is None:
            return text
        return _KANA_RUBY.sub(lambda ruby: _marked(ruby, marker), text)
    levels = {match[1] for match in _HEADING_TAG.finditer(text)}
    levels |= {match[2] for match in _HEADING.finditer(text)}
    taken = "小" if levels == {"小"} else "大中"
    text = _LETTER.sub(_letter, text)
    text = _HEADING_TAG.sub(lambda tag: _heading(tag[2]) if tag[1] in taken else tag[0], text)
    text = _HEADING.sub(lambda note: _heading(note[1]) if note[2] in taken else note[0], text)
    return _RUBY.sub(lambda ruby: _marked(ruby, marker), _NOTE.sub("", text))


def _marked(ruby: re.Match[str], marker: Marker) -> str:
    return f"{marker.begin(MarkKind.READING, ruby[3])}{ruby[1] or ruby[2]}{marker.end()}"


def _heading(line: str) -> str:
    shown = _RUBY.sub(lambda ruby: ruby[1] or ruby[2], _NOTE.sub("", line)).strip()
    return f"\n\n{shown}\n{'=' * max(3, len(shown))}\n\n" if shown else ""


def _letter(note: re.Match[str]) -> str:
    """A letter that no encoding had when the text was made, by its number in Unicode or in JIS X 0213."""
    try:
        if note[1]:
            return chr(int(note[1], 16))
        plane, row, cell = (int(part) for part in note.groups()[1:])
        code = bytes([0x8F] * (plane - 1) + [0xA0 + row, 0xA0 + cell])
        return code.decode("euc_jis_2004")
    except ValueError:
        return "〓"


@dataclass(frozen=True, slots=True)
class Pages:
    """Lines around the book: the title [0, title), the list of signs up to `start`, the origin from `end`."""

    title: int
    start: int
    end: int


def pages_of(lines: Sequence[str]) -> Pages | None:
    """Where the title, the explanation of signs and the origin of an Aozora text stand; None in others."""
    rules = [at for at, line in enumerate(lines[:_HEAD_LINES]) if _RULE.fullmatch(line)]
    if len(rules) < 2 or not any(_SIGNS_TITLE in line for line in lines[rules[0] : rules[1]]):
        return None
    origins = (at for at in range(rules[1], len(lines)) if _ORIGIN.match(lines[at].lstrip()))
    return Pages(rules[0], rules[1] + 1, next(origins, len(lines)))


def said_by(lines: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Title and author on an Aozora title page: its first line, and the last that names no translator."""
    filled = [line.strip() for line in lines if line.strip()]
    authors = [line for line in filled[1:] if not _TRANSLATOR.search(line)]
    return (filled[0], tuple(authors[-1:])) if filled else ("", ())
