"""The two shapes in which a Chatterbox server sends sound, and how each of them ends.

Once it has answered 200 the server has no way to say that something failed: it cuts the connection. A stream's
WAV header, and the first event, are sent before anything is spoken, so they prove nothing.
https://github.com/travisvn/chatterbox-tts-api (`generate_speech_streaming`, `generate_speech_sse`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from narrator.errors import AttemptError, BadTake, Refused, SpeechError, StreamBroken, Unavailable
from narrator.model import AudioChunk, AudioFormat, Container
from narrator.providers.complaints import quotable, read_complaint, refusal_within
from narrator.providers.wire import Exchange
from narrator.providers.wire_json import json_object, sound_in_base64
from narrator.providers.wire_riff import RIFF_BYTES, declared_size
from narrator.providers.wire_sse import await_end, server_sent_events

RATE_HZ = 24_000
WAV = AudioFormat(Container.WAV, RATE_HZ)

_HEADER_BYTES = 44
_LOG_ADVICE = "The server's own log says why."


async def wav_sound(answer: Exchange, *, max_bytes: int) -> AsyncGenerator[AudioChunk, None]:
    """The sound of an answer that is one WAV file, its header kept back until there is some.

    Raises:
        Unavailable: it broke off before any.
        StreamBroken: it broke off later.
        BadTake: it is no sound, or has none in it.
        Refused: nothing tells where it ends.
    """
    service, start, held, received = answer.service, b"", b"", 0
    try:
        async with aclosing(answer.sound(max_bytes=max_bytes)) as body:
            async for data in body:
                start = (start + data[:RIFF_BYTES])[:RIFF_BYTES]
                received += len(data)
                held += data
                if received > _HEADER_BYTES:
                    yield AudioChunk(held, WAV)
                    held = b""
    except StreamBroken as exc:
        raise _broken(service, exc.what, has_sound=received > _HEADER_BYTES) from exc
    if received <= _HEADER_BYTES:
        raise BadTake(f"{service} sent a sound without a sample in it.")
    if not answer.ends_by_itself:
        _check_whole(start, received, service)


async def sse_sound(answer: Exchange, *, text: str, max_bytes: int) -> AsyncGenerator[AudioChunk, None]:
    """The sound of an answer that is a stream of events.

    `text` is what no message may repeat, and `max_bytes` how much of it there may be at 48 kHz in stereo.

    Raises:
        Unavailable: it ended, by whatever means, before any sound and without the event that ends it.
        StreamBroken: it did so later.
        BadTake: it is no such stream, ended well without a sound, or has more of it than a text can need.
        SpeechError: what an event says instead.
    """
    service, sound_format, received = answer.service, AudioFormat(Container.PCM, RATE_HZ), 0
    try:
        async with (
            aclosing(answer.sound(max_bytes=2 * max_bytes)) as body,  # base64, and JSON around it
            aclosing(server_sent_events(body, service)) as events,
        ):
            async for event in events:
                message = json_object(event.data, service)
                match message.get("type"):
                    case "speech.audio.info" if not received:
                        sound_format = _format_of(message, service)
                    case "speech.audio.delta":
                        pcm = sound_in_base64(message.get("audio"), service)
                        received += len(pcm)
                        if received > _share(max_bytes, sound_format):
                            raise BadTake(f"{service} sent more than this text can need: {received} bytes.")
                        if pcm:
                            yield AudioChunk(pcm, sound_format)
                    case "speech.audio.done":
                        if not received:
                            raise BadTake(f"{service} ended its answer without a sound.")
                        await await_end(events)
                        return
                    case kind if kind == "error" or event.type == "error" or message.get("error"):
                        raise _said(event.data, service, text, has_sound=received > 0)
    except StreamBroken as exc:
        raise _broken(service, exc.what, has_sound=received > 0) from exc
    what = f"{service} ended its answer without the event that ends one."
    raise _broken(service, what, has_sound=received > 0)


def _broken(service: str, what: str, *, has_sound: bool) -> AttemptError:
    if has_sound:
        return StreamBroken(what, advice=_LOG_ADVICE)
    return Unavailable(f"{service} began an answer and gave it up before any sound.", advice=_LOG_ADVICE)


def _said(words: str, service: str, text: str, *, has_sound: bool) -> SpeechError:
    meant = refusal_within(service, words.encode(), text=text)
    if meant is not None and not (has_sound and isinstance(meant, Unavailable)):
        return meant
    said = quotable(read_complaint(words.encode()).message, text=text)
    kind = StreamBroken if has_sound else Unavailable
    return kind(f"{service} said instead of speaking: {said}")


def _format_of(info: dict[str, Any], service: str) -> AudioFormat:
    rate_hz, channels, bits = (info.get(name) for name in ("sample_rate", "channels", "bits_per_sample"))
    is_read = isinstance(rate_hz, int) and 8_000 <= rate_hz <= 48_000 and channels in (1, 2) and bits == 16
    if not is_read:
        raise BadTake(f"{service} announces sound of a kind that is not read here: {quotable(str(info))}")
    return AudioFormat(Container.PCM, int(rate_hz or 0), int(channels or 0))


def _share(max_bytes: int, sound_format: AudioFormat) -> int:
    """How much of the bytes at 48 kHz in stereo are as long in this format."""
    return max_bytes * sound_format.rate_hz * sound_format.channels // (2 * 48_000)


def _check_whole(start: bytes, received: int, service: str) -> None:
    """Judge an answer that ended by closing, which may as well be a cut: only its header can tell."""
    size = declared_size(start)
    if size is None:
        raise Refused(
            f"{service} does not say where an answer ends: this one may be cut.",
            advice="Use --option transport=sse: its last event says so.",
        )
    if received < size:
        raise StreamBroken(f"{service} broke off in the middle of its answer.")
