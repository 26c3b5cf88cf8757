from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename

from narrator.publishing.names import MAX_BYTES, file_name, shelf_folder, unique_titles, volume_name
from narrator.publishing.playlist import playlist

text = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("number", "total", "title", "name"),
    [
        (1, 9, "Down the Rabbit-Hole", "01 - Down the Rabbit-Hole.mp3"),
        (7, 120, 'Who? "Me": <a/b\\c> | *', "007 - Who Me a b c.mp3"),
        (2, 12, "  Ends in dots...  ", "02 - Ends in dots.mp3"),
        (3, 3, "吾輩は猫である", "03 - 吾輩は猫である.mp3"),
        (4, 4, "???", "04.mp3"),
        (5, 5, "CON", "05 - CON.mp3"),
        (None, 0, "The Tale", "The Tale.mp3"),
        (None, 0, "CON", "CON_.mp3"),
        (None, 0, "...", "audiobook.mp3"),
    ],
)
def test_a_name_is_the_number_and_as_much_of_the_title_as_is_safe(
    number: int | None, total: int, title: str, name: str
) -> None:
    assert file_name(number, total, title, "mp3") == name


@given(st.integers(1, 1_000), text)
def test_every_title_makes_a_name_that_every_system_takes(number: int, title: str) -> None:
    name = file_name(number, 1_000, title, "m3u8")
    assert is_valid_filename(name, platform="universal")
    assert name.startswith(f"{number:04}")
    assert name.endswith(".m3u8")
    assert len(name.encode()) <= MAX_BYTES


def test_a_long_title_is_cut_between_characters() -> None:
    name = file_name(1, 1, "👩‍👩‍👧‍👦" * 30, "mp3")
    family = "👩‍👩‍👧‍👦"
    assert name.removeprefix("01 - ").removesuffix(".mp3") == family * 5


LONG = "Von/dem\\Leben: 👩‍👩‍👧‍👦 " * 20


def test_a_volume_is_named_for_the_book_and_its_part() -> None:
    assert volume_name("Moby-Dick", 1, 1, "m4b") == "Moby-Dick.m4b"
    assert volume_name("Moby-Dick", 2, 12, "m4b") == "Moby-Dick, part 02 of 12.m4b"
    assert volume_name("???", 1, 2, "mp3") == "audiobook, part 1 of 2.mp3"
    names = [volume_name(LONG, number, 11, "m4b") for number in range(1, 12)]
    assert names == sorted(names)
    assert len({name.casefold() for name in names}) == 11
    assert all(
        is_valid_filename(name, platform="universal") and len(name.encode()) <= MAX_BYTES for name in names
    )


def folder(authors: list[str], title: str, **facts: str) -> str:
    unknown = {"series": "", "part": "", "narrator": "", "year": ""}
    return str(shelf_folder(authors, title=title, **(unknown | facts)))


def test_a_book_stands_where_audiobookshelf_looks_for_it() -> None:
    known = {"series": "Sword of Truth", "part": "1", "narrator": "Sam", "year": "1994"}
    title = "Wizards First Rule"
    assert folder(["Terry Goodkind"], title, **known) == (
        "Terry Goodkind/Sword of Truth/Vol 1 - 1994 - Wizards First Rule {Sam}"
    )
    assert folder(["A. One", "Two, Jr."], title) == "A. One; Two, Jr/Wizards First Rule"
    assert folder(["A"], title, part="2", year="1994") == "A/1994 - Wizards First Rule"
    assert folder(["A"], title, series="S", part="1234") == "A/S/Wizards First Rule"
    assert folder([], title, **known) == "1994 - Wizards First Rule {Sam}"


@pytest.mark.parametrize("name", ["..", "CON", "a/b\\c", ".hidden", LONG, "x. ", "", "con.d"])
def test_every_folder_is_one_that_every_system_takes(name: str) -> None:
    path = shelf_folder([name], series=name, part="1", title=name, narrator=name, year="1994")
    assert 1 <= len(path.parts) <= 3
    for part in path.parts:
        assert is_valid_filename(part, platform="universal")
        assert len(part.encode()) <= MAX_BYTES
        assert not part.startswith(".")
    assert path.parts[-1].startswith(("Vol 1 - 1994 - ", "1994 - "))


def test_names_of_equal_titles_are_told_apart_by_number_where_case_is_not() -> None:
    names = [file_name(number, 2, title, "mp3") for number, title in enumerate(["Journal", "JOURNAL"], 1)]
    assert len({name.casefold() for name in names}) == 2


def test_titles_that_repeat_or_are_the_books_get_their_number() -> None:
    titles = ["Preface", "Journal", "Dracula", "journal ", "Letter"]
    assert unique_titles(titles, "DRACULA") == ("Preface", "2. Journal", "3. Dracula", "4. journal ", "Letter")
    assert unique_titles(["One", "Two"], "Three") == ("One", "Two")


@given(st.lists(st.sampled_from(["A", "a", "1. A", "2. A", "B", "Book"]), max_size=8))
def test_titles_become_unique_and_none_is_the_books(titles: list[str]) -> None:
    unique = unique_titles(titles, "book")
    compared = [title.casefold() for title in unique]
    assert len(set(compared)) == len(titles)
    assert "book" not in compared
    assert all(new.endswith(old) for new, old in zip(unique, titles, strict=True))


def test_a_playlist_has_titles_durations_and_names_in_order() -> None:
    entries = [("01 - Eins.mp3", "Eins", 61.4), ("02 - Zwölf.mp3", "Zwölf,\nzu zweit", 0.2)]
    assert playlist("Märchen", entries) == (
        "#EXTM3U\n#PLAYLIST:Märchen\n"
        "#EXTINF:61,Eins\n01 - Eins.mp3\n"
        "#EXTINF:0,Zwölf, zu zweit\n02 - Zwölf.mp3\n"
    )


def test_a_file_whose_name_begins_like_a_remark_is_an_entry_of_the_playlist() -> None:
    assert playlist("#1", [("#1, part 1 of 2.m4b", "#1", 1.0)]).splitlines()[-1] == "./#1, part 1 of 2.m4b"
