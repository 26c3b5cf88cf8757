"""What a heading says by its words: 'CHAPTER IV', 'Erstes Kapitel', 'PART TWO', 'III.'; in many languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

_CHAPTER = (
    "chapter|chap|chapitre|kapitel|kap|cap[íi]tulo|capitolo|hoofdstuk|rozdzia[łl]|kapitola|глава|розділ|fejezet"
    "|luku|κεφάλαιο|canto|stave|letter|lettre|brief|act|acte|akt|aufzug|scene|sc[èe]ne|szene"
)
_PART = (
    "part|book|volume|vol|partie|livre|tome|teil|buch|band|parte|libro|livro|volumen|deel|boek|часть|книга|том"
    "|cz[ęe][śs][ćc]|del|osa|section"
)
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty)(?:[- ](?:one|two|three|four|five|six"
    "|seven|eight|nine))?|un|une|deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze"
    "|seize|eins|zwei|drei|vier|f[üu]nf|sechs|sieben|acht|neun|zehn|elf|zw[öo]lf|uno|dos|tres|cuatro|cinco|seis"
    "|siete|ocho|nueve|diez|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|dois|quatro|sete|oito|dez"
)
_ORDINALS = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last"
    "|premi(?:er|[èe]re)|deuxi[èe]me|seconde?|troisi[èe]me|quatri[èe]me|cinqui[èe]me|sixi[èe]me|septi[èe]me"
    "|huiti[èe]me|neuvi[èe]me|dixi[èe]me|derni(?:er|[èe]re)"
    "|(?:erst|zweit|dritt|viert|f[üu]nft|sechst|siebent?|acht|neunt|zehnt|elft|zw[öo]lft|dreizehnt|vierzehnt"
    "|f[üu]nfzehnt|sechzehnt|siebzehnt|achtzehnt|neunzehnt|zwanzigst|letzt)e[rs]?"
    "|primer[oa]?|segund[oa]|tercer[oa]?|cuart[oa]|quint[oa]|prim[oa]|second[oa]|terz[oa]|quart[oa]|sest[oa]"
    "|primeir[oa]|terceir[oa]|eerste|tweede|derde|vierde|vijfde|перв\\w+|втор\\w+|трет\\w+|четв[её]рт\\w+|пят\\w+"
)
# Up to 399: no book has more chapters, and 'MIX' and 'DI' are words.
_ROMAN = r"(?=[IVXLC])C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,4})"
_NUMBER = rf"(?:\d{{1,4}}|{_ROMAN}|{_NUMBER_WORDS}|(?:the\s+)?(?:{_ORDINALS}))"
_REST = r"(?P<rest>.*)"

_LABELLED = re.compile(
    rf"(?P<word>(?:{_CHAPTER}|{_PART}))\.?\s+(?:№|n[o°º]\.?\s*)?{_NUMBER}(?!\w){_REST}", re.IGNORECASE
)
_ORDINAL_FIRST = re.compile(
    rf"(?:the\s+)?(?:{_ORDINALS})\s+(?P<word>(?:{_CHAPTER}|{_PART}))(?!\w){_REST}", re.IGNORECASE
)
_CJK = re.compile(
    rf"第\s*[〇零一二三四五六七八九十百千\d０-９]+\s*(?P<word>[章回話节節部卷編编幕])(?=\s|$|[　:：]){_REST}"
)
_LONE_NUMBER = re.compile(rf"(?:§\s*)?(?:{_ROMAN}|\d{{1,3}})[.:)]?")
_LONE_WORD = re.compile(rf"(?:{_NUMBER_WORDS})", re.IGNORECASE)
_NUMBER_FIRST = re.compile(rf"(?:{_ROMAN}|\d{{1,3}})\s*[.:—–-]+\s+{_REST}")
_SCENE_WORD = re.compile(r"scene|sc[èe]ne|szene", re.IGNORECASE)
_LABEL_WORD = re.compile(rf"(?:{_CHAPTER}|{_PART})", re.IGNORECASE)
_PART_WORD = re.compile(rf"(?:{_PART}|[部卷編编])", re.IGNORECASE)
_TITLE_START = re.compile(r"\s*[.:,;—–\-_(\[/|]|\s+[\"'“‘«*_]?[^\W\d_a-zà-ÿа-я]|\s*$")


class Rank(Enum):
    """How high a heading stands by its own words. A scene is below a chapter only where there are acts."""

    PART = 1
    CHAPTER = 2
    SCENE = 3


@dataclass(frozen=True, slots=True)
class Label:
    """A heading's number and what follows it: 'CHAPTER I. LOOMINGS' has the title 'LOOMINGS'."""

    rank: Rank
    title: str


def label_of(text: str) -> Label | None:
    """The label that a heading begins with, or None where it has no word and number of a chapter or part."""
    match = _LABELLED.match(text) or _ORDINAL_FIRST.match(text) or _CJK.match(text)
    if not match or not _TITLE_START.match(match["rest"]):
        return None
    rank = Rank.PART if _PART_WORD.fullmatch(match["word"]) else Rank.CHAPTER
    rank = Rank.SCENE if _SCENE_WORD.fullmatch(match["word"]) else rank
    return Label(rank, match["rest"].strip(" .:,;—–-_\u3000："))


def is_bare_number(text: str) -> bool:
    """Whether this is a chapter's number alone: 'IV', 'IV.', '12', 'Twelve'."""
    return bool(_LONE_NUMBER.fullmatch(text) or (text[:1].isupper() and _LONE_WORD.fullmatch(text)))


def is_numbered_title(text: str) -> bool:
    """Whether this is a number and a title: 'IV. The Garden', '12 - Home'."""
    match = _NUMBER_FIRST.fullmatch(text)
    return bool(match and match["rest"][:1].isupper())


def is_bare_label(text: str) -> bool:
    """Whether this is a number without a title: 'CHAPTER IV', 'Act II.', 'III'."""
    label = label_of(text)
    return is_bare_number(text) or (label is not None and not label.title)


def label_is_chapter(text: str) -> bool:
    """Whether this numbers a chapter: 'Chapter 3', 'III'."""
    label = label_of(text)
    return is_bare_number(text) or (label is not None and label.rank is not Rank.PART)


def is_label_word(text: str) -> bool:
    """Whether this is the word of a label without its number: 'Chapter', 'PART'."""
    return bool(_LABEL_WORD.fullmatch(text))


def joined_heading(lines: Iterable[str]) -> str:
    """A heading of several lines as it is read: 'CHAPTER I' and 'LOOMINGS' become 'CHAPTER I. LOOMINGS'."""
    heading = ""
    for line in filter(None, lines):
        if not heading:
            heading = line
        else:
            heading += (". " if is_bare_label(heading) and heading[-1] not in ".:—-" else " ") + line
    return heading
