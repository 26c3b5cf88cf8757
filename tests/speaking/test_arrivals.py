from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from narrator.errors import UsageError
from narrator.speaking.arrivals import arriving, decoded


def text_of(path: Path) -> str:
    with path.open("rb") as file:
        return "".join(decoded(file, str(path)))


@pytest.mark.parametrize("data", ["plain", "\ufeffwith a mark", "Zoë 日本 🦉"])
def test_a_file_is_read_as_utf8(data: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(data, encoding="utf-8")
    assert text_of(path) == data.removeprefix("\ufeff")


@pytest.mark.parametrize("data", [b"caf\xe9 au lait", b"cut off: \xe6\x97"])
def test_what_is_no_utf8_is_refused_by_name(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"text\.txt is no text in UTF-8"):
        text_of(path)


def test_a_pipe_is_read_as_it_comes() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as file:
        pieces = decoded(file, "the pipe")
        os.write(writing, "日".encode()[:2])
        assert next(pieces) == ""
        os.write(writing, "日".encode()[2:] + b" now")
        assert next(pieces) == "日 now"
        os.close(writing)
        assert "".join(pieces) == ""


async def test_an_iterable_is_asked_only_a_little_ahead() -> None:
    asked = 0

    def endless() -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield "word "

    pieces = arriving(endless())
    async with asyncio.timeout(10), aclosing(pieces):
        for _ in range(200):
            assert await anext(pieces) == "word "
    assert asked < 400


async def test_a_text_and_pieces_of_it_are_the_same() -> None:
    async with asyncio.timeout(10):
        assert [piece async for piece in arriving("all of it")] == ["all of it"]
        assert [piece async for piece in arriving(["all ", "of it"])] == ["all ", "of it"]
        assert [piece async for piece in arriving(arriving("all of it"))] == ["all of it"]


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_what_nobody_can_read_is_left_out_wherever_it_is_cut(size: int) -> None:
    text = (
        "A \x1b[1;31mred\x1b[0m\x00 \x1b]8;;https://a.org\x1b\\link\x1b]8;;\x07,\u200b\ud800 [0m]\tand\n\x1b[31"
    )
    pieces = [text[begin : begin + size] for begin in range(0, len(text), size)]
    async with asyncio.timeout(10):
        assert "".join([piece async for piece in arriving(pieces)]) == "A red link, [0m]\tand\n"


async def test_a_lone_escape_holds_nothing_back() -> None:
    words = ["Hello\x1b]", *[f"word {number}, " for number in range(100)]]
    async with asyncio.timeout(10):
        assert "word 99" in "".join([piece async for piece in arriving(words)])
