from __future__ import annotations

import pytest

from narrator.manuscript.language import guess_language, normal_tag


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "It was the best of times, and it was the worst of times; she had not been there for it."),
        (
            "fr",
            "Il y avait dans le château un jeune homme qui était le plus doux de tous, et il ne le savait pas.",
        ),
        (
            "de",
            "Als er eines Morgens erwachte, fand er sich in seinem Bett und das war nicht mehr, was er war.",
        ),
        (
            "es",
            "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho que vivía un hidalgo.",
        ),
        (
            "it",
            "Nel mezzo del cammino di nostra vita mi ritrovai per una selva che era scura, e non la sapevo.",
        ),
        ("nl", "Het was de eerste keer dat hij het huis zag, en hij was er niet blij mee, maar zij wel."),
        ("la", "Gallia est omnis divisa in partes tres, quae non ab aliis sed ex se et cum suis est."),
        (
            "ja",
            "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗い所で泣いていた。",
        ),
        (
            "zh",
            "道可道，非常道。名可名，非常名。無名天地之始，有名萬物之母。故常無欲以觀其妙，常有欲以觀其徼。",
        ),
        ("ru", "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему."),
        ("el", "Άνδρα μοι έννεπε, Μούσα, πολύτροπον, ος μάλα πολλά πλάγχθη, επεί Τροίης ιερόν πτολίεθρον."),
        ("", "Lorem zzyzx qwerty uiop."),
        ("", ""),
    ],
)
def test_language_is_guessed_from_the_text(language: str, text: str) -> None:
    assert guess_language([text]) == language


@pytest.mark.parametrize(
    ("declared", "tag"),
    [
        ("en_US", "en-US"),
        ("EN", "en"),
        ("ger", "de"),
        ("French", "fr"),
        ("English (British)", "en"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("en-XX9", "en"),
        ("und", ""),
        ("none of your business", ""),
    ],
)
def test_declared_languages_become_tags(declared: str, tag: str) -> None:
    assert normal_tag(declared) == tag
