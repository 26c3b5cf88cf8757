"""How printed text is written out for a voice: what is sent is in the script, and so in the take's key."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from narrator.model import Block, MarkKind, Normalization, Span
from narrator.script.lexicon import Lexicon
from narrator.script.lexicon_entry import Entry
from narrator.script.normalize import normalized
from narrator.script.pls import read_pls

_LOG = logging.getLogger("narrator")

LEXICON = "lexicon"
"""The rule under which a text is not spoken for which a lexicon says nothing."""

_NO_ENTRIES = Lexicon()


class Wording:
    """A lexicon, and after it the rules of a language for numbers, abbreviations and signs."""

    def __init__(
        self,
        normalization: Normalization = Normalization.OFF,
        lexicon: Lexicon = _NO_ENTRIES,
        *,
        voice: str = "",
    ) -> None:
        """`voice` is the narrator's, by which entries of the lexicon may be meant for it alone."""
        self._normalization = normalization
        self._lexicon = lexicon
        self._voice = voice

    @property
    def facts(self) -> dict[str, str]:
        """What decides what is said, as the accepted script keeps it, so that a change of it is noticed."""
        if not self._lexicon.entries:
            return {"normalize": str(self._normalization)}
        entries = [
            (entry.pattern, entry.say, entry.is_regex, entry.case, entry.language, entry.voice)
            for entry in self._lexicon.entries
        ]
        digest = hashlib.sha256(repr((self._voice, entries)).encode("utf-8", "surrogatepass")).hexdigest()
        return {"normalize": str(self._normalization), "lexicon": digest[:16]}

    def said(self, text: str, language: str, voice: str = "") -> str:
        """`text` as it is sent. `voice` is '' for the narrator's.

        Raises:
            ConfigError: a regular expression of the lexicon takes too long over it.
        """
        worded = self._lexicon.apply(text, language, voice or self._voice) if self._lexicon.entries else text
        return normalized(worded, language, self._normalization).strip()


def read_lexicons(paths: Sequence[Path]) -> Lexicon:
    """Lexicons as one, the first of them winning: `lexicon.toml`s, and W3C's `.pls`.

    Raises:
        ConfigError: one cannot be read, or has mistakes: each is named.
    """
    entries: list[Entry] = []
    for path in paths:
        before = tuple(entries)
        entries += [
            entry for entry in _entries(path) if not any(_leaves_nothing(each, entry) for each in before)
        ]
    return Lexicon(entries)


def _leaves_nothing(entry: Entry, later: Entry) -> bool:
    """Whether an entry says all that a later one would, so that the more exact one does not win."""
    is_same = (entry.is_regex, entry.pattern) == (later.is_regex, later.pattern)
    return is_same and entry.language in {"", later.language} and entry.voice in {"", later.voice}


def _entries(path: Path) -> Iterable[Entry]:
    if path.suffix.lower() in {".pls", ".xml"}:
        found = read_pls(path)
        for reason in found.left_out:
            _LOG.warning("%s, %s", path, reason)
        return found.entries
    return Lexicon.load(path).entries


def with_readings(block: Block, span: Span) -> str:
    """The text of a span with the readings that the book gives put in place of what they are over."""
    text, offset = block.text[span.start : span.end], span.start
    said: list[str] = []
    done = 0
    for mark in block.marks:
        start, end = mark.start - offset, mark.end - offset
        if mark.kind is MarkKind.READING and done <= start and end <= len(text):
            said += (text[done:start], mark.value)
            done = end
    return "".join((*said, text[done:]))
