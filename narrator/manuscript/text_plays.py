"""What may be a speaker's name or a stage direction in plain text, as it is printed: a play bears it out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import regex

from narrator.manuscript.page_blocks import Sureness
from narrator.manuscript.text_paragraphs import plain
from narrator.model import Mark, MarkKind

_SLANTED_NAME = regex.compile(r"_(\p{Lu}[\p{L}\p{M} .’'-]{0,38}?)(?:[.:]_|_[.:])")
_NAME_AND_ASIDE = regex.compile(r"(\p{Lu}[\p{Lu}\p{M} ’'-]{1,39}), _[^_]+_\.?")
_NAME = regex.compile(r"[\p{Lu}\p{M} .’'&-]{2,40}[.:,]?\s*")
_SLANTED_ASIDE = re.compile(r"\(\s*_[^_()]{1,200}_[.,]?\s*\)|\[\s*_[^_\[\]]{1,200}_[.,]?\s*\]")
_ASIDE = re.compile(r"\([^()\n]{1,120}\)")
_SLANTED = re.compile(r"[_\s]*_[^_]{1,400}_[.\s]*")
_ENTRANCE = re.compile(r"(?:Re-)?[Ee]nter\b|(?:Exit|Exeunt|Manent|Manet)\b")
_LONGEST_ENTRANCE = 200


def hints_of(lines: Sequence[str], text: str) -> tuple[Mark, ...]:
    """The hints in a paragraph, given its lines as printed and the text that came of them."""
    raw = " ".join(line.strip() for line in lines)
    is_slanted = "_" in raw
    if (is_slanted and _SLANTED.fullmatch(raw)) or (_ENTRANCE.match(text) and len(text) < _LONGEST_ENTRANCE):
        return (Mark(MarkKind.DIRECTION, 0, len(text), Sureness.SHAPED),) if text else ()
    if is_slanted and (name := _NAME_AND_ASIDE.fullmatch(raw)):
        end = len(name[1])
        return (
            Mark(MarkKind.NAME, 0, end, Sureness.SHAPED),
            Mark(MarkKind.DIRECTION, end + 2, len(text), Sureness.SHAPED),
        )
    end = 0
    hints: list[Mark] = []
    if is_slanted and (name := _SLANTED_NAME.match(raw)):
        end = len(name[1])
        if text[:end] != name[1] or not text[end:].strip(" .:"):
            return ()
        hints.append(Mark(MarkKind.NAME, 0, end, Sureness.SHAPED))
        end += 1
    elif name := _NAME.match(text):
        end = name.end()
    return (*hints, *_asides(raw, text, end))


def _asides(raw: str, text: str, after_name: int) -> Iterator[Mark]:
    """What is in brackets and slanted, or in brackets right after a name, or at the beginning."""
    start = 0
    if first := _ASIDE.match(text, _skipped(text, after_name)):
        yield Mark(MarkKind.DIRECTION, first.start(), first.end(), Sureness.SHAPED)
        start = first.end()
    for aside in _SLANTED_ASIDE.finditer(raw):
        said = plain(aside[0])
        at = text.find(said, start)
        if at >= 0 and said:
            yield Mark(MarkKind.DIRECTION, at, at + len(said), Sureness.SHAPED)
            start = at + len(said)


def _skipped(text: str, start: int) -> int:
    return len(text) - len(text[start:].lstrip())
