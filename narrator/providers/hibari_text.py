"""The text as hibari says it best: what it is known to misread, written in another way.

Nothing of this is stored, and nothing is left out; whether a word is known is asked of hibari's own lexicon.
Each rule answers to something heard or seen in its phonemes (hibari-tts 0.2.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import regex

LONGEST_RUN = 60
"""Characters without a space: longer ones cost hibari cubic time (hyphens) or gigabytes (capitals)."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_REWRITTEN: tuple[tuple[re.Pattern[str], str], ...] = (
    # [word](/phonemes/) is its notation for pronunciations; a book's brackets are not meant so.
    (re.compile(r"\]\("), "] ("),
    # Two hyphens vanish and the words around them become one.
    (re.compile(r"-{2,}"), "—"),
    # ". . ." is three empty sentences.
    (re.compile(r"\.(\s?\.){2,}"), "…"),
    # Abbreviations that it spells, or takes for the end of a sentence.
    (re.compile(r"\bMme\.?(?= )"), "Madame"),
    (re.compile(r"\bMlle\.?(?= )"), "Mademoiselle"),
    (re.compile(r"\bMessrs\.(?= )"), "Messieurs"),
    (re.compile(r"\bN(o|º)\. ?(?=\d)"), "Number "),
    (re.compile(r"\bVol\. (?=[\dIVXLC])"), "Volume "),
    (re.compile(r"&c\.?(?!\w)"), "etcetera"),
    (re.compile(r"\bST\.(?= )"), "St."),
    (re.compile(r"\bDR\.(?= )"), "Dr."),
    (re.compile(r"\bMR\.(?= )"), "Mr."),
    (re.compile(r"\bMRS\.(?= )"), "Mrs."),
    # The article between words in capitals.
    (re.compile(r"(?<=[A-Z] )A(?= [A-Z]{2})"), "a"),
)
_CAPITALS = re.compile(r"\b[A-ZÀ-ÖØ-Þ]{2,}(?:['’][A-ZÀ-ÖØ-Þ]{1,2})?\b")
_BOTH = {"US", "AM", "PM"}
"""Words, and initialisms that are met more often."""
_ROMAN = re.compile(r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_NUMERAL_HEADING = re.compile(rf"({_ROMAN.pattern})(\.?|[.:] .*)", re.DOTALL)
_TITLE = re.compile(r"[IVX]\. (?![A-Z]\.).*[^.!?”]", re.DOTALL)
_HUGE_NUMBER = re.compile(r"\d[\d,]{30,}")  # hibari counts to decillions, and fails above
_SENTENCE_BEGINS = re.compile(r"(^|[.!?…:\n][\"”’)\]]*\s+|[“\"‘(\[])$")
_NUMERAL_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def mostly_latin(text: str) -> bool:
    """Whether at least half of the letters are Latin ones; True where there are no letters."""
    letters = len(regex.findall(r"\p{L}", text))
    return 2 * len(regex.findall(r"\p{Latin}", text)) >= letters


def speakable(text: str, knows: Callable[[str], bool]) -> str:
    """The text as it is handed to hibari. Lines stay lines.

    `knows` asks its lexicon for a word as it is written: small, with one capital, or all in capitals.
    """
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text)).strip()
    for pattern, written in _REWRITTEN:
        text = pattern.sub(written, text)
    text = _HUGE_NUMBER.sub(lambda found: re.sub(r"(\d{3})(?=\d)", r"\1 ", found[0].replace(",", "")), text)
    text = _with_heading_number(text)
    text = _CAPITALS.sub(lambda found: _without_capitals(found, knows), text)
    return re.sub(rf"\S{{{LONGEST_RUN + 1},}}", _with_spaces, text)


def _with_heading_number(text: str) -> str:
    """'IV. The Rabbit' with a number that is read as one; 'I. Newton wrote it.' begins with a name."""
    found = _NUMERAL_HEADING.fullmatch(text)
    if found is None or (len(found[1]) == 1 and found[2][:2] == ". " and not _TITLE.fullmatch(text)):
        return text
    return f"{_number(found[1])}{found[2]}"


def _without_capitals(found: re.Match[str], knows: Callable[[str], bool]) -> str:
    """A word in capitals in small letters, where it is meant as a word: hibari would spell many of them."""
    written = found[0]
    word, apostrophe, ending = written.replace("’", "'").partition("'")
    is_known = knows(word.lower()) or knows(word.capitalize())
    is_initialism = knows(word) and (word in _BOTH or not is_known) and not (is_known and _is_shouted(found))
    is_readable = is_known or (len(word) >= 4 and re.search(r"[AEIOUYÀ-Þ]", word))
    if is_initialism or not is_readable or _ROMAN.fullmatch(word):
        return written
    begins = _SENTENCE_BEGINS.search(found.string[: found.start()])
    said = word.lower() if knows(word.lower()) and not begins else word.capitalize()
    return said + apostrophe + ending.lower()


def _is_shouted(found: re.Match[str]) -> bool:
    """Whether a neighbour is in capitals too: then it is the words that are meant to stand out."""
    before = re.search(r"(\b[\w'’]+)\W*$", found.string[: found.start()][-40:])
    after = re.search(r"^\W*([\w'’]+\b)", found.string[found.end() : found.end() + 40])
    return any(word and len(word[1]) > 1 and word[1].isupper() for word in (before, after))


def _with_spaces(found: re.Match[str]) -> str:
    parts = re.sub(r"([-–—_/,;:.…])(?=\w)", r"\1 ", found[0]).split(" ")
    return " ".join(part[i : i + LONGEST_RUN] for part in parts for i in range(0, len(part), LONGEST_RUN))


def _number(roman: str) -> int:
    values = [_NUMERAL_VALUES[letter] for letter in roman]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))
