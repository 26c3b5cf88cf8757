"""Measures, and numbers that are dialled: '12 km', '5 ft 6 in.', '555-123-4567'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import regex

from narrator.script.normalize_abbreviations import MAY_END
from narrator.script.normalize_figures import BEGIN, Figures
from narrator.script.normalize_words import digits

_UNITS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "de": {"km/h": ("Kilometer pro Stunde",) * 2, "km": ("Kilometer",) * 2, "cm": ("Zentimeter",) * 2,
           "mm": ("Millimeter",) * 2, "kg": ("Kilogramm",) * 2},
    "en": {
        "km/h": ("kilometer per hour", "kilometers per hour"), "mph": ("mile per hour", "miles per hour"),
        "kph": ("kilometer per hour", "kilometers per hour"), "km": ("kilometer", "kilometers"),
        "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"), "m": ("meter", "meters"),
        "kg": ("kilogram", "kilograms"), "mg": ("milligram", "milligrams"), "g": ("gram", "grams"),
        "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"),
        "ft": ("foot", "feet"), "yd": ("yard", "yards"), "yds": ("yard", "yards"),
        "ml": ("milliliter", "milliliters"), "kW": ("kilowatt", "kilowatts"),
        "kHz": ("kilohertz", "kilohertz"), "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"),
        "kB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"), "GB": ("gigabyte", "gigabytes"),
    },
    "es": {"km/h": ("kilómetro por hora", "kilómetros por hora"), "km": ("kilómetro", "kilómetros"),
           "cm": ("centímetro", "centímetros"), "mm": ("milímetro", "milímetros"), "kg": ("kilo", "kilos")},
    "fr": {"km/h": ("kilomètre à l’heure", "kilomètres à l’heure"), "km": ("kilomètre", "kilomètres"),
           "cm": ("centimètre", "centimètres"), "mm": ("millimètre", "millimètres"), "kg": ("kilo", "kilos")},
    "it": {"km/h": ("chilometro all’ora", "chilometri all’ora"), "km": ("chilometro", "chilometri"),
           "cm": ("centimetro", "centimetri"), "mm": ("millimetro", "millimetri"), "kg": ("chilo", "chili")},
    "nl": {"km/h": ("kilometer per uur",) * 2, "km": ("kilometer",) * 2, "cm": ("centimeter",) * 2,
           "mm": ("millimeter",) * 2, "kg": ("kilo",) * 2},
    "pt": {"km/h": ("quilômetro por hora", "quilômetros por hora"), "km": ("quilômetro", "quilômetros"),
           "cm": ("centímetro", "centímetros"), "mm": ("milímetro", "milímetros"), "kg": ("quilo", "quilos")},
}  # fmt: skip
"""One, and several."""

_DOTTED = "(?:lbs?|oz|ft|yds?)"
_FEET_AND_INCHES = regex.compile(
    rf"{BEGIN}(?P<feet>[0-9]{{1,2}})(?: ?ft\.? |['’′] ?)(?P<inches>[0-9]|1[01])(?: ?in\b\.?|[\"”″](?!\p{{L}}))"
)
# North American and international forms: digits in groups of two to four, and always more than two groups.
_PHONE = regex.compile(
    r"(?=[0-9(+])(?<![^\s:—–])"
    r"(?P<phone>(?:\+[0-9]{1,3}[ -]|1-)?(?:\([0-9]{2,4}\) ?|[0-9]{3}[-.])[0-9]{3}[-.][0-9]{4}"
    r"|\+[0-9]{1,3}(?:[ -][0-9]{2,4}){3,4})(?![\p{L}\p{N}]|-[0-9])"
)


def phone_rule(figures: Figures) -> Callable[[str], str]:
    return partial(_PHONE.sub, partial(_phone_said, lang=figures.lang))


def measure_rules(figures: Figures) -> tuple[Callable[[str], str], ...]:
    units = _UNITS[figures.primary]
    names = "|".join(sorted(map(regex.escape, units), key=len, reverse=True))
    pattern = regex.compile(rf"{BEGIN}{figures.number}[ \u00a0\u202f]?(?P<unit>{names})(?![\p{{L}}\p{{N}}/])")
    measures = partial(pattern.sub, partial(_measure_said, figures=figures, units=units))
    if figures.primary != "en":
        return (measures,)
    dotted = regex.compile(rf"{BEGIN}(?P<measure>{figures.whole} {_DOTTED})\.{MAY_END}")
    return (
        partial(_FEET_AND_INCHES.sub, _height_said),
        partial(dotted.sub, lambda match: match["measure"] + ("." if match["ends"] is not None else "")),
        measures,
    )


def _measure_said(match: regex.Match[str], *, figures: Figures, units: Mapping[str, tuple[str, str]]) -> str:
    is_one = match["whole"] == "1" and not match["fraction"]
    return f"{figures.said(match['whole'], match['fraction'])} {units[match['unit']][not is_one]}"


def _height_said(match: regex.Match[str]) -> str:
    feet, inches = match["feet"], match["inches"]
    return f"{feet} {'foot' if feet == '1' else 'feet'} {inches} {'inch' if inches == '1' else 'inches'}"


def _phone_said(match: regex.Match[str], *, lang: str) -> str:
    return ", ".join(digits(group, lang) for group in regex.findall("[0-9]+", match["phone"]))
