"""What stands out among a book's takes: where a person who has little time should listen."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from narrator.model import TakeKey
from narrator.publishing.report import Remark, ReportFinding
from narrator.publishing.report_words import counted

JUDGED_LETTERS = 40
"""The pace of a shorter text says nothing: 'No.' may take a second."""

JUDGED_S = 1.0
"""Nor does the level of a shorter sound."""

LEAST_TAKES = 8
"""Fewer have no usual way from which one could stand out."""

FAR = 3.5 / 0.6745
"""Median absolute deviations from the median that are an outlier (Iglewicz and Hoaglin, "How to detect and
handle outliers", 1993)."""

LEAST_PACE_CHANGE = 0.2
LEAST_LEVEL_LU = 3.0
"""Less than this nobody minds, however even the others are."""

CLOSE_S = 0.1
"""A shorter pause is one between words of a sentence that was longer than a request may be."""

SLACK_S = 0.1
"""What a pause may be longer than it was asked to be, for where sound begins is known to a hop or two."""

RUN_UP_S = 2.0
"""What is heard before a pause, so that one hears how it comes."""

LIMITED_DB = 6.0
"""A limiter that takes less is hardly heard with speech: half the height of its highest peaks."""

MOST_TOLD = 5
"""Of what every book has some, limited, slow and dear ones, so many are told."""

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class TakeFacts:
    """How a take came: the seconds that it took, what it cost, how often it was asked for; None if unknown."""

    took_s: float | None = None
    characters_billed: int | None = None
    cost_usd: float | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Segment `place`, from 0, of a chapter, which sounds in [from_s, to_s) of it; 0 s long if it is silent.

    `lufs` is how loud it is before any gain, and `over_db` how far its true peak would be above the chapter's
    without a limiter. `quiet_s` is the longest pause inside it, which begins at `quiet_at_s` of the chapter.
    """

    chapter: int
    place: int
    text: str
    voice: str
    key: TakeKey
    from_s: float
    to_s: float
    lufs: float
    over_db: float
    quiet_s: float
    quiet_at_s: float
    facts: TakeFacts

    @property
    def sound_s(self) -> float:
        return self.to_s - self.from_s

    @property
    def letters(self) -> int:
        """Letters and digits, an ideogram counting as three: it takes the time of about so many."""
        return sum(map(str.isalnum, self.text)) + 2 * len(_UNSPACED.findall(self.text))

    @property
    def pace(self) -> float:
        """Letters and digits a second."""
        return self.letters / self.sound_s

    @property
    def has_pace(self) -> bool:
        """Whether its pace can be judged: digits stand for more letters than themselves."""
        is_figures = sum(map(str.isdigit, self.text)) >= self.letters / 5
        return self.sound_s > 0 and self.letters >= JUDGED_LETTERS and not is_figures


def findings(heard: Sequence[Heard], longest_pause_s: float) -> Iterator[ReportFinding]:
    """What stands out, under each remark the oddest first.

    `longest_pause_s` is the longest pause that was asked for between two segments of a chapter.
    """
    yield from _unheard(heard)
    yield from _paces(heard)
    yield from _pauses(heard, longest_pause_s)
    yield from _levels(heard)
    yield from _limited(heard)
    yield from _waits(heard)
    yield from _dear(heard)


def _found(remark: Remark, each: Heard, what: str, at_s: float | None = None) -> ReportFinding:
    from_s = each.from_s if at_s is None else max(at_s - RUN_UP_S, each.from_s)
    return ReportFinding(remark, each.chapter, each.place, from_s, what)


def _unheard(heard: Iterable[Heard]) -> Iterator[ReportFinding]:
    for each in heard:
        if not each.sound_s:
            yield _found(Remark.UNHEARD, each, "its take is silent")


def _paces(heard: Iterable[Heard]) -> Iterator[ReportFinding]:
    judged = [each for each in heard if each.has_pace]
    odd = _outliers(judged, lambda each: float(np.log(each.pace)), np.log1p(LEAST_PACE_CHANGE))
    for each, usual in odd:
        remark = Remark.FAST if each.pace > np.exp(usual) else Remark.SLOW
        yield _found(remark, each, f"{each.pace:.1f} letters a second; usually {np.exp(usual):.1f}")


def _levels(heard: Iterable[Heard]) -> Iterator[ReportFinding]:
    judged = [each for each in heard if each.sound_s >= JUDGED_S and np.isfinite(each.lufs)]
    for each, usual in _outliers(judged, lambda each: each.lufs, LEAST_LEVEL_LU):
        remark, side = (Remark.LOUD, "above") if each.lufs > usual else (Remark.QUIET, "below")
        yield _found(remark, each, f"{abs(each.lufs - usual):.1f} LU {side} the usual, before balance")


def _outliers(
    judged: Iterable[Heard], value_of: Callable[[Heard], float], least: float
) -> Iterator[tuple[Heard, float]]:
    """Those whose value is far from the median of their voice's, the farthest first, with that median."""
    voices: defaultdict[str, list[Heard]] = defaultdict(list)
    for each in judged:
        voices[each.voice].append(each)
    odd: list[tuple[float, Heard, float]] = []
    for said in voices.values():
        values: npt.NDArray[np.float64] = np.array([value_of(each) for each in said])
        usual = float(np.median(values))
        away = np.abs(values - usual)
        bound = max(FAR * float(np.median(away)), least)
        if len(said) >= LEAST_TAKES:
            odd += [(float(away[i]), said[i], usual) for i in np.flatnonzero(away > bound)]
    odd.sort(key=lambda one: -one[0])
    return ((each, usual) for _, each, usual in odd)


def _pauses(heard: Sequence[Heard], longest_s: float) -> Iterator[ReportFinding]:
    """Pauses inside segments, and those between two that sound one after the other."""
    inside = [(each.quiet_s, each, each.quiet_at_s, "inside it") for each in heard]
    audible = [each for each in heard if each.sound_s]
    pairs = [pair for pair in pairwise(audible) if pair[0].chapter == pair[1].chapter]
    after = [(follower.from_s - each.to_s, each, each.to_s, "after it") for each, follower in pairs]
    for pause_s, each, at_s, where in sorted(inside + after, key=lambda pause: -pause[0]):
        if pause_s > longest_s + SLACK_S:
            yield _found(Remark.LONG_PAUSE, each, f"{pause_s:.1f} s of silence {where}", at_s)
    # Where another voice takes over, nobody expects the sentence to flow on.
    alone = [(follower.from_s - each.to_s, each) for each, follower in pairs if each.voice == follower.voice]
    for pause_s, each in sorted(alone, key=lambda pause: pause[0]):
        if pause_s < CLOSE_S:
            what = f"{max(pause_s, 0.0) * 1000:.0f} ms: a sentence was too long for one request"
            yield _found(Remark.CLOSE, each, what, each.to_s)


def _limited(heard: Iterable[Heard]) -> Iterator[ReportFinding]:
    hard = [each for each in heard if each.over_db >= LIMITED_DB]
    for each in sorted(hard, key=lambda each: -each.over_db)[:MOST_TOLD]:
        yield _found(Remark.LIMITED, each, f"its highest peak was brought down by {each.over_db:.1f} dB")


def _waits(heard: Iterable[Heard]) -> Iterator[ReportFinding]:
    waits = [(each.facts.took_s, each) for each in _distinct(heard) if each.facts.took_s is not None]
    if waits:
        usual = median(took_s for took_s, _ in waits)
        for took_s, each in sorted(waits, key=lambda wait: -wait[0])[:MOST_TOLD]:
            yield _found(Remark.LONG_WAIT, each, f"{took_s:.1f} s to render; usually {usual:.1f} s")


def _dear(heard: Iterable[Heard]) -> Iterator[ReportFinding]:
    takes = _distinct(heard)
    priced = sorted((each for each in takes if any(_price(each))), key=_price, reverse=True)
    for each in priced[:MOST_TOLD]:
        billed = counted(each.facts.characters_billed or len(each.text), "character") + " billed"
        usd = each.facts.cost_usd
        yield _found(Remark.DEAR, each, billed if usd is None else f"{usd:.4f} USD, {billed}")
    again = sorted((each for each in takes if (each.facts.attempts or 1) > 1), key=_attempts, reverse=True)
    for each in again[:MOST_TOLD]:
        yield _found(Remark.REPEATED, each, f"asked {_attempts(each)} times")


def _price(each: Heard) -> tuple[float, int]:
    """What the dearest are found by: by characters alone where no price is known."""
    usd = each.facts.cost_usd
    return usd or 0.0, (each.facts.characters_billed or 0) if usd is None else 0


def _attempts(each: Heard) -> int:
    return each.facts.attempts or 1


def _distinct(heard: Iterable[Heard]) -> list[Heard]:
    """The first segment of each take: equal texts share one."""
    return list({each.key: each for each in reversed(list(heard))}.values())[::-1]
