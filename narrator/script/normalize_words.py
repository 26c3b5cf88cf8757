"""Numbers in words, by num2words; what it says awkwardly or not at all is put right here."""

from __future__ import annotations

from functools import lru_cache

LONGEST_NUMBER = 12
"""Digits: what is longer is no quantity that anybody says, and is read digit by digit."""

_POINTS = {"de": "Komma", "en": "point", "es": "coma", "fr": "virgule", "it": "virgola", "nl": "komma",
           "pt": "vírgula"}  # fmt: skip


def cardinal(number: int, lang: str) -> str:
    """'one hundred and five'; `lang` is one of num2words' names, such as 'en' or 'pt_BR'."""
    return _words(number, lang, "cardinal")


def ordinal(number: int, lang: str) -> str:
    """'twenty-first'; the masculine form where there are two."""
    return _words(number, lang, "ordinal")


def year(number: int, lang: str) -> str:
    """'nineteen oh-five'."""
    return _words(number, lang, "year")


@lru_cache(maxsize=8192)
def _words(number: int, lang: str, form: str) -> str:
    from num2words import num2words  # noqa: PLC0415 - it brings 60 languages, and many books need none of it

    # Commas would be heard as pauses.
    return str(num2words(number, lang=lang, to=form)).replace(",", "")


def digits(figures: str, lang: str) -> str:
    """'two zero' of '20'."""
    return " ".join(cardinal(int(figure), lang) for figure in figures)


def amount(whole: str, fraction: str, lang: str) -> str:
    """'three point one four' of '3' and '14'; of '3' and '' it is 'three'. Both are ASCII digits."""
    is_code = len(whole) > LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0"))
    said = digits(whole, lang) if is_code else cardinal(int(whole), lang)
    return f"{said} {_POINTS[lang[:2]]} {digits(fraction, lang)}" if fraction else said
