"""What has a command run each minute: a service and timer of systemd, a crontab's line, an agent of launchd.

Catching up after the machine was off, and not doing anything twice, is what the command itself sees to.
"""

from __future__ import annotations

import plistlib
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from narrator.errors import UsageError

UNIT = "narrator-jobs"
LABEL = "narrator.jobs"

TO_FINISH_S = 150
"""How long a run may take to end when it is asked to: requests in flight are paid for."""

_SERVICE = """\
[Unit]
Description=Narration jobs that are due

[Service]
Type=oneshot
ExecStart={command}
EnvironmentFile=-%E/narrator/environment
KillMode=mixed
TimeoutStopSec={to_finish_s}
"""

_TIMER = """\
[Unit]
Description=Narration jobs, each minute

[Timer]
OnCalendar=minutely
AccuracySec=5s
Persistent=true

[Install]
WantedBy=timers.target
"""


def systemd_units(command: Sequence[str]) -> dict[str, str]:
    """Name to text of a oneshot service that runs `command`, a program's full path first, and of its timer.

    Only its own process is told to end, and ends what it began; keys of services come from the file
    `environment`, where there is one (systemd.service(5), systemd.kill(5), systemd.timer(5)).

    Raises:
        UsageError: an argument has a character that a unit cannot hold.
    """
    program, *arguments = command
    words = [_word(program), *(_word(argument).replace("$", "$$") for argument in arguments)]
    service = _SERVICE.format(command=" ".join(words), to_finish_s=TO_FINISH_S)
    return {f"{UNIT}.service": service, f"{UNIT}.timer": _TIMER}


def _word(argument: str) -> str:
    """One word of a unit's command line: quoted as C does, with each '%' twice (systemd.syntax(7))."""
    _refuse_control_characters(argument, "a unit of systemd")
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[\w@%+=:,./-]+", escaped, re.ASCII) else f'"{escaped}"'


def crontab_line(command: Sequence[str]) -> str:
    """The line of a crontab that runs `command` each minute; what it says of each run goes nowhere.

    A '%' that no backslash precedes would end the command (crontab(5)); crons differ in how they read others.

    Raises:
        UsageError: an argument has a character that a crontab cannot hold.
    """
    for argument in command:
        _refuse_control_characters(argument, "a crontab")
        if "\\" in argument:
            raise UsageError(f"{argument!r} has a backslash, which not every cron reads alike.", advice=_RENAME)
    return f"* * * * * {shlex.join(command)} >/dev/null".replace("%", "\\%")


def launchd_plist(command: Sequence[str], log: Path) -> bytes:
    """The property list of an agent that runs `command` each minute (launchd.plist(5)); `log` gets complaints.

    Raises:
        UsageError: an argument has a character that XML cannot hold.
    """
    for argument in command:
        _refuse_control_characters(argument, "a property list")
    agent = {
        "Label": LABEL,
        "ProgramArguments": [*command],
        "StartInterval": 60,
        "RunAtLoad": True,
        "ProcessType": "Background",
        "ExitTimeOut": TO_FINISH_S,
        "StandardOutPath": "/dev/null",
        "StandardErrorPath": str(log),
    }
    return plistlib.dumps(agent)


_RENAME = "Rename the folder that is called so."


def _refuse_control_characters(argument: str, what: str) -> None:
    if re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", argument):
        raise UsageError(f"{argument!r} has a character that {what} cannot hold.", advice=_RENAME)
