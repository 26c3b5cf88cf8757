"""Texts as they are written out for a voice, and what of an accepted script a change of it touches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.config import Cast, Reading, Titles
from narrator.errors import ConfigError
from narrator.model import (
    Block,
    Chapter,
    Manuscript,
    Mark,
    MarkKind,
    Normalization,
    Role,
    Script,
    ScriptChapter,
)
from narrator.script.chapter_script import assert_tiling
from narrator.script.compose import compose
from narrator.script.lexicon import Lexicon
from narrator.script.lexicon_entry import Entry
from narrator.script.treatment import Treatment
from narrator.script.wording import Wording, read_lexicons
from tests.script.treated import accepted, treatment

SILENT = Titles(opening="", closing="", chapter="")


def book(*texts: str, language: str = "en") -> Manuscript:
    blocks = tuple(Block(Role.PARAGRAPH, text) for text in texts)
    return Manuscript("Book", ("Ann",), language, (Chapter("One", blocks),))


def entry(pattern: str, say: str, *, is_regex: bool = False, voice: str = "") -> Entry:
    return Entry(pattern, say, is_regex=is_regex, voice=voice)


def worded(*entries: Entry, level: Normalization = Normalization.OFF, limit: int = 1000) -> Treatment:
    return treatment(limit=limit, wording=Wording(level, Lexicon(entries), voice="heart"))


def chapter(script: Script) -> ScriptChapter:
    return script.chapters[0]


def texts(script: Script) -> list[str]:
    return [segment.text for segment in chapter(script).segments]


def test_a_lexicon_comes_before_the_rules_of_the_language() -> None:
    under = worded(entry("No.", "Number"), level=Normalization.LIGHT)
    assert texts(compose(book("No. 5, Dr. Bee"), under, titles=SILENT)) == ["Number 5, Doctor Bee"]


def test_headings_titles_and_credits_are_written_out_too() -> None:
    manuscript = Manuscript("Dr. No", ("Ann",), "en", (Chapter("St. Bees", (Block(Role.PARAGRAPH, "So."),)),))
    script = compose(manuscript, treatment(wording=Wording(Normalization.LIGHT)))
    assert script.opening[0].text == "Doctor No, by Ann."
    assert texts(script) == ["Saint Bees", "So."]


def test_an_entry_is_for_the_voice_that_it_names() -> None:
    cast = Cast(headings="nova")
    heading, text = Block(Role.HEADING, "Siobhan"), Block(Role.PARAGRAPH, "Siobhan went.")
    manuscript = Manuscript("Book", (), "en", (Chapter("One", (heading, text)),))
    wording = Wording(lexicon=Lexicon([entry("Siobhan", "Shivawn", voice="nova")]), voice="heart")
    script = compose(manuscript, treatment(cast=cast, wording=wording), titles=SILENT)
    assert texts(script) == ["Shivawn", "Siobhan went."]


def test_the_reading_that_the_book_gives_is_spoken() -> None:
    block = Block(Role.PARAGRAPH, "漢字を読む。", marks=(Mark(MarkKind.READING, 0, 2, "かんじ"),))
    manuscript = Manuscript("本", (), "ja", (Chapter("一", (block,)),))
    script = compose(manuscript, treatment(), titles=SILENT)
    assert texts(script) == ["かんじを読む。"]
    assert chapter(script).words == 6, "readings are not counted"


def test_a_text_that_grows_beyond_the_limit_is_cut_and_none_is_lost() -> None:
    under = worded(entry("IBM", "International Business Machines"), limit=40)
    manuscript = book("He sold his IBM, and bought a new IBM.")
    script = compose(manuscript, under, titles=SILENT)
    assert all(len(text) <= 40 for text in texts(script))
    assert " ".join(texts(script)) == (
        "He sold his International Business Machines, and bought a new International Business Machines."
    )
    assert_tiling(manuscript.chapters[0], chapter(script))


def test_a_text_that_a_lexicon_silences_is_skipped_under_its_name() -> None:
    script = compose(book("Hm hm.", "So."), worded(entry("hm", ""), entry("Hm", "")), titles=SILENT)
    assert texts(script) == ["So."]
    assert [part.rule for part in chapter(script).skipped] == ["lexicon"]


def test_another_lexicon_changes_what_it_touches_and_no_edit() -> None:
    manuscript = book("Siobhan came.", "He saw Siobhan.", "Nobody spoke.")
    before = compose(manuscript, treatment(), titles=SILENT)
    first, *others = chapter(before).segments
    edited = replace(chapter(before), segments=(replace(first, text="Siobhan came late."), *others))
    kept = accepted(replace(before, chapters=(edited,)))
    script = compose(manuscript, worded(entry("Siobhan", "Shivawn")), kept, titles=SILENT)
    assert texts(script) == ["Siobhan came late.", "He saw Shivawn.", "Nobody spoke."]
    again = compose(
        manuscript, treatment(), accepted(script, worded(entry("Siobhan", "Shivawn"))), titles=SILENT
    )
    assert texts(again) == ["Siobhan came late.", "He saw Siobhan.", "Nobody spoke."]


def test_a_sentence_with_a_gap_is_written_out_as_one() -> None:
    manuscript = book("Ask Bee (https://example.org) or Cee, and go.")
    before = compose(manuscript, treatment(reading=Reading(urls="skip")), titles=SILENT)
    assert texts(before) == ["Ask Bee () or Cee, and go."]
    under = replace(worded(entry("Cee", "Sea")), reading=Reading(urls="skip"))
    kept = accepted(before, treatment(reading=Reading(urls="skip")))
    assert texts(compose(manuscript, under, kept, titles=SILENT)) == ["Ask Bee () or Sea, and go."]


def test_a_lexicon_that_speaks_again_brings_back_what_it_silenced() -> None:
    manuscript = book("Hm.", "So.", "Hm.")
    silent = worded(entry("Hm", ""))
    before = compose(manuscript, silent, titles=SILENT)
    script = compose(manuscript, treatment(), accepted(before, silent), titles=SILENT)
    assert texts(script) == ["Hm.", "So.", "Hm."]
    assert_tiling(manuscript.chapters[0], chapter(script))


def test_edits_outlast_another_cutting_where_the_cuts_are_the_same() -> None:
    manuscript = book("It rained.", "It snowed a lot.", "It was over.")
    before = compose(manuscript, treatment(), titles=SILENT)
    one, two, three = chapter(before).segments
    by_hand = replace(two, text="It hailed.", spans=(), made="")
    edited = replace(
        chapter(before), title="Weather", segments=(replace(one, text="It poured."), by_hand, two, three)
    )
    kept = accepted(replace(before, chapters=(edited,)))
    for under in (treatment(), worded(entry("b", "c")), treatment(reading=Reading(captions="speak"))):
        script = compose(manuscript, under, kept, titles=SILENT)
        assert texts(script) == ["It poured.", "It hailed.", "It snowed a lot.", "It was over."]
        assert chapter(script).title == "Weather"


def test_short_paragraphs_are_spoken_in_one_go_by_wish() -> None:
    manuscript = book("“Yes?”", "“No.”", "x" * 60, "“Why?”")
    under = treatment(merge=40)
    script = compose(manuscript, under, titles=SILENT)
    assert texts(script) == ["“Yes?”\n“No.”", "x" * 60, "“Why?”"]
    assert_tiling(manuscript.chapters[0], chapter(script))


def test_a_limit_in_bytes_holds_for_what_is_sent() -> None:
    script = compose(book("ééé ééé ééé ééé ééé ééé."), treatment(max_bytes=20), titles=SILENT)
    assert all(len(text.encode()) <= 20 for text in texts(script))
    assert " ".join(texts(script)) == "ééé ééé ééé ééé ééé ééé."


def test_lexicons_are_read_from_both_formats_and_the_first_wins(tmp_path: Path) -> None:
    own, other = tmp_path / "lexicon.toml", tmp_path / "names.pls"
    own.write_text('[[entry]]\nword = "Bee"\nsay = "Bea"\n', encoding="utf-8")
    other.write_text(
        '<lexicon version="1.0" xml:lang="en" alphabet="ipa" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon">'
        "<lexeme><grapheme>Bee</grapheme><alias>Buzz</alias></lexeme>"
        "<lexeme><grapheme>Cee</grapheme><alias>Sea</alias></lexeme></lexicon>",
        encoding="utf-8",
    )
    lexicon = read_lexicons([own, other])
    assert lexicon.apply("Bee and Cee", "en", "") == "Bea and Sea"
    with pytest.raises(ConfigError, match=r"none\.toml"):
        read_lexicons([tmp_path / "none.toml"])


@given(
    st.lists(st.text("abHm .,3é", min_size=1, max_size=80), min_size=1, max_size=5),
    st.sampled_from([20, 30, 200]),
    st.sampled_from([None, 24]),
    st.sampled_from(["", "h", "hmhmhm hm hm", "x" * 50]),
    st.sampled_from(Normalization),
)
def test_whatever_is_said_for_it_every_character_is_said_once_or_skipped(
    paragraphs: list[str], limit: int, max_bytes: int | None, say: str, level: Normalization
) -> None:
    manuscript = book(*paragraphs)
    wording = Wording(level, Lexicon([entry("Hm", say)]))
    under = treatment(limit=limit, max_bytes=max_bytes, wording=wording)
    for before in (None, accepted(compose(manuscript, treatment(limit=limit, max_bytes=max_bytes)))):
        script = compose(manuscript, under, before, titles=SILENT)
        assert_tiling(manuscript.chapters[0], chapter(script))
        for text in texts(script):
            assert text.strip()
            assert len(text) <= limit
            assert max_bytes is None or len(text.encode()) <= max_bytes
