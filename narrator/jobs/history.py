"""What became of jobs: runs, what each of them made of its source, and what a job knows of its past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from narrator.jobs.job import JobName


class Outcome(StrEnum):
    """How a run ended.

    done        all that was new is rendered; or nothing was new
    incomplete  some segments could not be spoken
    budget      the limit for a run, a day or a month is reached, or the account's credit is used up
    window      its hours are over
    failed      it could not do what it should; `Run.reason` says why
    abandoned   its process was gone without a word: a crash, a kill, the power
    skipped     its time had passed by more than its grace
    """

    DONE = "done"
    INCOMPLETE = "incomplete"
    BUDGET = "budget"
    WINDOW = "window"
    FAILED = "failed"
    ABANDONED = "abandoned"
    SKIPPED = "skipped"


class Trigger(StrEnum):
    """Why a run began: its time, a change of its source, another try, the rest of what was left, a person."""

    TIME = "time"
    CHANGE = "change"
    RETRY = "retry"
    REST = "rest"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job. All times are aware.

    It is the run of `due`; `attempt` counts from 1, and `coalesced` are the times before it that it stands for,
    too. `outcome` is None while it runs. `may_pass` is whether what made it fail may be gone at another try.
    `resume_at` is when the rest of it can be done: the window's next opening, the budget's next day or month;
    None where nothing is left or nobody knows. `characters` were sent and `cost_usd` paid, None where no price
    is known.
    """

    id: int
    job: JobName
    due: datetime
    trigger: Trigger
    attempt: int
    coalesced: int
    started: datetime
    ended: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    may_pass: bool = False
    resume_at: datetime | None = None
    characters: int = 0
    cost_usd: float | None = 0.0
    files: tuple[str, ...] = ()
    log: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run spent, and when it began."""

    at: datetime
    usd: float
    characters: int


@dataclass(frozen=True, slots=True)
class JobHistory:
    """What is known of a job.

    `since` is when it was first seen with the `when` and zone that it has now. `handled` is the latest time of
    its schedule, not after now, that a run stood for or that was skipped. `last` is the run that began last
    (skipped ones are not runs), and `is_running` whether it still does. `spent` are the runs of the last 35
    days that spent something, by time. `changed` is when its source was seen to have changed, None where it
    has not since the last run.
    """

    since: datetime
    handled: datetime | None = None
    last: Run | None = None
    is_running: bool = False
    spent: tuple[Spent, ...] = ()
    changed: datetime | None = None


History = Mapping[JobName, JobHistory]
"""A job that is not in it was never seen before."""


class ItemState(StrEnum):
    """How far something that a source has is.

    open    not finished: it is rendered at the next run
    done    rendered, and all that comes after is done
    failed  it cannot be rendered as it is; it is tried again when it, or how it is rendered, changes
    """

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What is known of a thing that a source has: a book in a folder, an entry of a feed, a page.

    `identity` is its own in the job: a path, an entry's id, an address. `digest` is of its content, `settings`
    of how it was rendered, and `stat` of the file as it was when it was read ('' where it is none).
    `project` is where it is rendered. `attempts` failed for reasons that may pass.
    """

    job: JobName
    identity: str
    digest: str
    settings: str
    stat: str
    state: ItemState
    title: str = ""
    project: Path | None = None
    reason: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be rendered: `source` is the manuscript or project, `options` what is known of it besides.

    `published` and `link` are for a podcast's episode.
    """

    identity: str
    digest: str
    source: Path
    stat: str = ""
    title: str = ""
    summary: str = ""
    link: str = ""
    published: datetime | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a source found.

    `items` are what is there to be rendered, new or changed, in the order in which to do it. `unquiet` are
    files that are still being written, and `notices` what a person should know. `settled` are to be kept before
    anything is rendered: of what was renamed, was touched but not changed, is open again, or cannot be read.
    `left` is what cannot be had now and is left for the next look, in one line; '' for nothing.
    """

    items: tuple[Item, ...] = ()
    unquiet: tuple[Path, ...] = ()
    notices: tuple[str, ...] = ()
    settled: tuple[ItemRecord, ...] = ()
    left: str = ""
