"""`jobs.toml` as plain data, checked: the field names are the keys of the file, and this is all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, model_validator

from narrator.jobs.job import (
    QUIET_S,
    RETRIES,
    RETRY_S,
    After,
    Budget,
    Call,
    Job,
    JobName,
    OnChange,
    Podcast,
    Source,
    SourceKind,
    Span,
    When,
)
from narrator.jobs.written import (
    address_of,
    category_of,
    duration_s,
    file_of,
    folder_of,
    path_of,
    public_folder_of,
    span_of,
    title_of,
    when_of,
    zone_of,
)
from narrator.sections import Section


@dataclass(frozen=True, slots=True)
class Ground:
    """What is around a job: the folder of its file, and the zone where it names none."""

    folder: Path
    zone: str


def _ground(info: ValidationInfo) -> Ground:
    return cast("Ground", info.context)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")  # noqa: TRY004 - pydantic takes ValueErrors
    return value


def _duration(value: object) -> float:
    return duration_s(_text(value))


def _spans(value: object) -> tuple[Span, ...]:
    return tuple(span_of(_text(each)) for each in (value if isinstance(value, list) else [value]))


def _path(value: object, info: ValidationInfo) -> Path:
    return path_of(_text(value), _ground(info).folder)


def _more_than_nothing(seconds: float) -> float:
    if not seconds:
        raise ValueError("must be more than nothing")
    return seconds


Duration = Annotated[float, PlainValidator(_duration)]
LongDuration = Annotated[float, PlainValidator(_duration), AfterValidator(_more_than_nothing)]
Zone = Annotated[str, AfterValidator(zone_of)]
Address = Annotated[str, AfterValidator(address_of)]
FilePath = Annotated[Path, PlainValidator(_path)]
Usd = Annotated[float, Field(ge=0)]
Characters = Annotated[int, Field(ge=0)]
Command = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=1)]

RENDER_PATHS = ("output", "cover")
"""The options for renders that are paths; a cover may also be 'none'."""

_OF_FILES = {SourceKind.MANUSCRIPT, SourceKind.PROJECT, SourceKind.FOLDER}


class SourceTable(Section):
    """Where the texts come from: one of the first five."""

    manuscript: FilePath | None = None
    project: FilePath | None = None
    folder: FilePath | None = None
    feed: Address | None = None
    page: Address | None = None
    quiet: Duration | None = None
    newest: Annotated[int, Field(ge=1)] | None = None
    text: Literal["auto", "feed", "page"] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> SourceTable:
        kinds = self._kinds
        if len(kinds) != 1:
            raise ValueError(f"name one of {', '.join(SourceKind)}; here are {' and '.join(kinds) or 'none'}")
        strange = {"quiet"} if kinds[0] not in _OF_FILES else set()
        strange |= {"newest", "text"} if kinds[0] is not SourceKind.FEED else set()
        if strange := strange & self.model_fields_set:
            raise ValueError(f"a {kinds[0]} has no {min(strange)!r}")
        return self

    @property
    def _kinds(self) -> list[SourceKind]:
        return [kind for kind in SourceKind if getattr(self, kind) is not None]

    @property
    def source(self) -> Source:
        kind = self._kinds[0]
        return Source(
            kind,
            str(getattr(self, kind)),
            quiet_s=QUIET_S if self.quiet is None else self.quiet,
            newest=self.newest,
            text=self.text or "auto",
        )


class BudgetTable(Section):
    """What a run, a day and a calendar month may cost and send."""

    run_usd: Usd | None = None
    day_usd: Usd | None = None
    month_usd: Usd | None = None
    run_characters: Characters | None = None
    day_characters: Characters | None = None
    month_characters: Characters | None = None


class PodcastTable(Section):
    """A podcast feed and where its folder is on the web."""

    folder: Annotated[FilePath, AfterValidator(folder_of)]
    base_url: Annotated[str, AfterValidator(public_folder_of)]
    title: Annotated[str, AfterValidator(title_of)] = ""
    description: str = ""
    author: str = ""
    email: str = ""
    link: Annotated[str, AfterValidator(lambda value: value and address_of(value))] = ""
    language: str = ""
    category: Annotated[str, AfterValidator(category_of)] = ""
    image: Annotated[FilePath, AfterValidator(file_of)] | None = None
    explicit: bool = False


class CallTable(Section):
    """Whom to tell."""

    webhook: Address | None = None
    command: Command | None = None

    @property
    def call(self) -> Call:
        return Call(self.webhook or "", self.command or ())


class AfterTable(CallTable):
    """What happens with what was made."""

    copy_to: FilePath | None = None
    podcast: PodcastTable | None = None

    @property
    def after(self) -> After:
        podcast = Podcast(**self.podcast.model_dump()) if self.podcast else None
        return After(self.copy_to, podcast, self.call)


def _when(value: object, info: ValidationInfo) -> When:
    when = when_of(_text(value), info.data.get("timezone") or _ground(info).zone)
    source = info.data.get("source")
    if isinstance(when, OnChange) and source and source.source.kind not in _OF_FILES:
        raise ValueError(f"a {source.source.kind} says nothing when it changes: write how often to look at it")
    return when


def _render(value: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
    """Options with their relative paths inside the folder of the jobs file: who renders may stand elsewhere."""
    paths = {
        key: str(path_of(written, _ground(info).folder))
        for key in RENDER_PATHS
        if (written := value.get(key)) and isinstance(written, str) and (key, written) != ("cover", "none")
    }
    return {**value, **paths}


class JobTable(Section):
    """A job. Its `when` is read after what it depends on."""

    source: SourceTable
    timezone: Zone | None = None
    when: Annotated[When, PlainValidator(_when)]
    window: Annotated[tuple[Span, ...], PlainValidator(_spans)] = ()
    budget: BudgetTable = BudgetTable()
    render: Annotated[Mapping[str, Any], AfterValidator(_render)] = Field(default_factory=dict)
    template: FilePath | None = None
    grace: LongDuration | None = None
    timeout: LongDuration | None = None
    retries: Annotated[int, Field(ge=0, le=100)] = RETRIES
    retry_after: Duration = RETRY_S
    allow_private_addresses: bool = False
    paused: bool = False
    after: AfterTable = AfterTable()
    on_failure: CallTable = CallTable()

    def job(self, name: str, zone: str) -> Job:
        """What is meant; `zone` is that of jobs that name none."""
        return Job(
            name=JobName(name),
            source=self.source.source,
            when=self.when,
            zone=self.timezone or zone,
            window=self.window,
            budget=Budget(**self.budget.model_dump()),
            render=self.render,
            template=self.template,
            after=self.after.after,
            on_failure=self.on_failure.call,
            grace_s=self.grace,
            timeout_s=self.timeout,
            retries=self.retries,
            retry_s=self.retry_after,
            may_go_inside=self.allow_private_addresses,
            is_paused=self.paused,
        )


class SettingsTable(Section):
    """What is true of all jobs."""

    timezone: Zone | None = None
    projects: FilePath | None = None
    at_once: Annotated[int, Field(ge=1, le=64)] = 2
    metrics: FilePath | None = None


class JobsTable(Section):
    """All of the file. Each job is looked at by itself, so that the mistakes of one stop no other."""

    settings: SettingsTable = SettingsTable()
    jobs: Mapping[str, Any] = Field(default_factory=dict)
