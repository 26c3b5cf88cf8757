"""Which language a book is in: what it declares, made a BCP 47 tag; else a guess from its own words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import langcodes
import regex
from langcodes.tag_parser import LanguageTagError

# English and native names, as Project Gutenberg and hand-made metadata write them.
_NAMES = {
    "afrikaans": "af", "arabic": "ar", "bulgarian": "bg", "català": "ca", "catalan": "ca", "chinese": "zh",
    "czech": "cs", "dansk": "da", "danish": "da", "deutsch": "de", "german": "de", "dutch": "nl",
    "nederlands": "nl", "english": "en", "esperanto": "eo", "español": "es", "spanish": "es",
    "finnish": "fi", "suomi": "fi", "français": "fr", "french": "fr", "greek": "el", "hebrew": "he",
    "hungarian": "hu", "magyar": "hu", "italian": "it", "italiano": "it", "japanese": "ja", "korean": "ko",
    "latin": "la", "norwegian": "no", "polish": "pl", "polski": "pl", "portuguese": "pt",
    "português": "pt", "romanian": "ro", "russian": "ru", "русский": "ru", "svenska": "sv",
    "swedish": "sv", "tagalog": "tl", "turkish": "tr", "türkçe": "tr", "ukrainian": "uk", "welsh": "cy",
}  # fmt: skip

_STOP_WORDS = {
    "en": "the and of to in that was he it his with as for had you not be her is but she they",
    "fr": "le la les de des et un une que qui dans il elle est pas pour ne sur au du était avec ce",
    "de": "der die das und den nicht ist er sie es ich zu mit ein eine von dem auf sich war als auch",
    "es": "el los las de que y en un una por con no su para se del lo como más era le al pero",
    "it": "il gli di che e un una per non con si del della le è era come ma al più nel sono",
    "pt": "o os as de que e em um uma por com não se para do da no na mais como era ao mas",
    "nl": "de het een en van dat niet ik zijn was op te met hij zij voor er maar die ook aan",
    "sv": "och att det som en ett på är av för med han hon inte den till var jag de om men",
    "da": "og at det som en et på er af for med han hun ikke den til var jeg de om men der",
    "fi": "ja on ei se hän oli että kun niin mutta ole kuin myös joka minä sen hänen ovat tai",
    "pl": "i w na nie z się do to że jest o jak ale po co tak za od przez był jego dla",
    "la": "et in est non ad cum ut quod qui sed ex si per quae esse enim hoc nec ab de sunt",
}
_WORDS_BY_LANGUAGE = {language: frozenset(words.split()) for language, words in _STOP_WORDS.items()}

# Scripts that name their language; the kana before the ideographs that Japanese shares with Chinese.
_SCRIPTS = (
    (regex.compile(r"[\p{Hiragana}\p{Katakana}]"), "ja"),
    (regex.compile(r"\p{Hangul}"), "ko"),
    (regex.compile(r"\p{Han}"), "zh"),
    (regex.compile(r"[іїєґІЇЄҐ]"), "uk"),
    (regex.compile(r"\p{Cyrillic}"), "ru"),
    (regex.compile(r"\p{Greek}"), "el"),
    (regex.compile(r"[پچژگ]"), "fa"),
    (regex.compile(r"\p{Arabic}"), "ar"),
    (regex.compile(r"\p{Hebrew}"), "he"),
    (regex.compile(r"\p{Devanagari}"), "hi"),
    (regex.compile(r"\p{Thai}"), "th"),
)
_LATIN = regex.compile(r"\p{Latin}")
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE_CHARACTERS = 20_000


def normal_tag(declared: str) -> str:
    """A declared language, such as 'en_US', 'eng' or 'English', as a BCP 47 tag; '' if it says nothing."""
    word = declared.strip().replace("_", "-")
    if name := _NAMES.get(re.split(r"[\s(,;/]", word.casefold(), maxsplit=1)[0]):
        return name
    try:
        tag = langcodes.standardize_tag(word)
        is_valid = langcodes.tag_is_valid(tag)
    except LanguageTagError:
        tag, is_valid = word, False
    primary = tag.partition("-")[0]
    if not is_valid:
        return normal_tag(primary) if primary != tag else ""
    return "" if primary in {"und", "mul", "zxx", "mis"} else tag


def guess_language(texts: Iterable[str]) -> str:
    """The language of a book that declares none, from its letters and its commonest words; '' if unsure."""
    sample = _sample(texts)
    latin = len(_LATIN.findall(sample))
    for script, language in _SCRIPTS:
        # Russian has none of the letters of Ukrainian, and Chinese no kana: a few of them decide.
        found = len(script.findall(sample))
        if found > max(20, latin // 2) or (language in {"ja", "uk", "fa"} and found > 20 + len(sample) // 50):
            return language
    return _guess_latin(sample)


def _guess_latin(sample: str) -> str:
    counts = Counter(word.casefold() for word in _WORD.findall(sample))
    total = counts.total()
    scores = {language: sum(counts[word] for word in words) for language, words in _WORDS_BY_LANGUAGE.items()}
    best, second = sorted(scores.values(), reverse=True)[:2]
    if best < max(3, total // 12) or best == second:
        return ""
    return max(scores, key=lambda language: scores[language])


def _sample(texts: Iterable[str]) -> str:
    parts: list[str] = []
    size = 0
    for text in texts:
        parts.append(text)
        size += len(text)
        if size > _SAMPLE_CHARACTERS:
            break
    return " ".join(parts)[:_SAMPLE_CHARACTERS]
