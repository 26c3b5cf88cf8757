from __future__ import annotations

from dataclasses import replace

import pytest

from narrator.errors import UsageError
from narrator.model import Matter, Script, ScriptChapter, Segment, Span, SpeechRequest
from narrator.rendering.plan import Selection, in_context, make_plan


def chapter(*texts: str) -> ScriptChapter:
    segments = tuple(Segment(text, (Span(0, 0, 1),)) for text in texts)
    return ScriptChapter("T", Matter.BODY, "chapter", "d", 1, 1, segments)


def request_for(segment: Segment, _previous: str, _next: str) -> SpeechRequest:
    return SpeechRequest("p", "", "v", segment.text, "en", 1.0, 24_000, 1)


class Speaker:
    """Speaks everything."""

    def request_for(self, segment: Segment, previous_text: str, next_text: str) -> SpeechRequest:
        return request_for(segment, previous_text, next_text)

    def takes(self, _text: str) -> bool:
        return True


SCRIPT = Script("B", (), "en", (chapter(), chapter("One.", "Two.", "One."), chapter("Three.", "One.")))


def test_equal_texts_are_ordered_once_and_counted_in_full() -> None:
    plan = make_plan(SCRIPT, [Speaker()], frozenset())
    assert [(order.request.text, order.chapter, order.segments) for order in plan.orders] == [
        ("One.", 1, 3),
        ("Two.", 1, 1),
        ("Three.", 2, 1),
    ]
    assert (plan.segments, plan.reused, plan.characters) == (5, 0, 14)
    assert [planned.number for planned in plan.chapters] == [1, 2]


def test_takes_that_exist_are_reused() -> None:
    one = make_plan(SCRIPT, [Speaker()], frozenset()).orders[0].key
    plan = make_plan(SCRIPT, [Speaker()], frozenset({one}))
    assert [order.request.text for order in plan.orders] == ["Two.", "Three."]
    assert plan.reused == 3


def test_of_chosen_chapters_the_numbers_stay() -> None:
    plan = make_plan(SCRIPT, [Speaker()], frozenset(), Selection(frozenset({2})))
    assert [planned.number for planned in plan.chapters] == [2]
    assert [order.request.text for order in plan.orders] == ["Three.", "One."]


def test_a_chapter_that_the_book_has_not_is_told() -> None:
    with pytest.raises(UsageError, match="no chapter 3"):
        make_plan(SCRIPT, [Speaker()], frozenset(), Selection(frozenset({1, 3})))


@pytest.mark.parametrize(
    ("characters", "texts"), [(1, ["One."]), (8, ["One.", "Two."]), (99, ["One.", "Two.", "Three."])]
)
def test_an_opening_is_of_whole_segments_and_never_empty(characters: int, texts: list[str]) -> None:
    plan = make_plan(SCRIPT, [Speaker()], frozenset(), Selection(characters=characters))
    assert [order.request.text for order in plan.orders] == texts
    assert plan.in_one_chapter().segments == plan.segments


def test_a_segment_knows_what_its_own_voice_says_around_it() -> None:
    one, two, three, four = chapter("One.", "Two.", "Three.", "Four.").segments
    said = list(in_context([one, two, replace(three, voice="other"), four]))
    assert [(each.text, before, after) for each, before, after in said] == [
        ("One.", "", "Two."),
        ("Two.", "One.", ""),
        ("Three.", "", ""),
        ("Four.", "", ""),
    ]


def test_the_takes_of_an_opening_serve_the_whole_book() -> None:
    class InContext(Speaker):
        def request_for(self, segment: Segment, previous_text: str, next_text: str) -> SpeechRequest:
            plain = request_for(segment, "", "")
            return replace(plain, previous_text=previous_text, next_text=next_text)

    opening = make_plan(SCRIPT, [InContext()], frozenset(), Selection(characters=8))
    whole = make_plan(SCRIPT, [InContext()], frozenset())
    assert [order.request.text for order in opening.orders] == ["One.", "Two."]
    assert {order.key for order in opening.orders} < {order.key for order in whole.orders}
