from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.publishing.captions import Cue, cues, srt, vtt
from narrator.publishing.timing import TimedSegment
from tests.publishing.timed import said, timed_file, volume

ALICE = (
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: "
    "once or twice she had peeped into the book her sister was reading, but it had no pictures or "
    "conversations in it, “and what is the use of a book,” thought Alice “without pictures or conversations?” "
    "So she considered in her own mind whether the pleasure of making a daisy-chain would be worth the trouble."
)
NEKO = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で"
    "ニャーニャー泣いていた事だけは記憶している。「書生」という人間中で一番獰悪な種族であったそうだ。"
)


def shown(*segments: TimedSegment) -> list[Cue]:
    return list(cues(timed_file(*segments)))


def lines_of(text: str) -> list[tuple[str, ...]]:
    return [cue.lines for cue in shown(said(text, 1.0, 1.0 + len(text) / 15))]


def test_srt_and_vtt_have_the_same_cues_in_their_own_ways() -> None:
    file = timed_file(said("One & <i>two</i> --> three.", 0.6, 2.3456), said("Four.", 359_999.9994, 360_001.0))
    assert srt(file) == (
        "1\n00:00:00,600 --> 00:00:02,346\nOne & <i>two</i> --> three.\n"
        "\n2\n99:59:59,999 --> 100:00:01,000\nFour.\n"
    )
    assert vtt(file) == (
        "WEBVTT\n"
        "\n00:00:00.600 --> 00:00:02.346\nOne &amp; &lt;i&gt;two&lt;/i&gt; --&gt; three.\n"
        "\n99:59:59.999 --> 100:00:01.000\nFour.\n"
    )


def test_a_file_without_speech_has_no_cues() -> None:
    assert srt(timed_file()) == ""
    assert vtt(timed_file()) == "WEBVTT\n"


def test_cuts_are_after_sentences_then_clauses_then_words() -> None:
    assert lines_of(ALICE)[:4] == [
        ("Alice was beginning to get very tired", "of sitting by her sister on the bank,"),
        ("and of having nothing to do:",),
        ("once or twice she had peeped into", "the book her sister was reading,"),
        ("but it had no pictures or conversations", "in it, “and what is the use of a book,”"),
    ]
    assert lines_of(
        "No. I will not go there, Mr. Smith—whatever you may say to me about it, and nor will she."
    ) == [
        ("No. I will not go there, Mr. Smith—",),
        ("whatever you may say to me about it,", "and nor will she."),
    ]


@pytest.mark.parametrize("name", ["Mr. Smith", "“Dr Smith", "J. R. R. Tolkien", "« Non ! »", "Quoi ?"])
def test_what_belongs_together_is_not_cut(name: str) -> None:
    for words in range(4, 24):
        text = " ".join(["word"] * words + [name] + ["word"] * 14)
        assert name in "|".join(line for each in lines_of(text) for line in each)


def test_sentences_that_fit_are_shown_together() -> None:
    assert lines_of("He came. He saw. He went.") == [("He came. He saw. He went.",)]


def test_chinese_and_japanese_have_shorter_lines_and_are_cut_without_spaces() -> None:
    lines = [line for each in lines_of(NEKO) for line in each]
    assert lines[:2] == ["吾輩は猫である。名前はまだ無い。", "どこで生れたかとんと見当がつかぬ。"]
    assert "ニャーニャー泣いていた" in lines
    assert "".join(lines) == NEKO
    assert all(len(line) <= 18 for line in lines)
    assert not any(re.match("[。、」ー]", line) or line.endswith("「") for line in lines)


def test_a_verse_is_cut_where_its_lines_end() -> None:
    verse = "Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe\nAll mimsy were the borogoves"
    assert lines_of(verse)[0][0] == "Twas brillig, and the slithy toves"


def test_words_whose_times_are_known_decide() -> None:
    first, second = "The first sentence is long enough here.", "And this is the second one of the two, at last."
    words = [
        ("The", 1.0, 1.2),
        ("first", 1.2, 1.5),
        ("zeroth", 1.5, 1.6),
        ("here", 2.0, 3.0),
        ("and", 7.25, 7.5),
        ("last", 9.0, 9.4),
    ]
    one, two = shown(said(f"{first} {second}", 1.0, 9.5, *words))
    assert (one.start_ms, one.end_ms, one.lines) == (1000, 7250, (first,))
    assert (two.start_ms, two.end_ms) == (7250, 9500)


def test_nothing_is_gone_at_once_where_there_is_time() -> None:
    words = [("Yes", 0.0, 0.01), ("because", 0.02, 0.03)]
    text = "Yes, because " + "it was a very long and winding road that led to the door of the house of my aunt."
    spans = [cue.end_ms - cue.start_ms for cue in shown(said(text, 0.0, 6.0, *words))]
    assert min(spans) >= 833


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
    | st.text(st.sampled_from("ab .,—“”。、「」猫ニャーé👩‍👩‍👧\n"), max_size=400),
    st.integers(0, 10**9),
    st.integers(0, 60_000),
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "猫", "", "x"]), st.floats(0, 60), st.floats(0, 60)), max_size=6
    ),
)
def test_all_text_is_shown_in_order_in_exactly_the_time_of_its_segment(
    text: str, start_ms: int, length_ms: int, words: list[tuple[str, float, float]]
) -> None:
    start_s, end_s = start_ms / 1000, (start_ms + length_ms) / 1000
    timed = [(word, min(start_s + one, end_s), min(start_s + two, end_s)) for word, one, two in words]
    found = shown(said(text, start_s, end_s, *timed))
    if not text.split() or not found:
        assert not found
        return
    assert found[0].start_ms == start_ms
    assert found[-1].end_ms == start_ms + length_ms
    assert all(one.end_ms == two.start_ms for one, two in pairwise(found))
    assert all(cue.end_ms > cue.start_ms and 1 <= len(cue.lines) <= 2 for cue in found)
    assert all(line and line == " ".join(line.split()) for cue in found for line in cue.lines)
    if length_ms > len(text):
        together = "".join(line for cue in found for line in cue.lines)
        assert together.replace(" ", "") == "".join(text.split())


def test_chapters_of_a_volume_are_one_time_line() -> None:
    starts = [cue.start_ms for cue in cues(volume("out/The Book.m4b", 3.0, 4.0, 5.0))]
    assert starts == [500, 3500, 7500]


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="there is no ffprobe")
@pytest.mark.parametrize("extension", ["srt", "vtt"])
def test_ffprobe_reads_the_same_times(extension: str, tmp_path: Path) -> None:
    file = timed_file(said(ALICE, 0.6, 30.1234), said(NEKO, 31.0, 50.0), said("Tom & Jerry <3", 51.5, 52.0))
    path = tmp_path / f"one.{extension}"
    path.write_text({"srt": srt, "vtt": vtt}[extension](file), encoding="utf-8")
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_packets", str(path)]
    packets = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packets"]
    times_s = [(float(each["pts_time"]), float(each["duration_time"])) for each in packets]
    assert [(round(start_s * 1000), round(length_s * 1000)) for start_s, length_s in times_s] == [
        (cue.start_ms, cue.end_ms - cue.start_ms) for cue in cues(file)
    ]
