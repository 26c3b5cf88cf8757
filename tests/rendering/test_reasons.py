from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.model import SpeechRequest
from narrator.rendering.plan import Order
from narrator.rendering.reasons import Canonical, change, grouped, ranges, reasons_of

NOW = SpeechRequest(
    provider="hibari", model="", voice="nova", text="One.", language="", speed=1.0, rate_hz=24_000, revision=2,
    voice_digest="bb", options={},
)  # fmt: skip


def order(text: str, chapter: int = 1, **changes: Any) -> Order:
    request = replace(NOW, text=text, **changes)
    return Order(request.key, request, chapter)


def earlier(text: str, **changes: Any) -> Canonical:
    return replace(NOW, text=text, **changes).canonical()


def why(an_order: Order, *others: Canonical) -> str:
    return reasons_of([an_order], others, quarantined=(), incomplete=())[an_order.key]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ({"voice": "heart", "voice_digest": "aa"}, "voice changed from heart to nova"),
        ({"speed": 1.2}, "speed changed from 1.2 to 1"),
        ({"voice_digest": "aa"}, "the embedded voice's model file changed"),
        ({"revision": 1}, "narrator's adapter changed (revision 1 → 2)"),
        ({"rate_hz": 22_050}, "sample rate changed from 22050 to 24000 Hz"),
        ({"language": "de"}, "language changed from de to none"),
        ({"options": {"style": "calm"}}, "option style changed from calm to none"),
        (
            {"voice": "heart", "voice_digest": "aa", "speed": 0.9},
            "voice changed from heart to nova, speed changed from 0.9 to 1",
        ),
        (
            {"provider": "openai", "model": "tts-1", "voice": "alloy", "voice_digest": "", "language": "en",
             "revision": 1, "options": {"instructions": "Read calmly."}},
            "provider changed from openai to hibari, voice changed from alloy to nova",
        ),
    ],
)  # fmt: skip
def test_what_was_changed_is_the_reason(before: dict[str, Any], reason: str) -> None:
    assert why(order("One."), earlier("One.", **before)) == reason


def test_a_text_that_was_never_spoken_is_new() -> None:
    assert why(order("One."), earlier("Two.", voice="heart")) == "new text"
    assert why(order("One.")) == "new text"


def test_of_several_takes_the_nearest_is_what_it_was() -> None:
    far = earlier("One.", voice="heart", voice_digest="aa", speed=0.9)
    near = earlier("One.", speed=1.1)
    assert why(order("One."), far, near) == "speed changed from 1.1 to 1"
    assert why(order("One."), near, far) == "speed changed from 1.1 to 1"


def test_what_became_of_the_take_itself_comes_first() -> None:
    damaged, incomplete = order("One."), order("Two.")
    reasons = reasons_of(
        [damaged, incomplete],
        [earlier("One.", voice="heart")],
        quarantined={damaged.key},
        incomplete={incomplete.key},
    )
    assert reasons == {damaged.key: "take damaged (in quarantine)", incomplete.key: "take incomplete on disk"}


def test_other_takes_are_not_read_where_they_explain_nothing() -> None:
    sidecars = iter([earlier("One.", voice="heart")])
    damaged = order("One.")
    assert reasons_of([damaged], sidecars, quarantined={damaged.key}, incomplete=())
    assert reasons_of([], sidecars, quarantined=(), incomplete=()) == {}
    assert len(list(sidecars)) == 1


def test_an_older_recipe_of_keys_is_a_reason() -> None:
    old = {**earlier("One."), "key_revision": 0}
    assert why(order("One."), old) == "narrator's recipe of takes changed (revision 0 → 1)"


def test_long_options_are_cut_short() -> None:
    said = why(order("One.", options={"instructions": "slowly " * 50}), earlier("One."))
    assert said.startswith("option instructions changed from none to slowly")
    assert len(said) < 120


def test_groups_say_how_many_where_and_which() -> None:
    orders = [order("New.", chapter=7), *(order(f"Text {n}.", chapter=n) for n in (1, 2, 3, 4))]
    others = [earlier(f"Text {n}.", speed=1.1) for n in (1, 2, 3, 4)]
    reasons = reasons_of(orders, others, quarantined=(), incomplete=())
    new, changed = grouped(orders, reasons)
    assert (new.reason, new.orders, new.characters, new.chapters, new.texts) == (
        "new text", 1, 4, (7,), ("New.",),
    )  # fmt: skip
    assert (changed.reason, changed.orders, changed.characters) == ("speed changed from 1.1 to 1", 4, 28)
    assert changed.chapters == (1, 2, 3, 4)
    assert changed.texts == ("Text 1.", "Text 2.", "Text 3.")


@pytest.mark.parametrize(
    ("numbers", "written"), [((), ""), ((3,), "3"), ((1, 2, 3, 4, 7), "1–4, 7"), ((1, 3, 5, 6), "1, 3, 5–6")]
)
def test_chapter_numbers_are_written_as_ranges(numbers: tuple[int, ...], written: str) -> None:
    assert ranges(numbers) == written


REQUESTS = st.builds(
    SpeechRequest,
    provider=st.sampled_from(["a", "b"]),
    model=st.sampled_from(["", "m"]),
    voice=st.sampled_from(["v", "w"]),
    text=st.just("One."),
    language=st.sampled_from(["", "en"]),
    speed=st.sampled_from([1.0, 1.5]),
    rate_hz=st.sampled_from([22_050, 24_000]),
    revision=st.integers(1, 2),
    voice_digest=st.sampled_from(["", "aa"]),
    options=st.dictionaries(st.sampled_from("xy"), st.sampled_from("12"), max_size=2),
)


@given(REQUESTS, REQUESTS)
def test_whatever_changes_the_key_has_words_and_nothing_else_has(
    one: SpeechRequest, other: SpeechRequest
) -> None:
    assert bool(change(one.canonical(), other.canonical())) == (one.key != other.key)
