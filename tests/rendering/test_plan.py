from __future__ import annotations

from narrator.model import Matter, Script, ScriptChapter, Segment, Span, SpeechRequest
from narrator.rendering.plan import make_plan


def chapter(*texts: str) -> ScriptChapter:
    segments = tuple(Segment(text, (Span(0, 0, 1),)) for text in texts)
    return ScriptChapter("T", Matter.BODY, "chapter", "d", 1, 1, segments)


def request_for(segment: Segment) -> SpeechRequest:
    return SpeechRequest("p", "", "v", segment.text, "en", 1.0, 24_000, 1)


SCRIPT = Script("B", (), "en", (chapter(), chapter("One.", "Two.", "One."), chapter("Three.", "One.")))


def test_equal_texts_are_ordered_once_and_counted_in_full() -> None:
    plan = make_plan(SCRIPT, request_for, frozenset())
    assert [(order.request.text, order.chapter, order.segments) for order in plan.orders] == [
        ("One.", 1, 3),
        ("Two.", 1, 1),
        ("Three.", 2, 1),
    ]
    assert (plan.segments, plan.reused, plan.characters) == (5, 0, 14)
    assert [planned.number for planned in plan.chapters] == [1, 2]


def test_takes_that_exist_are_reused() -> None:
    one = make_plan(SCRIPT, request_for, frozenset()).orders[0].key
    plan = make_plan(SCRIPT, request_for, frozenset({one}))
    assert [order.request.text for order in plan.orders] == ["Two.", "Three."]
    assert plan.reused == 3
