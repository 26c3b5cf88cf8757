from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.errors import ConfigError
from narrator.script.lexicon import Lexicon
from narrator.script.lexicon_entry import Case, Entry, natural_case
from tests.cpu_time import cpu_s_at_most


def word(pattern: str, say: str, language: str = "", voice: str = "") -> Entry:
    return Entry(pattern, say, case=natural_case(pattern), language=language, voice=voice)


def expression(pattern: str, say: str) -> Entry:
    return Entry(pattern, say, is_regex=True)


def said(text: str, *entries: Entry, language: str = "en-GB", voice: str = "heart") -> str:
    return Lexicon(entries).apply(text, language, voice)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Siobhan saw Siobhan’s cat.", "Shivawn saw Shivawn’s cat."),
        ("“Siobhan!”—Siobhan", "“Shivawn!”—Shivawn"),
        ("Siobhanna, MacSiobhan, siobhan, SIOBHAN", "Siobhanna, MacSiobhan, siobhan, SIOBHAN"),
        ("Siobhan7", "Siobhan7"),
    ],
)
def test_a_name_is_said_otherwise_wherever_it_is_a_whole_word(text: str, spoken: str) -> None:
    assert said(text, word("Siobhan", "Shivawn")) == spoken


def test_a_word_in_small_letters_is_meant_at_the_beginning_of_a_sentence_too() -> None:
    assert said("Gaol is a gaol. GAOL!", word("gaol", "jail")) == "Jail is a jail. Jail!"


def test_capitals_can_be_told_to_matter_or_not() -> None:
    assert said("gaol Gaol", Entry("gaol", "jail", case=Case.EXACT)) == "jail Gaol"
    assert said("nasa NASA", Entry("NASA", "nassa", case=Case.ANY)) == "nassa nassa"


def test_a_word_is_found_with_either_apostrophe() -> None:
    assert said("fo’c’sle, fo'c'sle", word("fo'c’sle", "foxle")) == "foxle, foxle"


def test_a_word_may_hold_spaces_and_signs() -> None:
    entries = (word("St. Clair", "Sinclair"), word("&c.", "and so on"), word("C++", "C plus plus"))
    assert said("St. Clair wrote C++, &c.", *entries) == "Sinclair wrote C plus plus, and so on"


def test_the_longest_word_wins_and_what_was_said_is_never_said_otherwise() -> None:
    entries = (word("York", "Jork"), word("New York", "York"), word("Jork", "Berlin"))
    assert said("New York, York, Jork", *entries) == "York, Jork, Berlin"


def test_an_entry_for_the_voice_goes_before_one_for_the_language_and_that_before_one_for_all() -> None:
    entries = (word("Bath", "Baths"), word("Bath", "Barth", language="en"), word("Bath", "Bahth", voice="emma"))
    assert said("Bath", *entries, voice="emma") == "Bahth"
    assert said("Bath", *entries, voice="heart") == "Barth"
    assert said("Bath", *entries, language="de") == "Baths"
    assert said("Bath", *entries[1:], language="") == "Bath"


def test_an_entry_for_a_country_is_not_for_the_others() -> None:
    assert said("Leicester", word("Leicester", "Lester", language="en-GB"), language="en-US") == "Leicester"


def test_expressions_come_first_and_one_after_another() -> None:
    entries = (
        word("pounds", "quid"),
        expression(r"(\d+) gns\b", r"\1 guineas"),
        expression("guineas", "pounds"),
    )
    assert said("21 gns", *entries) == "21 quid"


def test_a_word_may_be_left_unsaid() -> None:
    assert said("He said [sic] so", word("[sic]", "")) == "He said  so"


def test_an_expression_that_never_ends_is_an_error_that_names_its_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("narrator.script.lexicon.TIME_LIMIT_S", 0.1)
    endless = Entry("(a|aa)+$", "x", is_regex=True, where="lexicon.toml, entry 3 (line 9)")
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"entry 3 \(line 9\)(.|\n)*still searching after 0.1 s"):
        said("a" * 60 + "b", endless)
    assert time.monotonic() - began < 10


def test_a_whole_book_is_looked_through_in_a_moment() -> None:
    names = [f"{first}{last}" for first in ("Bal", "Cor", "Dun", "Eri") for last in map(str, range(1000))]
    lexicon = Lexicon(word(name, f"{name} said") for name in names)
    text = "And then Bal7 went with Corin to the town, where nobody knew Dun999 or had heard of him. " * 11_000
    lexicon.apply("", "en", "heart")
    with cpu_s_at_most(2.5):
        spoken = lexicon.apply(text, "en", "heart")
    assert spoken.count("Bal7 said") == spoken.count("Dun999 said") == 11_000


WORDS = st.text(st.sampled_from("aAbBİß’'. -é"), min_size=1, max_size=6).map(str.strip).filter(bool)


@given(st.lists(st.tuples(WORDS, WORDS)), st.text(st.sampled_from("aAbBİß’'. -é\n"), max_size=60))
def test_any_word_can_be_in_a_lexicon_and_lines_stay_lines(pairs: list[tuple[str, str]], text: str) -> None:
    spoken = said(text, *(word(*pair) for pair in pairs))
    assert spoken.count("\n") == text.count("\n")


@given(WORDS, st.sampled_from(Case))
def test_a_word_that_stands_alone_is_found(written: str, case: Case) -> None:
    assert said(f"( {written} )", Entry(written, "SAID", case=case)) == "( SAID )"


def test_a_lexicon_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.toml"
    path.write_text(
        """
        [[entry]]
        word = "Siobhan"
        say = "Shivawn"

        [[entry]]
        regex = '([0-9]+) gns'
        say = '\\1 guineas'
        """,
        encoding="utf-8",
    )
    assert Lexicon.load(path).apply("Siobhan has 3 gns.", "en", "") == "Shivawn has 3 guineas."
