"""Requests that go on from one another: which earlier ones a text follows.

https://elevenlabs.io/docs/eleven-api/guides/how-to/text-to-speech/request-stitching: at most three ids, of
requests that were made within the last two hours.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from narrator.model import SpeechRequest

_MOST_IDS = 3
_KEPT_S = 6_000.0
"""Less than two hours, so that an id lives as long as the request that names it."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    voice: str
    text: str
    request_id: str
    at_s: float


class Stitching:
    """The last requests of one that came after the other. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spoken: tuple[_Spoken, ...] = ()

    def ids_before(self, request: SpeechRequest) -> list[str]:
        """The ids of the requests that this one goes on from, the oldest first."""
        return [each.request_id for each in self._before(request)]

    def add(self, request: SpeechRequest, request_id: str) -> None:
        """Note that a request was spoken to its end."""
        said = _Spoken(request.voice, request.text, request_id, self._clock())
        self._spoken = (*self._before(request), said)[-_MOST_IDS:]

    def _before(self, request: SpeechRequest) -> tuple[_Spoken, ...]:
        spoken = self._spoken
        if spoken and spoken[-1].text == request.text and not _follows(request, spoken[-1]):
            spoken = spoken[:-1]  # that was an earlier take of the same
        if not spoken or not _follows(request, spoken[-1]):
            return ()
        oldest_s = self._clock() - _KEPT_S
        return tuple(each for each in spoken if each.at_s > oldest_s)


def _follows(request: SpeechRequest, spoken: _Spoken) -> bool:
    """Whether what is said before a request ends as the spoken text does, in the same voice."""
    before, said = " ".join(request.previous_text.split()), " ".join(spoken.text.split())
    if not before or not said or request.voice != spoken.voice:
        return False
    return said.endswith(before) or before.endswith(said)
