"""All numbers in words, for voices that read none themselves.

A number that is part of a code, a date in figures or a proportion stays; so does one whose word depends on
what is counted, in languages where it does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import regex

from narrator.script.normalize_dates import date_rules
from narrator.script.normalize_figures import AFTER, BEFORE, BEGIN, BRAZILIAN, FIGURES, Figures
from narrator.script.normalize_money import money_rules
from narrator.script.normalize_quantities import measure_rules, phone_rule
from narrator.script.normalize_words import cardinal, ordinal, year

_MINUS = {"de": "minus", "en": "minus", "es": "menos", "fr": "moins", "it": "meno", "nl": "min", "pt": "menos"}
_ORDINALS = {
    "en": r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,6})(?:st|nd|rd|th)",
    "es": r"(?P<whole>[1-9]|10)\.?(?P<gender>[ºª])",
    "fr": r"(?P<whole>[0-9]{1,4})(?:e|ᵉ|è?me|ième|(?P<first>(?<=^1|[^0-9]1)(?:er|re|ʳᵉ|ᵉʳ)))",
    "it": r"(?P<whole>[0-9]{1,4})(?P<gender>[ºª])",
    "nl": r"(?P<whole>[0-9]{1,4})(?:e|de|ste)",
    "pt": r"(?P<whole>[0-9]{1,4})\.?(?P<gender>[ºª])",
}
# In these cases a German day ends in -n; elsewhere its ending depends on the sentence.
_GERMAN_DAY = regex.compile(
    r"(?<=\b(?:[Aa]m|[Vv]om|[Zz]um|[Dd]em|[Dd]en|[Dd]es) )(?P<day>[12][0-9]|3[01]|[1-9])\. "
    r"(?=Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)"
)
# '3/4' may be a day of a month, unless a whole number stands before it or a measure after it.
_FRACTION = regex.compile(
    rf"{BEGIN}(?:(?P<whole>[0-9]{{1,3}}) )?+(?P<over>[1-7])/(?P<under>[2348]){AFTER}"
    r"(?P<measured>(?= (?:of|an?|cups?|full|hours?|inch(?:es)?|miles?|ounces?|pints?|pounds?|spoons?|teaspoons?"
    r"|tablespoons?|the)\b))?+"
)
_PARTS = {"2": "half", "3": "third", "4": "quarter", "8": "eighth"}
# After these a number is a year: in English an early one, elsewhere one that counts nothing.
_YEAR_BEFORE = {
    "en": r"(?:[Ii]n|[Ss]ince|[Uu]ntil|[Yy]ear|[Cc]irca)",
    "es": r"(?:[Ee]n|[Dd]esde|[Hh]asta|[Aa]ño)",
    "pt": r"(?:[Ee]m|[Dd]esde|[Aa]té|[Aa]no)",
}


def full_rules(primary: str, *, is_brazilian: bool) -> tuple[Callable[[str], str], ...]:
    """The rules of a language, in their order: what is a part of a date or a price is no number of its own."""
    if primary not in FIGURES:
        return ()
    figures = BRAZILIAN if primary == "pt" and is_brazilian else FIGURES[primary]
    own: tuple[Callable[[str], str], ...] = ()
    if primary == "en":
        own = (*date_rules(), partial(_FRACTION.sub, _fraction_said))
    elif primary == "de":
        own = (partial(_GERMAN_DAY.sub, lambda match: f"{ordinal(int(match['day']), 'de')}n "),)
    return (
        phone_rule(figures),
        *own,
        *money_rules(figures),
        *measure_rules(figures),
        *_ordinal_rules(figures),
        _number_rule(figures),
    )


def _fraction_said(match: regex.Match[str]) -> str:
    whole, over, under = match["whole"], int(match["over"]), int(match["under"])
    if over >= under or not (whole or (over, under) == (1, 2) or match["measured"] is not None):
        return match[0]
    part = _PARTS[match["under"]]
    if over > 1:
        part = f"{cardinal(over, 'en')} {part}s"
    elif whole:
        part = f"{'an' if part == 'eighth' else 'a'} {part}"
    else:
        part = f"one {part}"
    return f"{cardinal(int(whole), 'en')} and {part}" if whole else part


def _ordinal_rules(figures: Figures) -> tuple[Callable[[str], str], ...]:
    if figures.primary not in _ORDINALS:
        return ()
    pattern = regex.compile(rf"{BEGIN}{_ORDINALS[figures.primary]}{AFTER}")
    return (partial(pattern.sub, partial(_ordinal_said, figures=figures)),)


def _ordinal_said(match: regex.Match[str], *, figures: Figures) -> str:
    number, groups = int(match["whole"].replace(",", "")), match.groupdict()
    if number == 0 or (figures.primary == "fr" and (number == 1) != (groups["first"] is not None)):
        return match[0]
    said = ordinal(number, figures.lang)
    if groups.get("gender") == "ª":
        return regex.sub(r"o\b", "a", said)
    return "première" if groups.get("first") in {"re", "ʳᵉ"} else said


def _number_rule(figures: Figures) -> Callable[[str], str]:
    dated = rf"(?P<dated>(?<=\b{_YEAR_BEFORE[figures.primary]} ))?+" if figures.primary in _YEAR_BEFORE else ""
    # 'am 45. Tag' and 'der Mann war 45.' are written alike in German.
    after = r"(?!\.)" + AFTER if figures.primary == "de" else AFTER
    pattern = regex.compile(rf"(?=[0-9−-]){BEFORE}{dated}(?P<minus>[−-])?{figures.number}{after}")
    return partial(pattern.sub, partial(_number_said, figures=figures))


def _number_said(match: regex.Match[str], *, figures: Figures) -> str:
    whole, fraction = match["whole"], match["fraction"]
    if match["minus"]:
        return f"{_MINUS[figures.primary]} {figures.said(whole, fraction)}"
    is_dated = match.groupdict().get("dated") is not None
    is_year = len(whole) == 4 and fraction is None and _is_year(int(whole), figures, is_dated=is_dated)
    return year(int(whole), figures.lang) if is_year else figures.said(whole, fraction)


def _is_year(number: int, figures: Figures, *, is_dated: bool) -> bool:
    """Whether four figures are read as a year: where that differs, 'fifteen hundred men' is right as well."""
    if not figures.says_hundreds:
        return is_dated and 1000 < number < 2100
    return 1100 <= number < 2000 or (figures.primary == "en" and (2010 <= number < 2100 or is_dated))
