"""One entry of a lexicon: what is written, what is said for it, and where that holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Case(StrEnum):
    """Whether capitals must be where the entry has them."""

    EXACT = "exact"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said for a word, or for what a regular expression matches.

    `language` is a BCP 47 tag, `voice` a voice's id; '' is all of them. `where` says for people where the entry
    stands: 'lexicon.toml, entry 3 (line 12)'.
    """

    pattern: str
    say: str
    is_regex: bool = False
    case: Case = Case.EXACT
    language: str = ""
    voice: str = ""
    where: str = ""

    def applies(self, language: str, voice: str) -> bool:
        """Whether it is meant for a text in this language that this voice speaks."""
        wanted, given = self.language.lower(), language.lower()
        # A lexicon for 'en-US' is meant for a book that says no more than 'en', too.
        is_spoken = f"{given}-".startswith(f"{wanted}-") or f"{wanted}-".startswith(f"{given}-")
        is_spoken = not wanted or (bool(given) and is_spoken)
        return is_spoken and self.voice in {"", voice}


def natural_case(word: str) -> Case:
    """A word in small letters is meant wherever it stands in a sentence; one with a capital is a name."""
    return Case.ANY if word == word.lower() else Case.EXACT
