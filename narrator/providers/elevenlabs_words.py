"""When words are heard, from ElevenLabs' times of characters.

HTTP: {"characters": [...], "character_start_times_seconds": [...], "character_end_times_seconds": [...]}.
WebSocket: {"chars": [...], "charStartTimesMs": [...], "charDurationsMs": [...]}, relative to the chunk; the
last is called "charsDurationsMs", too.
https://elevenlabs.io/docs/api-reference/text-to-speech/convert-with-timestamps
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from narrator.errors import BadTake
from narrator.model import AudioChunk, SpeechEvent, WordTime
from narrator.providers.elevenlabs_options import OutputFormat


class TimedCharacter(NamedTuple):
    """A character and when it is heard."""

    character: str
    start_ms: float
    end_ms: float


def timed_in_seconds(alignment: object) -> list[TimedCharacter]:
    """An alignment as HTTP has it; none where there is none, or it makes no sense: the sound is what counts."""
    rows = _rows(alignment, "characters", "character_start_times_seconds", "character_end_times_seconds")
    return [TimedCharacter(character, 1000 * start, 1000 * end) for character, start, end in rows]


def timed_in_ms(alignment: object) -> list[TimedCharacter]:
    """An alignment as the WebSocket has it; likewise."""
    is_older = isinstance(alignment, Mapping) and "charsDurationsMs" in alignment
    rows = _rows(alignment, "chars", "charStartTimesMs", "charsDurationsMs" if is_older else "charDurationsMs")
    return [TimedCharacter(character, start, start + lasts) for character, start, lasts in rows]


def _rows(alignment: object, *names: str) -> list[tuple[str, float, float]]:
    if not isinstance(alignment, Mapping):
        return []
    characters, starts, others = (alignment.get(name) for name in names)
    if not (isinstance(characters, list) and isinstance(starts, list) and isinstance(others, list)):
        return []
    rows = list(zip(characters, starts, others, strict=False))
    makes_sense = len(characters) == len(starts) == len(others) and all(
        isinstance(character, str) and _is_time(start) and _is_time(other) for character, start, other in rows
    )
    return rows if makes_sense else []


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


class TimedSound:
    """Makes events of sound and of the times of its characters, chunk by chunk."""

    def __init__(self, kind: OutputFormat) -> None:
        self._kind = kind
        self._received = 0
        self._word: list[TimedCharacter] = []

    @property
    def is_empty(self) -> bool:
        """Whether there has been no sound."""
        return not self._received

    def add(
        self, sound: bytes, characters: list[TimedCharacter], *, by_chunk: bool = False
    ) -> Iterator[SpeechEvent]:
        """A chunk's sound, and the words that its characters complete.

        Times begin with the chunk where `by_chunk` says so. Where nobody says, they begin with that which is
        nearer, the chunk or the answer.
        """
        began_ms = 1000.0 * self._received / self._kind.bytes_per_s
        if sound:
            self._received += len(sound)
            yield AudioChunk(sound, self._kind.format)
        if characters:
            shift_ms = began_ms if by_chunk or characters[0].start_ms < began_ms / 2 else 0.0
            yield from self._words(
                TimedCharacter(each.character, each.start_ms + shift_ms, each.end_ms + shift_ms)
                for each in characters
            )

    def finish(self, service: str) -> Iterator[WordTime]:
        """The word that no space came after.

        Raises:
            BadTake: there was no sound at all.
        """
        if self.is_empty:
            raise BadTake(f"{service} ended its answer without any sound.")
        yield from self._word_ended()

    def _word_ended(self) -> Iterator[WordTime]:
        if self._word:
            start_ms, end_ms = self._word[0].start_ms, max(each.end_ms for each in self._word)
            yield WordTime(
                "".join(each.character for each in self._word), round(start_ms), round(max(start_ms, end_ms))
            )
        self._word = []

    def _words(self, characters: Iterable[TimedCharacter]) -> Iterator[WordTime]:
        for each in characters:
            if each.character.isspace():
                yield from self._word_ended()
            else:
                self._word.append(each)
