"""`narrator jobs install`: have the system run what is due."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from narrator.cli.group import verbose_option
from narrator.cli.jobs import checked_jobs, jobs_option
from narrator.cli.streams import complain, say
from narrator.errors import UsageError


@dataclass(frozen=True, slots=True)
class _Installation:
    """Files to write, what there is to be put elsewhere, and what a person does next."""

    files: Mapping[Path, bytes]
    text: str
    next_steps: str


@click.command()
@click.option("--systemd", "way", flag_value="systemd", help="A service and a timer of the user's systemd.")
@click.option("--launchd", "way", flag_value="launchd", help="An agent of macOS.")
@click.option("--crontab", "way", flag_value="crontab", help="A line for `crontab -e`, which is printed.")
@click.option("--print", "is_printed", is_flag=True, help="Print it, and write nothing.")
@jobs_option
@verbose_option
def install(jobs_file: Path, way: str | None, *, is_printed: bool) -> None:
    """Have this system run `narrator jobs run-due` each minute.

    By systemd on Linux and by launchd on macOS, unless another way is named. Says what to type next.
    """
    checked_jobs(jobs_file)
    usual = {"linux": "systemd", "darwin": "launchd"}.get(sys.platform, "crontab")
    file = os.path.abspath(jobs_file)  # noqa: PTH100 - takes '..' out, and follows no link
    # A folder 'narrator' in which it happens to be started is not the program: -P.
    command = [sys.executable, "-P", "-m", "narrator", "jobs", "run-due", "--jobs", file]
    installation = {"systemd": _systemd, "launchd": _launchd, "crontab": _crontab}[way or usual](command)
    if is_printed:
        say(installation.text)
        return
    _write(installation.files)
    if not installation.files:
        say(installation.text)
    complain(installation.next_steps)


def _systemd(command: list[str]) -> _Installation:
    from narrator.jobs.install import UNIT, systemd_units  # noqa: PLC0415 - help does not need it

    config = _config_folder()
    files = {config / "systemd" / "user" / name: text for name, text in systemd_units(command).items()}
    return _Installation(
        files={path: text.encode() for path, text in files.items()},
        text="\n".join(f"# {path}\n{text}" for path, text in files.items()),
        next_steps=f"""\
Now type:
  systemctl --user daemon-reload && systemctl --user enable --now {UNIT}.timer
  loginctl enable-linger    # so that it goes on when you are not logged in
Keys of services come from the keyring (narrator keys set), or from {config}/narrator/environment,
in lines such as OPENAI_API_KEY=…; let nobody else read it: chmod 600.
What it does is told by: narrator jobs status, narrator jobs history, journalctl --user -u {UNIT}""",
    )


def _launchd(command: list[str]) -> _Installation:
    from narrator.jobs.install import LABEL, UNIT, launchd_plist  # noqa: PLC0415 - as above

    library = Path.home() / "Library"
    path = library / "LaunchAgents" / f"{LABEL}.plist"
    # A folder that is there on every Mac: launchd makes the file alone, and starts nothing without it.
    text = launchd_plist(command, library / "Logs" / f"{UNIT}.log")
    return _Installation(
        files={path: text},
        text=text.decode(),
        next_steps=f"""\
Now type:
  launchctl bootout gui/$(id -u)/{LABEL}    # where an earlier one runs
  launchctl bootstrap gui/$(id -u) {path}
Keys of services come from the keyring: narrator keys set.
What it does is told by: narrator jobs status, narrator jobs history, {library}/Logs/{UNIT}.log""",
    )


def _crontab(command: list[str]) -> _Installation:
    from narrator.jobs.install import crontab_line  # noqa: PLC0415 - as above

    return _Installation(
        files={},
        text=crontab_line(command),
        next_steps="""\
Add this line with: crontab -e
Keys of services are set above it, in lines such as OPENAI_API_KEY=…
What it does is told by: narrator jobs status, narrator jobs history""",
    )


def _config_folder() -> Path:
    """Where a user's settings are (XDG Base Directory Specification: a relative one does not count)."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".config"


def _write(files: Mapping[Path, bytes]) -> None:
    """Write the files, unless one that is there is for another jobs file."""
    from narrator.durable import reading, write_durably  # noqa: PLC0415 - as above

    for path, data in files.items():
        if path.exists():
            with reading(path):
                old = path.read_bytes()
            if _scheduled(old) != _scheduled(data):
                raise UsageError(
                    f"{path} runs the jobs of another file already.",
                    advice="Remove it, or put all jobs into one file; --print shows what would be written.",
                )
    for path, data in files.items():
        write_durably(path, data)
        say(f"Written: {path}")


def _scheduled(data: bytes) -> bytes | None:
    """The jobs file that is run, as it is written there; it is the last argument."""
    match = re.search(rb"--jobs(?:</string>\s*| )(.+)", data)
    return match[1] if match else None
