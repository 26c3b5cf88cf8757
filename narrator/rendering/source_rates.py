"""Whether an answer's sound has the sample rate of the others: one that is said wrongly makes another voice."""

from __future__ import annotations

from collections import Counter, defaultdict

from narrator.errors import BadTake
from narrator.model import SpeechRequest, TakeKey

AGREEING = 2
"""Answers of one rate after which another rate is not believed."""


class _Rates:
    """The rates of the first answers that were believed, until enough of them agree."""

    def __init__(self) -> None:
        self.usual_hz: int | None = None
        self.unsure: dict[TakeKey, int] = {}

    def believe(self, key: TakeKey, rate_hz: int) -> None:
        self.unsure.pop(key, None)
        if self.usual_hz is None:
            self.unsure[key] = rate_hz
            rate_hz, count = Counter(self.unsure.values()).most_common(1)[0]
            self.usual_hz = rate_hz if count >= AGREEING else None


class SourceRates:
    """The sample rates of answers before they are converted, by voice and transport. Not for several threads.

    The pace of an answer gives a wrong rate away only where it is far off.
    """

    def __init__(self) -> None:
        self._rates: defaultdict[tuple[str, str, str], _Rates] = defaultdict(_Rates)

    def check(self, request: SpeechRequest, transport: str, rate_hz: int) -> None:
        """Hold an answer's rate against that of the others.

        Raises:
            BadTake: it is another one.
        """
        usual_hz = self._rates_of(request, transport).usual_hz
        if usual_hz not in (None, rate_hz):
            raise BadTake(f"the answer is said to have {rate_hz} Hz, where the others have {usual_hz} Hz")

    def believe(self, request: SpeechRequest, transport: str, rate_hz: int) -> None:
        """Count an answer that became a take."""
        self._rates_of(request, transport).believe(request.key, rate_hz)

    def doubtful(self) -> frozenset[TakeKey]:
        """Takes that were believed before the usual rate was known, and have another one; each is told once."""
        doubted: set[TakeKey] = set()
        for rates in self._rates.values():
            if rates.usual_hz is not None:
                doubted.update(key for key, rate_hz in rates.unsure.items() if rate_hz != rates.usual_hz)
                rates.unsure.clear()
        return frozenset(doubted)

    def _rates_of(self, request: SpeechRequest, transport: str) -> _Rates:
        return self._rates[request.model, request.voice, transport]
