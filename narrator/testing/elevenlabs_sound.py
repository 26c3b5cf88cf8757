"""Sound as the fake of ElevenLabs sends it: in its formats, and with the times of characters."""

from __future__ import annotations

import base64
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from narrator.testing.faults import Fault
from narrator.testing.sending import MESSAGE_BYTES, in_base64
from narrator.testing.speechlike import alaw, mp3, noise_pcm, ulaw, wav

_G711 = {"ulaw": ulaw, "alaw": alaw}


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text and its sound: s16le mono at `rate_hz`. The characters share the time evenly."""

    text: str
    pcm: bytes
    rate_hz: int

    @property
    def lasts_s(self) -> float:
        return len(self.pcm) / 2 / self.rate_hz

    def encoded(self, kind: str, claimed_hz: int | None = None) -> bytes:
        """The sound in a format of the service, by its name."""
        container = kind.partition("_")[0]
        if container == "wav":
            return wav(self.pcm, claimed_hz or self.rate_hz)
        if container == "mp3":
            return mp3(self.pcm, self.rate_hz)
        return _G711[container](self.pcm) if container in _G711 else self.pcm

    def start_s(self, character: int) -> float:
        return self.lasts_s * character / max(1, len(self.text))


def rate_of(kind: str) -> int:
    """The sample rate that a format's name says."""
    return int(kind.split("_")[1])


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of an utterance: its sound in base64, and its characters [first, last); it begins at `from_s`."""

    sound: str
    first: int
    last: int
    from_s: float


def whole_object(utterance: Utterance, kind: str) -> bytes:
    """The answer of `with-timestamps`."""
    sound = base64.b64encode(utterance.encoded(kind)).decode()
    return json.dumps(_timed(utterance, _Part(sound, 0, len(utterance.text), 0.0), since_s=0.0)).encode()


def objects_by_line(utterance: Utterance, kind: str, fault: Fault, *, is_relative: bool) -> bytes:
    """The answer of `stream/with-timestamps`; each line's times begin with its own sound if `is_relative`."""
    return b"".join(
        json.dumps(_timed(utterance, part, since_s=part.from_s if is_relative else 0.0)).encode() + b"\n"
        for part in _parts(utterance, kind, fault)
    )


def messages_of(utterance: Utterance, kind: str, fault: Fault, *, is_synchronous: bool) -> Iterator[str]:
    """The WebSocket messages of one generation, each with the times of its own characters, relative to itself.

    Unless they are synchronous: then the first has the times of all of it.
    """
    for part in _parts(utterance, kind, fault):
        is_first = part.from_s == 0.0
        spoken = (part.first, part.last) if is_synchronous else (0, len(utterance.text) if is_first else 0)
        yield _message(part.sound, _alignment_ms(utterance, *spoken, part.from_s))


def _parts(utterance: Utterance, kind: str, fault: Fault) -> Iterator[_Part]:
    sound, count = utterance.encoded(kind), len(utterance.text)
    start = 0
    for encoded in in_base64(sound, fault):
        end = start + (fault.piece_bytes or MESSAGE_BYTES)
        first, last = (min(count, math.ceil(each * count / len(sound))) for each in (start, end))
        yield _Part(encoded, first, last, utterance.lasts_s * start / len(sound))
        start = end


def _timed(utterance: Utterance, part: _Part, *, since_s: float) -> dict[str, object]:
    times = [round(utterance.start_s(each) - since_s, 3) for each in range(part.first, part.last + 1)]
    alignment = {
        "characters": list(utterance.text[part.first : part.last]),
        "character_start_times_seconds": times[:-1],
        "character_end_times_seconds": times[1:],
    }
    said = alignment if part.last > part.first else None
    return {"audio_base64": part.sound, "alignment": said, "normalized_alignment": said}


def _alignment_ms(utterance: Utterance, first: int, last: int, from_s: float) -> dict[str, object] | None:
    times = [round(1000 * (utterance.start_s(each) - from_s)) for each in range(first, last + 1)]
    alignment = {
        "chars": list(utterance.text[first:last]),
        "charStartTimesMs": times[:-1],
        "charDurationsMs": [end - start for start, end in itertools.pairwise(times)],
    }
    return alignment if last > first else None


def endless_messages(rate_hz: int) -> Iterator[str]:
    """Noise that never ends."""
    noise = [base64.b64encode(piece).decode() for piece in itertools.islice(noise_pcm(rate_hz), 20)]
    for piece in itertools.cycle(noise):
        yield _message(piece, None)


FINAL_MESSAGE = json.dumps({"audio": None, "isFinal": True, "alignment": None, "normalizedAlignment": None})


def _message(sound: str, alignment: object) -> str:
    return json.dumps(
        {"audio": sound, "isFinal": None, "alignment": alignment, "normalizedAlignment": alignment}
    )
