"""A jobs file is edited as its owner would: what was not meant stays as it was, letter by letter."""

from __future__ import annotations

import os
import stat
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.errors import ConfigError, DiskError, UsageError
from narrator.jobs import editing
from narrator.jobs.editing import add_job, remove_job, set_paused
from narrator.jobs.job import Cron, Job, SourceKind
from narrator.jobs.jobs_file import read_jobs, state_folder

TABLE = {"source": {"page": "https://example.org/"}, "when": "@daily"}

FILE = """\
# My jobs.

[settings]
timezone = "UTC"   # the server's

# about a
[jobs.a]
source = { page = "https://example.org/a" }   # the column
when = "@daily"
[jobs.a.after]
# for the car
copy_to = "car"
# the car again

# ---- at night

# about b
[jobs.b]   # b!
paused = false   # since May
source = { page = "https://example.org/b" }
when = "@daily"

# the end
"""

A = FILE[FILE.index("# about a") : FILE.index("# ---- at night")]
B = FILE[FILE.index("# about b") : FILE.index("# the end")]


@pytest.fixture(params=["\n", "\r\n"], ids=["lf", "crlf"])
def end(request: pytest.FixtureRequest) -> str:
    end: str = request.param
    return end


@pytest.fixture
def file(tmp_path: Path, end: str) -> Path:
    path = tmp_path / "jobs.toml"
    path.write_bytes(FILE.replace("\n", end).encode())
    return path


def _text(path: Path, end: str) -> str:
    text = path.read_bytes().decode()
    assert text.count("\n") == text.count(end)
    return text.replace(end, "\n")


def test_a_job_is_added_at_the_end(file: Path, end: str) -> None:
    table = {
        **TABLE,
        "window": ["01:00-06:00"],
        "render": {"voice": "x", "settings": {"reading.notes": "end"}},
        "after": {"copy_to": "books", "podcast": {"folder": "feed", "base_url": "https://example.org/"}},
    }
    job = add_job(file, "news", table)
    assert _text(file, end) == (
        FILE
        + """
[jobs.news]
source = {page = "https://example.org/"}
when = "@daily"
window = ["01:00-06:00"]
render = {voice = "x", settings = {"reading.notes" = "end"}}

[jobs.news.after]
copy_to = "books"
podcast = {folder = "feed", base_url = "https://example.org/"}
"""
    )
    assert read_jobs(file).jobs[-1] == job
    assert (job.source.kind, job.when) == (SourceKind.PAGE, Cron("@daily"))


def test_the_first_job_makes_the_file_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "books" / "jobs.toml"
    job = add_job(path, "news", TABLE)
    assert read_jobs(path).jobs == (job,)
    assert path.read_text(encoding="utf-8").startswith("# What narrator renders by itself")


def test_a_job_is_added_to_a_file_of_comments_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text("# nothing yet, and no line's end", encoding="utf-8")
    add_job(path, "news", TABLE)
    assert path.read_text(encoding="utf-8").startswith("# nothing yet, and no line's end\n\n[jobs.news]\n")


def test_a_name_that_is_taken_is_refused(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(UsageError, match="There is a job 'a' in"):
        add_job(file, "a", TABLE)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "table", "problem"),
    [
        ("news", {**TABLE, "wen": 3}, "wen: there is no such key; did you mean 'when'?"),
        ("x y", TABLE, "a name has at most 60 letters"),
        ("A", TABLE, "'a' has the same name but for its case"),
        ("news", {**TABLE, "render": {"voice": 3}}, "render.voice: is odd"),
    ],
)
def test_a_job_with_mistakes_is_not_added(
    file: Path, name: str, table: dict[str, object], problem: str
) -> None:
    before = file.read_bytes()
    with pytest.raises(ConfigError) as error:
        add_job(file, name, table, check_render=lambda options: [f"{key}: is odd" for key in options])
    assert problem in error.value.what
    assert file.read_bytes() == before


def test_a_job_is_removed_with_its_own_comments_alone(file: Path, end: str) -> None:
    remove_job(file, "a")
    assert _text(file, end) == FILE.replace(A, "")


def test_a_job_that_is_not_the_first_is_removed(file: Path, end: str) -> None:
    remove_job(file, "b")
    assert _text(file, end) == FILE.replace(B, "")


def test_the_last_job_can_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "jobs.toml"
    add_job(path, "news", TABLE)
    remove_job(path, "news")
    assert read_jobs(path).jobs == ()


def test_the_first_lines_of_a_file_are_not_of_its_first_job(tmp_path: Path) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text(
        '# Nightly work.\n[jobs.a]\nsource = { folder = "in" }\nwhen = "on change"\n', encoding="utf-8"
    )
    remove_job(path, "a")
    assert path.read_text(encoding="utf-8") == "# Nightly work.\n"


def test_a_bad_job_can_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text('[jobs]\nodd = 3\n[jobs.bad]\nwen = "x"\n', encoding="utf-8")
    remove_job(path, "bad")
    remove_job(path, "odd")
    assert read_jobs(path).bad == ()


def test_a_job_is_paused_in_a_line_under_its_name(file: Path, end: str) -> None:
    assert set_paused(file, "a", paused=True)
    assert _text(file, end) == FILE.replace("[jobs.a]\n", "[jobs.a]\npaused = true\n")
    assert [job.is_paused for job in read_jobs(file).jobs] == [True, False]
    assert not set_paused(file, "a", paused=True)


def test_a_line_that_says_whether_a_job_is_paused_is_changed_in_its_place(file: Path, end: str) -> None:
    set_paused(file, "b", paused=True)
    assert _text(file, end) == FILE.replace("paused = false", "paused = true")
    set_paused(file, "b", paused=False)
    assert _text(file, end) == FILE


def test_to_resume_what_is_not_paused_changes_nothing(file: Path) -> None:
    before = file.stat().st_mtime_ns, file.read_bytes()
    assert not set_paused(file, "a", paused=False)
    assert (file.stat().st_mtime_ns, file.read_bytes()) == before


_A = 'source = { page = "https://example.org/" }'


@pytest.mark.parametrize(
    "text",
    [
        'jobs.a.source.folder = "in"\njobs.a.when = "@daily"\njobs.b = { paused = true }  # odd\n',
        f'[jobs]\na = {{ {_A}, when = "@daily" }}\nb = {{ paused = true }}  # odd\n',
        f'jobs = {{ a = {{ {_A}, when = "@daily" }}, b = {{ paused = true }} }} # odd\n',
        '[jobs.a]\nwhen = """\n[jobs.b]\n"""\n[jobs.b]\npaused = true # odd\n',
        '[jobs."a"]\n[settings]\n[jobs.a.source]\n[ jobs . "b" ]\npaused = true # odd\n',
    ],
    ids=["dotted", "inline", "one-line", "header-in-a-text", "odd-headers"],
)
def test_however_a_file_is_written_only_what_is_meant_changes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text(text, encoding="utf-8")
    meant = tomllib.loads(text)
    set_paused(path, "a", paused=True)
    meant["jobs"]["a"]["paused"] = True
    assert tomllib.loads(path.read_text(encoding="utf-8")) == meant
    assert "# odd" in path.read_text(encoding="utf-8")
    remove_job(path, "a")
    del meant["jobs"]["a"]
    assert tomllib.loads(path.read_text(encoding="utf-8")) == meant
    assert "# odd" in path.read_text(encoding="utf-8")
    add_job(path, "c", TABLE)
    meant["jobs"]["c"] = TABLE
    assert tomllib.loads(path.read_text(encoding="utf-8")) == meant


def test_an_edit_that_would_mean_more_than_it_should_is_not_made(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()
    monkeypatch.setattr(editing, "without_table", lambda *_: "")
    monkeypatch.setattr(editing, "_taken_out", lambda *_: "x = [")
    with pytest.raises(UsageError, match="cannot be changed without changing the rest"):
        remove_job(file, "a")
    assert file.read_bytes() == before


def test_an_unknown_job_is_answered_with_the_nearest(file: Path) -> None:
    add_job(file, "newsletter", TABLE)
    for edit in (lambda: remove_job(file, "newsleter"), lambda: set_paused(file, "newsleter", paused=True)):
        with pytest.raises(UsageError, match="There is no job 'newsleter'") as error:
            edit()
        assert error.value.advice == "Did you mean 'newsletter'?"


def test_a_file_that_is_not_there_has_no_job_to_pause(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no jobs file"):
        set_paused(tmp_path / "jobs.toml", "a", paused=True)


def test_a_broken_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text("[jobs.a\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="not TOML"):
        add_job(path, "b", TABLE)
    assert path.read_text(encoding="utf-8") == "[jobs.a\n"


def test_secrets_in_a_file_stay_with_those_who_could_read_it(file: Path) -> None:
    file.chmod(0o600)
    add_job(file, "news", TABLE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_to_where_the_file_is_kept_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "here" / "jobs.toml"
    link.parent.mkdir()
    link.symlink_to(file)
    add_job(link, "news", TABLE)
    assert link.is_symlink()
    assert "[jobs.news]" in file.read_text(encoding="utf-8")


def test_of_two_who_edit_at_once_neither_loses_a_job(tmp_path: Path) -> None:
    path = tmp_path / "jobs.toml"
    names = [f"job-{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: add_job(path, name, TABLE), names))
    assert sorted(job.name for job in read_jobs(path).jobs) == names


def test_whoever_waits_too_long_for_another_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "_PATIENCE_S", 0.05)
    state_folder(file).mkdir()
    with (
        FileLock(state_folder(file) / "editing.lock"),
        pytest.raises(UsageError, match="Another narrator is editing"),
    ):
        add_job(file, "news", TABLE)


def test_a_folder_that_cannot_be_made_is_told(file: Path) -> None:
    before = file.read_bytes()
    state_folder(file).write_text("a file is in its place", encoding="utf-8")
    with pytest.raises(DiskError, match="Editing"):
        add_job(file, "news", TABLE)
    assert file.read_bytes() == before


def test_a_name_that_is_no_text_is_refused(file: Path) -> None:
    before = file.read_bytes()
    table = {"source": {"folder": os.fsdecode(b"in\xff")}, "when": "on change"}
    with pytest.raises(UsageError, match="is no text"):
        add_job(file, "news", table)
    assert file.read_bytes() == before


_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(max_examples=25)
@given(place=_WORDS, title=_WORDS, command=st.lists(_WORDS, min_size=1))
def test_whatever_is_added_is_read_again_as_it_was_meant(
    tmp_path_factory: pytest.TempPathFactory, place: str, title: str, command: list[str]
) -> None:
    path = tmp_path_factory.mktemp("jobs") / "jobs.toml"
    podcast = {"folder": "feed", "base_url": "https://example.org/", "title": f"x{title}"}
    source = {"folder": f"x{place}"}
    job: Job = add_job(
        path, "a", {"source": source, "when": "on change", "after": {"command": command, "podcast": podcast}}
    )
    assert read_jobs(path).jobs == (job,)
    assert job.source.place == str(path.parent / f"x{place}")
    assert job.after.podcast
    assert job.after.podcast.title == f"x{title}"
    assert job.after.call.command == tuple(command)
