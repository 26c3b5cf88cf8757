from __future__ import annotations

from dataclasses import replace

import pytest

from narrator.model import TakeKey, WordTime
from narrator.publishing.captions import cues
from narrator.publishing.record import (
    AudiobookRecord,
    DeliveredChapter,
    DeliveredFile,
    DeliveredSegment,
    DeliveredVolume,
    PlacedChapter,
)
from narrator.publishing.timing import timed_files
from tests.publishing.timed import record

FIRST, SECOND = TakeKey("1" * 64), TakeKey("2" * 64)


def book() -> AudiobookRecord:
    """Two chapters of 24 kHz, each of two segments, in MP3s of 44.1 kHz and in one volume of that rate."""
    return record(
        chapters=tuple(
            DeliveredChapter(
                number, f"Chapter {number}", "", "", 24_000, 240_000, 0.0, -20.0, -3.0,
                (DeliveredFile(f"out/{number}.mp3", "mp3", 1, "", 44_100, 441_100),),
                (
                    DeliveredSegment(FIRST, "", 14_400, 96_001, 480, "One two three.", "v", "p1"),
                    DeliveredSegment(SECOND, "", 108_000, 204_007, 0, "Four.", "w", "p2"),
                ),
            )
            for number in (1, 2)
        )
    )  # fmt: skip


def volume() -> AudiobookRecord:
    file = DeliveredFile("out/The Cat.m4b", "m4b", 1, "", 44_100, 882_000)
    placed = (PlacedChapter(1, 0, 441_000), PlacedChapter(2, 441_000, 882_000))
    return replace(book(), volumes=(DeliveredVolume("The Cat", 1, 1, "", file, placed),))


def test_times_are_those_of_samples_whatever_the_rate_of_the_file() -> None:
    first, second = timed_files(book(), "mp3")
    assert (first.path, first.title, first.duration_s) == ("out/1.mp3", "Chapter 1", 441_100 / 44_100)
    (chapter,) = second.chapters
    assert (chapter.number, chapter.start_s, chapter.end_s) == (2, 0.0, second.duration_s)
    times = [(segment.start_s, segment.end_s) for segment in chapter.segments]
    assert times == [(14_400 / 24_000, 96_001 / 24_000), (108_000 / 24_000, 204_007 / 24_000)]


def test_chapters_of_a_volume_are_heard_one_after_the_other() -> None:
    (file,) = timed_files(volume(), "m4b")
    assert [(chapter.start_s, chapter.end_s) for chapter in file.chapters] == [(0.0, 10.0), (10.0, 20.0)]
    assert file.chapters[1].segments[0].start_s == 10.6
    assert [segment.place for segment in file.chapters[1].segments] == [0, 1]


def test_captions_begin_and_end_within_half_a_millisecond_of_the_sound() -> None:
    (file,) = timed_files(volume(), "m4b")
    truth = [
        (start + 10 * at, end + 10 * at)
        for at in (0, 1)
        for start, end in ((0.6, 96_001 / 24_000), (4.5, 204_007 / 24_000))
    ]
    assert [(cue.start_ms / 1000, cue.end_ms / 1000) for cue in cues(file)] == [
        pytest.approx(times, abs=0.0005) for times in truth
    ]


def test_words_are_where_they_are_heard_and_none_outside_its_segment() -> None:
    def words_of(key: TakeKey) -> list[WordTime]:
        return [WordTime("One", 0, 300), WordTime("three", 1000, 9000)] if key == FIRST else []

    first, second = timed_files(volume(), "m4b", words_of)[0].chapters[1].segments
    assert [(word.word, round(word.start_s, 6), round(word.end_s, 6)) for word in first.words] == [
        ("One", 10.6, 10.88),  # 20 ms of the take are cut off before it is heard
        ("three", 11.58, round(10 + 96_001 / 24_000, 6)),
    ]
    assert second.words == ()


def test_a_preview_is_no_file_of_the_book() -> None:
    whole = book()
    preview = replace(whole.chapters[0], number=0)
    assert len(timed_files(replace(whole, chapters=(preview, *whole.chapters)), "mp3")) == 2
