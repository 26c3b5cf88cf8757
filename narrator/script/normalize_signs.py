"""Signs between and after figures that are words when they are read: '1914–18', '20 °C', '§ 5', '2½', '&'."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import regex

from narrator.script.normalize_gates import only_where, only_with
from narrator.script.speech_text import AND_WORDS


@dataclass(frozen=True, slots=True)
class _Signs:
    """What a language says for signs. `degree` and `section` are for one, and for several."""

    to: str
    by: str
    minus: str
    degree: tuple[str, str]
    section: tuple[str, str]
    degree_is_ordinal: bool = False


_WORDS = {
    "de": _Signs("bis", "mal", "minus", ("Grad", "Grad"), ("Paragraf", "Paragrafen")),
    "en": _Signs("to", "by", "minus", ("degree", "degrees"), ("section", "sections")),
    "es": _Signs("a", "por", "menos", ("grado", "grados"), ("párrafo", "párrafos"), degree_is_ordinal=True),
    "fr": _Signs("à", "sur", "moins", ("degré", "degrés"), ("paragraphe", "paragraphes"),
                 degree_is_ordinal=True),
    "it": _Signs("a", "per", "meno", ("grado", "gradi"), ("paragrafo", "paragrafi"), degree_is_ordinal=True),
    "nl": _Signs("tot", "bij", "min", ("graad", "graden"), ("paragraaf", "paragrafen")),
    "pt": _Signs("a", "por", "menos", ("grau", "graus"), ("parágrafo", "parágrafos"), degree_is_ordinal=True),
}  # fmt: skip

_FRACTIONS = {
    "½": ("one half", "a half"), "⅓": ("one third", "a third"), "⅔": ("two thirds",) * 2,
    "¼": ("one quarter", "a quarter"), "¾": ("three quarters",) * 2, "⅕": ("one fifth", "a fifth"),
    "⅖": ("two fifths",) * 2, "⅗": ("three fifths",) * 2, "⅘": ("four fifths",) * 2,
    "⅙": ("one sixth", "a sixth"), "⅚": ("five sixths",) * 2, "⅛": ("one eighth", "an eighth"),
    "⅜": ("three eighths",) * 2, "⅝": ("five eighths",) * 2, "⅞": ("seven eighths",) * 2,
}  # fmt: skip
"""Alone, and after 'and'."""

_MIXED = regex.compile(rf"(?<=(?<![0-9.,/])[0-9]{{1,3}}) ?(?P<sign>[{''.join(_FRACTIONS)}])(?![0-9/])")
_FRACTION = regex.compile(rf"(?P<sign>[{''.join(_FRACTIONS)}])(?![0-9/])")
_AND = regex.compile(r"(?<=\S )&(?= \S)")
# '12', '7:30' or '1,000' stand at both ends of a range; with another dash it is something else.
_RANGE = regex.compile(
    r"(?=[0-9])(?<![\p{L}\p{N}\p{Sc}.,:/–−-])"
    r"(?P<from>[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,9}+(?::[0-5][0-9])?)(?P<sign>°?)"
    r"(?P<dash>[–-]| – )(?P<until>[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,9}+(?::[0-5][0-9])?)"
    r"(?![\p{L}\p{N}:/–−-]|[.,][0-9])"
)
_FIGURES_AND_DASH = re.compile("[0-9]°?(?: – |[–-])[0-9]")
_YEAR = regex.compile("1[0-9]{3}|20[0-9]{2}")
_SECTION = regex.compile(r"(?P<signs>§§?) ?(?=[0-9])")
_DEGREES = regex.compile(
    r"(?=[0-9−-])(?<![\p{L}\p{N}.,/])(?P<minus>[−-])?(?P<number>[0-9]++(?:[.,][0-9]++)?) ?"
    r"(?:°(?: ?(?P<scale>[CF])(?![\p{L}\p{N}]))?"
    r"|(?P<joined>[℃℉]))(?![\p{L}\p{N}])"
)
_SIZE = regex.compile(
    r"(?<![\p{L}\p{N}.,/])(?P<one>[0-9]++(?:[.,][0-9]++)?) ?× ?"
    r"(?=(?:[0-9.,]{1,9} ?× ?){0,2}[0-9]++(?:[.,][0-9]++)? ?(?:mm|cm|m|km|ft|inch(?:es)?|feet)\b)"
)
_HASH = regex.compile(r"(?<![\p{L}\p{N}&#])#(?=[0-9]{1,4}(?![\p{L}\p{N}]))")
# British books write '7.30 p.m.'; after 'at' it is a time as well, unless it is a price or a measure.
_CLOCK = regex.compile(
    r"(?=[0-9])(?<![\p{L}\p{N}.,:/–-])(?P<hour>1[0-2]|[1-9])\.(?P<minute>[0-5][0-9])"
    r"(?:(?= ?(?:[ap]\.? ?m\b|o’clock))|(?<=\b[Aa]t [0-9.]{4,5})(?![\p{L}\p{N}%°/-]|[.,:][0-9])"
    r"(?! (?:%|percent|per|an?|each|times|degrees|million|billion|[kc]?m)\b))"
)


def sign_rules(primary: str) -> tuple[Callable[[str], str], ...]:
    if primary not in _WORDS:
        return ()
    words = _WORDS[primary]
    shared: tuple[Callable[[str], str], ...] = (
        partial(_AND.sub, AND_WORDS[primary]),
        only_where(_FIGURES_AND_DASH, partial(_RANGE.sub, partial(_range_said, to=words.to))),
        partial(_SECTION.sub, partial(_section_said, words=words)),
        partial(_SIZE.sub, lambda match: f"{match['one']} {words.by} "),
        partial(_DEGREES.sub, partial(_degrees_said, words=words)),
    )
    if primary != "en":
        return shared
    return (
        *shared,
        only_with(_FRACTIONS, partial(_MIXED.sub, lambda match: f" and {_FRACTIONS[match['sign']][1]}")),
        only_with(_FRACTIONS, partial(_FRACTION.sub, lambda match: _FRACTIONS[match["sign"]][0])),
        partial(_HASH.sub, "number "),
        partial(_CLOCK.sub, r"\g<hour>:\g<minute>"),
    )


def _range_said(match: regex.Match[str], *, to: str) -> str:
    """'12–15' goes from one to the other; '3–2' is a score, and '555-1234' a telephone."""
    first, last, dash = match["from"], match["until"], match["dash"]
    goes_up = dash == "–" and _minutes(first) < _minutes(last)
    return f"{first}{match['sign']} {to} {last}" if goes_up or _are_years(first, last) else match[0]


def _are_years(first: str, last: str) -> bool:
    """'1914' and '1918', or '1914' and '18'."""
    if not (_YEAR.fullmatch(first) and last.isdigit()):
        return False
    return first < last if _YEAR.fullmatch(last) else len(last) == 2 and first[2:] < last


def _minutes(figures: str) -> int:
    """A number that orders '7:30' before '9:00', and '900' before '1,000'."""
    hours, _, minutes = figures.replace(",", "").partition(":")
    return 60 * int(hours) + int(minutes or 0)


def _section_said(match: regex.Match[str], *, words: _Signs) -> str:
    """'section § 5' says it already."""
    before = match.string[max(0, match.start() - 20) : match.start()].lower()
    if before.endswith(tuple(f"{word.lower()} " for word in words.section)):
        return ""
    return f"{words.section[len(match['signs']) - 1]} "


def _degrees_said(match: regex.Match[str], *, words: _Signs) -> str:
    scale = match["scale"] or {"℃": "C", "℉": "F", None: ""}[match["joined"]]
    if not scale and words.degree_is_ordinal:  # '1°' is 'primo' in older books
        return match[0]
    minus = f"{words.minus} " if match["minus"] else ""
    unit = words.degree[match["number"] != "1"]
    return f"{minus}{match['number']} {unit}" + {"C": " Celsius", "F": " Fahrenheit", "": ""}[scale]
