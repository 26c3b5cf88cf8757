"""How figures are written and said in each language: what the rules for full normalisation share."""

from __future__ import annotations

from dataclasses import dataclass

from narrator.script.normalize_words import LONGEST_NUMBER, amount


@dataclass(frozen=True, slots=True)
class Figures:
    """A language's way with figures.

    `lang` is num2words' name; `group` and `point` are patterns of what stands between thousands and before
    decimals. `says_hundreds` is whether 1984 is 'nineteen hundred ...'.
    """

    primary: str
    lang: str
    group: str
    point: str
    says_hundreds: bool = False

    @property
    def whole(self) -> str:
        """A pattern of a whole number."""
        return rf"(?:[0-9]{{1,3}}(?:{self.group}[0-9]{{3}})++(?![0-9])|[0-9]++)"

    @property
    def number(self) -> str:
        """A pattern of a number, whole or decimal, with the groups `whole` and `fraction`."""
        return rf"(?P<whole>{self.whole})(?:{self.point}(?P<fraction>[0-9]++))?+"

    def said(self, whole: str, fraction: str | None = None) -> str:
        """A matched number in words; as it is where its word would depend on what is counted."""
        plain = "".join(filter(str.isdigit, whole))
        if not fraction and len(plain) <= LONGEST_NUMBER and self._bends(int(plain)):
            return whole
        return amount(plain, fraction or "", self.lang)

    def _bends(self, number: int) -> bool:
        """Whether its word has a form for each gender ('doscientas personas', 'une', 'duas')."""
        match self.primary:
            case "de":
                return number % 100 == 1
            case "fr":
                return number % 10 == 1 and number % 100 not in {11, 71, 91}
            case "it" | "nl":
                return number == 1
            case "es" | "pt":
                last = {1} if self.primary == "es" else {1, 2}
                groups = (number % 1000, number // 1000 % 1000)
                return any(
                    group >= 200 or (group % 10 in last and group % 100 not in {11, 12}) for group in groups
                )
            case _:
                return False


FIGURES = {
    "de": Figures("de", "de", r"[.\u00a0\u202f]", ",", says_hundreds=True),
    "en": Figures("en", "en", r"(?:,|[ \u00a0\u202f](?=000))", r"\.", says_hundreds=True),
    "es": Figures("es", "es", r"[.\u00a0\u202f]", ","),
    "fr": Figures("fr", "fr", r"[ \u00a0\u202f]", ","),
    "it": Figures("it", "it", r"[.\u00a0\u202f]", ","),
    "nl": Figures("nl", "nl", r"[.\u00a0\u202f]", ",", says_hundreds=True),
    "pt": Figures("pt", "pt", r"[.\u00a0\u202f]", ","),
}
BRAZILIAN = Figures("pt", "pt_BR", r"[.\u00a0\u202f]", ",")

BEFORE = r"(?<![^\s(\"“‘'’«„‚‹\[—–…])(?<![\p{L}\p{N})]\()"
"""A number begins here: what stands before is the start, white space, an opening sign or a dash.

The '(1)' of '704(a)(1)' is part of a code.
"""

BEGIN = rf"(?=[0-9]){BEFORE}"
"""The same where the first figure follows; looked at at fewer places, so faster."""

AFTER = r"(?![^\s)\"”’'»“‹›\];!?…—–.,:]|[.,:][\p{L}\p{N}])"
"""A number ends here: it is no part of a code, a version, a date in figures or a proportion."""
