"""The words of jobs: what is rendered, when, in which hours, for how much, and what happens then.

`jobs.toml` is parsed into these at once; nothing else of it is known anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NewType

JobName = NewType("JobName", str)

QUIET_S = 10.0
RETRIES = 3
RETRY_S = 300.0


class SourceKind(StrEnum):
    """Where a job's texts come from."""

    MANUSCRIPT = "manuscript"
    PROJECT = "project"
    FOLDER = "folder"
    FEED = "feed"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Source:
    """`place` is an absolute path, for a folder also with a glob at its end, or an address of the web.

    A file is read when it did not change for `quiet_s` seconds. Of a feed, `newest` is how many entries count
    when it is seen for the first time (None: all), and `text` whether what is spoken is the feed's own text,
    the page that it leads to, or that page where the feed has but a summary.
    """

    kind: SourceKind
    place: str
    quiet_s: float = QUIET_S
    newest: int | None = None
    text: Literal["auto", "feed", "page"] = "auto"


@dataclass(frozen=True, slots=True)
class Cron:
    """The five fields of a crontab's line, or what stands for them, '@daily'; on the clock of `Job.zone`."""

    expression: str


@dataclass(frozen=True, slots=True)
class Every:
    """Each so many seconds, counted from when the job was first seen, and at that moment, too."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Once:
    """One time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class OnChange:
    """Whenever a file of the source is new or has changed."""


When = Cron | Every | Once | OnChange


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of some days, on the clock of `Job.zone`.

    Minutes since midnight; an end that is not after the beginning is on the next day. `weekdays` are those on
    which it begins, with Monday as 0.
    """

    begins_minute: int
    ends_minute: int
    weekdays: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run, the runs of a day and those of a calendar month may cost and send; None for no limit."""

    run_usd: float | None = None
    day_usd: float | None = None
    month_usd: float | None = None
    run_characters: int | None = None
    day_characters: int | None = None
    month_characters: int | None = None


@dataclass(frozen=True, slots=True)
class Podcast:
    """A podcast feed, in `folder` together with its sound; `base_url` is where that folder is on the web."""

    folder: Path
    base_url: str
    title: str = ""
    description: str = ""
    author: str = ""
    email: str = ""
    link: str = ""
    language: str = ""
    category: str = ""
    image: Path | None = None
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to tell: an address that gets a POST, and a program with its arguments. '' and () for none."""

    webhook: str = ""
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class After:
    """What happens with what was made."""

    copy_to: Path | None = None
    podcast: Podcast | None = None
    call: Call = Call()


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    `zone` is an IANA name. `window` are the hours in which it may work, () for all. `render` are options by the
    names of `narrator.wishes.Options`, and `template` a project.toml whose settings come before the defaults.
    `grace_s` is how late a run may begin (None: as late as it is), `timeout_s` how long it may take. What may
    pass is tried `retries` more times, after `retry_s` seconds, then twice as long, and so on.
    `may_go_inside` is whether addresses inside this network are fetched and called.
    """

    name: JobName
    source: Source
    when: When
    zone: str
    window: tuple[Span, ...] = ()
    budget: Budget = Budget()
    render: Mapping[str, Any] = field(default_factory=dict)
    template: Path | None = None
    after: After = After()
    on_failure: Call = Call()
    grace_s: float | None = None
    timeout_s: float | None = None
    retries: int = RETRIES
    retry_s: float = RETRY_S
    may_go_inside: bool = False
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class BadJob:
    """A job of the file that cannot be understood; `problems` say why, key by key. The others run."""

    name: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Jobs:
    """What a jobs file says: the good jobs and the bad ones in its order, and what is true of all of them.

    `zone` is that of jobs that name none, `projects` where projects live, `at_once` how many jobs may run side
    by side, and `metrics` where figures for Prometheus are written, None for nowhere.
    """

    jobs: tuple[Job, ...] = ()
    bad: tuple[BadJob, ...] = ()
    zone: str = "UTC"
    projects: Path = Path("projects")
    at_once: int = 2
    metrics: Path | None = None
