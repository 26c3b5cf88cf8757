"""What a heading says by its words: 'CHAPTER IV', 'Erstes Kapitel', 'PART TWO', '第三章'; in many languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

_CHAPTER = (
    "chapter|chap|chapitre|kapitel|kap|cap[íi]tulo|capitolo|hoofdstuk|rozdzia[łl]|kapitola|глава|розділ|fejezet"
    "|luku|κεφάλαιο|canto|chant|zang|gesang|stave|fit|fytte|letter|lettre|brief|adventure|episode|épisode"
    "|lecture|essay|sermon"
    "|act|acte|akt|aufzug|bedrijf|scene|sc[èe]ne|szene|auftritt|too?neel"
)
_PART = (
    "part|book|volume|vol|partie|livre|tome|teil|buch|band|parte|libro|livro|volumen|deel|boek|часть|книга|том"
    "|cz[ęe][śs][ćc]|del|osa|section"
)
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty)(?:[- ](?:one|two|three|four|five|six"
    "|seven|eight|nine))?"
    "|un|une|deux|trois|quatre|cinq|sept|huit|neuf|dix(?:-(?:sept|huit|neuf))?|onze|douze|treize|quatorze|quinze"
    "|seize|vingt(?:[- ](?:et[- ])?(?:une?|deux|trois|quatre|cinq|six|sept|huit|neuf))?|trente"
    "|eins|zwei|drei|vier|f[üu]nf|sechs|sieben|acht|neun|zehn|elf|zw[öo]lf"
    "|een|twee|drie|vijf|zes|zeven|negen|tien|twaalf|dertien|veertien|vijftien|zestien|zeventien|achttien"
    "|negentien|twintig"
    "|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|due|tre|quattro|cinque|sei|sette|otto|nove|dieci"
    "|dois|quatro|sete|oito|dez"
)
_ORDINALS = (
    "(?:(?:twenty|thirty|forty|fifty)[- ])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth"
    "|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|(?:twen|thir|for|fif)tieth|last"
    "|premi(?:er|[èe]re)|seconde?|(?:vingt[- ](?:et[- ])?)?(?:uni|deuxi|troisi|quatri|cinqui|sixi|septi|huiti"
    "|neuvi)[èe]me|(?:dixi|onzi|douzi|treizi|quatorzi|quinzi|seizi|dix-(?:sept|huit|neuv)i|vingti|trenti)[èe]me"
    "|derni(?:er|[èe]re)"
    "|(?:erst|zweit|dritt|viert|f[üu]nft|sechst|siebent?|acht|neunt|zehnt|elft|zw[öo]lft|dreizehnt|vierzehnt"
    "|f[üu]nfzehnt|sechzehnt|siebzehnt|achtzehnt|neunzehnt|zwanzigst|letzt)e[rs]?"
    "|eerste|tweede|derde|vierde|vijfde|zesde|zevende|achtste|negende|tiende|elfde|twaalfde"
    "|(?:der|veer|vijf|zes|zeven|acht|negen)tiende|twintigste|laatste"
    "|primer[oa]?|segund[oa]|tercer[oa]?|cuart[oa]|quint[oa]|prim[oa]|second[oa]|terz[oa]|quart[oa]|sest[oa]"
    "|primeir[oa]|terceir[oa]|перв\\w+|втор\\w+|трет\\w+|четв[её]рт\\w+|пят\\w+"
)
# Up to 399: no book has more chapters, and 'MIX' and 'DI' are words.
_ROMAN = r"(?=[IVXLC])C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,4})"
_NUMBER = rf"(?:\d{{1,4}}|{_ROMAN}|(?:the\s+)?(?:{_ORDINALS})|{_NUMBER_WORDS})"
_REST = r"(?P<rest>.*)"

_LABELLED = re.compile(
    rf"(?P<word>(?:{_CHAPTER}|{_PART}))\.?\s+(?:№|n[o°º]\.?\s*)?{_NUMBER}(?!\w){_REST}", re.IGNORECASE
)
_ORDINAL_FIRST = re.compile(
    rf"(?:the\s+)?(?:{_ORDINALS})\s+(?P<word>(?:{_CHAPTER}|{_PART}))(?!\w){_REST}", re.IGNORECASE
)
_KANJI = "〇零一二三四五六七八九十百千"
_CJK = re.compile(
    rf"第\s*[{_KANJI}\d０-９]+\s*(?P<word>[章回話话節节夜場幕部卷巻編编篇]|部分)(?=\s|$|[　:：]){_REST}"
)
# A chapter's title may follow at once; but particles begin a sentence: '第三章では'.
_CJK_CHAPTER = re.compile(
    rf"(?:第\s*[{_KANJI}]+|第?\s*[\d０-９]+)\s*(?P<word>章)(?![はがをにでともへやの、。])(?P<rest>.*(?<![。、]))"
)
_CJK_VOLUME = re.compile(rf"(?P<word>[上中下]|[上中下前後]\s*[巻卷編编篇])(?=\s|$){_REST}")
_LONE_NUMBER = re.compile(rf"(?:§\s*)?(?:{_ROMAN}|\d{{1,3}})[.:)]?")
_LONE_KANJI = re.compile(rf"[（(]?(?:其の|その)?(?:[{_KANJI}]{{1,5}}|[０-９]{{1,3}}|[Ⅰ-Ⅻ])[）)]?")
_LONE_WORD = re.compile(rf"(?:{_NUMBER_WORDS})", re.IGNORECASE)
_NUMBER_FIRST = re.compile(rf"(?:{_ROMAN}|\d{{1,3}})\s*[.:—–-]+\s+{_REST}")
_KANJI_FIRST = re.compile(rf"(?:[{_KANJI}]{{1,5}}|[０-９]{{1,3}}|[Ⅰ-Ⅻ])[\s．.]+{_REST}")
_SECTION_NUMBER = re.compile(r"(?:§\s*)?(?:\d{1,3}|[A-Z])(?:\.\d{1,3})+[.:)]?(?:\s|$)")
_HAN_OR_KANA = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SCENE_WORD = re.compile(r"scene|sc[èe]ne|szene|auftritt|too?neel|場", re.IGNORECASE)
_LABEL_WORD = re.compile(rf"(?:{_CHAPTER}|{_PART})", re.IGNORECASE)
_PART_WORD = re.compile(rf"(?:{_PART}|部分|[上中下前後]?\s*[部卷巻編编篇]|[上中下])", re.IGNORECASE)
_TITLE_START = re.compile(r"\s*[.:,;—–\-_(\[/|]|\s+[\"'“‘«*_]?[^\W\d_a-zà-ÿа-я]|\s*$")
_LONGEST_NUMBER = 40


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
    match = _LABELLED.match(text) or _ORDINAL_FIRST.match(text)
    if not match and not text.isascii():
        match = _CJK.match(text) or _CJK_VOLUME.match(text)
    if not match or not _TITLE_START.match(match["rest"]):
        match = None if text.isascii() else _CJK_CHAPTER.fullmatch(text)
    if not match:
        return None
    rank = Rank.PART if _PART_WORD.fullmatch(match["word"]) else Rank.CHAPTER
    rank = Rank.SCENE if _SCENE_WORD.fullmatch(match["word"]) else rank
    return Label(rank, match["rest"].strip(" .:,;—–-_\u3000："))


def is_bare_number(text: str) -> bool:
    """Whether this is a chapter's number alone: 'IV', 'IV.', '12', 'Twelve', '十二', '其の一'."""
    if len(text) > _LONGEST_NUMBER:
        return False
    if _LONE_NUMBER.fullmatch(text) or (not text.isascii() and _LONE_KANJI.fullmatch(text)):
        return True
    return text[:1].isupper() and _LONE_WORD.fullmatch(text) is not None


def is_numbered_title(text: str) -> bool:
    """Whether this is a number and a title: 'IV. The Garden', '12 - Home', '四　山路'."""
    match = _NUMBER_FIRST.fullmatch(text) or _KANJI_FIRST.fullmatch(text)
    return bool(match and (match["rest"][:1].isupper() or _HAN_OR_KANA.match(match["rest"])))


def is_section_title(text: str) -> bool:
    """Whether this is numbered as a section inside a chapter: '2.1 Pumps', '§ 4.10', 'B.2. Tables'."""
    return _SECTION_NUMBER.match(text) is not None


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
