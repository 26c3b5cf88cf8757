"""What is sent to a voice where the printed form would be misread. Only headings need it on every voice.

The manuscript keeps its text; only the string that is spoken changes, so it is part of the take's key.
"""

from __future__ import annotations

import regex

_ROMAN = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ALONE = regex.compile(rf"(?=[MDCLXVI])(?P<roman>{_ROMAN})(?=[.:]?(?:$|(?<=[.:])\s))")
_NUMBERED = regex.compile(
    r"\b(?P<word>chapter|book|part|volume|act|scene|letter|canto|section|stave|lesson|appendix"
    r"|chapitre|livre|partie|kapitel|buch|teil|cap[ií]tulo|libro|parte|capitolo)"
    rf"(?P<space>\s+)(?=[MDCLXVI])(?P<roman>{_ROMAN})(?![\p{{L}}\p{{N}}’'])",
    regex.IGNORECASE,
)
AND_WORDS = {
    "": "and", "de": "und", "en": "and", "es": "y", "fr": "et", "it": "e", "nl": "en", "pt": "e",
}  # fmt: skip
"""What '&' is read as, by language; '' is a language that is not known."""

_VALUES = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_SMALL_WORDS = frozenset(
    {
        "a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "into", "nor", "of", "off", "on",
        "onto", "or", "over", "the", "to", "upon", "via", "with",
    }
)  # fmt: skip


def heading_text(text: str, *, is_chapter: bool, language: str) -> str:
    """A heading as a narrator says it: 'CHAPTER IV. THE WHALE' is 'Chapter 4. The Whale', 'IV' is 'Chapter 4'.

    `is_chapter` allows the lone numeral to be called a chapter, which is only right in a language whose word
    for it we send: English.
    """
    said = text.replace("\n", " ")
    if said.isupper() and any(len(word) > 1 for word in regex.findall(r"\p{L}+", said)):
        said = _title_case(said)
    said = _NUMBERED.sub(_numbered, said)
    primary = primary_of(language)
    if is_chapter and primary in {"", "en"}:
        said = _ALONE.sub(_chapter_number, said, count=1) if _ALONE.match(said) else said
    return said.replace(" & ", f" {AND_WORDS.get(primary, '&')} ")


def primary_of(language: str) -> str:
    """'pt' of the tag 'pt-BR'; '' of ''."""
    return language.split("-", maxsplit=1)[0].lower()


def _numbered(match: regex.Match[str]) -> str:
    """'Part II' is part 2; 'Appendix C' comes after B."""
    roman = match["roman"]
    number = _number(roman) if _is_number(roman) else roman
    return f"{match['word']}{match['space']}{number}"


def _is_number(roman: str) -> bool:
    return len(roman) > 1 or roman.upper() in "IVX"


def _chapter_number(match: regex.Match[str]) -> str:
    """'IV' is a number; 'C. S. Lewis' begins with an initial, and nobody writes chapter 1009 as 'MIX'."""
    roman = match["roman"]
    is_number = _number(roman) <= 200 and _is_number(roman)
    return f"Chapter {_number(roman)}" if is_number else roman


def _number(roman: str) -> int:
    values = [_VALUES[letter] for letter in roman.upper()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _title_case(text: str) -> str:
    words = text.split(" ")
    cased = []
    starts = True
    for word in words:
        bare = word.strip(".,:;!?—-“”\"'()’‘")
        is_numeral = bool(bare) and regex.fullmatch(_ROMAN, bare) is not None
        lower = word.lower()
        cased.append(
            word if is_numeral else lower if lower in _SMALL_WORDS and not starts else _capitalised(lower)
        )
        starts = word.endswith((".", ":", "?", "!", "—"))
    return " ".join(cased)


def _capitalised(word: str) -> str:
    return regex.sub(r"(?<![\p{L}’'])\p{L}", lambda match: match[0].upper(), word)
