"""What the system is given to run jobs each minute says exactly the command that was meant."""

from __future__ import annotations

import plistlib
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from narrator.errors import UsageError
from narrator.jobs.install import crontab_line, launchd_plist, systemd_units

PLAIN = ["/usr/bin/narrator", "jobs", "run-due", "--jobs", "/books/jobs.toml"]
ODD = ["/usr/bin/echo", "/a b/%h \"q\" 'r' $HOME ${X}", "back\\slash", "$$", ";", "", "ünï/本.toml"]


def _line(text: str, key: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{key}=")]
    return line.removeprefix(f"{key}=")


def test_a_service_runs_the_command_once() -> None:
    service = systemd_units(PLAIN)["narrator-jobs.service"]
    assert _line(service, "ExecStart") == "/usr/bin/narrator jobs run-due --jobs /books/jobs.toml"
    assert _line(service, "Type") == "oneshot"
    # Requests in flight are let finish, by the program and not by everything that it started.
    assert _line(service, "KillMode") == "mixed"
    assert int(_line(service, "TimeoutStopSec")) > 120


def test_a_timer_runs_it_each_minute_and_after_the_machine_was_off() -> None:
    timer = systemd_units(PLAIN)["narrator-jobs.timer"]
    assert _line(timer, "OnCalendar") == "minutely"
    assert _line(timer, "Persistent") == "true"
    assert _line(timer, "WantedBy") == "timers.target"


def test_what_systemd_would_read_otherwise_is_quoted() -> None:
    line = _line(systemd_units(ODD)["narrator-jobs.service"], "ExecStart")
    odd_path = r""" "/a b/%%h \"q\" 'r' $$HOME $${X}" """
    assert line == f'/usr/bin/echo{odd_path}"back\\\\slash" "$$$$" ";" "" "ünï/本.toml"'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
@pytest.mark.parametrize("command", [["/usr/bin/env", *PLAIN], ["/usr/bin/env", *ODD]])
def test_systemd_takes_the_units(tmp_path: Path, command: list[str]) -> None:
    paths = [tmp_path / name for name in systemd_units(command)]
    for path, text in zip(paths, systemd_units(command).values(), strict=True):
        path.write_text(text, encoding="utf-8")
    ended = subprocess.run(
        ["systemd-analyze", "--user", "verify", *paths],
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_crontab_s_line_is_read_by_the_shell_as_it_was_meant() -> None:
    odd = [each for each in ODD if "\\" not in each]
    line = crontab_line(odd)
    schedule, command = line[: len("* * * * * ")], line[len("* * * * * ") :]
    assert schedule == "* * * * * "
    assert r"\%h" in command
    # A cron takes the backslash before a % off.
    words = shlex.split(command.replace(r"\%", "%"))
    assert words == [*odd, ">/dev/null"]


def test_a_crontab_cannot_hold_every_name() -> None:
    with pytest.raises(UsageError, match="backslash"):
        crontab_line(ODD)


def test_an_agent_of_launchd_runs_the_command_each_minute() -> None:
    agent = plistlib.loads(launchd_plist(ODD, Path("/logs/jobs.log")))
    assert agent["ProgramArguments"] == ODD
    assert agent["StartInterval"] == 60
    assert agent["StandardErrorPath"] == "/logs/jobs.log"


@pytest.mark.parametrize("argument", ["a\nb", "a\0b", "a\x1bb", "a\udcffb"])
def test_what_no_file_of_settings_can_hold_is_refused(argument: str) -> None:
    with pytest.raises(UsageError, match="unit of systemd cannot hold"):
        systemd_units([*PLAIN, argument])
    with pytest.raises(UsageError, match="crontab cannot hold"):
        crontab_line([*PLAIN, argument])
    with pytest.raises(UsageError, match="property list cannot hold"):
        launchd_plist([*PLAIN, argument], Path("/log"))
