"""The installed `narrator` command, driven from outside as a person or a script drives it, or called here."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sysconfig
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pytest

from narrator.__main__ import run as run_command

COMMAND = Path(sysconfig.get_path("scripts"), "narrator")

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run of the command ended, and what it wrote."""

    exit_code: int
    out: str
    err: str

    @property
    def events(self) -> list[JSON]:
        """The lines that `--json` wrote."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def result(self) -> JSON:
        """The last line that `--json` wrote."""
        last = self.events[-1]
        assert last["event"] == "result", self
        return last


def narrator(
    *arguments: str | Path, env: Mapping[str, str] | None = None, timeout_s: float = 120, typed: str = ""
) -> Finished:
    """Run the command to its end. `env` is added to the environment, and `typed` comes on standard input."""
    ended = subprocess.run(
        [COMMAND, *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **(env or {})},
        input=typed,
        timeout=timeout_s,
    )
    return Finished(ended.returncode, ended.stdout, ended.stderr)


def here(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Finished:
    """Run the command as `narrator` does, in this process: to start the program takes most of a second.

    For what is told, asked for and delivered: signals, streams and whole processes need `narrator`.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        code = run_command([str(argument) for argument in arguments])
    return Finished(code, _written(out), _written(err))


def _written(stream: TextIO) -> str:
    stream.seek(0)
    return stream.read()


def delivered(run: Finished) -> list[Path]:
    """The files of an audiobook that a run with `--json` made, in order; the run must have succeeded."""
    assert run.exit_code == 0, run
    return [Path(run.result["project"], file["path"]) for file in run.result["files"]]


@dataclass(frozen=True, slots=True)
class Running:
    """A run of the command with `--json` that has not ended yet, in a process group of its own.

    `events` has what was read so far.
    """

    process: subprocess.Popen[str]
    events: list[JSON] = field(default_factory=list)

    def wait_for(self, name: str, times: int = 1) -> None:
        """Read events until one has come so many times; fails when the run ends first."""
        while times:
            event = next(self._read(), None)
            assert event is not None, f"the run ended before {name!r}: {self.finish()}"
            times -= event["event"] == name

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal signals the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def finish(self, timeout_s: float = 60) -> Finished:
        """Wait for the end; a run that does not end in time is killed. `out` is what was not read before."""
        watchdog = threading.Timer(timeout_s, self.process.kill)
        watchdog.start()
        try:
            rest = list(self._read())
            _, err = self.process.communicate()
        finally:
            watchdog.cancel()
        return Finished(self.process.returncode, "\n".join(map(json.dumps, rest)), err)

    def spoken(self) -> set[str]:
        """The texts whose takes were announced as durable."""
        texts = {event["key"]: event["text"] for event in self.events if event["event"] == "segment_started"}
        return {texts[event["key"]] for event in self.events if event["event"] == "take_ready"}

    def _read(self) -> Iterator[JSON]:
        # Always through the same buffered reader: what it has read ahead is lost to `communicate`.
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event: JSON = json.loads(line)
            self.events.append(event)
            yield event


@contextmanager
def running(*arguments: str | Path) -> Iterator[Running]:
    """Start the command; whatever is left of it at the end of the block is killed."""
    with started(COMMAND, *arguments) as run:
        yield run


@contextmanager
def started(*command: str | Path) -> Iterator[Running]:
    """Start a program with `--json` in a process group of its own; all of the group is killed at the end."""
    with subprocess.Popen(
        [*command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            kill_group(process)


def kill_group(process: subprocess.Popen[str]) -> None:
    """kill -9 for a program and whoever traces it, at one moment."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
