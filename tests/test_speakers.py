"""Who speaks which chapter, in which voice, and what a request says of the text around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from narrator.book import Book, locate, open_book
from narrator.errors import ConfigError, UsageError
from narrator.model import TakeKey
from narrator.wishes import wishes_of

TEXT = """# A Book

## One

The first paragraph of one. It is short.

The second paragraph of one, which is no longer.

## Two

The first paragraph of two. It is short.

The second paragraph of two, which is no longer.
"""


LONG_TEXT = TEXT.replace("The second paragraph of two,", "On and on it went, " * 20)


def book(folder: Path, text: str = TEXT, /, **settings: Any) -> Book:
    path = folder / "book.md"
    path.write_text(text)
    named = {"speech.provider": "openai", "speech.base_url": "http://127.0.0.1:9", **settings}
    wishes = wishes_of(projects=folder / "projects", settings=named)
    return open_book(locate(path, wishes), wishes)


def takes_of(book: Book, speaker: int, *chapters: int) -> set[TakeKey]:
    plan = book.plan(frozenset(), failed={1 - speaker})
    return {key for planned in plan.chapters if planned.number in chapters for key in planned.keys}


def speakers(book: Book, have: set[TakeKey], failed: set[int]) -> list[int]:
    return [planned.speaker for planned in book.plan(frozenset(have), failed=failed).chapters]


OTHER = {"failover.provider": "openai", "failover.voice": "nova", "failover.base_url": "http://127.0.0.1:10"}


def test_a_chapter_is_whole_in_one_voice(tmp_path: Path) -> None:
    told = book(tmp_path, **OTHER)
    first = takes_of(told, 0, 1)
    begun = first | set(list(takes_of(told, 0, 2))[:1])
    assert speakers(told, begun, set()) == [0, 0]
    assert speakers(told, begun, {0}) == [0, 1]
    plan = told.plan(frozenset(begun), failed={0})
    assert {(order.chapter, order.request.voice, order.speaker) for order in plan.orders} == {(2, "nova", 1)}
    assert len(plan.orders) == len(plan.chapters[1].keys)


def test_a_chapter_that_the_other_one_finished_stays_his(tmp_path: Path) -> None:
    told = book(tmp_path, **OTHER)
    assert speakers(told, takes_of(told, 0, 1) | takes_of(told, 1, 2), set()) == [0, 1]
    assert not told.plan(frozenset(takes_of(told, 0, 1) | takes_of(told, 1, 2))).orders


def test_a_chapter_goes_on_with_who_has_said_most_of_it(tmp_path: Path) -> None:
    told = book(tmp_path, **OTHER)
    most = sorted(takes_of(told, 1, 2))[1:]
    assert speakers(told, set(most), set()) == [0, 1]


def test_another_account_of_the_same_provider_needs_no_take_again(tmp_path: Path) -> None:
    told = book(tmp_path, **{"failover.key_variable": "OPENAI_API_KEY_2"})
    assert takes_of(told, 0, 1, 2) == takes_of(told, 1, 1, 2)


def test_the_same_voice_of_another_server_is_another_voice(tmp_path: Path) -> None:
    told = book(tmp_path, **{"failover.base_url": "http://127.0.0.1:10"})
    assert takes_of(told, 0, 1, 2).isdisjoint(takes_of(told, 1, 1, 2))


def test_another_server_has_nothing_of_the_first_ones_settings(tmp_path: Path) -> None:
    options = {"speech.options": {"extra_body": '{"a": 1}'}, "speech.usd_per_million_characters": 0.0}
    told = book(tmp_path, **options, **{"failover.base_url": "http://127.0.0.1:10"})
    _, other = told.speakers
    assert other.provider.capabilities.usd_per_million_characters is None
    assert "extra_body" not in other.provider.sound_options
    elsewhere = book(tmp_path, **{"speech.model": "mine", "failover.provider": "openai"})
    assert (elsewhere.speakers[1].provider.model, elsewhere.speakers[1].server) == ("tts-1", "")


def test_who_cannot_take_a_segment_is_not_given_its_chapter(tmp_path: Path) -> None:
    told = book(tmp_path, **{"failover.provider": "smallest", "failover.voice": "magnus"})
    assert not told.notices
    assert speakers(told, set(), {0}) == [1, 1]
    longer = book(tmp_path, LONG_TEXT, **{"failover.provider": "smallest", "failover.voice": "magnus"})
    assert speakers(longer, set(), {0}) == [1, 0]
    assert "chapters 2" in longer.notices[0]


def test_who_stands_by_changes_no_cut(tmp_path: Path) -> None:
    def cuts(**settings: Any) -> list[str]:
        script = book(tmp_path, LONG_TEXT, **settings).script
        return [segment.text for chapter in script.spoken for segment in chapter.segments]

    assert cuts() == cuts(**{"failover.provider": "smallest", "failover.voice": "magnus"})


def test_a_text_that_was_given_up_leaves_its_chapter_to_who_spoke_the_rest(tmp_path: Path) -> None:
    told = book(tmp_path, **OTHER)
    have = takes_of(told, 0, 1, 2)
    gone = have.pop()
    assert [
        planned.speaker for planned in told.plan(frozenset(have), failed={0}, given_up={gone}).chapters
    ] == [0, 0]


def test_text_without_spaces_has_context_too(tmp_path: Path) -> None:
    told = book(tmp_path, **{"speech.provider": "elevenlabs", "speech.base_url": "http://127.0.0.1:9"})
    segment = told.script.spoken[0].segments[0]
    request = told.speakers[0].request_for(segment, "吾輩は猫である。" * 90, "名前はまだ無い。" * 90)
    assert 200 < len(request.previous_text) <= 300
    assert 200 < len(request.next_text) <= 300
    spaced = told.speakers[0].request_for(segment, "word " * 90, "word " * 90)
    assert set(spaced.previous_text.split()) == set(spaced.next_text.split()) == {"word"}


def test_voices_of_the_cast_are_mapped(tmp_path: Path) -> None:
    told = book(tmp_path, **OTHER, **{"cast.headings": "echo", "failover.voices": {"echo": "shimmer"}})
    voices = {order.request.voice for order in told.plan(frozenset(), failed={0}).orders}
    assert voices == {"nova", "shimmer"}


def test_its_settings_are_checked_before_anything_is_spoken(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"failover\.options\.response_fromat"):
        book(tmp_path, **OTHER, **{"failover.options": {"response_fromat": "wav"}})
    with pytest.raises(UsageError, match="no provider 'nobody'"):
        book(tmp_path, **{"failover.provider": "nobody"})
    with pytest.raises(ConfigError, match="name who goes on"):
        book(tmp_path, **{"failover.voice": "nova"})
    with pytest.raises(ConfigError, match="environment variable"):
        book(tmp_path, **{"failover.key_variable": "sk-123"})


def test_a_second_account_without_a_key_is_told_from_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = {"failover.key_variable": "OPENAI_API_KEY_2"}
    assert "no key in OPENAI_API_KEY_2" in book(tmp_path, **wishes).notices[0]
    monkeypatch.setenv("OPENAI_API_KEY_2", "sk-second")
    assert not book(tmp_path, **wishes).notices
