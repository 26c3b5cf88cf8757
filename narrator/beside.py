"""What goes with the audio files: playlist, cover, captions, cue sheet, read-along book, report."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from narrator.book import Book
from narrator.durable import disk_errors, part_of, publish, sync_file, write_durably
from narrator.errors import Interrupted
from narrator.imprint import Imprint
from narrator.mastering.conformance import held_against
from narrator.model import TakeKey, WordTime
from narrator.profiles import profile_of
from narrator.publishing.captions import srt, vtt
from narrator.publishing.cover import cover_jpg
from narrator.publishing.cue import cue_sheet
from narrator.publishing.labels import labels
from narrator.publishing.manifest import MANIFEST_NAME, PAGE_NAME, entry_page, manifest
from narrator.publishing.playlist import playlist
from narrator.publishing.record import AudiobookRecord, DeliveredFile
from narrator.publishing.report import ReportFigure, ReportSkip
from narrator.publishing.report_data import report_of
from narrator.publishing.report_page import write_report
from narrator.publishing.shelf_metadata import shelf_metadata
from narrator.publishing.timing import TimedFile, timed_files
from narrator.reading_along import write_book_to_read_along
from narrator.sections import Limits
from narrator.shelf import Shelf
from narrator.wiring import open_takes

_LOG = logging.getLogger("narrator")

_REVISION = 1
"""Raised when the same book comes to have other files beside it."""

Claim = Callable[[Iterable[Path]], None]
"""Takes the names of files, before they are written."""


class Beside:
    """The files beside the audio of one book, as `record` has it."""

    def __init__(
        self,
        book: Book,
        shelf: Shelf,
        imprint: Imprint,
        record: AudiobookRecord,
        should_stop: Callable[[], bool],
    ) -> None:
        self._book = book
        self._shelf = shelf
        self._imprint = imprint
        self._record = record
        self._extras = set(book.config.delivery.extras)
        self._takes = open_takes(book.project)
        self._should_stop = should_stop
        self._format = next(iter(book.config.delivery.formats))
        """The one of several formats that times and playlists are of: the first that a person named."""

    @property
    def made_of(self) -> str:
        """The digest of all that decides what is written."""
        record = self._record
        files = [
            (chapter.number, chapter.sound, chapter.tags, [file.sha256 for file in chapter.files])
            for chapter in record.chapters
        ]
        volumes = [(volume.made_of, volume.file.sha256) for volume in record.volumes]
        facts = [record.title, record.authors, record.date, record.description, record.made_by]
        gaps = [(gap.chapter, gap.text, gap.reason) for gap in record.gaps]
        cover = hashlib.sha256(self._imprint.picture.data).hexdigest() if self._imprint.picture else ""
        limits = self._limits.model_dump() if self._limits else {}
        delivery = self._book.config.delivery.model_dump(include={"extras", "formats", "profile", "layout"})
        form = [_REVISION, files, volumes, facts, gaps, cover, limits, delivery]
        return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()

    def write(self, claim: Claim) -> tuple[str, ...]:
        """Write all of them; their paths as the record has them. A file that is not ours is left as it is.

        Raises:
            DiskError: one could not be written.
            Interrupted: whoever should say so, did.
        """
        claimed = set(self._record.claimed)
        written = []
        for path, write in self._wanted():
            if self._should_stop():
                raise Interrupted(
                    "Stopped while the last files were written.", advice="The same command goes on."
                )
            if self._shelf.is_foreign(path, claimed):
                _LOG.warning("%s was there before, and is left as it is.", path)
                continue
            claim([path])
            with disk_errors(f"Writing {path}"):
                path.parent.mkdir(parents=True, exist_ok=True)
                write(path)
            written.append(self._shelf.stored(path))
        return tuple(written)

    def _wanted(self) -> Iterator[tuple[Path, Callable[[Path], None]]]:
        files = timed_files(self._record, self._format, self._words)
        if not files:
            return
        if len(files) > 1 or self._format not in self._shelf.joined:
            yield self._shelf.named("m3u8"), _text(self._playlist(files))
        if picture := self._imprint.picture:
            yield self._shelf.folder / "cover.jpg", _bytes(cover_jpg(picture))
        if "metadata" in self._extras:
            yield self._shelf.folder / "metadata.json", _text(shelf_metadata(self._record, files))
        if "manifest" in self._extras:
            cover = "cover.jpg" if self._imprint.picture else ""
            yield self._shelf.folder / MANIFEST_NAME, _text(manifest(self._record, files, cover))
            yield self._shelf.folder / PAGE_NAME, _text(entry_page(self._record, files))
        if "cue" in self._extras:
            performer = "; ".join(self._record.authors)
            sheet = cue_sheet(files, self._record.title, performer, date=self._record.date[:4])
            yield self._shelf.named("cue"), _text(sheet)
        for file in files:
            yield from self._captions(file)
        if "read-along" in self._extras:
            yield self._shelf.named("epub"), self._write_read_along
        yield self._shelf.folder / "report.html", self._write_report

    def _captions(self, file: TimedFile) -> Iterator[tuple[Path, Callable[[Path], None]]]:
        audio = self._shelf.absolute(file.path)
        for extra, write in (("srt", srt), ("vtt", vtt)):
            if extra in self._extras:
                yield audio.with_suffix(f".{extra}"), _text(write(file))
        if "labels" in self._extras:
            yield audio.with_suffix(".labels.txt"), _text(labels(file))

    def _playlist(self, files: Sequence[TimedFile]) -> str:
        return playlist(self._record.title, [(file.name, file.title, file.duration_s) for file in files])

    def _write_read_along(self, path: Path) -> None:
        beside = part_of(path)
        try:
            write_book_to_read_along(
                self._book, self._shelf, self._imprint, self._record, path=beside, should_stop=self._should_stop
            )
            sync_file(beside)
            publish(beside, path)
        finally:
            beside.unlink(missing_ok=True)

    def _write_report(self, path: Path) -> None:
        report = report_of(
            self._record,
            project=self._book.project.folder,
            page=path,
            target_lufs=self._book.config.levels.loudness_lufs,
            longest_pause_s=self._longest_pause_ms / 1000,
            usd_per_million_characters=self._book.provider.capabilities.usd_per_million_characters,
            take_of=self._takes.load,
            facts_of=self._takes.facts,
            verdicts={file.path: self._figures(file) for _, file in self._record.files if file.figures},
            skipped=(
                ReportSkip(each.chapter, each.rule, each.places, each.words, each.begins)
                for each in self._record.skipped
            ),
            notices=self._book.notices,
        )
        beside = part_of(path)
        try:
            write_report(beside, report)
            sync_file(beside)
            publish(beside, path)
        finally:
            beside.unlink(missing_ok=True)

    def _figures(self, file: DeliveredFile) -> tuple[ReportFigure, ...]:
        if not (file.figures and self._limits):
            return ()
        return tuple(
            ReportFigure(verdict.name, verdict.unit, verdict.value, verdict.limit, verdict.passed)
            for verdict in held_against(file.figures, self._limits)
        )

    @property
    def _longest_pause_ms(self) -> int:
        pauses = self._book.config.pauses
        return max(pauses.sentence, pauses.paragraph, pauses.heading, pauses.scene_break)

    @property
    def _limits(self) -> Limits | None:
        name = self._book.config.delivery.profile
        return profile_of(name, self._book.config.profiles).limits if name else None

    def _words(self, key: TakeKey) -> Sequence[WordTime]:
        take = self._takes.load(key)
        return take.words if take else ()


def _text(text: str) -> Callable[[Path], None]:
    return _bytes(text.encode("utf-8", "replace"))


def _bytes(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        write_durably(path, data)

    return write
