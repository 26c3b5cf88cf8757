"""The commands that edit and show jobs, as a person types them."""

from __future__ import annotations

import json
import plistlib
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from narrator.__main__ import run
from narrator.jobs.history import Outcome, Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.jobs_file import read_jobs, state_folder
from tests.end_to_end.command import here, narrator

HUSH = "hush-4711"
FEED = f"https://me:{HUSH}@example.org/feed.xml?token={HUSH}"


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the jobs file, in which the commands are typed."""
    folder = tmp_path / "books"
    folder.mkdir()
    monkeypatch.setenv("NARRATOR_PROJECTS", str(folder))
    monkeypatch.chdir(folder)
    return folder


class Terminal:
    """Types commands, and has what came of the last one."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def jobs(self, *arguments: str) -> int:
        code = run(["jobs", *arguments])
        self.out, self.err = self._capsys.readouterr()
        return code

    def line(self, name: str) -> str:
        (line,) = [line for line in self.out.splitlines() if line.split()[:1] == [name]]
        return line


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def test_a_job_is_added_shown_paused_resumed_and_removed(books: Path, terminal: Terminal) -> None:
    assert (
        terminal.jobs("add", "news", "--feed", FEED, "--when", "0 7 * * *", "--timezone", "Europe/Berlin") == 0
    )
    assert re.search(r"next +\d{4}-\d\d-\d\d 07:00 \+0[12]:00", terminal.out)
    assert str(books / "jobs.toml") in terminal.out

    assert terminal.jobs("list") == 0
    line = r"news +\d{4}-\d\d-\d\d 07:00 \+0[12]:00 +0 7 \* \* \* +none yet +feed example\.org"
    assert re.fullmatch(line, terminal.line("news"))

    assert terminal.jobs("show", "news") == 0
    times = re.findall(r"\d{4}-\d\d-\d\d 07:00 \+0[12]:00", terminal.out)
    assert len(set(times)) == 5

    assert terminal.jobs("pause", "news") == 0
    assert terminal.jobs("list") == 0
    assert "paused" in terminal.line("news")
    assert terminal.jobs("resume", "news") == 0
    assert not read_jobs(books / "jobs.toml").jobs[0].is_paused
    assert terminal.jobs("remove", "news") == 0
    assert terminal.jobs("list") == 0
    assert terminal.out == f"There is no job in {books / 'jobs.toml'}.\n"


def test_all_that_can_be_typed_is_in_the_file(books: Path, terminal: Terminal, tmp_path: Path) -> None:
    code = terminal.jobs(
        *("add", "serial", "--manuscript", "../serial.md", "--when", "on change", "--timezone", "UTC"),
        *("--window", "01:00-06:00", "--window", "sat-sun 00:00-24:00"),
        *("--budget", "day_usd=5", "--budget", "month_characters=100000"),
        *("--grace", "6h", "--timeout", "1h30m", "--retries", "2"),
        *("--render", "voice=hibari", "--render", "formats=mp3,m4b", "--render", "speed=1.2"),
        *("--render", "one_file=true", "--render", "reading.notes=end", "--render", "options.tempo=slow"),
        *("--render", "title=1984", "--render", "cover=none"),
        *("--template", "t.toml", "--copy-to", "~/Audiobooks", "--webhook", FEED),
        *("--command", "rsync -a 'a b' host:x", "--podcast", "feed", "--podcast-url", "https://example.org/a/"),
        "--allow-private-addresses",
    )
    assert (code, terminal.err) == (0, "")
    (job,) = read_jobs(books / "jobs.toml").jobs
    assert job.source.place == str(tmp_path / "serial.md")
    assert len(job.window) == 2
    assert (job.budget.day_usd, job.budget.month_characters) == (5.0, 100_000)
    assert (job.grace_s, job.timeout_s, job.retries) == (6 * 3600, 5400, 2)
    assert job.render == {
        "voice": "hibari",
        "formats": ["mp3", "m4b"],
        "speed": 1.2,
        "one_file": True,
        "settings": {"reading.notes": "end"},
        "options": {"tempo": "slow"},
        "title": "1984",
        "cover": "none",
    }
    assert job.template == books / "t.toml"
    assert job.after.copy_to == Path.home() / "Audiobooks"
    assert job.after.call.webhook == FEED
    assert job.after.call.command == ("rsync", "-a", "a b", "host:x")
    assert job.after.podcast
    assert job.after.podcast.folder == books / "feed"
    assert job.may_go_inside
    # What is inside the file's folder may be moved together with it.
    text = (books / "jobs.toml").read_text(encoding="utf-8")
    assert 'template = "t.toml"' in text
    assert 'folder = "feed"' in text


def test_what_may_be_secret_is_shown_nowhere(books: Path, terminal: Terminal) -> None:
    terminal.jobs(
        "add", "news", "--feed", FEED, "--when", "@daily", "--webhook", FEED, "--command", f"x {HUSH}"
    )
    told = terminal.out + terminal.err
    for arguments in (["list"], ["list", "--json"], ["show", "news"], ["pause", "news"]):
        terminal.jobs(*arguments)
        told += terminal.out + terminal.err
    assert "example.org" in told
    assert HUSH not in told


def test_a_list_tells_how_the_last_run_ended_and_what_is_wrong(books: Path, terminal: Terminal) -> None:
    terminal.jobs(
        "add", "good", "--page", "https://example.org/", "--when", "@daily", "--timezone", "Asia/Tokyo"
    )
    with (books / "jobs.toml").open("a", encoding="utf-8") as file:
        file.write('[jobs.bad]\nsource = { folder = "in" }\nwhen = "sometimes"\n')
    _ran(books / "jobs.toml", "good")
    assert terminal.jobs("list") == 2
    assert re.search(r"done \d{4}-\d\d-\d\d \d\d:\d\d \+09:00", terminal.line("good"))
    assert "Job bad cannot be run:\n  when: 'sometimes' is no time" in terminal.out
    assert terminal.jobs("list", "--json") == 2
    good, bad = map(json.loads, terminal.out.splitlines())
    assert (good["job"], good["last"]["outcome"], good["next"][-6:]) == ("good", "done", "+09:00")
    assert (bad["event"], bad["job"], len(bad["problems"])) == ("bad_job", "bad", 1)
    assert terminal.jobs("show", "bad") == 2
    assert "when: 'sometimes' is no time" in terminal.err


def test_a_list_tells_a_run_that_was_abandoned_as_such(books: Path, terminal: Terminal) -> None:
    terminal.jobs("add", "good", "--page", "https://example.org/", "--when", "@daily")
    _ran(books / "jobs.toml", "good", ends=False)
    assert terminal.jobs("list", "--json") == 0
    assert json.loads(terminal.out)["last"]["outcome"] == "abandoned"


def _ran(path: Path, name: str, *, ends: bool = True) -> None:
    jobs = read_jobs(path)
    (job,) = [job for job in jobs.jobs if job.name == name]
    began = datetime.now(UTC) - timedelta(hours=1)
    with HistoryFile.open(state_folder(path)) as history:
        history.see([job], began)
        run = history.begin(
            job.name, due=began, trigger=Trigger.TIME, attempt=1, coalesced=0, started=began, pid=1, log=""
        )
        assert run
        if ends:
            history.end(run.id, ended=began, outcome=Outcome.DONE)


def test_a_list_of_no_jobs_is_a_line_for_people_and_none_for_programs(books: Path, terminal: Terminal) -> None:
    (books / "jobs.toml").write_text("# none yet\n", encoding="utf-8")
    assert (terminal.jobs("list"), terminal.out) == (0, f"There is no job in {books / 'jobs.toml'}.\n")
    assert (terminal.jobs("list", "--json"), terminal.out) == (0, "")


def test_an_unknown_job_is_answered_with_the_nearest(books: Path, terminal: Terminal) -> None:
    terminal.jobs("add", "newsletter", "--folder", "in", "--when", "on change")
    for command in ("show", "pause", "resume", "remove"):
        assert terminal.jobs(command, "newsleter") == 2
        assert "Did you mean 'newsletter'?" in terminal.err


def test_to_look_makes_nothing(books: Path, terminal: Terminal) -> None:
    assert terminal.jobs("list") == 2
    assert "`narrator jobs add` begins one" in terminal.err
    assert list(books.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--when", "@daily"], "A job has one source, and here is none."),
        (["--when", "@daily", "--page", "x", "--folder", "y"], "here is --folder and --page."),
        (["--when", "@daily", "--page", "x"], "source.page: must be an address of the web"),
        (["--when", "@daily", "--folder", ""], "source.folder: '' is no path"),
        (["--when", "0 25 * * *", "--folder", "x"], "when: "),
        (["--when", "@daily", "--folder", "x", "--budget", "day_usd=some"], "budget.day_usd: must be a number"),
        (["--when", "@daily", "--folder", "x", "--budget", "5"], "--budget 5 says nothing."),
        (["--when", "@daily", "--folder", "x", "--render", "voize=x"], "render.voize: "),
        (
            ["--when", "@daily", "--folder", "x", "--render", "speed=fast"],
            "render.speech.speed: must be a number",
        ),
        (["--when", "@daily", "--folder", "x", "--podcast", "p"], "Give --podcast and --podcast-url."),
        (["--when", "@daily", "--folder", "x", "--command", "'"], "--command"),
        (["--when", "@daily", "--folder", "x", "--window", "night"], "window: 'night' are no hours"),
    ],
)
def test_what_cannot_be_added_is_told_and_nothing_is_written(
    books: Path, terminal: Terminal, arguments: list[str], told: str
) -> None:
    assert terminal.jobs("add", "news", *arguments) == 2
    assert told in terminal.err
    assert "Traceback" not in terminal.err
    assert not (books / "jobs.toml").exists()


def test_the_jobs_file_is_named_before_or_after_the_command(tmp_path: Path, terminal: Terminal) -> None:
    file = str(tmp_path / "night.toml")
    assert (
        terminal.jobs("--jobs", file, "add", "a", "--folder", str(tmp_path / "in"), "--when", "on change") == 0
    )
    assert terminal.jobs("list", "--jobs", file) == 0
    assert terminal.line("a").split()[-2:] == ["folder", str(tmp_path / "in")]
    assert 'source = {folder = "in"}' in Path(file).read_text(encoding="utf-8")


def test_a_jobs_file_is_shown_with_its_whole_path(books: Path, terminal: Terminal) -> None:
    add = ("add", "a", "--folder", "in", "--when", "on change")
    assert terminal.jobs("--jobs", "../books/./night.toml", *add) == 0
    assert f"It is in {books / 'night.toml'}." in terminal.out


@pytest.fixture
def with_a_job(books: Path, terminal: Terminal) -> Path:
    terminal.jobs("add", "a", "--folder", "in", "--when", "on change")
    return books / "jobs.toml"


def test_units_are_written_and_what_to_type_next_is_said(
    with_a_job: Path, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert terminal.jobs("install", "--systemd") == 0
    folder = tmp_path / "config" / "systemd" / "user"
    assert sorted(path.name for path in folder.iterdir()) == ["narrator-jobs.service", "narrator-jobs.timer"]
    service = (folder / "narrator-jobs.service").read_text(encoding="utf-8")
    assert f"ExecStart={sys.executable} -P -m narrator jobs run-due --jobs {with_a_job}\n" in service
    assert "systemctl --user enable --now narrator-jobs.timer" in terminal.err.replace("daemon-reload && ", "")
    assert "loginctl enable-linger" in terminal.err
    assert str(tmp_path / "config" / "narrator" / "environment") in terminal.err
    assert terminal.jobs("install", "--systemd") == 0  # the same again is no conflict


def test_units_of_another_jobs_file_are_not_replaced(
    with_a_job: Path, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    other = tmp_path / "other.toml"
    other.write_bytes(with_a_job.read_bytes())
    assert terminal.jobs("install", "--systemd", "--jobs", str(other)) == 0
    assert terminal.jobs("install", "--systemd") == 2
    assert "runs the jobs of another file already" in terminal.err


def test_an_agent_of_launchd_is_written(with_a_job: Path, terminal: Terminal) -> None:
    path = Path.home() / "Library" / "LaunchAgents" / "narrator.jobs.plist"
    try:
        assert terminal.jobs("install", "--launchd") == 0
        agent = plistlib.loads(path.read_bytes())
        assert agent["ProgramArguments"][-1] == str(with_a_job)
        assert Path(agent["StandardErrorPath"]).parent == Path.home() / "Library" / "Logs", "is on every Mac"
        assert f"launchctl bootstrap gui/$(id -u) {path}" in terminal.err
    finally:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("way", ["--systemd", "--crontab", "--launchd"])
def test_what_would_be_installed_can_be_printed(
    with_a_job: Path, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert terminal.jobs("install", way, "--print") == 0
    assert str(with_a_job) in terminal.out
    assert terminal.err == ""
    assert not (tmp_path / "config").exists()


def test_a_line_for_a_crontab_stands_alone_on_standard_output(with_a_job: Path, terminal: Terminal) -> None:
    assert terminal.jobs("install", "--crontab") == 0
    (line,) = terminal.out.splitlines()
    assert line.startswith("* * * * * ")
    assert "crontab -e" in terminal.err


def test_nothing_is_installed_for_a_file_that_is_not_there(books: Path, terminal: Terminal) -> None:
    assert terminal.jobs("install", "--crontab") == 2
    assert terminal.out == ""


def test_the_installed_command_knows_its_jobs(tmp_path: Path) -> None:
    helped = narrator("jobs", "--help")
    assert all(name in helped.out for name in ("add", "list", "run-due", "history", "install"))
    mistyped = narrator("jobs", "lst")
    assert (mistyped.exit_code, "Did you mean 'list'?" in mistyped.err) == (2, True)


def test_what_is_not_there_yet_is_said_when_a_job_is_added(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.toml"
    added = here(
        "jobs", "add", "shelf", "--folder", f"{tmp_path}/gone/*.epub", "--when", "@daily", "--jobs", jobs
    )
    assert added.exit_code == 0
    assert "gone/*.epub is not there yet." in added.out
    past = here("jobs", "add", "late", "--folder", tmp_path, "--when", "once 2020-01-01 02:00", "--jobs", jobs)
    assert "not there yet" not in past.out
    assert "Its time is past" in past.out
