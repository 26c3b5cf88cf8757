"""When a character of a segment is heard: by the words whose times are known, else by its share of the text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from narrator.publishing.timing import TimedSegment

_AHEAD = 80
"""So many characters ahead a word is looked for: one that stands nowhere must not take a namesake far away."""


class Clock:
    """The times of one segment, in milliseconds of its file."""

    def __init__(self, segment: TimedSegment) -> None:
        self.start_ms = _ms(segment.start_s)
        self.end_ms = _ms(segment.end_s)
        points = [(0, segment.start_s)]
        for place, time_s in _points(segment):
            if place > points[-1][0] and time_s >= points[-1][1]:
                points.append((place, time_s))
        if points[-1][0] < len(segment.text):
            points.append((len(segment.text), max(segment.end_s, points[-1][1])))
        self._places = [place for place, _ in points]
        self._times_s = [time_s for _, time_s in points]

    def ms_at(self, place: int) -> int:
        """When the character at `place` begins to be heard: between known times, by its share of the text."""
        after = min(max(1, bisect_right(self._places, place)), len(self._places) - 1)
        before = after - 1
        share = (place - self._places[before]) / (self._places[after] - self._places[before])
        return _ms(self._times_s[before] + share * (self._times_s[after] - self._times_s[before]))


def _points(segment: TimedSegment) -> Iterator[tuple[int, float]]:
    """Places whose times are known. A provider may spell a word as it spoke it: not all are found."""
    text = _folded(segment.text)
    place = 0
    for word in segment.words:
        folded = _folded(word.word.strip())
        found = text.find(folded, place, place + len(folded) + _AHEAD) if folded else -1
        if found >= 0:
            place = found + len(folded)
            yield found, word.start_s
            yield place, word.end_s


def _folded(text: str) -> str:
    """In small letters, character by character, so that places stay."""
    return "".join(small if len(small := character.lower()) == 1 else character for character in text)


def _ms(time_s: float) -> int:
    return round(time_s * 1000)
