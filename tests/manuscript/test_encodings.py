from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.manuscript.encoding import decode, is_binary

RIGHT = {
    "en": "It’s the “naïve” café — £5, or €6… MENÜ 20° ½ © façade coöperate Brontë",
    "fr": "«\u00a0Voilà\u00a0», dit-il… L’ÉTÉ «CAFÉ» À «ÂGE» Noël œuvre Œdipe où çà AMITIÉ… MANGÉ”",
    "de": "„Spaß“, »Größe« MENÜ“ TROJÄ“ Übermut ‚Fuß‘ – Straße… ÖL",
    "nl": "„Hé”, zei hij – vóór één café’s… ‘ruïne’ CAFÉ” geëerd",
    "ja": "「はい」と言った。（一）……――第一章　吾輩は猫である。é",
}
FRENCH = "Il était là, l’été brûlait : « Où çà ? » — Cœur à l’œuvre…"


@given(
    st.sampled_from(sorted(RIGHT)).flatmap(
        lambda language: st.lists(st.sampled_from([*RIGHT[language].split(" "), "and"]), max_size=8)
    ),
    st.sampled_from([" ", "\n", "", "\u00a0"]),
)
def test_right_text_is_not_mended(words: list[str], gap: str) -> None:
    text = gap.join(words)
    assert decode(text.encode()) == text


@pytest.mark.parametrize("language", RIGHT)
@pytest.mark.parametrize("misread", ["cp1252", "latin-1"])
@pytest.mark.parametrize("rounds", [1, 2])
def test_mojibake_is_mended(language: str, misread: str, rounds: int) -> None:
    text = (RIGHT[language].removesuffix("é") + "\n") * 3
    spoiled = text
    for _ in range(rounds):
        # As browsers and Windows do, the bytes without a character in cp1252 become control characters.
        spoiled = "".join(_misread(byte, misread) for byte in spoiled.encode())
    assert decode(spoiled.encode()) == text


def _misread(byte: int, name: str) -> str:
    try:
        return bytes([byte]).decode(name)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize("right", ["Ã la carte, déjà vu", "Ã©tÃ© and été", "â€™ and 猫"])
def test_text_that_is_only_partly_mojibake_stays(right: str) -> None:
    assert decode(right.encode()) == right


def test_windows_text_pasted_into_utf8_is_read() -> None:
    data = f"{FRENCH}\n".encode() * 5 + "Le garçon français’s\n".encode("cp1252") + FRENCH.encode()
    assert decode(data) == f"{FRENCH}\n" * 5 + "Le garçon français’s\n" + FRENCH


@pytest.mark.parametrize("text", [FRENCH * 3 + "é", "吾輩は猫である。" * 9])
def test_utf8_that_was_cut_inside_its_last_character_is_utf8(text: str) -> None:
    assert decode(text.encode()[:-1]) == text[:-1]


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "iso2022_jp", "utf-16", "utf-32", "utf-8-sig"])
def test_japanese_is_read_in_every_encoding_that_is_used_for_it(encoding: str) -> None:
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\r\n" * 9
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_known_without_a_mark(encoding: str) -> None:
    data = "It’s naïve, he said; and so it was.\r\n".encode(encoding) * 9
    assert not is_binary(data)
    assert decode(data).startswith("It’s naïve, he said; and so it was.")
    assert is_binary(b"PNG\0\0\1\0\2" * 90)


def test_declared_names_are_read_as_they_are_meant() -> None:
    text = "①髙﨑さんの話。"
    assert decode(text.encode("cp932"), declared="Shift_JIS") == text
    assert decode("it’s".encode("cp1252"), declared="ISO-8859-1") == "it’s"


@pytest.mark.parametrize("declared", ["rot13", "idna", "undefined", "base64", "punycode", "utf-8", "no\0name"])
def test_declared_name_that_is_no_encoding_is_not_believed(declared: str) -> None:
    text = "The dog was there and it’s not his, but he was with her.\n" * 9
    assert decode(text.encode("cp1252"), declared=declared) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "The naïve café owner’s… déjà vu"),
        ("cp1252", "“Hello,” he said."),
        ("cp1252", "À l’été"),
        ("cp1252", "Größe über schön"),
        ("mac_roman", "The naïve café owner’s… déjà vu"),
        ("mac_roman", "“Hello,” he said. “It’s me.”"),
        ("cp850", "Le café est très bon, déjà là"),
        ("cp850", "señor mañana niño"),
        ("cp866", "Привет, мир. Как дела?"),
        ("cp1253", "Καλημέρα κόσμε"),
        ("cp1250", "Zażółć gęślą jaźń"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
        ("cp932", "吾輩は猫である"),
    ],
)
def test_a_few_words_are_read_in_the_code_page_where_they_make_sense(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text
