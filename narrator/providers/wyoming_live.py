"""A text on its way to a Wyoming server while it is being written."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import replace

from narrator.model import SpeechRequest
from narrator.providers.piper_text import can_be_said, ensure_it_can_be_said, without_phoneme_marks
from narrator.providers.wire import most_bytes
from narrator.providers.wyoming_line import Line

_SENTENCE = re.compile(r".*?(?:[.!?…]+[\"'”’»)\]]*\s+|[。！？]+)", re.DOTALL)


async def send_pieces(line: Line, texts: AsyncIterable[str], request: SpeechRequest) -> None:
    """Send the pieces of a text as they come, and its end; the line fails with whatever goes wrong."""
    written = ""
    try:
        async for piece in texts:
            if not piece:
                continue
            written += piece
            line.max_bytes = most_bytes(replace(request, text=written))
            await line.send("synthesize-chunk", {"text": without_phoneme_marks(piece)})
        ensure_it_can_be_said(written)
        await line.send("synthesize-stop")
        line.text_has_ended()
    except BaseException as exc:
        line.fail(exc)
        raise


async def sentences_in(texts: AsyncIterable[str]) -> AsyncGenerator[str, None]:
    """A text that comes in pieces, cut anywhere, as sentences: each as soon as the next one begins."""
    pending = ""
    async for piece in texts:
        pending += piece
        end = 0
        for sentence in _SENTENCE.finditer(pending):
            end = sentence.end()
            if can_be_said(sentence[0]):
                yield sentence[0].strip()
        pending = pending[end:]
    if can_be_said(pending):
        yield pending.strip()
