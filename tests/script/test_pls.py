from __future__ import annotations

from pathlib import Path

import pytest

from narrator.errors import ConfigError
from narrator.script.lexicon import Lexicon
from narrator.script.pls import PlsEntries, read_pls

NS = "http://www.w3.org/2005/01/pronunciation-lexicon"


def pls(tmp_path: Path, lexemes: str, *, before: str = "", language: str = ' xml:lang="en-US"') -> PlsEntries:
    path = tmp_path / "names.pls"
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>{before}\n'
        f'<lexicon version="1.0" xmlns="{NS}" alphabet="ipa"{language}>\n{lexemes}</lexicon>\n',
        encoding="utf-8",
    )
    return read_pls(path)


def test_aliases_are_said_for_every_spelling_in_the_language_of_the_lexicon(tmp_path: Path) -> None:
    found = pls(
        tmp_path,
        "<lexeme>\n<grapheme>W3C</grapheme> <grapheme> World  Wide\nWeb Consortium</grapheme>"
        "<alias>the <!-- web --> standards body</alias></lexeme>",
    )
    lexicon = Lexicon(found.entries)
    assert (
        lexicon.apply("W3C, World Wide Web Consortium", "en-US", "") == "the standards body, the standards body"
    )
    assert lexicon.apply("W3C", "fr", "") == "W3C"
    assert found.entries[0].where == f"{tmp_path / 'names.pls'}, line 3"


def test_the_preferred_alias_is_taken(tmp_path: Path) -> None:
    lexeme = '<lexeme><grapheme>a</grapheme><alias>b</alias><alias prefer="true">c</alias></lexeme>'
    assert [entry.say for entry in pls(tmp_path, lexeme).entries] == ["c"]


def test_what_text_cannot_say_is_left_out_and_told(tmp_path: Path) -> None:
    found = pls(
        tmp_path,
        "<lexeme><grapheme>Siobhan</grapheme><phoneme>ʃɪˈvɔːn</phoneme></lexeme>\n"
        '<lexeme role="claws:VVD"><grapheme>read</grapheme><alias>red</alias></lexeme>\n'
        "<lexeme><grapheme>x</grapheme></lexeme>\n"
        "<lexeme><alias>y</alias></lexeme>\n"
        "<lexeme><grapheme>Caius</grapheme><phoneme>kiːz</phoneme><alias>Keys</alias></lexeme>\n",
    )
    assert [(entry.pattern, entry.say) for entry in found.entries] == [("Caius", "Keys")]
    assert found.left_out == (
        "line 3: Siobhan: it has phonemes and no alias: add one, in letters",
        "line 4: read: it is only read so in the role claws:VVD, which text does not show",
        "line 5: x: it has no alias",
        "line 6: a lexeme: it has no grapheme",
    )


def test_an_entity_is_neither_read_from_a_file_nor_silently_lost(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    before = f'<!DOCTYPE lexicon [<!ENTITY s SYSTEM "{tmp_path}/secret">]>'
    found = pls(tmp_path, "<lexeme><grapheme>a</grapheme><alias>b&s;</alias></lexeme>", before=before)
    assert found == PlsEntries((), ("line 3: a: it refers to an entity: write its text",))


def test_entities_that_grow_are_refused(tmp_path: Path) -> None:
    bombs = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 12))
    before = f'<!DOCTYPE lexicon [<!ENTITY b0 "boom">{bombs}]>'
    with pytest.raises(ConfigError, match=r"names\.pls"):
        pls(tmp_path, "<lexeme><grapheme>a</grapheme><alias>&b11;</alias></lexeme>", before=before)


def test_another_file_is_a_mistake_of_configuration(tmp_path: Path) -> None:
    path = tmp_path / "names.pls"
    for content, problem in (
        ("<lexicon>", "not XML"),
        ("<html/>", "not a PLS 1.0 lexicon: its root is html"),
        ("", "not XML"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigError, match=problem):
            read_pls(path)
    with pytest.raises(ConfigError, match="there is no such file"):
        read_pls(tmp_path / "missing.pls")
    with pytest.raises(ConfigError, match="no language tag"):
        pls(tmp_path, "", language="")
