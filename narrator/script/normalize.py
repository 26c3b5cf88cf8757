"""What is printed becomes what is said: numerals, abbreviations and signs that voices are known to misread.

Where a print can be read in two ways it is left as it is: a voice's guess costs a listener less than ours.
Lines are normalised one by one, and until nothing changes: normalised text stays as it is from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from narrator.model import Normalization
from narrator.script.normalize_abbreviations import abbreviation_rules
from narrator.script.normalize_addresses import address_rules
from narrator.script.normalize_full import full_rules
from narrator.script.normalize_roman import roman_rules
from narrator.script.normalize_signs import sign_rules
from narrator.script.speech_text import primary_of

Rule = Callable[[str], str]

_MOST_ROUNDS = 8
"""A bound that nothing should reach: the second round is almost always the one that changes nothing."""


def normalized(text: str, language: str, level: Normalization) -> str:
    """`text` as it is said in `language`, a BCP 47 tag; unchanged in a language that has no rules.

    German, English, Spanish, French, Italian, Dutch and Portuguese have.
    """
    rules = _rules(primary_of(language), "br" in language.lower().split("-")[1:], level)
    return "\n".join(_settled(line, rules) for line in text.split("\n")) if rules else text


def _settled(line: str, rules: Sequence[Rule]) -> str:
    """A line as no rule changes it any more: what one writes may be what another looks for."""
    for _ in range(_MOST_ROUNDS):
        said = line
        for rule in rules:
            said = rule(said)
        if said == line:
            break
        line = said
    return line


@cache
def _rules(primary: str, is_brazilian: bool, level: Normalization) -> tuple[Rule, ...]:  # noqa: FBT001 - a cache key
    if level is Normalization.OFF:
        return ()
    # Roman numerals become figures, which abbreviations ("Vol. 4"), signs and full numbers look for.
    light = (
        *address_rules(primary),
        *roman_rules(primary),
        *abbreviation_rules(primary),
        *sign_rules(primary),
    )
    return light if level is Normalization.LIGHT else (*light, *full_rules(primary, is_brazilian=is_brazilian))
