"""Text as it arrives: a string, pieces of one as they are made, or what a file or another program gives."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO

from narrator.errors import UsageError
from narrator.manuscript.characters import without_noise

Text = str | Iterable[str] | AsyncIterable[str]
"""A text, or pieces of one, cut anywhere; they are asked for one by one, and never waited for all at once."""

_READ_BYTES = 65_536
_MOST_AHEAD = 64
"""Pieces that are taken from whoever makes them before the first of them is wanted."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z^_])")
"""What programs tell a terminal of colours, cursors and titles, also where there is none (ECMA-48, 5.4)."""
_ESCAPE_BEGUN = re.compile(r"\x1b(?:\[[0-?]{0,30}[ -/]?|\][^\x07\x1b]{0,500}\x1b?)?$")
_SURROGATE = re.compile("[\ud800-\udfff]")


async def arriving(text: Text) -> AsyncGenerator[str, None]:
    """The pieces of a text, without control characters and what tells a terminal of colours.

    What blocks while it makes them, does so on a thread of its own.
    """
    pieces, held = _pieces(text), ""
    try:
        async for piece in pieces:
            seen = _ESCAPE.sub("", held + piece)
            begun = _ESCAPE_BEGUN.search(seen)
            held = begun[0] if begun else ""
            yield _SURROGATE.sub("", without_noise(seen[: len(seen) - len(held)]))
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _pieces(text: Text) -> AsyncIterator[str]:
    match text:
        case str():
            return _at_once(text)
        case AsyncIterable():
            return aiter(text)
        case _:
            return _from_thread(text)


def decoded(file: BinaryIO, name: str) -> Iterator[str]:
    """The text of a file in UTF-8, as soon as it can be read. It is read past its own buffer.

    Raises:
        UsageError: it is in no UTF-8, or cannot be read.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        # Not by the file itself: a thread that waits in there would keep the interpreter from ending.
        while data := os.read(file.fileno(), _READ_BYTES):
            yield decoder.decode(data)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as exc:
        advice = "Convert it to UTF-8. Books of every format are for `narrator render`."
        raise UsageError(f"{name} is no text in UTF-8.", advice=advice) from exc
    except OSError as exc:
        raise UsageError(f"{name} cannot be read: {exc.strerror}.", advice="Check the path.") from exc


async def _at_once(text: str) -> AsyncIterator[str]:
    yield text


async def _from_thread(texts: Iterable[str]) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[str | BaseException | None] = asyncio.Queue()
    room = threading.Semaphore(_MOST_AHEAD)
    is_wanted = True

    def hand_over(piece: str | BaseException | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits for it any more
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

    def pull() -> None:
        try:
            for piece in texts:
                room.acquire()
                if not is_wanted:
                    return
                hand_over(piece)
        except BaseException as exc:  # noqa: BLE001 - it is raised where the pieces are waited for
            hand_over(exc)
        else:
            hand_over(None)

    # A daemon: nothing ends a read of a terminal, and the program must end all the same.
    threading.Thread(target=pull, name="text", daemon=True).start()
    try:
        while (piece := await pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            room.release()
            yield piece
    finally:
        is_wanted = False
        room.release()
