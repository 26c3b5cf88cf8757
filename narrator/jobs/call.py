"""Telling others how a run ended: a POST to an address, and a program that is started."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from narrator.durable import disk_errors
from narrator.errors import NarratorError, UsageError
from narrator.jobs.job import Call

TIMEOUT_S = 3600.0
_TO_FINISH_S = 5.0
_POLL_S = 0.05

_STANDARD_ERROR = 2
_LOG = "What it wrote is in the run's log."

_VARIABLES = ("job", "outcome", "reason", "files")
_LONGEST_VARIABLE = 100_000
"""Linux takes 131,072 bytes for one (MAX_ARG_STRLEN, execve(2))."""

_NO_BYTES = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")
"""What an environment cannot hold. The surrogates between are bytes of names that are no text (PEP 383)."""


async def tell(
    call: Call, body: Mapping[str, Any], *, may_go_inside: bool, cwd: Path, output: IO[bytes] | None = None
) -> list[str]:
    """Tell all that `call` names of a run; what went wrong, a line each.

    A program is run in `cwd`, and writes to `output` (None: to our standard error). Of what `body` says, the
    job, outcome, reason and files are in its environment, too: see `variables_of`.
    """
    problems = []
    if call.webhook:
        from narrator.jobs.webhook import tell_webhook  # noqa: PLC0415 - aiohttp is slow to import

        try:
            await tell_webhook(call.webhook, body, may_go_inside=may_go_inside)
        except NarratorError as exc:
            problems.append(_line("webhook", exc))
    if call.command:
        try:
            await run_command(call.command, body, variables_of(body), cwd=cwd, output=output)
        except NarratorError as exc:
            problems.append(_line("command", exc))
    return problems


def _line(kind: str, error: NarratorError) -> str:
    return " ".join(filter(None, (f"The {kind} failed: {error.what}", error.advice)))


def variables_of(body: Mapping[str, Any]) -> dict[str, str]:
    """What a program is told by its environment: NARRATOR_JOB and so on; of several values, one a line.

    A value that is too long for that is left out: it is on standard input.
    """
    variables = {}
    for name in _VARIABLES:
        value = body.get(name, "")
        text = _NO_BYTES.sub("\ufffd", value if isinstance(value, str) else "\n".join(map(str, value)))
        if len(os.fsencode(text)) <= _LONGEST_VARIABLE:
            variables[f"NARRATOR_{name.upper()}"] = text
    return variables


async def run_command(
    command: Sequence[str],
    body: Mapping[str, Any],
    env: Mapping[str, str],
    *,
    cwd: Path,
    output: IO[bytes] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Run a program, with `body` as JSON on its standard input and `env` over our own environment.

    No shell is asked. The program gets all of our environment, keys of providers too: a person chose it. What
    it writes goes to `output` (None: to our standard error). It has a session of its own, and is ended together
    with all that it started at the time-out and where we are cancelled; what it leaves running when it ends by
    itself is its own affair.

    Raises:
        UsageError: it cannot be started, fails, or takes longer than `timeout_s`.
        DiskError: there is no room to write down what it is told.
    """
    name = Path(command[0]).name
    # No pipe: a program need not read all of it, and what it leaves running would hold it open.
    with disk_errors("Writing down what a command is told"), tempfile.TemporaryFile() as stdin:
        stdin.write(json.dumps(body).encode())
        stdin.seek(0)
        process = await _start(command, stdin, output or _STANDARD_ERROR, env, cwd)
    try:
        async with asyncio.timeout(timeout_s):
            await process.wait()
    except TimeoutError as exc:
        raise UsageError(f"{name} took longer than {timeout_s:g} s, and was ended.", advice=_LOG) from exc
    finally:
        if process.returncode is None:
            await _end(process)
    if process.returncode:
        raise UsageError(f"{name} {_ending(process.returncode)}.", advice=_LOG)


async def _start(
    command: Sequence[str], stdin: IO[bytes], output: IO[bytes] | int, env: Mapping[str, str], cwd: Path
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=stdin,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env={**os.environ, **env},
            start_new_session=True,
        )
    except (OSError, ValueError) as exc:  # ValueError: a NUL in an argument
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise UsageError(
            f"{Path(command[0]).name} cannot be started: {reason}.",
            advice="Check the command in the jobs file; write its program with the whole path.",
        ) from exc


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a program and all of its group: what has not ended in time, or when we are hurried, is killed."""
    try:
        if _is_heard(process.pid, signal.SIGTERM):
            for _ in range(int(_TO_FINISH_S / _POLL_S)):
                if not _is_heard(process.pid, 0):
                    break
                await asyncio.sleep(_POLL_S)
    finally:
        _is_heard(process.pid, signal.SIGKILL)
        await process.wait()


def _is_heard(group: int, number: int) -> bool:
    """Send a signal to a group of processes; whether there is anybody in it. 0 is one that does nothing."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS has the second for a group of the dead alone
        return False
    return True


def _ending(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal has no name
        return f"was ended by signal {-code}"
