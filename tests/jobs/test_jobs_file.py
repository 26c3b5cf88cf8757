"""What is written in a jobs file is understood, and what is wrong with it is said job by job."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from narrator.errors import ConfigError, UsageError
from narrator.job_runs.arguments import problems_of
from narrator.jobs.job import (
    After,
    BadJob,
    Budget,
    Call,
    Cron,
    Every,
    Job,
    Jobs,
    Once,
    OnChange,
    Podcast,
    Source,
    SourceKind,
    Span,
)
from narrator.jobs.jobs_file import read_jobs, state_folder
from narrator.jobs.schema import JobsTable, JobTable

EXAMPLE = Path(__file__).parents[2] / "projects" / "jobs.toml"
WEEKEND = frozenset({5, 6})


def _read(folder: Path, text: str, **checks: Any) -> Jobs:
    path = folder / "jobs.toml"
    path.write_bytes(text.encode())
    return read_jobs(path, **checks)


def _job(folder: Path, lines: str = "", *, source: str = '{ page = "https://example.org/" }') -> Job:
    when = "" if "when =" in lines else 'when = "@daily"\n'
    jobs = _read(folder, f"[settings]\ntimezone = 'Europe/Berlin'\n[jobs.a]\nsource = {source}\n{when}{lines}")
    assert jobs.bad == ()
    (job,) = jobs.jobs
    return job


def _problems(
    folder: Path, lines: str, *, source: str = '{ page = "https://example.org/" }'
) -> tuple[str, ...]:
    when = "" if "when =" in lines else 'when = "@daily"\n'
    jobs = _read(folder, f"[jobs.good]\n{_GOOD}[jobs.a]\nsource = {source}\n{when}{lines}")
    assert [job.name for job in jobs.jobs] == ["good"]
    (bad,) = jobs.bad
    assert bad.name == "a"
    return bad.problems


_GOOD = 'source = { page = "https://example.org/" }\nwhen = "@daily"\n'


def test_a_job_with_every_key_is_understood(tmp_path: Path) -> None:
    (tmp_path / "cover.jpg").touch()
    jobs = read_jobs(_uncommented_example(tmp_path), check_render=problems_of)
    assert jobs.bad == ()
    folder = tmp_path
    assert jobs.jobs[0] == Job(
        name=jobs.jobs[0].name,
        source=Source(SourceKind.FEED, "https://example.org/feed.xml", newest=3, text="auto"),
        when=Cron("0 7 * * mon-fri"),
        zone="America/New_York",
        window=(Span(60, 360), Span(0, 1440, WEEKEND)),
        budget=Budget(1.0, 5.0, 50.0, 50_000, 200_000, 2_000_000),
        render={
            "provider": "openai",
            "voice": "nova",
            "formats": ["mp3"],
            "settings": {"reading.notes": "end"},
        },
        template=folder / "newsletter.toml",
        after=After(
            copy_to=Path.home() / "Audiobooks",
            podcast=Podcast(
                folder=folder / "feed",
                base_url="https://example.org/audio/",
                title="The Letter, read",
                language="en",
                category="Arts",
                image=folder / "cover.jpg",
            ),
            call=Call("https://example.org/hook", ("rsync", "-a", "feed/", "host:audio/")),
        ),
        on_failure=Call("https://example.org/alarm", ("notify-send", "a narration job failed")),
        grace_s=6 * 3600,
        timeout_s=8 * 3600,
        retries=3,
        retry_s=300,
    )
    assert jobs.zone == "Europe/Berlin"
    assert jobs.projects == folder
    assert jobs.at_once == 2
    assert jobs.metrics == Path("/var/lib/node_exporter/narrator.prom")


def test_the_example_defines_no_job() -> None:
    jobs = read_jobs(EXAMPLE)
    assert (jobs.jobs, jobs.bad) == ((), ())


def test_the_example_names_every_key(tmp_path: Path) -> None:
    raw = tomllib.loads(_uncommented_example(tmp_path).read_text(encoding="utf-8"))
    assert set(raw) == set(JobsTable.model_fields)
    _assert_names_all(raw["settings"], JobsTable.model_fields["settings"].annotation)
    _assert_names_all(raw["jobs"]["newsletter"], JobTable)
    assert {key for job in raw["jobs"].values() for key in job["source"]} == {
        *SourceKind,
        "quiet",
        "newest",
        "text",
    }


def _assert_names_all(raw: dict[str, Any], section: Any) -> None:
    assert set(raw) == set(section.model_fields)
    for key, field in section.model_fields.items():
        kinds = get_args(field.annotation) if isinstance(field.annotation, UnionType) else (field.annotation,)
        for kind in kinds:
            if key != "source" and isinstance(kind, type) and issubclass(kind, BaseModel):
                _assert_names_all(raw[key], kind)


def _uncommented_example(folder: Path) -> Path:
    text = EXAMPLE.read_text(encoding="utf-8")
    path = folder / "jobs.toml"
    path.write_text(re.sub(r"^# (\[|\w+ = )", r"\1", text, flags=re.MULTILINE), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0 7 * * mon-fri", Cron("0 7 * * mon-fri")),
        ("  0  7 * * 1 ", Cron("0 7 * * 1")),
        ("@hourly", Cron("@hourly")),
        ("every 90s", Every(90)),
        ("Every 1h30m", Every(5400)),
        ("every 2d", Every(172_800)),
        ("on change", OnChange()),
        ("On Change", OnChange()),
    ],
)
def test_times_are_understood(tmp_path: Path, written: str, meant: object) -> None:
    assert _job(tmp_path, f"when = '{written}'", source="{ folder = 'in' }").when == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-01 02:00", "2026-12-01T01:00"),  # by the zone of the file
        ("2026-12-01T02:00:30", "2026-12-01T01:00:30"),
        ("2026-12-01 02:00 -05:00", "2026-12-01T07:00"),
        ("2026-12-01 02:00Z", "2026-12-01T02:00"),
        ("2026-10-25 02:30", "2026-10-25T00:30"),  # comes twice: the first time
        ("2026-03-29 02:30", "2026-03-29T01:30"),  # does not come: 03:30 by the new offset
    ],
)
def test_one_time_is_on_the_clock_of_the_zone(tmp_path: Path, written: str, meant: str) -> None:
    when = _job(tmp_path, f"when = 'once {written}'").when
    assert isinstance(when, Once)
    assert when.at.astimezone(UTC) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_a_job_s_own_zone_wins(tmp_path: Path) -> None:
    job = _job(tmp_path, "timezone = 'Asia/Tokyo'\nwhen = 'once 2026-12-01 02:00'")
    assert job.zone == "Asia/Tokyo"
    assert job.when == Once(datetime(2026, 12, 1, 2, tzinfo=ZoneInfo("Asia/Tokyo")))


@pytest.mark.parametrize("written", ["when = 'every 0s'", "when = 'every'", "when = 'every fortnight'"])
def test_an_interval_must_be_one(tmp_path: Path, written: str) -> None:
    (problem,) = _problems(tmp_path, written)
    assert problem.startswith("when: ")
    assert "'every 15m'" in problem or "'15m'" in problem


@pytest.mark.parametrize("written", ["daily", "0 7 * *", "soon please now", "", "@daily 3"])
def test_what_is_no_time_is_told_how_times_are_written(tmp_path: Path, written: str) -> None:
    (problem,) = _problems(tmp_path, f"when = '{written}'")
    assert problem.startswith("when: ")


def test_a_wrong_field_of_a_crontab_is_told_in_one_line(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, "when = '0 25 * * *'")
    assert problem.startswith("when: ")
    assert "25" in problem
    assert "\n" not in problem


@pytest.mark.parametrize("written", ["2026-13-01 02:00", "2026-12-01", "0001-01-01 00:00", "tomorrow", ""])
def test_one_time_must_be_one(tmp_path: Path, written: str) -> None:
    (problem,) = _problems(tmp_path, f"when = 'once {written}'")
    assert "'once 2026-12-01 02:00'" in problem


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"01:00-06:00"', (Span(60, 360),)),
        ('"mon-fri 22:00-06:00"', (Span(1320, 360, frozenset(range(5))),)),
        ('"sat,sun 00:00-24:00"', (Span(0, 1440, WEEKEND),)),
        ('"Friday-Monday 8:00 - 9:00"', (Span(480, 540, frozenset({4, 5, 6, 0})),)),
        ('["01:00-02:00", "03:00-04:00"]', (Span(60, 120), Span(180, 240))),
        ("[]", ()),
    ],
)
def test_hours_are_understood(tmp_path: Path, written: str, meant: tuple[Span, ...]) -> None:
    assert _job(tmp_path, f"window = {written}").window == meant


@pytest.mark.parametrize(
    "written", ["1-6", "01:00", "25:00-26:00", "01:60-02:00", "24:00-02:00", "day 1:00-2:00"]
)
def test_hours_must_be_some(tmp_path: Path, written: str) -> None:
    (problem,) = _problems(tmp_path, f"window = '{written}'")
    assert problem.startswith("window: ")


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    job = _job(
        tmp_path,
        "render = { output = 'out', cover = 'none' }\ntemplate = '~/t.toml'",
        source="{ folder = 'in/*.epub' }",
    )
    assert job.source.place == str(tmp_path / "in" / "*.epub")
    assert job.render == {"output": str(tmp_path / "out"), "cover": "none"}
    assert job.template == Path.home() / "t.toml"


def test_a_path_ends_with_a_name_by_which_copies_can_be_called(tmp_path: Path) -> None:
    job = _job(tmp_path, source="{ project = 'serial/part/..' }")
    assert job.source.place == str(tmp_path / "serial")


def test_all_mistakes_of_a_job_are_told_at_once_by_key_and_the_nearest_right_one_is_named(
    tmp_path: Path,
) -> None:
    problems = _problems(
        tmp_path,
        """\
windw = "01:00-06:00"
grace = 30
timeout = "soon"
retries = true
timezone = "Europe/Berln"
budget = { dya_usd = 5, month_usd = -1, run_usd = inf }
render = { voice = 3, speeed = 1.0 }
[jobs.a.after]
command = []
podcast = { folder = "feed", base_url = "example.org" }
""",
        source="{ feed = 'https://example.org/', newst = 3 }",
    )
    assert set(problems) == {
        "source.newst: there is no such key; did you mean 'newest'?",
        "windw: there is no such key; did you mean 'window'?",
        "grace: must be text, in quotes",
        "timeout: 'soon' is not how long: write it as in '90s', '15m', '1h30m' or '2d'",
        "retries: must be a whole number",
        "timezone: there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        "budget.dya_usd: there is no such key; did you mean 'day_usd'?",
        "budget.month_usd: must be 0.0 or more",
        "budget.run_usd: must be a finite number",
        "after.command: must not be empty",
        "after.podcast.base_url: must be an address of the web: https:// and a host",
    }


def test_what_is_wrong_with_options_for_renders_is_a_mistake_of_the_job(tmp_path: Path) -> None:
    text = f"[jobs.a]\n{_GOOD}retries = -1\nrender = {{ voice = 3 }}\n[jobs.b]\n{_GOOD}"
    jobs = _read(tmp_path, text, check_render=lambda options: [f"{key}: is odd" for key in options])
    assert jobs.bad == (BadJob("a", ("retries: must be 0 or more", "render.voice: is odd")),)
    assert [job.name for job in jobs.jobs] == ["b"]


def test_options_for_renders_are_looked_at_with_their_paths_in_full(tmp_path: Path) -> None:
    seen: list[object] = []

    def look(options: Mapping[str, Any]) -> tuple[str, ...]:
        seen.append(options)
        return ()

    jobs = _read(
        tmp_path,
        f"[jobs.a]\n{_GOOD}render = {{ cover = 'c.jpg', voice = 'x' }}\n"
        f"[jobs.b]\n{_GOOD}render = {{ cover = 'c.jpg', voice = 'y' }}\nretries = -1\n",
        check_render=look,
    )
    assert [len(jobs.jobs), len(jobs.bad)] == [1, 1]
    assert seen == [{"cover": str(tmp_path / "c.jpg"), "voice": "x"}, {"voice": "y"}]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{ }", "source: name one of manuscript, project, folder, feed, page; here are none"),
        (
            "{ page = 'https://a.org', folder = 'b' }",
            "source: name one of manuscript, project, folder, feed, page; here are folder and page",
        ),
        ("{ page = 'https://a.org', newest = 3 }", "source: a page has no 'newest'"),
        ("{ feed = 'https://a.org', quiet = '3s' }", "source: a feed has no 'quiet'"),
        ("'book.epub'", "source: must be a table"),
        ("{ folder = '' }", "source.folder: '' is no path"),
        (
            "{ folder = '~nobody-at-all/x' }",
            "source.folder: '~nobody-at-all/x': there is no such person's folder here",
        ),
        ('{ folder = "a\\u0000b" }', "source.folder: 'a\\x00b' is no path"),
    ],
)
def test_a_job_has_one_source(tmp_path: Path, source: str, problem: str) -> None:
    assert _problems(tmp_path, "", source=source) == (problem,)


@pytest.mark.parametrize("part", ["me:hush@example.org/", "example.org/?key=hush", "example.org/#hush"])
def test_a_podcast_that_would_publish_a_secret_is_refused_before_it_costs_anything(
    tmp_path: Path, part: str
) -> None:
    lines = f"after.podcast = {{ folder = 'feed', base_url = 'https://{part}' }}"
    (problem,) = _problems(tmp_path, lines)
    assert problem.startswith("after.podcast.base_url: must be without a name")
    assert "hush" not in problem


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "example.org",
        "https://",
        "http://[::1",
        "https://a.org:99999/",
        "https://a b.org/",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    problem = "source.feed: must be an address of the web: https:// and a host"
    assert _problems(tmp_path, "", source=f"{{ feed = '{address}' }}") == (problem,)


def test_what_is_fetched_cannot_be_watched(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, "when = 'on change'")
    assert problem == "when: a page says nothing when it changes: write how often to look at it"


@pytest.mark.parametrize("name", ["x y", "-x", "ä", "", "x" * 61, "a/b", "../a"])
def test_a_name_is_one_that_every_system_takes(tmp_path: Path, name: str) -> None:
    jobs = _read(tmp_path, f"[jobs.'{name}']\n{_GOOD}")
    assert jobs.jobs == ()
    assert [(bad.name, "60 letters" in bad.problems[0]) for bad in jobs.bad] == [(name, True)]


def test_names_that_differ_by_case_alone_would_share_folders(tmp_path: Path) -> None:
    jobs = _read(tmp_path, f"[jobs.News]\n{_GOOD}[jobs.news]\n{_GOOD}")
    assert [job.name for job in jobs.jobs] == ["News"]
    assert jobs.bad == (BadJob("news", ("'News' has the same name but for its case",)),)


def test_a_job_that_is_no_table_is_a_mistake_of_its_own(tmp_path: Path) -> None:
    jobs = _read(tmp_path, f"[jobs]\nodd = 3\n[jobs.a]\n{_GOOD}")
    assert [job.name for job in jobs.jobs] == ["a"]
    assert jobs.bad == (BadJob("odd", ("must be a table, [jobs.NAME]",)),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[settings]\ntimezon = 'UTC'\n", "settings.timezon: there is no such key; did you mean 'timezone'?"),
        ("[settings]\nat_once = 0\n", "settings.at_once: must be 1 or more"),
        ("[settings]\ntimezone = 'Europe'\n", "settings.timezone: there is no time zone 'Europe'"),
        ("jobs = 3\n", "jobs: must be a table"),
        ("[job.a]\n", "job: there is no such key; did you mean 'jobs'?"),
        ("[jobs.a\n", "this is not TOML"),
        ("x = " + "[" * 5000, "this is not TOML"),
        ("x = " + "9" * 5000, "this is not TOML"),
    ],
)
def test_a_mistake_that_is_of_all_jobs_is_told_with_the_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        _read(tmp_path, text)
    assert str(tmp_path / "jobs.toml") in error.value.what
    assert told in error.value.what
    assert error.value.advice


def test_a_file_that_is_not_there_is_told_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no jobs file") as error:
        read_jobs(tmp_path / "jobs.toml")
    assert "narrator jobs add" in error.value.advice


def test_a_file_that_is_no_text_or_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "jobs.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not TOML"):
        read_jobs(tmp_path / "jobs.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_jobs(tmp_path)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert len(_read(tmp_path, f"\ufeff[jobs.a]\n{_GOOD}").jobs) == 1


def test_a_machine_s_zone_without_a_name_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tzlocal.get_localzone_name", lambda: "Nowhere/At_All")
    with pytest.raises(ConfigError, match=r"settings\.timezone: the zone of this machine has no name"):
        _read(tmp_path, f"[jobs.a]\n{_GOOD}")


def test_each_jobs_file_has_a_state_folder_of_its_own() -> None:
    assert state_folder(Path("books/jobs.toml")) == Path("books/.jobs")
    assert state_folder(Path("books/night.toml")) == Path("books/.night")
