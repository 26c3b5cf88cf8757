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
    Pause,
    Role,
    Script,
    ScriptChapter,
    Segment,
    Skip,
)
from narrator.script.chapter_script import assert_tiling
from narrator.script.compose import compose
from narrator.script.lexicon import Lexicon
from narrator.script.lexicon_entry import Entry
from narrator.script.treatment import Treatment
from narrator.script.wording import Wording, read_lexicons
from tests.cpu_time import cpu_s_at_most
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


def test_an_entry_is_for_words_that_the_book_marks_as_of_its_language() -> None:
    block = Block(Role.PARAGRAPH, "A chat about a chat.", marks=(Mark(MarkKind.LANGUAGE, 2, 6, "fr"),))
    manuscript = Manuscript("Book", (), "en", (Chapter("One", (block,)),))
    wording = Wording(lexicon=Lexicon([Entry("chat", "shah", language="fr")]))
    script = compose(manuscript, treatment(wording=wording), titles=SILENT)
    assert texts(script) == ["A shah about a chat."]


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


def test_short_paragraphs_of_a_page_that_is_not_spoken_are_all_skipped() -> None:
    page = replace(book("A Book", "by Ann", "London").chapters[0], kind="titlepage")
    (made,) = compose(Manuscript("Book", (), "en", (page,)), treatment(merge=300), titles=SILENT).chapters
    assert [part.spans[0].block for part in made.skipped] == [0, 1, 2]


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


def by_hand(text: str) -> Segment:
    return Segment(text, ())


def with_segments(script: Script, *segments: Segment, skipped: tuple[Skip, ...] = ()) -> Script:
    old = chapter(script)
    return replace(script, chapters=(replace(old, segments=segments, skipped=old.skipped + skipped),))


THREE = book("It rained.", "It snowed a lot.", "It was over.")


def test_joined_and_divided_paragraphs_outlast_another_cutting() -> None:
    before = compose(THREE, treatment(), titles=SILENT)
    one, two, three = chapter(before).segments
    joined = replace(one, text="It rained. It snowed a lot.", spans=one.spans + two.spans)
    script = with_segments(before, joined, replace(three, text="It was"), by_hand("over."))
    for under in (treatment(cast=Cast(headings="ann")), treatment("sentence"), treatment(merge=200)):
        again = compose(THREE, under, accepted(script), titles=SILENT)
        assert texts(again) == ["It rained. It snowed a lot.", "It was", "over."]


def test_what_was_taken_out_stays_out_under_another_cutting() -> None:
    manuscript = book("It rained. It poured.", "It snowed.")
    before = compose(manuscript, treatment(), titles=SILENT)
    one, two = chapter(before).segments
    script = with_segments(before, two, skipped=(Skip("edited", one.spans),))
    for under in (treatment("sentence"), treatment(merge=200), treatment(cast=Cast(quotes="ann"))):
        again = compose(manuscript, under, accepted(script), titles=SILENT)
        assert texts(again) == ["It snowed."]


def test_a_pause_and_a_voice_that_a_person_gave_outlast_another_cast() -> None:
    before = compose(THREE, treatment(), titles=SILENT)
    one, two, three = chapter(before).segments
    script = with_segments(before, replace(one, pause=Pause.SCENE_BREAK), replace(two, voice="bob"), three)
    again = compose(THREE, treatment(cast=Cast(headings="ann")), accepted(script), titles=SILENT)
    assert [(each.pause, each.voice) for each in chapter(again).segments] == [
        (Pause.SCENE_BREAK, ""),
        (Pause.PARAGRAPH, "bob"),
        (Pause.CHAPTER, ""),
    ]


def test_an_edited_heading_gets_the_voice_of_headings() -> None:
    blocks = (Block(Role.HEADING, "One"), Block(Role.PARAGRAPH, "So."))
    manuscript = Manuscript("Book", (), "en", (Chapter("One", blocks),))
    before = compose(manuscript, treatment(), titles=SILENT)
    one, two = chapter(before).segments
    script = with_segments(before, replace(one, text="First"), two)
    again = compose(manuscript, treatment(cast=Cast(headings="ann")), accepted(script), titles=SILENT)
    assert [(each.text, each.voice) for each in chapter(again).segments] == [("First", "ann"), ("So.", "")]


def test_what_a_person_put_before_a_chapter_is_no_title_of_it() -> None:
    manuscript = Manuscript("Book", (), "en", (Chapter("The River", (Block(Role.PARAGRAPH, "It ran."),)),))
    before = compose(manuscript, treatment(), titles=Titles(opening="", closing=""))
    script = with_segments(before, by_hand("For Ann."), *chapter(before).segments)
    titles = Titles(opening="", closing="", chapter="Chapter: {chapter}")
    again = compose(manuscript, treatment(), accepted(script), titles=titles)
    assert texts(again) == ["Chapter: The River", "For Ann.", "It ran."]
    cast = compose(
        manuscript, treatment(cast=Cast(quotes="ann")), accepted(script), titles=Titles(opening="", closing="")
    )
    assert sorted(texts(cast)) == ["For Ann.", "It ran.", "The River"]


def test_edits_outlast_the_moving_of_notes() -> None:
    blocks = (
        Block(Role.PARAGRAPH, "He came.", notes=("a",)),
        Block(Role.PARAGRAPH, "He went."),
        Block(Role.NOTE, "By boat.", note="a"),
    )
    manuscript = Manuscript("Book", (), "en", (Chapter("One", blocks),))
    before = compose(manuscript, treatment(), titles=SILENT)
    one, two = chapter(before).segments
    script = with_segments(before, one, replace(two, text="He left."))
    moved = compose(manuscript, treatment(reading=Reading(notes="place")), accepted(script), titles=SILENT)
    assert texts(moved) == ["He came.", "By boat.", "He left."]
    kept = accepted(moved, treatment(reading=Reading(notes="place")))
    assert texts(compose(manuscript, treatment(), kept, titles=SILENT)) == ["He came.", "He left."]


def test_edits_outlast_a_change_of_another_paragraph_in_the_book(caplog: pytest.LogCaptureFixture) -> None:
    before = compose(THREE, treatment(), titles=SILENT)
    one, two, three = chapter(before).segments
    script = with_segments(
        before, replace(one, text="It poured."), by_hand("Oh!"), replace(two, text="Snow."), three
    )
    corrected = book("It rained.", "It snowed a bit.", "It was over.")
    again = compose(corrected, treatment(), accepted(script), titles=SILENT)
    assert texts(again) == ["It poured.", "Oh!", "It snowed a bit.", "It was over."]
    assert "could not be kept: 1" in caplog.text, "what could not be kept is told"


def test_each_of_two_chapters_that_are_alike_keeps_its_own_edits() -> None:
    alike = Chapter("Interlude", (Block(Role.PARAGRAPH, "The clock ticked."),))
    manuscript = Manuscript("Book", (), "en", (alike, alike))
    before = compose(manuscript, treatment(), titles=SILENT)
    first, second = before.chapters
    edited = replace(first, segments=(replace(first.segments[0], text="The clock ticked once."),))
    script = replace(before, chapters=(edited, second))
    again = compose(manuscript, treatment(cast=Cast(quotes="ann")), accepted(script), titles=SILENT)
    assert [each.segments[0].text for each in again.chapters] == ["The clock ticked once.", "The clock ticked."]


def test_what_a_lexicon_silenced_comes_back_in_its_place_and_voice() -> None:
    block = Block(
        Role.PARAGRAPH, "He said Bonjour and left the room.", marks=(Mark(MarkKind.LANGUAGE, 8, 15, "fr"),)
    )
    manuscript = Manuscript("Book", (), "en", (Chapter("One", (block,)),))
    cast = Cast(languages={"fr": "zoe"})
    silent = treatment(cast=cast, wording=Wording(lexicon=Lexicon([entry("Bonjour", "")])))
    before = compose(manuscript, silent, titles=SILENT)
    again = compose(manuscript, treatment(cast=cast), accepted(before, silent), titles=SILENT)
    assert [(each.text, each.voice) for each in chapter(again).segments] == [
        ("He said", ""),
        ("Bonjour", "zoe"),
        ("and left the room.", ""),
    ]


def test_a_word_that_grows_is_cut_between_words_and_not_doubled_later() -> None:
    manuscript = book("NATO")
    under = worded(entry("NATO", "the North Atlantic Treaty Organization"), limit=20)
    script = compose(manuscript, under, titles=SILENT)
    assert " ".join(texts(script)) == "the North Atlantic Treaty Organization"
    assert all(len(text) <= 20 for text in texts(script))
    more = worded(entry("NATO", "the North Atlantic Treaty Organization"), entry("b", "c"), limit=20)
    assert texts(compose(manuscript, more, accepted(script, under), titles=SILENT)) == texts(script)


def test_edits_that_are_too_long_for_a_new_limit_are_cut() -> None:
    before = compose(THREE, treatment(), titles=SILENT)
    one, *others = chapter(before).segments
    script = with_segments(
        before, replace(one, text="It rained, and it went on to rain for days. " * 3), *others
    )
    again = compose(THREE, treatment(limit=60), accepted(script), titles=SILENT)
    assert all(len(text) <= 60 for text in texts(again))
    assert " ".join(texts(again)).count("It rained, and it went on to rain for days.") == 3


def test_a_script_of_before_is_written_out_as_it_was_and_its_edits_stay() -> None:
    manuscript = book("Dr. Bee came.", "St. Bees.", "Siobhan.")
    composed = compose(manuscript, treatment(), titles=SILENT)
    one, two, three = (replace(segment, made="") for segment in chapter(composed).segments)
    script = with_segments(composed, one, replace(two, text="Saint Bega."), three)
    early = replace(accepted(script), wording={"normalize": "off"}, is_early=True)
    under = worded(entry("Siobhan", "Shivawn"))
    again = compose(manuscript, under, early, titles=SILENT)
    assert texts(again) == ["Dr. Bee came.", "Saint Bega.", "Shivawn."]
    later = compose(manuscript, treatment(), accepted(again, under), titles=SILENT)
    assert texts(later) == ["Dr. Bee came.", "Saint Bega.", "Siobhan."]


def test_a_script_of_before_is_found_again_though_readers_tell_of_marks_now() -> None:
    plain = Block(Role.PARAGRAPH, "He said Bonjour.")
    before = compose(Manuscript("Book", (), "en", (Chapter("One", (plain,)),)), treatment(), titles=SILENT)
    edited = with_segments(before, replace(chapter(before).segments[0], text="He said hello.", made=""))
    marked = replace(plain, marks=(Mark(MarkKind.LANGUAGE, 8, 15, "fr"),))
    early = replace(accepted(edited), is_early=True)
    manuscript = Manuscript("Book", (), "en", (Chapter("One", (marked,)),))
    assert texts(compose(manuscript, treatment(), early, titles=SILENT)) == ["He said hello."]


def test_another_language_of_the_book_has_its_texts_written_out_in_it() -> None:
    manuscript = book("Le 2 & 3 mai.", language="en")
    english = treatment(wording=Wording(Normalization.LIGHT))
    before = compose(manuscript, english, titles=SILENT)
    french = treatment(wording=Wording(Normalization.LIGHT, language="fr"))
    again = compose(replace(manuscript, language="fr"), french, accepted(before, english), titles=SILENT)
    assert texts(again) == ["Le 2 et 3 mai."]


def test_the_time_for_marks_grows_with_their_number_and_not_with_its_square() -> None:
    text = "aa " * 30_000
    marks = tuple(Mark(MarkKind.LANGUAGE, 3 * at, 3 * at + 2, "fr") for at in range(30_000))
    readings = tuple(Mark(MarkKind.READING, 3 * at, 3 * at + 2, "b") for at in range(30_000))
    for some in (marks, readings):
        manuscript = Manuscript("Book", (), "en", (Chapter("One", (Block(Role.PARAGRAPH, text, marks=some),)),))
        with cpu_s_at_most(5):  # with the square of their number it would take minutes
            compose(manuscript, treatment(), titles=SILENT)


TREATMENTS = (
    treatment(),
    treatment("sentence", 30),
    treatment("fixed", 25, max_bytes=30),
    treatment(merge=60),
    treatment(cast=Cast(quotes="q", headings="h")),
    treatment(reading=Reading(urls="skip", captions="speak")),
    worded(entry("b", "")),
    worded(entry("a", "aaaa aaaa"), limit=30),
)
"""What a person may come to wish of a book, one after another."""


@given(st.data())
def test_whatever_is_edited_and_wished_one_after_another_no_text_is_lost_or_said_twice(
    data: st.DataObject,
) -> None:
    paragraphs = st.lists(st.text("ab. “”,", min_size=1, max_size=50), min_size=1, max_size=5)
    manuscript = book(*data.draw(paragraphs))
    under = data.draw(st.sampled_from(TREATMENTS))
    script = compose(manuscript, under, titles=SILENT)
    for _ in range(data.draw(st.integers(1, 4))):
        gone: list[Skip] = []
        left = _edited(data, list(chapter(script).segments), gone)
        script = with_segments(script, *left, skipped=tuple(gone))
        before, under = under, data.draw(st.sampled_from(TREATMENTS))
        script = compose(manuscript, under, accepted(script, before), titles=SILENT)
        assert_tiling(manuscript.chapters[0], chapter(script))
        assert all(len(text) <= under.cut.limit for text in texts(script))


def _edited(data: st.DataObject, segments: list[Segment], gone: list[Skip]) -> list[Segment]:
    """Segments as a person leaves them: one changed, taken out, divided, joined with the next, or put in."""
    if not segments:
        return [by_hand("New.")]
    at = data.draw(st.integers(0, len(segments) - 1))
    one, following = segments[at], segments[at + 1 : at + 2]
    how = data.draw(st.sampled_from(["change", "take out", "divide", "join", "put in"]))
    if how == "change":
        segments[at] = replace(one, text="Changed.")
    elif how == "take out" and one.spans:
        gone.append(Skip("edited", one.spans))
        del segments[at]
    elif how == "divide":
        segments[at : at + 1] = [replace(one, text="First."), by_hand("Second.")]
    elif how == "join" and following and one.spans and following[0].spans:
        segments[at : at + 2] = [replace(one, text="Joined.", spans=one.spans + following[0].spans)]
    else:
        segments.insert(at, by_hand("Put in."))
    return segments
