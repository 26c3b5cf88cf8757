from __future__ import annotations

from pathlib import Path

import pytest

from narrator.errors import ConfigError
from narrator.script.lexicon_entry import Case, Entry
from narrator.script.lexicon_file import read_entries


def entries(tmp_path: Path, text: str) -> tuple[Entry, ...]:
    path = tmp_path / "lexicon.toml"
    path.write_text(text, encoding="utf-8")
    return read_entries(path)


def problems(tmp_path: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        entries(tmp_path, text)
    return caught.value.problems


def test_an_entry_knows_where_it_stands(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, '# names\n\n[[entry]]\nword = "Zoe\u0308"\nsay = "zoh-ee"\nlanguage = "en"\n')
    assert (entry.pattern, entry.case, entry.language) == ("Zoë", Case.EXACT, "en")
    assert entry.where == f"{tmp_path / 'lexicon.toml'}, entry 1 (line 3)"


def test_a_file_without_entries_is_an_empty_lexicon(tmp_path: Path) -> None:
    assert entries(tmp_path, "\ufeff# nothing yet\n") == ()


def test_all_mistakes_are_told_at_once_each_with_its_entry(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        """
[[entry]]
word = "a"
says = "b"

[[entry]]
word = "c"
regex = "c"
say = 3

[[entry]]
regex = "(a"
say = ""

[[entry]]
regex = "x*"
say = "y"

[[entry]]
regex = "(x)"
say = '\\2'

[[entry]]
word = " "
say = "y"
case = "upper"
language = "English!"

[[entry]]
say = "y"
""",
    )
    assert told == (
        "entry 1 (line 2): says: there is no such key; did you mean 'say'?",
        "entry 1 (line 2): say: it is missing; '' says nothing for the word",
        "entry 2 (line 6): say: must be text, in quotes",
        "entry 2 (line 6): it needs a word or a regex, and only one of them",
        "entry 3 (line 11): regex: '(a' cannot be read: missing ) at position 2",
        "entry 4 (line 15): regex: 'x*' matches where nothing is written, so it would be said everywhere",
        "entry 5 (line 19): say: '\\\\2' does not fit its regex: no such group",
        "entry 6 (line 23): word: it is empty",
        "entry 6 (line 23): case: must be one of exact, any",
        "entry 6 (line 23): language: 'English!' is not a language tag such as 'en' or 'pt-BR'",
        "entry 7 (line 29): it needs a word or a regex, and only one of them",
    )


def test_a_word_that_is_said_in_two_ways_is_a_mistake(tmp_path: Path) -> None:
    entry = '[[entry]]\nword = "a"\nsay = "b"\n'
    text = f'{entry}{entry}{entry}voice = "heart"\n'
    assert problems(tmp_path, text) == ("entry 2 (line 4): 'a' is already said by entry 1 (line 1)",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("entry = 3", "entry: it must be a list: write [[entry]] with two brackets"),
        ('[entry]\nword = "a"', "entry: it must be a list: write [[entry]] with two brackets"),
        ("entry = [3]", "entry 1: it must be a table: write [[entry]], and its keys on lines of their own"),
        ("words = 1", "words: there is no such key; a lexicon is a list of [[entry]]"),
    ],
)
def test_another_shape_of_file_is_explained(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == (problem,)


def test_a_file_that_is_no_toml_or_not_there_is_a_mistake_of_configuration(tmp_path: Path) -> None:
    assert "line 1" in problems(tmp_path, "word: Siobhan")[0]
    assert "this is not TOML" in problems(tmp_path, f"entry = {'1' * 5000}")[0]
    assert "this is not TOML" in problems(tmp_path, f"entry = {'[' * 5000}")[0]
    with pytest.raises(ConfigError, match="there is no such file"):
        read_entries(tmp_path / "missing.toml")
