"""Abbreviations written out, so that a dot in them neither ends a sentence nor is spelt.

Each is written out only where its neighbours show what it stands for: a title before a name, 'No.' before a
number. Where two meanings fit ('Baker St. Irregulars', the initial in 'John M. Smith') it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import regex

from narrator.script.normalize_gates import only_with

_NAME = {
    "de": {"Dr.": "Doktor", "Fr.": "Frau", "Frl.": "Fräulein", "Hr.": "Herr", "Prof.": "Professor",
           "St.": "Sankt"},
    "en": {
        "Capt.": "Captain", "Cmdr.": "Commander", "Col.": "Colonel", "Cpl.": "Corporal", "Dr": "Doctor",
        "Dr.": "Doctor", "Ft.": "Fort", "Gen.": "General", "Gov.": "Governor", "Hon.": "Honorable",
        "Lieut.": "Lieutenant", "Lt.": "Lieutenant", "Maj.": "Major", "Mlle.": "Mademoiselle",
        "Mme.": "Madame", "Mr.": "Mr", "Mrs.": "Mrs", "Ms.": "Ms", "Mt.": "Mount", "Prof.": "Professor",
        "Rev.": "Reverend", "Sen.": "Senator", "Sgt.": "Sergeant",
    },
    "es": {
        "D.": "don", "Dña.": "doña", "Dr.": "doctor", "Dra.": "doctora", "Sr.": "señor", "Sra.": "señora",
        "Srta.": "señorita",
    },
    "fr": {
        "M.": "Monsieur", "MM.": "Messieurs", "Mgr": "Monseigneur", "Mlle": "Mademoiselle", "Mme": "Madame",
        "Mlle.": "Mademoiselle", "Mme.": "Madame", "Dr": "Docteur",
    },
    "it": {
        "Dott.": "Dottor", "Prof.": "Professor", "Sig.": "Signor", "Sig.na": "Signorina", "Sig.ra": "Signora",
        "dott.": "dottor", "prof.": "professor", "sig.": "signor", "sig.na": "signorina", "sig.ra": "signora",
    },
    "nl": {"Dhr.": "De heer", "Mevr.": "Mevrouw", "Prof.": "Professor", "dhr.": "de heer",
           "mevr.": "mevrouw", "prof.": "professor"},
    "pt": {
        "Dr.": "doutor", "Dra.": "doutora", "Sr.": "senhor", "Sra.": "senhora", "Srta.": "senhorita",
    },
}  # fmt: skip
"""What stands before a name, exactly as written. Voices say 'Mrs' right, and 'missis' or 'missus' worse."""

_NUMBER = {
    "de": {"Bd.": "Band", "Kap.": "Kapitel", "Nr.": "Nummer", "S.": "Seite"},
    "en": {
        "No.": "Number", "Nos.": "Numbers", "ch.": "chapter", "chap.": "chapter", "fig.": "figure",
        "figs.": "figures", "nº": "number", "p.": "page", "pp.": "pages", "vol.": "volume",
        "vols.": "volumes", "№": "number",
    },
    "es": {"cap.": "capítulo", "n.º": "número", "nº": "número", "núm.": "número", "pág.": "página",
           "págs.": "páginas", "p.": "página"},
    "fr": {"chap.": "chapitre", "n°": "numéro", "nº": "numéro", "p.": "page", "pp.": "pages", "vol.": "volume"},
    "it": {"cap.": "capitolo", "n.": "numero", "n°": "numero", "pag.": "pagina", "pagg.": "pagine",
           "vol.": "volume"},
    "nl": {"blz.": "bladzijde", "hfst.": "hoofdstuk", "nr.": "nummer", "nrs.": "nummers"},
    "pt": {"cap.": "capítulo", "n.º": "número", "nº": "número", "pág.": "página", "págs.": "páginas",
           "p.": "página"},
}  # fmt: skip
"""What stands before a figure; a capital is allowed. A small 'no.' is missing, because it ends sentences."""

_LEADING_ON = {
    "de": {"bzw.": "beziehungsweise", "d. h.": "das heißt", "vgl.": "vergleiche", "z. B.": "zum Beispiel"},
    "en": {"cf.": "compare", "e.g.": "for example", "e. g.": "for example", "i.e.": "that is",
           "i. e.": "that is", "viz.": "namely", "vs.": "versus"},
    "es": {"p. ej.": "por ejemplo"},
    "fr": {"c.-à-d.": "c’est-à-dire", "p. ex.": "par exemple"},
    "it": {"p. es.": "per esempio"},
    "nl": {"bijv.": "bijvoorbeeld", "d.w.z.": "dat wil zeggen"},
    "pt": {"p. ex.": "por exemplo"},
}  # fmt: skip
"""What never ends a sentence. Its spaces may be missing in print; a capital begins a sentence."""

_ANYWHERE = {
    "de": {"n. Chr.": "nach Christus", "u. a.": "unter anderem", "usw.": "und so weiter",
           "v. Chr.": "vor Christus"},
    "en": {"&c.": "etc."},
    "es": {"EE. UU.": "Estados Unidos", "a. C.": "antes de Cristo", "d. C.": "después de Cristo",
           "Ud.": "usted", "Uds.": "ustedes", "Vd.": "usted", "Vds.": "ustedes"},
    "fr": {"apr. J.-C.": "après Jésus-Christ", "av. J.-C.": "avant Jésus-Christ"},
    "it": {"a. C.": "avanti Cristo", "d. C.": "dopo Cristo", "ecc.": "eccetera"},
    "nl": {"enz.": "enzovoort", "n. Chr.": "na Christus", "o.a.": "onder andere", "v. Chr.": "voor Christus"},
    "pt": {"a. C.": "antes de Cristo", "d. C.": "depois de Cristo"},
}  # fmt: skip
"""What may end a sentence as well. 'etc.' is said right by voices, and needs its dot for it."""

_MONTHS = {
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Jun": "June", "Jul": "July",
    "Aug": "August", "Sept": "September", "Sep": "September", "Oct": "October", "Nov": "November",
    "Dec": "December",
}  # fmt: skip

_LETTER_BEFORE = r"(?<![\p{L}\p{M}\p{N}.’'&-])"
# 'M. de Voltaire' is a name too; one capital and a dot is an initial: 'M. L. King' stays.
_NAME_AFTER = r"(?=[ ]\p{Lu}[\p{L}’'-])"
_PARTICLES = r"|(?=[ ](?:de|du|des|la|le)[ ])|(?=[ ]d[’'])"
MAY_END = r"(?P<ends>(?=[\"”’'»)\]]*(?:$| [\"“‘'«(\[]*\p{Lu})))?+"
"""Matches where the dot of an abbreviation may be the dot of its sentence as well: then it stays."""

_SAINT = regex.compile(r"(?:(?P<before>\p{Lu}[\p{L}’'-]*+) )?+(?P<saint>\bSt\.?)(?=[ ]\p{Lu}\p{Ll})")
_BEFORE_SAINT = {
    "And", "At", "But", "By", "For", "From", "In", "Near", "Of", "On", "The", "To", "When", "With",
}  # fmt: skip
_STREET = regex.compile(r"(?<=\p{Lu}[\p{L}’'-]+ )St\.(?:(?=[,;:)!?’”]|[ ]\p{Ll})|(?P<ends>$))")
_JUNIOR = regex.compile(rf"(?<=\p{{Lu}}\p{{Ll}}+,? )(?P<word>Jr|Sr)\.{MAY_END}")
_COMPANY = regex.compile(rf"(?<=(?:&|\band) )(?P<word>Co|Bros)\.{MAY_END}")
_MONTH = regex.compile(
    rf"{_LETTER_BEFORE}(?P<month>{'|'.join(_MONTHS)})\.(?:(?=[ ][0-9])|(?<=[0-9] \p{{L}}+\.)(?=[ ,;)]))"
)
_CIRCA = regex.compile(rf"{_LETTER_BEFORE}ca?\. ?(?=[0-9]{{3,4}}\b)")
_FRENCH_SAINT = regex.compile(r"(?<![\p{L}\p{M}])(?P<word>Ste?)(?:-|\. )(?=\p{Lu}\p{Ll})")


def abbreviation_rules(primary: str) -> tuple[Callable[[str], str], ...]:
    if primary not in _NAME:
        return ()
    return (*_own_rules(primary), *_table_rules(primary))


def _own_rules(primary: str) -> tuple[Callable[[str], str], ...]:
    if primary == "fr":
        return (partial(_FRENCH_SAINT.sub, lambda match: "Sainte-" if match["word"] == "Ste" else "Saint-"),)
    if primary != "en":
        return ()
    return (
        partial(_STREET.sub, lambda match: "Street" + _dot(match)),
        partial(_SAINT.sub, _saint),
        partial(_JUNIOR.sub, lambda match: ("Junior" if match["word"] == "Jr" else "Senior") + _dot(match)),
        partial(_COMPANY.sub, lambda match: ("Company" if match["word"] == "Co" else "Brothers") + _dot(match)),
        partial(_MONTH.sub, lambda match: _MONTHS[match["month"]]),
        partial(_CIRCA.sub, "circa "),
    )


def _saint(match: regex.Match[str]) -> str:
    """'St. Clair' is a saint; 'Baker St. Irregulars' may be in a street."""
    before = match["before"]
    if before is None:
        return "Saint"
    return f"{before} Saint" if before in _BEFORE_SAINT else match[0]


def _dot(match: regex.Match[str]) -> str:
    return "." if match.groupdict().get("ends") is not None else ""


def _table_rules(primary: str) -> tuple[Callable[[str], str], ...]:
    before_name = _NAME_AFTER + (_PARTICLES if primary == "fr" else "")
    return (
        _written_out(_NAME[primary], f"(?:{before_name})"),
        _written_out(_with_capitals(_NUMBER[primary]), r"(?:[ ]?(?=[0-9]))", space=" "),
        _written_out(_with_capitals(_LEADING_ON[primary]), r"(?!\p{L})"),
        _written_out(_with_capitals(_ANYWHERE[primary]), rf"{MAY_END}(?!\p{{L}})"),
    )


def _with_capitals(table: Mapping[str, str]) -> dict[str, str]:
    capitals = {key[0].upper() + key[1:]: said[0].upper() + said[1:] for key, said in table.items()}
    return capitals | dict(table)


def _written_out(table: Mapping[str, str], after: str, *, space: str = "") -> Callable[[str], str]:
    alternatives = "|".join(_printed(key) for key in sorted(table, key=len, reverse=True))
    pattern = regex.compile(rf"{_LETTER_BEFORE}(?P<short>{alternatives}){after}")
    said = {key.replace(" ", ""): value for key, value in table.items()}

    def rule(match: regex.Match[str]) -> str:
        full = said[match["short"].replace(" ", "")]
        is_dotted = match["short"].endswith(".") and not full.endswith(".")
        return full + space + (_dot(match) if is_dotted else "")

    return only_with({key.partition(" ")[0] for key in table}, partial(pattern.sub, rule))


def _printed(key: str) -> str:
    if len(key) == 2 and key[0].isupper():  # 'John D. Passos' has an initial
        return rf"{regex.escape(key)}(?<!\p{{Lu}}[\p{{L}}’'.-]* {regex.escape(key)})"
    return regex.escape(key, special_only=True, literal_spaces=True).replace(" ", " ?")
