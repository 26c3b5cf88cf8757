from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from narrator.model import Pause
from narrator.script.strategies import Limit
from narrator.speaking.utterances import ByParagraph, LiveText, Utterance


def said(utterances: list[Utterance]) -> list[tuple[str, Pause | None]]:
    return [
        (each.text.text, each.pause) if isinstance(each.text, LiveText) else (each.text, each.pause)
        for each in utterances
    ]


async def read(text: LiveText) -> list[str]:
    async with asyncio.timeout(10):
        return [piece async for piece in text.pieces()]


async def test_whoever_reads_a_growing_text_gets_all_of_it() -> None:
    text = LiveText()
    text.add("first ")
    early = asyncio.create_task(read(text))
    await asyncio.sleep(0)
    text.add("second ")
    text.add("third")
    text.end()
    assert await early == await read(text) == ["first ", "second ", "third"]


async def test_a_growing_text_is_read_before_it_has_ended() -> None:
    text = LiveText()
    text.add("first ")
    assert await anext(text.pieces()) == "first "


def test_a_paragraph_begins_with_its_first_word_and_ends_with_an_empty_line() -> None:
    cutter = ByParagraph("en", Limit(2000))
    assert cutter.add("\n  ") == []
    (first,) = cutter.add("“Oh")
    assert [cutter.add(piece) for piece in (", no!” she", " said.", "\n", "\n")] == [[]] * 4
    (second,) = cutter.add("Then")
    assert cutter.finish() == []
    assert said([first, second]) == [("“Oh, no!” she said.", None), ("Then", Pause.PARAGRAPH)]


def test_a_line_end_alone_ends_nothing() -> None:
    cutter = ByParagraph("en", Limit(2000))
    (first,) = cutter.add("one line\n")
    assert cutter.add("and the next") == []
    assert said([first]) == [("one line\nand the next", None)]


def test_where_nothing_comes_it_ends_after_a_sentence_and_after_a_long_time_anywhere() -> None:
    cutter = ByParagraph("en", Limit(2000))
    begun = list(cutter.add("It has ended here."))
    cutter.settle(is_long=False)
    begun += cutter.add(" But this")
    cutter.settle(is_long=False)
    assert cutter.add(" goes on") == []
    cutter.settle(is_long=True)
    begun += cutter.add(" and on")
    assert said(begun) == [
        ("It has ended here.", None),
        ("But this goes on", Pause.SENTENCE),
        ("and on", Pause.SENTENCE),
    ]


def test_over_half_of_the_limit_the_next_sentence_begins_another() -> None:
    cutter = ByParagraph("en", Limit(60))
    begun = list(cutter.add("These are some thirty characters. And these are some more of them. The end."))
    assert said(begun) == [
        ("These are some thirty characters. ", None),
        ("And these are some more of them. ", Pause.SENTENCE),
        ("The end.", Pause.SENTENCE),
    ]


@given(st.text("abc .!?\n“”é日。", max_size=200), st.integers(1, 9))
def test_no_word_is_lost_and_none_over_the_limit(text: str, size: int) -> None:
    cutter = ByParagraph("en", Limit(30))
    begun = [
        each for start in range(0, len(text), size) for each in cutter.add(text[start : start + size])
    ] + list(cutter.finish())
    texts = [text for text, _ in said(begun)]
    assert "".join(filter(str.isalnum, "".join(texts))) == "".join(filter(str.isalnum, text))
    assert all(len(each.strip()) <= 30 for each in texts)
