"""Observers of events: bars for a person, lines for a program, a log for whoever looks for a fault."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from tqdm import tqdm

from narrator.events import (
    ChapterAssembled,
    Event,
    Notice,
    RenderStarted,
    SegmentFailed,
    SegmentRetried,
    SegmentStarted,
    Stopping,
    TakeReady,
)
from narrator.model import TakeKey
from narrator.ports import Observer
from narrator.rendering.figures import Figures

logger = logging.getLogger("narrator")

_LINE_CHARACTERS = 60


class Lenient:
    """A stream that takes everything and, once it cannot be written, drops it: work goes on without its log."""

    def __init__(self, stream: TextIO) -> None:
        self.is_lost = False
        self._stream = stream

    def write(self, text: str) -> int:
        if not self.is_lost:
            try:
                self._stream.write(text)
            except (OSError, ValueError):  # ValueError: it was closed
                self.is_lost = True
        return len(text)

    def flush(self) -> None:
        if not self.is_lost:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self.is_lost = True

    def __getattr__(self, name: str) -> Any:
        # tqdm asks for the encoding, and for the descriptor to measure the terminal.
        return getattr(self._stream, name)


class Bars:
    """One bar for the book, counted in characters, over one line for what is being spoken now.

    The estimate is the characters that are left at the speed measured so far in this run; what was there
    before counts as done and says nothing of the speed.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = Lenient(stream)
        self._book: tqdm[Any] | None = None
        self._now: tqdm[Any] | None = None
        self._in_flight: OrderedDict[TakeKey, str] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in (self._now, self._book):
            if bar is not None:
                bar.close()

    def __call__(self, event: Event) -> None:
        match event:
            case RenderStarted():
                self._start(event)
            case SegmentStarted(key, _, text):
                self._in_flight[key] = text
                self._show_line()
            case TakeReady():
                self._in_flight.pop(event.key, None)
                if self._book is not None:
                    self._book.update(event.characters)
                self._show_line()
            case SegmentFailed():
                self._in_flight.pop(event.key, None)
                self._say(f"chapter {event.chapter}: {event.reason}: “{_short(event.text)}”")
            case SegmentRetried():
                self._say(f"chapter {event.chapter}: {event.reason}; again in {event.wait_s:.0f} s")
            case ChapterAssembled():
                self._say(f"{event.chapter}. {event.title} ({clock(event.duration_s)})")
            case Stopping():
                self._say(f"stopping: {event.in_flight} segments are let finish; Ctrl-C again to stop at once")
            case Notice():
                self._say(event.message)

    def _start(self, event: RenderStarted) -> None:
        if self._book is not None or not event.orders:
            return
        self._book = tqdm(
            total=event.all_characters,
            initial=event.all_characters - event.characters,
            desc=_short(event.title, 30),
            unit="char",
            unit_scale=True,
            smoothing=0.05,
            dynamic_ncols=True,
            file=self._stream,
        )
        self._now = tqdm(total=0, bar_format="{desc}", position=1, leave=False, file=self._stream)

    def _show_line(self) -> None:
        if self._now is not None:
            newest = next(reversed(self._in_flight.values()), "")
            count = len(self._in_flight)
            self._now.set_description_str(f"  {count} in flight: {_short(newest)}" if count else "")

    def _say(self, line: str) -> None:
        tqdm.write(line, file=self._stream)


class Counts:
    """What a run came to by its events: the result of one that ended in an error."""

    def __init__(self) -> None:
        self._started: RenderStarted | None = None
        self._rendered: dict[TakeKey, int] = {}
        self._failed: dict[TakeKey, int] = {}
        self._files: dict[int, list[dict[str, Any]]] = {}
        self._billed = 0
        self._costs: float | None = 0.0
        self._figures = Figures()

    def __call__(self, event: Event) -> None:
        # What a later pass speaks anew replaces what was said of it before; it is paid for each time.
        match event:
            case RenderStarted():
                self._started = self._started or event
            case TakeReady():
                self._figures.taken(event, is_retake=event.key in self._rendered)
                self._failed.pop(event.key, None)
                self._rendered[event.key] = event.segments
                self._billed += event.characters_billed
                if self._costs is not None:
                    self._costs = None if event.cost_usd is None else self._costs + event.cost_usd
            case SegmentRetried():
                self._figures.retried(event)
            case SegmentFailed():
                self._rendered.pop(event.key, None)
                self._failed[event.key] = event.segments
            case ChapterAssembled():
                facts = {
                    "chapter": event.chapter,
                    "title": event.title,
                    "duration_s": round(event.duration_s, 3),
                }
                self._files[event.chapter] = [
                    {"path": str(path), "format": path.suffix[1:], **facts} for path in event.paths
                ]
            case _:
                pass

    @property
    def figures(self) -> dict[str, Any]:
        """How the takes came; see `Figures.result`."""
        return self._figures.result()

    def result(self) -> dict[str, Any]:
        """The fields of a result line; empty and zero where nothing was begun."""
        started = self._started
        is_priced = started is not None and started.usd_per_million_characters is not None
        rendered, failed = sum(self._rendered.values()), sum(self._failed.values())
        total, reused = (started.segments, started.reused) if started else (0, 0)
        return {
            "project": str(started.project) if started else None,
            "files": [file for files in self._files.values() for file in files],
            "segments": {
                "total": total,
                "rendered": min(rendered, total),
                # Some were damaged, and spoken anew; some, by two speakers.
                "reused": max(0, min(reused, total - rendered - failed)),
                "failed": failed,
            },
            "characters": started.all_characters if started else 0,
            "billed_characters": self._billed,
            "cost_usd": round(self._costs, 4) if is_priced and self._costs is not None else None,
            "figures": self.figures,
        }


class Notices:
    """What a person should know, a line each; all else is left out. For where there is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = Lenient(stream)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Notice):
            self._stream.write(f"{event.message}\n")
            self._stream.flush()


class JsonLines:
    """One object a line on a stream, each with an `event` and the time since the start.

    In ASCII, which every encoding of a stream can carry and which is JSON all the same.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = Lenient(stream)
        self._began = time.monotonic()

    def __call__(self, event: Event) -> None:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(event).__name__)
        self.write(
            {"event": name.lstrip("_"), "at_s": round(time.monotonic() - self._began, 3), **asdict(event)}
        )

    @property
    def is_lost(self) -> bool:
        """Whether the stream could not be written at some time; nothing was written since."""
        return self._stream.is_lost

    def write(self, content: dict[str, Any]) -> None:
        """Write one object as one line, at once."""
        self._stream.write(json.dumps(content, default=_plain) + "\n")
        self._stream.flush()


def log_event(event: Event) -> None:
    """Say an event to the log: what `-v` shows."""
    logger.debug("%s", event)


def each_of(*observers: Observer) -> Observer:
    """An observer that tells several."""

    def observe(event: Event) -> None:
        for observer in observers:
            observer(event)

    return observe


def set_up_logging(*, verbose: bool) -> None:
    """With -v all that narrator does goes to stderr, else only warnings."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(name)s %(message)s", level=logging.WARNING)
    logger.setLevel(logging.DEBUG if verbose else logging.WARNING)


def clock(seconds: float) -> str:
    """Seconds as people read them: '4:05' or '1:02:33'."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _short(text: str, length: int = _LINE_CHARACTERS) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no plain form")
