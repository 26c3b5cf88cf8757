"""Roman numerals where they are numbers beyond doubt: after rulers, after 'Book', in centuries, as years.

The letters of a numeral are words, names and initials too ('I', 'MIX', 'CD', 'Malcolm X', 'George V. Higgins'),
so that one is only read beside a word that calls for it; a year of four letters and more may stand alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import regex

from narrator.script.normalize_gates import only_where
from narrator.script.normalize_rulers import RULERS
from narrator.script.normalize_words import cardinal, ordinal

_VALUES = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_UNITS = r"(?:IX|IV|V?I{0,3})"
_TO_39 = rf"(?=[IVX])X{{0,3}}{_UNITS}"
_TO_399 = rf"(?=[IVXLC])C{{0,3}}(?:XC|XL|L?X{{0,3}}){_UNITS}"
_YEAR = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}.’'-])(?=[MDCLXVI]{{4}})MM?(?:CM|CD|D?C{{0,3}})(?:XC|XL|L?X{{0,3}}){_UNITS}"
    r"(?![\p{L}\p{N}’'-])"
)
# A lone 'I' is a numeral only where the pronoun could not stand.
_NOT_A_PRONOUN = r"(?:(?=[.,;:)!?—–]|$|[’']s\b|[ ]of[ ]\p{Lu})(?![.][ ]\p{Lu}))"
# 'by George V. Higgins': after one letter and a dot, a capital may be a surname or a new sentence.
_NOT_AN_INITIAL = r"(?!\.[ ]\p{Lu})"
# 'Edward III., with', as books were once printed.
_OLD_DOT = r"(?:\.(?=[,;:)]|[ ]\p{Ll}))?+"
_NUMERAL = re.compile(" (?:[IVXLC]+(?![A-Za-z])|[ivx]{2}|Ier|Iᵉʳ|Ire)")
_END = r"(?![\p{L}\p{M}\p{N}-])"

_TITLES = {
    "en": "King|Queen|Pope|Emperor|Empress|Tsar|Czar|Kaiser|Sultan|Shah|Pharaoh",
    "es": "rey|reina|papa|emperador|emperatriz|zar",
    "fr": "roi|reine|pape|empereur|impératrice|tsar|sultan",
    "it": "re|regina|papa|imperatore|imperatrice|zar",
    "nl": "koning|koningin|paus|keizer|tsaar",
    "pt": "rei|rainha|papa|imperador|imperatriz|czar|Dom",
}
"""After these any name is a ruler's. German has none: its ordinals bend with the sentence."""

_NOUNS = {
    "de": "Kapitel|Buch|Band|Teil|Akt|Szene|Aufzug|Auftritt|Gesang|Abschnitt",
    "en": "chapters?|chap\\.|ch\\.|books?|parts?|volumes?|vols?\\.|acts?|scenes?|cantos?|sections?|stanza"
    "|lesson|appendix|articles?|title|psalm|sonnet|figures?|figs?\\.|plates?|tables?|pages?|pp?\\.|war|phase|type"
    "|class|grade|level|stage|apollo|olympiad",
    "es": "capítulo|libro|tomo|parte|acto|escena|volumen|canto|siglos?|artículo",
    "fr": "chapitre|livre|tome|partie|acte|scène|volume|chant|article|page",
    "it": "capitolo|libro|tomo|parte|atto|scena|volume|canto|articolo",
    "nl": "hoofdstuk|boek|deel|bedrijf|akte|scène|band|zang",
    "pt": "capítulo|livro|tomo|parte|acto|ato|cena|volume|canto|séculos?|artigo",
}


def roman_rules(primary: str) -> tuple[Callable[[str], str], ...]:
    if primary not in _NOUNS:
        return ()
    beside_a_word = (only_where(_NUMERAL, rule) for rule in (*_ruler_rules(primary), _noun_rule(primary)))
    return (
        *beside_a_word,
        *_century_rules(primary),
        partial(_YEAR.sub, lambda match: str(roman_value(match[0]))),
    )


def roman_value(roman: str) -> int:
    """14 of 'XIV' and of 'xiv'. Letters that are no Roman numeral give nonsense."""
    values = [_VALUES[letter] for letter in roman.upper()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _numeral(alone: str, *, up_to: str = _TO_39) -> str:
    """A pattern of a numeral: two letters, or one that no initial or pronoun could be."""
    return rf"(?P<roman>(?=[IVXLC]{{2}}){up_to}{_END}|[VX]{_END}{_NOT_AN_INITIAL}|I{_END}{alone}){_OLD_DOT}"


# --- rulers -------------------------------------------------------------------------------------------


def _ruler_rules(primary: str) -> tuple[Callable[[str], str], ...]:
    if primary not in _TITLES:
        return ()
    alone = _NOT_A_PRONOUN if primary == "en" else _NOT_AN_INITIAL
    first = r"|(?P<first>Ier|Iᵉʳ|Ire)" + _END if primary == "fr" else ""
    pattern = regex.compile(
        rf"\b(?P<title>(?i:{_TITLES[primary]})[ ])?+(?P<name>\p{{Lu}}[\p{{L}}\p{{M}}]++)[ ]"
        rf"(?:{_numeral(alone)}{first})"
    )
    return (partial(pattern.sub, partial(_ruler_said, primary=primary)),)


def _ruler_said(match: regex.Match[str], *, primary: str) -> str:
    name = match["name"]
    if not match["title"] and name not in RULERS:
        return match[0]
    value = 1 if match["roman"] is None else roman_value(match["roman"])
    is_woman = match.groupdict().get("first") == "Ire" or name == "Isabel" or _ends_as_a_woman_s(name)
    return f"{match['title'] or ''}{name} {_rank(value, primary, is_woman=is_woman)}"


def _ends_as_a_woman_s(name: str) -> bool:
    return name.endswith("a") and name != "Nicola"


def _rank(value: int, primary: str, *, is_woman: bool) -> str:
    match primary:
        case "en":
            return f"the {ordinal(value, 'en').title()}"
        case "nl":
            return f"de {ordinal(value, 'nl').capitalize()}"
        case "fr" if value == 1:
            return "première" if is_woman else "premier"
        case "fr":
            return cardinal(value, "fr")
        case "es" | "pt" if value > 10:
            return cardinal(value, primary)
        case _:
            said = ordinal(value, primary)
            return f"{said[:-1]}a" if is_woman else said


# --- parts of books, centuries ------------------------------------------------------------------------


def _noun_rule(primary: str) -> Callable[[str], str]:
    alone = _NOT_A_PRONOUN if primary == "en" else _NOT_AN_INITIAL
    nouns = rf"(?P<noun>\b(?i:{_NOUNS[primary]}) )"
    small = rf"(?P<small>(?=[ivx]{{2}})x{{0,3}}(?:ix|iv|v?i{{0,3}})){_END}{_OLD_DOT}"
    pattern = regex.compile(rf"{nouns}(?:{_numeral(alone, up_to=_TO_399)}|{small})")
    return partial(
        pattern.sub, lambda match: match["noun"] + str(roman_value(match["roman"] or match["small"]))
    )


def _century_rules(primary: str) -> tuple[Callable[[str], str], ...]:
    roman = rf"\b(?P<roman>(?=[IVX]{{2}}){_TO_39}|[VX])"
    match primary:
        case "en":
            pattern, said = rf"{roman}(?:th)?(?=[ ]centur(?:y|ies)\b)", _century_in_figures
        case "fr":
            pattern, said = rf"{roman}(?:e|ᵉ|è?me|ième){_END}", partial(_century_in_words, primary="fr")
        case "it":
            pattern = rf"{roman}(?=[ ]secolo\b)|(?<=\bsecolo ){roman}{_END}"
            said = partial(_century_in_words, primary="it")
        case _:
            return ()
    return (partial(regex.compile(pattern).sub, said),)


def _century_in_figures(match: regex.Match[str]) -> str:
    value = roman_value(match["roman"])
    is_teen = value % 100 in {11, 12, 13}
    return f"{value}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th')}"


def _century_in_words(match: regex.Match[str], *, primary: str) -> str:
    return ordinal(roman_value(match["roman"]), primary)
