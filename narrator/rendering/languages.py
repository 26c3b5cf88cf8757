"""Whether a voice speaks a book's language, found out before any of its text is sent."""

from __future__ import annotations

from collections.abc import Iterator

import langcodes
import regex

from narrator.errors import LanguageUnspoken
from narrator.model import Script
from narrator.ports import Provider

_SAMPLE_CHARACTERS = 20_000
_LETTER = regex.compile(r"\p{L}")
_LATIN = regex.compile(r"\p{Latin}")


def ensure_language_is_spoken(script: Script, language: str, provider: Provider) -> None:
    """Compare the book's language, and its letters, with what the voice speaks.

    Raises:
        LanguageUnspoken: naming both, before the first segment.
    """
    spoken = provider.capabilities.languages
    if not spoken:
        return
    speaks = ", ".join(_name(tag) for tag in spoken)
    voice = f"the voice {provider.voice!r} of {provider.name}"
    if language and not any(_primary(language) == _primary(tag) for tag in spoken):
        raise LanguageUnspoken(
            f"{script.title!r} is in {_name(language)}, and {voice} speaks {speaks}.",
            advice="Choose another provider or voice (`narrator providers`), "
            "or name the language with --language if the book declares the wrong one.",
        )
    if all(_primary(tag) in _LATIN_LANGUAGES for tag in spoken) and not _is_mostly_latin(script):
        raise LanguageUnspoken(
            f"{script.title!r} is not written in Latin letters, and {voice} speaks {speaks}.",
            advice="Choose another provider or voice: `narrator providers` lists them.",
        )


_LATIN_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pl", "pt"})


def _is_mostly_latin(script: Script) -> bool:
    letters = latin = 0
    for text in _sample(script):
        letters += len(_LETTER.findall(text))
        latin += len(_LATIN.findall(text))
    return latin * 2 >= letters


def _sample(script: Script) -> Iterator[str]:
    left = _SAMPLE_CHARACTERS
    for chapter in script.chapters:
        for segment in chapter.segments:
            yield segment.text
            left -= len(segment.text)
            if left < 0:
                return


def _primary(tag: str) -> str:
    return langcodes.get(tag).language or tag


def _name(tag: str) -> str:
    # language_data, which knows the names, is a large package for one sentence: the common ones stand here.
    return f"{_NAMES.get(_primary(tag), 'the language')} ({tag})"


_NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "la": "Latin", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian",
    "zh": "Chinese",
}  # fmt: skip
