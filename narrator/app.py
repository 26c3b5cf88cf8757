"""The use cases: what narrator does, one function each. Read this first.

manuscript -> script -> plan -> takes -> masters -> audiobook
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from narrator.book import Book, locate, open_book, prepare_book, project_of
from narrator.config import limits_of
from narrator.durable import reading, write_durably
from narrator.errors import (
    Incomplete,
    Interrupted,
    LanguageUnspoken,
    ManuscriptError,
    ProjectLocked,
    UnknownVoice,
    UsageError,
)
from narrator.estimate import allowance_of, allowance_words, estimate, free_bytes
from narrator.events import Notice
from narrator.jobs.clock import Clock
from narrator.jobs.history import Trigger
from narrator.keeping import explain
from narrator.model import CREDITS
from narrator.ports import Observer
from narrator.project import Project, open_project, slug_of
from narrator.publishing.record import AudiobookRecord, DeliveredFile, Gap, load_record
from narrator.rendering.plan import PREVIEW, SAMPLE, Plan
from narrator.results import ChapterLine, Planned, Rendered, RenderedFile, Status
from narrator.script.script_text import is_script_text, written
from narrator.script.skipped import skipped_texts
from narrator.wiring import is_manuscript, open_takes, read_manuscript, suffix_of
from narrator.wishes import Wishes

if TYPE_CHECKING:  # what speaks and what masters is heavy, and comes when it is used
    from narrator.doctor import Finding
    from narrator.mastering.conformance import Verdict
    from narrator.session import Tally


def render(source: Path, wishes: Wishes, observe: Observer = lambda _: None) -> Rendered:
    """Bring a book all the way to tagged files, or on from where it was left.

    Raises:
        NarratorError: every kind; finished takes are kept whatever happens.
    """
    while True:
        rendered = asyncio.run(_try_to_render(source, wishes, observe))
        if rendered is not None:
            return rendered


async def _try_to_render(source: Path, wishes: Wishes, observe: Observer) -> Rendered | None:
    """None where another process came between: then all of it is to be looked at again."""
    async with AsyncExitStack() as stack:
        work = await _work_to_do(source, wishes, stack)
        if work is None:
            return None
        book, is_open = work
        return await _render(book, wishes, observe, is_open=is_open)


async def _work_to_do(source: Path, wishes: Wishes, stack: AsyncExitStack) -> tuple[Book, bool] | None:
    """A book, with its project locked and what was read of it kept; and whether its provider is open already.

    None where another process began this project, or another book in its place, before we had the lock: what
    was found out by then no longer holds.
    """
    located = locate(source, wishes)
    is_new = not located.project.exists
    try:
        if not is_new:
            stack.enter_context(located.project.lock())
        preparation = prepare_book(located, wishes)
        is_open = preparation.must_read and preparation.provider.capabilities.is_local
        if is_open:  # its workers load their voice while the manuscript is read here
            await stack.enter_async_context(preparation.provider)
            await asyncio.sleep(0)
        book = preparation.open()
        book.ensure_it_can_be_spoken()
        book.ensure_cover_is_there()
        if is_new:  # a book that cannot be read leaves no folder behind
            stack.enter_context(located.project.lock())
    except ProjectLocked:
        if project_of(source, located.data, wishes) == located.project:
            raise
        return None
    if project_of(source, located.data, wishes) != located.project or is_new == located.project.exists:
        return None
    if is_new:
        book.keep_wishes(wishes.settings)
    book.keep()
    return replace(book, manuscript=None), is_open  # it is as large as the book


async def _render(book: Book, wishes: Wishes, observe: Observer, *, is_open: bool) -> Rendered:
    """Speak, assemble, deliver. Script and wishes replace those of before once the provider accepts them."""
    from narrator.delivery import Delivery  # noqa: PLC0415 - a plan needs no numpy
    from narrator.session import Session  # noqa: PLC0415 - as above

    for text in book.notices:
        observe(Notice(text))
    takes = open_takes(book.project)
    takes.sweep()
    book.project.sweep()
    delivery = Delivery(book)
    delivery.claim_names()
    on_accepted = partial(book.accept, wishes.settings)
    session = Session(book, takes, delivery, observe, on_accepted, is_open=is_open)
    try:
        plan = await session.run()
        gaps = _gaps(plan, session.tally)
        if gaps and not book.config.rendering.allow_gaps:
            delivery.keep_gaps(gaps)
            raise Incomplete(_gap_list(gaps), gaps=tuple(map(asdict, gaps)), advice=_GAP_ADVICE)
        made = await session.finish(gaps)
    except Interrupted as exc:
        advice = f"To go on, run the same command again, or: narrator resume {book.project.folder}"
        raise type(exc)(f"Stopped. {_kept(session.tally)}", advice=advice) from exc
    return _rendered(book, plan, session.tally, made, gaps)


def books_in(sources: Iterable[Path]) -> list[Path]:
    """The sources, each once; a folder that is no project stands for the books and projects in it, by name."""
    found: dict[Path, Path] = {}
    for source in sources:
        inside = []
        if source.is_dir() and not Project(source).exists:
            inside = sorted(each for each in source.iterdir() if is_manuscript(each) or Project(each).exists)
        found.update({each.absolute(): each for each in inside or [source]})
    return list(found.values())


def from_standard_input(data: bytes, folder: Path) -> Path:
    """A manuscript that came on standard input, as a file in `folder`, which is named by its title.

    Raises:
        UsageError: nothing came.
        DiskError: it cannot be written.
    """
    if not data.strip():
        raise UsageError(
            "Nothing came on standard input.", advice="Pipe a manuscript in: narrator render - < book.md"
        )
    path = folder / f"stdin{suffix_of(data)}"
    write_durably(path, data)
    with suppress(ManuscriptError):  # whoever renders it is told
        named = path.with_stem(slug_of(read_manuscript(path).title))
        return path.rename(named)
    return path


_GAP_ADVICE = (
    "Run the same command again to try them once more, or with --allow-gaps to make the audiobook without them."
)


def plan(source: Path, wishes: Wishes, *, explained: bool = False) -> Planned:
    """What a render of this source would do. Has nothing spoken, and writes nothing.

    A provider whose account has only so much is asked what is left of it.

    `explained` is whether to tell what of each chapter is not spoken.

    Raises:
        UsageError, ConfigError, ManuscriptError: as a render would.
    """
    book = open_book(locate(source, wishes), wishes)
    book.ensure_cover_is_there()
    made = book.plan(open_takes(book.project).keys())
    missing = {order.key for order in made.orders}
    planned = {chapter.number: chapter.keys for chapter in made.chapters}
    source_of = book.source_of() if explained else None
    index = 0
    chapters = []
    for number, chapter in book.script.numbered:
        index += chapter.kind != CREDITS
        keys = planned.get(number, ())
        chapters.append(
            ChapterLine(
                index=index if chapter.kind != CREDITS else 0,
                number=number or None,
                title=chapter.title,
                matter=chapter.matter,
                spoken=chapter.spoken,
                characters=chapter.characters,
                words=chapter.words,
                segments=len(keys),
                missing=sum(key in missing for key in keys),
                skipped=skipped_texts(chapter, index - 1, source_of) if source_of else (),
            )
        )
    needed = estimate(book, made)
    allowance = allowance_of(book.provider) if made.orders else None
    notices = book.notices + ((allowance_words(allowance, made.characters_of(0)),) if allowance else ())
    return Planned(
        title=book.title,
        authors=book.authors,
        language=book.language,
        narrator=book.narrator,
        chapters=tuple(chapters),
        orders=len(made.orders),
        characters=made.characters,
        cost_usd=book.cost_usd(made),
        seconds=round(needed.seconds, 1),
        disk_bytes=needed.disk_bytes,
        disk_free_bytes=free_bytes(book.project.folder),
        why=explain(book.project, made),
        problem=_problem(book),
        allowance=allowance,
        notices=notices,
    )


def script_text(source: Path, wishes: Wishes) -> str:
    """The script as it will be spoken, for a person to read and edit. Calls no provider and writes nothing.

    Raises:
        UsageError, ConfigError, ManuscriptError: as a render would.
    """
    book = open_book(locate(source, wishes), wishes)
    return written(book.script, book.source_of())


def write_script_text(source: Path, wishes: Wishes, path: Path) -> bool:
    """Write the script, as `script_text` gives it, to a file; whether that is what it holds now.

    A file that is there is left as it is: a person may have edited it.

    Raises:
        UsageError, ConfigError, ManuscriptError: as a render would; or the file is no such text.
        DiskError: it cannot be written.
    """
    with reading(path):
        is_there = os.path.lexists(path)
        before = path.read_bytes() if path.is_file() else b""
    if is_there and not is_script_text(before):
        raise UsageError(
            f"{path} is there, and is no script that narrator wrote.", advice="Name another file for the text."
        )
    data = script_text(source, wishes).encode()
    if not is_there:
        write_durably(path, data)
    return not is_there or before == data


def _problem(book: Book) -> str:
    try:
        book.ensure_it_can_be_spoken()
    except (LanguageUnspoken, UnknownVoice) as exc:
        return str(exc)
    return ""


def status(folder: Path) -> Status:
    """How far a project is. Calls no provider and writes nothing.

    Raises:
        UsageError: it is no project, or has lost its manuscript.
    """
    project = open_project(folder)
    book = open_book(locate(folder, Wishes()), Wishes())
    made = book.plan(open_takes(project).keys())
    record = load_record(project.record_file)
    return Status(
        project=folder,
        title=book.title,
        segments=made.segments,
        missing=made.segments - made.reused,
        chapters=len(made.chapters),
        delivered=sum(chapter.number > PREVIEW for chapter in record.chapters) if record else 0,
        is_complete=bool(record and record.is_complete) and not made.orders,
        output=project.output_folder(book.config),
        why=explain(project, made),
        gaps=record.gaps if record else (),
        problem=_problem(book),
    )


def doctor(projects: Path) -> list[Finding]:
    """What a bug report needs to know of this installation; nothing secret, nothing of any book."""
    from narrator.doctor import examine  # noqa: PLC0415 - tries all that is heavy

    return list(examine(projects))


def run_jobs(jobs_file: Path, say: Callable[[str], None]) -> None:
    """Run the jobs of a file as they become due, until a signal ends it.

    Raises:
        ProjectLocked: another process does so.
        NarratorError: the file or the history of its jobs cannot be read.
    """
    from narrator.job_runs import foreground  # noqa: PLC0415 - imports what a render does not need

    foreground.run_jobs(jobs_file, say)


def run_due(jobs_file: Path, say: Callable[[str], None], now: str | None = None) -> int:
    """Run what is due, once; the exit code. `now` is a time to take for the present, as a person writes it.

    Raises:
        UsageError: there is no such file, or `now` is no time.
        NarratorError: the history of its jobs cannot be read.
    """
    from narrator.job_runs import once  # noqa: PLC0415 - as above

    return once.run_due(jobs_file, once.clock_at(now, jobs_file), say)


def start_job(
    jobs_file: Path,
    name: str,
    say: Callable[[str], None],
    *,
    due: datetime | None = None,
    trigger: str = "hand",
    attempt: int = 1,
    coalesced: int = 0,
    shift_s: float = 0.0,
) -> int:
    """Do one run of a job; the exit code. Whoever says nothing more is a person, and means now.

    The rest is said by a process that found the job due: for which time, why, at which attempt, for how many
    times before it, and how far its clock is ahead.

    Raises:
        UsageError: there is no such job, or it cannot be understood.
        ProjectLocked: a run of it goes on.
        DiskError: the history or the log cannot be written.
    """
    from narrator.job_runs import start  # noqa: PLC0415 - as above

    clock = Clock(timedelta(seconds=shift_s))
    wanted = start.Wanted(due or clock.now(), Trigger(trigger), attempt, coalesced)
    return start.start_job(jobs_file, name, clock, say, wanted)


def _cost(book: Book, tally: Tally) -> float | None:
    """What a run cost; None where nobody knows what it would have, either."""
    is_known = book.provider.capabilities.usd_per_million_characters is not None
    return round(tally.cost_usd, 4) if is_known and tally.cost_usd is not None else None


def _gaps(plan: Plan, tally: Tally) -> tuple[Gap, ...]:
    return tuple(
        Gap(planned.number, planned.chapter.title, segment.text, tally.failures[key].reason)
        for planned in plan.chapters
        for segment, key in zip(planned.chapter.segments, planned.keys, strict=True)
        if key in tally.failures
    )


def _gap_list(gaps: tuple[Gap, ...]) -> str:
    lines = [f"  chapter {gap.chapter}, {gap.title}: “{gap.text[:70]}”: {gap.reason}" for gap in gaps[:20]]
    if len(gaps) > len(lines):
        lines.append(f"  … and {len(gaps) - len(lines)} more")
    return "\n".join([f"The audiobook is not complete: {len(gaps)} segments could not be spoken.", *lines])


def _kept(tally: Tally) -> str:
    return f"{sum(tally.spoken.values())} segments were finished in this run, and all are kept."


def _rendered(book: Book, plan: Plan, tally: Tally, made: AudiobookRecord, gaps: tuple[Gap, ...]) -> Rendered:
    titles = {volume.file.path: volume.title for volume in made.volumes}
    titles |= {file.path: chapter.title for chapter in made.chapters for file in chapter.files}
    return Rendered(
        project=book.project.folder,
        title=book.title,
        files=tuple(
            RenderedFile(
                book.project.folder / file.path,
                file.format,
                None if number == SAMPLE else number,
                titles[file.path],
                file.duration_s,
                is_held=bool(made.profile and file.figures),
                fails=_fails(book, file),
            )
            for number, file in made.files
        ),
        segments=plan.segments,
        rendered=sum(key in tally.spoken for planned in plan.chapters for key in planned.keys),
        failed=len(gaps),
        characters=plan.all_characters,
        billed_characters=tally.billed_characters,
        cost_usd=_cost(book, tally),
        gaps=gaps,
        profile=made.profile,
        chapters=sum(chapter.number >= PREVIEW for chapter in made.chapters),
        duration_s=sum(chapter.duration_s for chapter in made.chapters if chapter.number >= PREVIEW),
        fails_together=_fails_together(book, made),
    )


def _fails(book: Book, file: DeliveredFile) -> tuple[str, ...]:
    """What a profile demands and a file does not measure."""
    from narrator.mastering.conformance import held_against  # noqa: PLC0415 - a plan needs no numpy

    limits = limits_of(book.config)
    return _words(held_against(file.figures, limits)) if limits and file.figures else ()


def _fails_together(book: Book, made: AudiobookRecord) -> tuple[str, ...]:
    """What a profile demands of all files together, and they are not."""
    from narrator.mastering.conformance import held_together  # noqa: PLC0415 - as above

    limits = limits_of(book.config)
    figures = [file.figures for _, file in made.files if file.figures]
    return _words(held_together(figures, limits)) if limits and figures else ()


def _words(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    return tuple(
        f"{verdict.name} {verdict.value} {verdict.unit}, wanted {verdict.limit}"
        for verdict in verdicts
        if verdict.passed is False
    )
