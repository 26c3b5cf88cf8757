"""Lines to running text: words parted at line ends made whole, and no space where a script has none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import regex

from narrator.manuscript.characters import clean
from narrator.manuscript.pdf_lines import HYPHEN

_WORD = re.compile(r"[^\W\d_]+(?:[-‐’'][^\W\d_]+)*")
_PART_BEFORE = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?$")
_PART_AFTER = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_PLAIN_HYPHEN = re.compile(r"[^\W\d_][-‐\u00ad\u2011]")
_LONGEST_WORD = 60
_RARELY = 10
"""Where fewer than one in so many of the parted words occurs whole elsewhere, only compounds are parted."""
_NO_SPACES = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\u3000-\u303f\uff00-\uffef]")


class Words:
    """The words of a book that stand whole on a line, and what they say of those that do not."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts: Counter[str] = Counter()
        is_cut = False
        for text in texts:
            found = _WORD.findall(text.replace("‐", "-").casefold())
            was_cut, is_cut = is_cut, text.endswith(HYPHEN)
            self._counts.update(found[was_cut : len(found) - is_cut])  # without the halves of words
        halves = [
            pair for one, other in pairwise(texts) if one.endswith(HYPHEN) and (pair := _halves(one, other))
        ]
        known = sum(self._counts[before + after] > 0 for before, after in halves)
        self._are_words_parted = known * _RARELY >= len(halves)

    def joined(self, before: str, after: str) -> str:
        """What stands between two halves of a word: '' or the hyphen that it has."""
        is_compound = min(len(before), len(after)) == 1 or not before[-1].isalpha() or not after[0].islower()
        if is_compound or not self._are_words_parted:
            return "-"
        before, after = before.casefold(), after.casefold()
        whole, compound = self._counts[before + after], self._counts[f"{before}-{after}"]
        if whole or compound:
            return "" if whole >= compound else "-"
        are_words = min(len(before), len(after)) > 2 and self._counts[before] and self._counts[after]
        return "-" if are_words else ""

    def text(self, lines: Sequence[str]) -> str:
        """The lines of a paragraph as one."""
        text = ""
        for line in lines:
            text = self._with(text, line) if text else line
        return clean(text.replace(HYPHEN, "-"))

    def _with(self, text: str, line: str) -> str:
        end = text[-2:]
        if end[-1] == HYPHEN or (line[:1].islower() and _PLAIN_HYPHEN.fullmatch(end)):
            halves = _halves(text[-_LONGEST_WORD:], line)
            return text[:-1] + (self.joined(*halves) if halves else "-") + line
        if end == "--" or end[-1] in "—–" or _is_unspaced(text, line):
            return text + line
        return f"{text} {line}"


def _is_unspaced(text: str, line: str) -> bool:
    return bool(_NO_SPACES.match(text[-1]) and _NO_SPACES.match(line[:1]))


def _halves(line: str, following: str) -> tuple[str, str] | None:
    """The word that a line's hyphen parts, None where it parts no word."""
    before, after = _PART_BEFORE.search(line[:-1]), _PART_AFTER.match(following)
    return (before[0], after[0]) if before and after else None
