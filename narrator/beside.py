"""What goes with the audio files: playlist, cover, captions, cue sheet, read-along book, report."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path

from narrator.book import Book
from narrator.config import limits_of
from narrator.durable import disk_errors, made_whole, write_durably
from narrator.errors import Interrupted
from narrator.imprint import Imprint
from narrator.mastering.conformance import held_against
from narrator.model import TakeKey, WordTime
from narrator.project import digest_of
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
from narrator.publishing.timing import TimedFile, timed_apart, timed_files
from narrator.reading_along import write_book_to_read_along
from narrator.shelf import Claim, Shelf
from narrator.wiring import open_takes

_LOG = logging.getLogger("narrator")

_REVISION = 1
"""Raised when the same book comes to have other files beside it."""

_Write = Callable[[Path], None]
_Times = tuple[tuple[int, float], ...]
"""Chapters by their numbers, and when each begins."""


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
            (chapter.number, chapter.sound, chapter.tags, [(file.path, file.sha256) for file in chapter.files])
            for chapter in record.chapters
        ]
        volumes = [(volume.made_of, volume.file.path, volume.file.sha256) for volume in record.volumes]
        facts = [record.title, record.authors, record.date, record.description, record.made_by]
        gaps = [(gap.chapter, gap.text, gap.reason) for gap in record.gaps]
        skipped = [astuple(each) for each in record.skipped]
        source = digest_of(self._book.manuscript_data) if "read-along" in self._extras else ""
        cover = hashlib.sha256(self._imprint.picture.data).hexdigest() if self._imprint.picture else ""
        limits = limits.model_dump() if (limits := limits_of(self._book.config)) else {}
        delivery = self._book.config.delivery.model_dump(include={"extras", "formats", "profile", "layout"})
        form = [_REVISION, files, volumes, facts, gaps, skipped, source, cover, limits, delivery]
        return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()

    def write(self, claim: Claim) -> tuple[str, ...]:
        """Write all of them; their paths as the record has them. A file that is not ours is left as it is.

        All names are taken at once, since `book.json`, which has them, is as large as the book.

        Raises:
            DiskError: one could not be written.
            Interrupted: whoever should say so, did.
        """
        claimed = set(self._record.claimed)
        wanted = dict(self._wanted())
        for path in [path for path in wanted if self._shelf.is_foreign(path, claimed)]:
            _LOG.warning("%s was there before, and is left as it is.", path)
            del wanted[path]
        claim(list(wanted))
        for path, write in wanted.items():
            if self._should_stop():
                raise Interrupted(
                    "Stopped while the last files were written.", advice="The same command goes on."
                )
            with disk_errors(f"Writing {path}"):
                path.parent.mkdir(parents=True, exist_ok=True)
                write(path)
        return tuple(map(self._shelf.stored, wanted))

    def _wanted(self) -> Iterator[tuple[Path, _Write]]:
        record, folder = self._record, self._shelf.folder
        files = timed_files(record, self._format)
        if not files:
            return
        if len(files) > 1 or self._format not in self._shelf.joined:
            yield self._shelf.named("m3u8"), _text(lambda: self._playlist(files))
        if picture := self._imprint.picture:
            yield folder / "cover.jpg", lambda path: write_durably(path, cover_jpg(picture))
        if "metadata" in self._extras:
            yield folder / "metadata.json", _text(lambda: shelf_metadata(record, files))
        if "manifest" in self._extras:
            cover = "cover.jpg" if picture else ""
            yield folder / MANIFEST_NAME, _text(lambda: manifest(record, files, cover))
            yield folder / PAGE_NAME, _text(lambda: entry_page(record, files))
        if "cue" in self._extras:
            performer = "; ".join(record.authors)
            yield (
                self._shelf.named("cue"),
                _text(lambda: cue_sheet(files, record.title, performer, date=record.date[:4])),
            )
        yield from self._captions()
        if "read-along" in self._extras:
            yield self._shelf.named("epub"), self._write_read_along
        yield folder / "report.html", self._write_report

    def _captions(self) -> Iterator[tuple[Path, _Write]]:
        """The texts of each file, by its name. Files of other formats that begin and end with it share them."""
        timed: dict[str, set[_Times]] = {}
        for name in dict.fromkeys(self._book.config.delivery.formats):
            every = timed_files(self._record, name) + timed_apart(self._record, name)
            for file in dict.fromkeys(every):
                path = self._shelf.absolute(file.path)
                times = tuple((chapter.number, chapter.start_s) for chapter in file.chapters)
                known = timed.setdefault(path.stem, set())
                if times not in known:
                    yield from self._texts_of(file, path.with_suffix("") if not known else path)
                known.add(times)

    def _texts_of(self, file: TimedFile, stem: Path) -> Iterator[tuple[Path, _Write]]:
        for extra, written in (("srt", srt), ("vtt", vtt)):
            if extra in self._extras:
                yield (
                    stem.with_name(f"{stem.name}.{extra}"),
                    _text(partial(self._with_words, file, written)),
                )
        if "labels" in self._extras:
            yield stem.with_name(f"{stem.name}.labels.txt"), _text(partial(labels, file))

    def _with_words(self, file: TimedFile, written: Callable[[TimedFile], str]) -> str:
        """The captions of a file; the words of no other are in memory."""
        of_it = self._record.only({chapter.number for chapter in file.chapters})
        (with_words,) = timed_files(of_it, file.format, self._words)
        return written(with_words)

    def _playlist(self, files: Sequence[TimedFile]) -> str:
        return playlist(self._record.title, [(file.name, file.title, file.duration_s) for file in files])

    def _write_read_along(self, path: Path) -> None:
        with made_whole(path) as beside:
            write_book_to_read_along(
                self._book, self._shelf, self._imprint, self._record, path=beside, should_stop=self._should_stop
            )

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
        with made_whole(path) as beside:
            write_report(beside, report)

    def _figures(self, file: DeliveredFile) -> tuple[ReportFigure, ...]:
        limits = limits_of(self._book.config)
        if not (file.figures and limits):
            return ()
        return tuple(
            ReportFigure(verdict.name, verdict.unit, verdict.value, verdict.limit, verdict.passed)
            for verdict in held_against(file.figures, limits)
        )

    @property
    def _longest_pause_ms(self) -> int:
        pauses = self._book.config.pauses
        return max(pauses.sentence, pauses.paragraph, pauses.heading, pauses.scene_break)

    def _words(self, key: TakeKey) -> Sequence[WordTime]:
        take = self._takes.load(key)
        return take.words if take else ()


def _text(text: Callable[[], str]) -> _Write:
    return lambda path: write_durably(path, text().encode("utf-8", "replace"))
