"""Money and percentages in words: '$3.50', '£5 million', '12,50 €', '50 %'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import regex

from narrator.script.normalize_figures import AFTER, BEFORE, BEGIN, Figures
from narrator.script.normalize_words import cardinal


@dataclass(frozen=True, slots=True)
class _Coin:
    """One and several of a coin, and of its hundredth; '' where the hundredth has no name or nobody says it."""

    one: str
    many: str
    cent: str = ""
    cents: str = ""


_COINS = {
    "de": {"$": _Coin("Dollar", "Dollar"), "€": _Coin("Euro", "Euro"), "£": _Coin("Pfund", "Pfund")},
    "en": {
        "$": _Coin("dollar", "dollars", "cent", "cents"),
        "£": _Coin("pound", "pounds", "penny", "pence"),
        "¥": _Coin("yen", "yen"),
        "€": _Coin("euro", "euros", "cent", "cents"),
    },
    "es": {"$": _Coin("dólar", "dólares"), "€": _Coin("euro", "euros"), "£": _Coin("libra", "libras")},
    "fr": {"$": _Coin("dollar", "dollars"), "€": _Coin("euro", "euros"), "£": _Coin("livre", "livres")},
    "it": {"$": _Coin("dollaro", "dollari"), "€": _Coin("euro", "euro"), "£": _Coin("sterlina", "sterline")},
    "nl": {"$": _Coin("dollar", "dollar"), "€": _Coin("euro", "euro"), "£": _Coin("pond", "pond")},
    "pt": {"$": _Coin("dólar", "dólares"), "€": _Coin("euro", "euros"), "£": _Coin("libra", "libras")},
}
_JOINED = {"de": " ", "en": " and ", "es": " con ", "fr": " ", "it": " e ", "nl": " ", "pt": " e "}
_PERCENT = {"de": "Prozent", "en": "percent", "es": "por ciento", "fr": "pour cent", "it": "per cento",
            "nl": "procent", "pt": "por cento"}  # fmt: skip
_SHORT = {"bn": "billion", "k": "thousand", "m": "million"}
_SCALE = r"(?: ?(?P<scale>hundred|thousand|million|billion|trillion)\b|(?P<short>bn|k|m)\b)?+"


def money_rules(figures: Figures) -> tuple[Callable[[str], str], ...]:
    coins = _COINS[figures.primary]
    signs = "".join(coins)
    percent = regex.compile(rf"{BEGIN}{figures.number} ?%{AFTER}")
    before = regex.compile(
        rf"{BEFORE}(?P<article>(?<=\b[Aa]n? ))?+(?:US)?(?P<sign>[{signs}]) ?{figures.number}"
        rf"{_SCALE if figures.primary == 'en' else ''}{AFTER}(?P<noun>(?=[ -]\p{{Ll}}))?+"
    )
    after = regex.compile(rf"{BEGIN}{figures.number} ?(?P<sign>[{signs}]){AFTER}")
    name = _PERCENT[figures.primary]
    rules: list[Callable[[str], str]] = [
        partial(percent.sub, lambda match: f"{figures.said(match['whole'], match['fraction'])} {name}"),
        partial(before.sub, partial(_money_said, figures=figures)),
        partial(after.sub, partial(_money_said, figures=figures)),
    ]
    if figures.primary == "en":
        cents = regex.compile(rf"{BEGIN}(?P<whole>[0-9]{{1,4}}) ?¢{AFTER}")
        rules.append(partial(cents.sub, _cents_said))
    return tuple(rules)


def _money_said(match: regex.Match[str], *, figures: Figures) -> str:
    coin = _COINS[figures.primary][match["sign"]]
    whole, fraction = match["whole"], match["fraction"]
    groups = match.groupdict()
    if groups.get("article") is not None and groups.get("noun") is not None:  # 'a $5 bill'
        coin = replace(coin, many=coin.one, cents=coin.cent)
    scale = groups.get("scale") or _SHORT.get(groups.get("short") or "", "")
    if scale:
        return f"{figures.said(whole, fraction)} {scale} {coin.many}"
    if fraction is not None and len(fraction) != 2:
        return f"{figures.said(whole, fraction)} {coin.many}"
    said = f"{figures.said(whole)} {coin.one if whole == '1' else coin.many}"
    if not fraction or fraction == "00":
        return said
    change = cardinal(int(fraction), figures.lang)
    if not coin.cent:
        return f"{said}{_JOINED[figures.primary]}{change}"
    change = f"{change} {coin.cent if fraction == '01' else coin.cents}"
    return change if whole == "0" else f"{said}{_JOINED[figures.primary]}{change}"


def _cents_said(match: regex.Match[str]) -> str:
    return f"{cardinal(int(match['whole']), 'en')} {'cent' if match['whole'] == '1' else 'cents'}"
