from __future__ import annotations

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import LanguageUnspoken
from narrator.model import Matter, Script, ScriptChapter, Segment, Span
from narrator.providers.catalog import create_provider
from narrator.rendering.languages import ensure_language_is_spoken

ENGLISH = create_provider(Speech(), Rendering())
ANY = create_provider(Speech(provider="openai"), Rendering())


def script(text: str) -> Script:
    segments = (Segment(text, (Span(0, 0, len(text)),)),)
    return Script("A Book", (), "", (ScriptChapter("T", Matter.BODY, "", "d", 1, 1, segments),))


@pytest.mark.parametrize("language", ["", "en", "en-GB"])
def test_english_is_spoken(language: str) -> None:
    ensure_language_is_spoken(script("Plain words, and a café."), language, ENGLISH)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Des mots.", "fr", "in French"),
        ("吾輩は猫である。", "", "not written in Latin"),
        ("Слова.", "en", "Latin"),
    ],
)
def test_what_the_voice_does_not_speak_is_refused_by_name(text: str, language: str, words: str) -> None:
    with pytest.raises(LanguageUnspoken, match=words):
        ensure_language_is_spoken(script(text), language, ENGLISH)


def test_a_provider_that_names_no_languages_is_not_second_guessed() -> None:
    ensure_language_is_spoken(script("吾輩は猫である。"), "ja", ANY)
