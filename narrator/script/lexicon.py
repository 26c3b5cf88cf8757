r"""A book's own pronunciations: what is written, and what is sent to the voice instead.

A `lexicon.toml` is a list of entries, each a word or a regular expression and what is said for it:

    [[entry]]
    word = "Siobhan"          # whole words; may hold spaces
    say = "Shivawn"
    voice = "heart"           # only for this voice; every voice where it is left out
    language = "en"           # only in this language, of any country; every language where it is left out
    case = "any"              # or "exact"; where it is left out, capitals must match if the word has some

    [[entry]]
    regex = '(\d+) gns'       # in the notation of the `regex` package, and so is what is said for it
    say = '\1 guineas'

Regular expressions come first, one after another in the order of the file. Words follow, all of them at
once, so that what one entry says is never said otherwise by the next; the longest word wins, then the entry
that names the voice, then the one that names the language, then the earlier one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

import regex

from narrator.errors import ConfigError
from narrator.script.lexicon_entry import Case, Entry
from narrator.script.lexicon_file import read_entries

TIME_LIMIT_S = 2.0
"""For one regular expression over one text: what takes longer tries the same characters again and again."""

_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]")
_WORD_CHARACTER = regex.compile(r"[\p{L}\p{M}\p{N}]")
_FLAGS = {Case.ANY: regex.IGNORECASE, Case.EXACT: 0}
_PLAIN = str.maketrans("’", "'")


class Lexicon:
    """Entries of one file, or of several joined, in the order in which they count."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = tuple(entries)
        self._prepared: dict[tuple[str, str], _Prepared] = {}

    @classmethod
    def load(cls, path: Path) -> Self:
        """The entries of a `lexicon.toml`.

        Raises:
            ConfigError: it cannot be read, it is no TOML, or entries are wrong: each is named.
        """
        return cls(read_entries(path))

    def apply(self, text: str, language: str, voice: str) -> str:
        """`text`, which is NFC as manuscripts are, as this voice is to be given it.

        Raises:
            ConfigError: a regular expression takes too long over this text.
        """
        key = (language, voice)
        if key not in self._prepared:
            self._prepared[key] = _prepared(entry for entry in self.entries if entry.applies(*key))
        prepared = self._prepared[key]
        for entry, pattern in prepared.expressions:
            text = _substituted(text, entry, pattern)
        return _with_words(text, prepared.words) if prepared.words else text


@dataclass(frozen=True, slots=True)
class _Word:
    """A word to look for, in the form in which texts are compared, its length in a text, and its entry."""

    form: str
    length: int
    entry: Entry

    def matches(self, text: str, start: int) -> bool:
        """Whether it stands at `start` of a text with plain apostrophes, as a whole word."""
        end = start + self.length
        found = text[start:end]
        if self.entry.case is Case.ANY:
            found = found.lower()
        if found != self.form:
            return False
        before, after = text[start - 1 : start], text[end : end + 1]
        return not (_WORD_CHARACTER.match(before) or _WORD_CHARACTER.match(after))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is looked for on behalf of one voice; words by their first token in small letters, best first."""

    expressions: tuple[tuple[Entry, regex.Pattern[str]], ...]
    words: Mapping[str, list[_Word]]


def _prepared(entries: Iterable[Entry]) -> _Prepared:
    expressions = []
    words: defaultdict[str, list[tuple[tuple[int, bool, bool, int], _Word]]] = defaultdict(list)
    order = count()
    for entry in entries:
        if entry.is_regex:
            expressions.append((entry, regex.compile(entry.pattern, _FLAGS[entry.case])))
            continue
        plain = entry.pattern.translate(_PLAIN)
        form = plain.lower() if entry.case is Case.ANY else plain
        first = _TOKEN.findall(plain)[0].lower()
        rank = (-len(plain), not entry.voice, not entry.language, next(order))
        words[first].append((rank, _Word(form, len(plain), entry)))
    ranked = {
        first: [word for _, word in sorted(found, key=lambda item: item[0])] for first, found in words.items()
    }
    return _Prepared(tuple(expressions), ranked)


def _substituted(text: str, entry: Entry, pattern: regex.Pattern[str]) -> str:
    try:
        return pattern.sub(entry.say, text, timeout=TIME_LIMIT_S)
    except TimeoutError as exc:
        problem = (
            f"regex {entry.pattern!r}: it is still searching after {TIME_LIMIT_S:g} s "
            f"in the {len(text)} characters that begin with {text[:40]!r}"
        )
        advice = (
            "Repetitions that can match the same characters in many ways are the usual cause, such as (a|aa)+."
        )
        raise ConfigError(entry.where or "lexicon", (problem,), advice=advice) from exc


def _with_words(text: str, words: Mapping[str, list[_Word]]) -> str:
    plain = text.translate(_PLAIN)
    said: list[str] = []
    done = 0
    for token in _TOKEN.finditer(plain):
        start = token.start()
        if start < done:
            continue
        word = next((word for word in words.get(token[0].lower(), ()) if word.matches(plain, start)), None)
        if word is not None:
            end = start + word.length
            said += (text[done:start], _said(word.entry, text[start:end]))
            done = end
    return "".join((*said, text[done:]))


def _said(entry: Entry, found: str) -> str:
    """What an entry says, with a capital where the sentence began with the word."""
    is_capital = entry.pattern[0].islower() and found[0].isupper()
    return entry.say[:1].upper() + entry.say[1:] if is_capital else entry.say
