"""One render of a job, in a process of its own: what it was asked for, and how it ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from narrator.job_runs.child import Child, start_child
from narrator.job_runs.log import RunLog
from narrator.jobs.clock import Clock
from narrator.stopping import Stop

_TO_FINISH_S = 90.0
"""How long requests in flight may take once a render is to stop: they are paid for."""

_LOOK_S = 30.0
"""How often the clock is looked at, which may be set, or have gone on while the machine was asleep."""


class Cut(StrEnum):
    """Why we stopped a render."""

    WINDOW = "window"
    TIMEOUT = "timeout"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When a render is stopped: the end of its job's window, and of the time that the run may take."""

    window: datetime | None
    timeout: datetime | None

    def passed(self, now: datetime) -> Cut | None:
        """What is over."""
        if self.window and now >= self.window:
            return Cut.WINDOW
        return Cut.TIMEOUT if self.timeout and now >= self.timeout else None

    def seconds_left(self, now: datetime) -> float:
        """Until the first of them; never below 0."""
        ends = [each for each in (self.window, self.timeout) if each]
        return max(0.0, min((each - now).total_seconds() for each in ends)) if ends else float("inf")


@dataclass(frozen=True, slots=True)
class RenderEnd:
    """How a render ended: its exit code (below zero the signal that killed it) and what its last line says.

    `kind` is the class of its error, `project` where it worked, None where it did not say so, and `files` what
    it delivered. `spoken` is how many segments were. `cut` is why it was stopped, where we did.
    """

    exit_code: int
    kind: str = ""
    error: str = ""
    project: Path | None = None
    files: tuple[Path, ...] = ()
    has_gaps: bool = False
    spoken: int = 0
    cut: Cut | None = None


async def render(
    arguments: Sequence[str], log: RunLog, clock: Clock, deadlines: Deadlines, stop: Stop
) -> RenderEnd:
    """Run `narrator render` with these arguments until it ends or is to stop.

    Raises:
        DiskError: it cannot be started.
    """
    command = ["render", "--json", *arguments]
    child = await start_child(command, stdout=asyncio.subprocess.PIPE, stderr=log.file)
    result: dict[str, Any] = {}
    reading = asyncio.create_task(_read(child, result, log.write))
    try:
        cut = await _until_over(reading, clock, deadlines, stop)
        code = await (child.stop(_TO_FINISH_S) if cut else child.wait())
        with suppress(TimeoutError):  # a process that it left behind may keep the pipe open
            await asyncio.wait_for(reading, _LOOK_S)
    except BaseException:
        await child.stop(0)
        raise
    finally:
        reading.cancel()
    return RenderEnd(
        exit_code=code,
        kind=str(result.get("kind", "")),
        error=str(result.get("error", "")),
        project=Path(result["project"]) if result.get("project") else None,
        files=tuple(Path(file["path"]) for file in result.get("files", ())),
        has_gaps=bool(result.get("gaps")),
        spoken=int(result.get("segments", {}).get("rendered") or 0),
        cut=cut,
    )


async def _until_over(
    reading: asyncio.Task[None], clock: Clock, deadlines: Deadlines, stop: Stop
) -> Cut | None:
    """Wait for the end of a render, or for a reason to stop it."""
    asked = asyncio.create_task(stop.softly.wait())
    try:
        while not reading.done():
            now = clock.now()
            cut = Cut.STOP if asked.done() else deadlines.passed(now)
            if cut:
                return cut
            patience_s = min(_LOOK_S, deadlines.seconds_left(now))
            await asyncio.wait({reading, asked}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
    return None


async def _read(child: Child, result: dict[str, Any], say: Callable[[str], None]) -> None:
    """Follow what it says: its last line into `result`, and what a person should know into the log."""
    async for line in child.lines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if told.get("event") == "result":
            result.update(told)
        if words := _words(told):
            say(words)


def _words(told: Mapping[str, Any]) -> str:
    """What of an event is worth a line of the log."""
    match told.get("event"):
        case "notice":
            return str(told["message"])
        case "render_started":
            return f"{told['title']}: {told['orders']} of {told['segments']} segments to speak"
        case "chapter_assembled":
            return f"{told['chapter']}. {told['title']} ({told['duration_s']:.0f} s)"
        case "segment_failed" | "segment_retried":
            return f"chapter {told['chapter']}: {told['reason']}"
    return ""
