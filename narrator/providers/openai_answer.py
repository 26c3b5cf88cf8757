"""What comes of `POST /v1/audio/speech`: the sound itself, or server-sent events with the sound in base64.

Which of them is told by what came: servers that know no `stream_format` send sound to those who ask for events,
and some send events to everybody. The events, each with `data: JSON`, often with its type as `event:` too:

    {"type": "speech.audio.delta", "audio": base64}
    {"type": "speech.audio.done", "usage": {...}}        the end; without it the answer is not whole
    {"type": "speech.audio.error", "error": {...}}       a habit of vLLM-Omni and others
    {"type": "speech.audio.info", "sample_rate", "channels", "bits_per_sample"}    first, of Chatterbox alone
    [DONE]                                               after the end, as in OpenAI's other streams

The sound in them is what was asked for, cut anywhere; speaches sends bare samples, whatever was asked for.

https://platform.openai.com/docs/api-reference/audio/speech-audio-delta-event
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from narrator.errors import AttemptError, BadTake, Refused, SpeechError, StreamBroken, Unavailable
from narrator.model import AudioChunk, AudioFormat, Container
from narrator.providers.complaints import quotable, read_complaint, refusal_within
from narrator.providers.wire import Exchange
from narrator.providers.wire_json import json_object, sound_in_base64
from narrator.providers.wire_riff import RIFF_BYTES, declared_size
from narrator.providers.wire_sse import await_end, server_sent_events

_HEAD_BYTES = 16
_MARKS = (b"data:", b"event:")
_LABELLED_MARKS = (b":", b"id:", b"retry:")
_RATE = re.compile(r";\s*rate=([0-9]+)")
_MARKS_OF_SOUND = {Container.WAV: b"RIFF", Container.FLAC: b"fLaC"}
_RATES_HZ = range(1000, 400_000)
_MOST_CHANNELS = 8


class SpokenAnswer:
    """One answer, read once. `asked` is the format that was asked for, and `bare_rate_hz` that of bare samples.

    The server may tell another rate. `others_end` is whether it has shown where another answer ends. `text` and
    `key` are what no message may repeat. `came_bare` is set where samples came that nobody asked for.
    """

    def __init__(
        self,
        answer: Exchange,
        service: str,
        asked: AudioFormat,
        *,
        bare_rate_hz: int,
        others_end: bool,
        text: str,
        key: str | None,
    ) -> None:
        self._answer = answer
        self._service = service
        self._format = _told_format(answer.headers, asked)
        self._bare_rate_hz = bare_rate_hz
        self._others_end = others_end
        self.came_bare = False
        self._text = text
        self._key = key
        self._has_begun = False

    async def chunks(self, *, max_bytes: int) -> AsyncGenerator[AudioChunk, None]:
        """The sound as it comes; it ends normally only where the protocol says that it is whole.

        Raises:
            SpeechError: it is no sound, not whole, or more than `max_bytes`; or the server says why not.
        """
        async with contextlib.aclosing(self._answer.sound(max_bytes=max_bytes)) as sound:
            head = b""
            async for data in sound:
                head += data
                if len(head) >= _HEAD_BYTES:
                    break
            body = _chained(head, sound)
            read = self._from_events(body) if self._begins_events(head) else self._as_it_is(head, body)
            async with contextlib.aclosing(read) as chunks:
                async for chunk in chunks:
                    yield chunk

    def _begins_events(self, head: bytes) -> bool:
        """Whether these are events. A comment may come first, but its colon may be a sample as well."""
        is_labelled = "event-stream" in self._answer.headers.get("Content-Type", "")
        marks = (*_MARKS, *_LABELLED_MARKS) if is_labelled else _MARKS
        return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(marks)

    async def _as_it_is(
        self, head: bytes, body: AsyncGenerator[bytes, None]
    ) -> AsyncGenerator[AudioChunk, None]:
        received = 0
        async for data in body:
            received += len(data)
            yield AudioChunk(data, self._format)
        if not self._answer.ends_by_itself:
            self._check_whole(head[:RIFF_BYTES], received)

    def _check_whole(self, head: bytes, received: int) -> None:
        """Judge an answer that ended by closing, which may as well be a cut: only its WAV header can tell."""
        size = declared_size(head)
        if len(head) < RIFF_BYTES or (size is not None and received < size):
            raise StreamBroken(f"{self._service} broke off in the middle of its answer.")
        if size is not None:
            return
        what = f"{self._service} does not say where an answer ends: this one may be cut."
        if self._others_end:
            raise StreamBroken(what)
        is_wav = self._format.container is Container.WAV
        instead = "" if is_wav else "--option response_format=wav, or "
        # So is every answer of this server, and each of them is paid for.
        raise Refused(what, advice=f"Use {instead}a proxy before it that sends a length.")

    async def _from_events(self, body: AsyncGenerator[bytes, None]) -> AsyncGenerator[AudioChunk, None]:
        async with contextlib.aclosing(server_sent_events(body, self._service)) as events:
            async for event in events:
                if event.data == "[DONE]":
                    self._check_spoken()
                    await await_end(events)
                    return
                if event.type.endswith("error"):
                    raise self._error(event.data)
                said = json_object(event.data, self._service)
                kind = said.get("type") or event.type
                if said.get("error") or str(kind).endswith("error"):
                    raise self._error(event.data)
                if kind == "speech.audio.info":
                    self._format = _told_by_info(said, self._format)
                sound = sound_in_base64(said.get("audio"), self._service)
                if sound:
                    if not self._has_begun and not _may_begin(self._format.container, sound):
                        self._take_as_bare()
                    self._has_begun = True
                    yield AudioChunk(sound, self._format)
                if kind == "speech.audio.done":
                    self._check_spoken()
                    await await_end(events)
                    return
        raise self._not_whole(f"{self._service} ended its answer without saying that it is whole.")

    def _take_as_bare(self) -> None:
        self.came_bare = True
        bare = AudioFormat(Container.PCM, self._bare_rate_hz)
        self._format = _told_format(self._answer.headers, bare)

    def _check_spoken(self) -> None:
        if not self._has_begun:
            raise BadTake(f"{self._service} ended its answer without any sound in it.")

    def _error(self, said: str) -> SpeechError:
        words = said.encode()
        error = refusal_within(self._service, words, text=self._text, key=self._key)
        if error is None:
            told = quotable(read_complaint(words).message, text=self._text, key=self._key)
            return self._not_whole(f"{self._service} told of an error instead of speaking: {told or 'no more'}")
        return self._not_whole(error.what) if isinstance(error, AttemptError) and self._has_begun else error

    def _not_whole(self, what: str) -> SpeechError:
        return StreamBroken(what) if self._has_begun else Unavailable(what)


async def _chained(head: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    if head:
        yield head
    async for data in rest:
        yield data


def _told_format(headers: Mapping[str, str], asked: AudioFormat) -> AudioFormat:
    """The format of bare samples as the headers tell it: `x-sample-rate`, or `audio/pcm;rate=22050`."""
    if asked.container is not Container.PCM:
        return asked
    in_type = _RATE.search(headers.get("Content-Type", ""))
    told = headers.get("x-sample-rate") or (in_type[1] if in_type else "")
    rate_hz = int(told) if told.isascii() and told.isdigit() else 0
    return AudioFormat(asked.container, rate_hz) if rate_hz in _RATES_HZ else asked


def _may_begin(container: Container, sound: bytes) -> bool:
    """Whether a file of this kind may begin so, where they all begin alike."""
    mark = _MARKS_OF_SOUND.get(container, b"")
    return sound[: len(mark)] == mark[: len(sound)]


def _told_by_info(said: Mapping[str, Any], asked: AudioFormat) -> AudioFormat:
    rate_hz, channels = said.get("sample_rate"), said.get("channels", 1)
    if not isinstance(rate_hz, int) or not isinstance(channels, int) or said.get("bits_per_sample", 16) != 16:
        return asked
    is_sound = rate_hz in _RATES_HZ and 1 <= channels <= _MOST_CHANNELS
    return AudioFormat(Container.PCM, rate_hz, channels) if is_sound else asked
