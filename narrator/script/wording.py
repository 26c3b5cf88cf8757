"""How printed text is written out for a voice: what is sent is in the script, and so in the take's key."""

from __future__ import annotations

import hashlib
import logging
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from narrator.model import Block, MarkKind, Normalization, Span
from narrator.script.lexicon import Lexicon
from narrator.script.lexicon_entry import Case, Entry
from narrator.script.normalize import normalized
from narrator.script.pls import read_pls

_LOG = logging.getLogger("narrator")

LEXICON = "lexicon"
"""The rule under which a text is not spoken for which a lexicon says nothing."""

_NO_ENTRIES = Lexicon()

Foreign = tuple[int, int, str]
"""Characters [start, end) of a text, and the BCP 47 tag of their language."""


class Wording:
    """A lexicon, and after it the rules of a language for numbers, abbreviations and signs."""

    def __init__(
        self,
        normalization: Normalization = Normalization.OFF,
        lexicon: Lexicon = _NO_ENTRIES,
        *,
        voice: str = "",
        language: str = "",
        automatic: Normalization | None = None,
    ) -> None:
        """`voice` is the narrator's, by which entries of the lexicon may be meant for it alone.

        `language` is what a person says that the book is in, '' where the book is asked. `automatic` is what
        suits the provider, where nobody asked for a normalization.
        """
        self._normalization = normalization
        self._lexicon = lexicon
        self._voice = voice
        self._language = language
        self._automatic = automatic

    @property
    def facts(self) -> dict[str, str]:
        """What decides what is said, as the accepted script keeps it, so that a change of it is noticed."""
        facts = {"normalize": str(self._normalization)}
        if self._automatic:
            facts["auto"] = str(self._automatic)
        if self._language:
            facts["language"] = self._language
        if self._lexicon.entries:
            facts["lexicon"] = self._lexicon_digest()
        return facts

    def _lexicon_digest(self) -> str:
        entries = [
            (entry.pattern, entry.say, entry.is_regex, entry.case, entry.language, entry.voice)
            for entry in self._lexicon.entries
        ]
        form = repr((self._voice, entries)).encode("utf-8", "surrogatepass")
        return hashlib.sha256(form).hexdigest()[:16]

    @property
    def asks_language(self) -> bool:
        """Whether some entry of the lexicon is for one language alone."""
        return any(entry.language for entry in self._lexicon.entries)

    def said(self, text: str, language: str, voice: str = "", foreign: Sequence[Foreign] = ()) -> str:
        """`text` as it is sent. `voice` is '' for the narrator's; `foreign` is in other languages.

        Raises:
            ConfigError: a regular expression of the lexicon takes too long over it.
        """
        worded = text
        if self._lexicon.entries:
            speaker = voice or self._voice
            worded = "".join(
                self._lexicon.apply(text[start:end], tag, speaker)
                for start, end, tag in _parts(len(text), language, foreign)
            )
        return normalized(worded, language, self._normalization).strip()


def _parts(length: int, language: str, foreign: Sequence[Foreign]) -> Iterator[Foreign]:
    """All of a text in parts, each in one language."""
    done = 0
    for start, end, tag in foreign:
        if start >= done:
            yield done, start, language
            yield start, end, tag
            done = end
    yield done, length, language


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
    is_as_wide = entry.case in {Case.ANY, later.case}
    return (
        is_same and is_as_wide and entry.language in {"", later.language} and entry.voice in {"", later.voice}
    )


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
    first = bisect_left(block.marks, span.start, key=attrgetter("start"))
    for number in range(first, len(block.marks)):
        mark = block.marks[number]
        start, end = mark.start - offset, mark.end - offset
        if start >= len(text):
            break
        if mark.kind is MarkKind.READING and done <= start and end <= len(text):
            said += (text[done:start], mark.value)
            done = end
    return "".join((*said, text[done:]))


def foreign_in(block: Block, span: Span) -> list[Foreign]:
    """What of the text of a span, white space at its ends aside, the book marks as in another language."""
    text = block.text[span.start : span.end]
    begins = span.start + len(text) - len(text.lstrip())
    length = len(text.strip())
    return [
        (max(mark.start - begins, 0), min(mark.end - begins, length), mark.value)
        for mark in block.marks
        if mark.kind is MarkKind.LANGUAGE and mark.start < begins + length and begins < mark.end
    ]
