"""What a render will need: how long it will sound, and how much room it takes on which disk."""

from __future__ import annotations

import asyncio
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from narrator.book import CHARACTERS_PER_S, Book
from narrator.durable import disk_errors
from narrator.errors import DiskError, SpeechError
from narrator.model import Allowance
from narrator.ports import MeteredProvider, Provider
from narrator.publishing.record import DeliveredFile, load_record
from narrator.rendering.plan import Plan
from narrator.sections import Delivered

_LOG = logging.getLogger("narrator")

ASK_S = 5.0
"""A plan waits no longer than this for what an account has left."""

LEAST_SHARE = 0.8
"""Voices differ: a render is refused only where even a quick one has no room."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """`seconds` is the sound of the orders, `takes_bytes` their takes, `files_bytes` what files are missing."""

    seconds: float
    takes_bytes: int
    files_bytes: int

    @property
    def disk_bytes(self) -> int:
        return self.takes_bytes + self.files_bytes


def estimate(book: Book, plan: Plan) -> Estimate:
    """About what is left to be done for a book."""
    characters_a_s = CHARACTERS_PER_S * book.config.speech.speed
    rate_hz = book.provider.capabilities.rate_hz
    delivery = book.config.delivery
    delivered_hz = delivery.rate_hz or rate_hz
    bytes_a_s = {
        "mp3": delivery.mp3_kbps * 125,
        "m4b": delivery.m4b_kbps * 125,
        "opus": delivery.opus_kbps * 125,
        "flac": delivered_hz,  # half of what it holds
        "wav": 2 * delivered_hz,
    }
    missing = {order.key for order in plan.orders}
    there = _delivered(book)
    to_make = (
        planned.chapter
        for planned in plan.chapters
        if planned.number not in there or not missing.isdisjoint(planned.keys)
    )
    files_s = sum(len(segment.text) for chapter in to_make for segment in chapter.segments) / characters_a_s
    seconds = plan.characters / characters_a_s
    return Estimate(
        seconds,
        round(seconds * 2 * rate_hz),
        round(files_s * sum(bytes_a_s[name] * _copies(name, delivery) for name in delivery.formats)),
    )


def _copies(name: str, delivery: Delivered) -> int:
    """A file of the whole book is made of pieces, which are kept."""
    return 2 if name in delivery.joined else 1


def allowance_of(provider: Provider) -> Allowance | None:
    """What the provider's account has left, by asking it; None where it does not tell, or not soon."""
    if not isinstance(provider, MeteredProvider):
        return None

    async def ask(metered: MeteredProvider) -> Allowance | None:
        async with asyncio.timeout(ASK_S), provider:
            return await metered.allowance()

    try:
        with ThreadPoolExecutor(1, "allowance") as thread:  # there may be an event loop on this one
            return thread.submit(lambda: asyncio.run(ask(provider))).result()
    except (SpeechError, TimeoutError) as exc:
        _LOG.debug("The account could not be asked what it has left: %s", exc)
        return None


def allowance_words(allowance: Allowance, characters: int) -> str:
    """What an account has left, held against what a render needs."""
    named = f", plan {allowance.plan}" if allowance.plan else ""
    words = f"The account has {allowance.characters_left:,} characters left{named}"
    if allowance.resets_s is not None:
        words += f", and is filled again on {datetime.fromtimestamp(allowance.resets_s).astimezone():%Y-%m-%d}"
    return words + (f": not enough for {characters:,}." if characters > allowance.characters_left else ".")


def _delivered(book: Book) -> frozenset[int]:
    """The numbers of the chapters whose files are where they are wanted."""
    record = load_record(book.project.record_file)
    folder = book.project.output_folder(book.config).absolute()
    pieces = book.project.master_folder.absolute()
    wanted = set(book.config.delivery.formats)

    def is_there(file: DeliveredFile) -> bool:
        path = book.project.folder.absolute() / file.path
        return (path.is_relative_to(folder) or path.parent == pieces) and path.exists()

    if record is None:
        return frozenset()
    joined = {
        (placed.number, volume.file.format)
        for volume in record.volumes
        if is_there(volume.file)
        for placed in volume.chapters
    }
    return frozenset(
        chapter.number
        for chapter in record.chapters
        if wanted
        <= {
            file.format
            for file in chapter.files
            if is_there(file) or (chapter.number, file.format) in joined  # its piece is needed no more
        }
    )


def ensure_room(book: Book, plan: Plan) -> None:
    """Find out before any work whether what will be made has room on its disks.

    Raises:
        DiskError: it has not, by far.
    """
    needed = estimate(book, plan)
    wanted: dict[int, tuple[Path, int]] = {}
    output = book.project.output_folder(book.config)
    for folder, size in ((book.project.folder, needed.takes_bytes), (output, needed.files_bytes)):
        there = nearest_folder(folder)
        with disk_errors(f"Looking at {there}"):
            device = there.stat().st_dev
        wanted[device] = (there, wanted.get(device, (there, 0))[1] + size)
    for folder, size in wanted.values():
        free = free_bytes(folder)
        if free < LEAST_SHARE * size:
            raise DiskError(
                f"{book.title!r} needs about {size / 1e6:,.0f} MB, and {folder} has {free / 1e6:,.0f} MB free.",
                advice="Free some space, or put the project elsewhere (--projects) or the files (--output).",
            )


def free_bytes(folder: Path) -> int:
    """What is free on the disk of a folder that need not exist yet.

    Raises:
        DiskError: it cannot be asked.
    """
    with disk_errors(f"Looking at {folder}"):
        return shutil.disk_usage(nearest_folder(folder)).free


def nearest_folder(folder: Path) -> Path:
    """The folder itself, or the nearest above it that exists."""
    folder = folder.absolute()
    return next(each for each in (folder, *folder.parents) if each.is_dir())
