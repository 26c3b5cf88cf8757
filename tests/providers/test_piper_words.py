from __future__ import annotations

from narrator.model import WordTime
from narrator.providers.piper_words import Heard, heard_words, sounds_of, word_times

RATE_HZ = 1000
"""So that frames are milliseconds."""


def times(words: str, alone: dict[str, str], heard: str) -> list[tuple[str, int, int]]:
    """When words are heard that sound like `alone` alone, and like `heard` together; a sound is 10 ms."""
    spoken, at = [], 0
    for sounds in heard.split():
        spoken.append(Heard(sounds, at, at + 10 * len(sounds)))
        at += 10 * len(sounds) + 10
    found = word_times(words.split(), lambda word: alone.get(word, word).split(), spoken, RATE_HZ)
    return [(word.word, word.start_ms, word.end_ms) for word in found]


def test_words_that_sound_as_they_do_alone_are_found_where_they_are() -> None:
    assert times("the owl", {}, "the owl") == [("the", 0, 30), ("owl", 40, 70)]


def test_a_word_of_several_parts_lasts_from_the_first_to_the_last() -> None:
    alone = {"1984": "naintin eiti for"}
    assert times("in 1984 it", alone, "in naintin eiti for it") == [
        ("in", 0, 20), ("1984", 30, 190), ("it", 200, 220),
    ]  # fmt: skip


def test_words_that_are_joined_share_the_time_by_length() -> None:
    assert times("one of the", {}, "one ofthe") == [("one", 0, 30), ("of", 40, 60), ("the", 60, 90)]


def test_words_that_sound_otherwise_together_stand_where_their_neighbours_leave_room() -> None:
    assert times("saw a cat", {"a": "ei"}, "saw ɐ cat") == [("saw", 0, 30), ("a", 40, 50), ("cat", 60, 90)]


def test_what_is_heard_besides_belongs_to_the_word_before() -> None:
    assert times("one two", {}, "one uh two") == [("one", 0, 60), ("two", 70, 100)]


def test_a_word_that_is_not_heard_has_no_time() -> None:
    assert times("one — two", {"—": ""}, "one two") == [("one", 0, 30), ("two", 40, 70)]
    assert times("one two", {}, "one") == [("one", 0, 30)]
    assert times("—", {"—": ""}, "uh") == []


def test_phonemes_become_words_without_the_gaps_around_them() -> None:
    lengths = [
        ("^", 5),
        ("ˈ", 5),
        ("a", 10),
        ("ː", 5),
        ("l", 10),
        (",", 20),
        (" ", 5),
        ("b", 10),
        (".", 9),
        ("$", 9),
    ]
    assert list(heard_words(lengths, 100)) == [Heard("al", 110, 135), Heard("b", 160, 170)]


def test_stress_and_punctuation_make_no_difference() -> None:
    assert sounds_of("ˈaʊl, ") == sounds_of("aʊl") == "aʊl"
    assert sounds_of("…") == ""


def test_times_are_those_of_the_rate() -> None:
    assert word_times(["a"], lambda word: [word], [Heard("a", 22_050, 44_100)], 22_050) == [
        WordTime("a", 1000, 2000)
    ]
