"""The audiobook of a book: what of it is delivered already, what is to be made, and what is in the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain
from pathlib import Path
from threading import Lock

from narrator.beside import Beside
from narrator.binding import Bindery
from narrator.book import Book
from narrator.chapter_orders import ChapterOrder, ChapterOrders
from narrator.durable import PART_SUFFIX, disk_errors, parts_of, probe
from narrator.errors import UsageError
from narrator.imprint import Imprint
from narrator.mastering.timeline import Part
from narrator.model import Segment, Take, TakeKey
from narrator.press import Press
from narrator.publishing.digests import tags_digest
from narrator.publishing.names import unique_titles
from narrator.publishing.record import (
    AudiobookRecord,
    DeliveredChapter,
    DeliveredFile,
    DeliveredVolume,
    Gap,
    load_record,
    save_record,
)
from narrator.rendering.plan import PREVIEW, SAMPLE, WHOLE_BOOK, PlannedChapter
from narrator.shelf import Shelf


class Delivery:
    """The audiobook of one book: knows what is delivered already, has the rest made, keeps `book.json`.

    `is_current`, `order` and `deliver` may run on several threads at once, also while another thread notes with
    `record` what they made; of all else one is called at a time.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._imprint = Imprint(book)
        self._on_disk = load_record(book.project.record_file)
        fresh = self._imprint.record
        old = self._on_disk or fresh
        self._record = replace(
            fresh,
            chapters=old.chapters,
            volumes=old.volumes,
            beside=old.beside,
            beside_of=old.beside_of,
            skipped=old.skipped if book.skipped is None else book.skipped,
            claimed=old.claimed,
            gain_db=old.gain_db,
        )
        self._titles = unique_titles([chapter.title for chapter in book.script.spoken], book.title)
        self._shelf = Shelf(book, self._titles, series=fresh.series, part=fresh.part, date=fresh.date)
        self._orders = ChapterOrders(book, self._shelf, old.gain_db)
        self._press = Press(book, self._shelf, self._imprint, len(self._titles))
        self._bindery = Bindery(book, self._shelf, self._imprint)
        self._by_sound = {chapter.sound: chapter for chapter in old.chapters if chapter.sound}
        self._are_pieces_needed = True
        self._is_level = False
        self._saving = Lock()

    def claim_names(self) -> None:
        """Find out before any work whether the files can be put where they belong, and take the names.

        Inside the project every name is ours. What a killed process left half written is swept.

        Raises:
            UsageError: a file of that name is there that is not ours.
            DiskError: the folder or `book.json` cannot be written.
        """
        paths = self._expected()
        with disk_errors(f"Making {self._shelf.folder}"):
            self._shelf.folder.mkdir(parents=True, exist_ok=True)
            ours = {*paths, *map(self._shelf.absolute, self._record.claimed)}
            for rest in chain(parts_of(ours), self._shelf.pieces.glob(f".*{PART_SUFFIX}")):
                rest.unlink(missing_ok=True)
        self._claim(paths)

    def _expected(self) -> list[Path]:
        """Where the files belong of which it is known by now that there will be some."""
        wish = self._book.config.delivery
        if self._book.selection.is_preview:
            apart, paths = [PREVIEW], []
        else:
            apart = [SAMPLE] if wish.sample_minutes and self._book.selection == WHOLE_BOOK else []
            numbers = range(1, len(self._titles) + 1)
            paths = [path for number in numbers for path in self._shelf.finals(number)]
            paths += [self._shelf.volume(name, 1, 1) for name in self._shelf.joined]
        return paths + [
            self._shelf.volume(name, number, 1) for number in apart for name in dict.fromkeys(wish.formats)
        ]

    def probe(self) -> None:
        """Find out whether files can be put into the folder, before anything is paid for.

        Raises:
            DiskError: no: it is read-only, or its disk is full.
        """
        probe(self._shelf.named("m3u8"))

    def expect(self, chapters: Sequence[PlannedChapter], missing: AbstractSet[TakeKey]) -> None:
        """Be told which chapters are wanted, before any is asked for, and which takes there are not yet.

        Where the files of the whole book are made of just these, nobody needs their pieces any more.
        """
        is_same = all(
            missing.isdisjoint(planned.keys)
            and self._is_alike(planned.number, planned.chapter.segments, planned.keys)
            for planned in chapters
        )
        wanted = {planned.number for planned in chapters}
        self._are_pieces_needed = False
        staying = [
            chapter for chapter in self._record.chapters if chapter.number in wanted or self._has_files(chapter)
        ]
        self._are_pieces_needed = not (
            is_same
            and self._bindery.are_current(staying, self._record.volumes)
            and "read-along" not in self._book.config.delivery.extras
        )
        self._is_level = is_same and all(
            self._is_there(chapter) for chapter in self._record.chapters if chapter.number in wanted
        )

    @property
    def needs_gain(self) -> bool:
        """Whether chapters share one gain that is to be found, of the takes that `expect` was told of.

        For a part of a book the gain of before serves: one of that part alone would be none of the others'.
        """
        is_known = self._book.selection != WHOLE_BOOK and self._orders.gain_db is not None
        return self._book.config.levels.gain == "book" and not (self._is_level or is_known)

    def level(self, chapters: Callable[[], Iterable[Sequence[Part]]], should_stop: Callable[[], bool]) -> None:
        """Find the gain of the whole book; see `ChapterOrders.level`. Blocks.

        Raises:
            DamagedTakes, DiskError, Interrupted: as for a chapter.
        """
        self._orders.level(chapters, should_stop)
        with self._saving:
            self._save(replace(self._record, gain_db=self._orders.gain_db))

    def order(
        self, planned: PlannedChapter, segments: Sequence[Segment], takes: Sequence[Take]
    ) -> ChapterOrder:
        """What a chapter is made of: those of its segments that are there, and their takes."""
        return self._orders.of(planned, segments, takes)

    def parts(
        self, planned: PlannedChapter, segments: Sequence[Segment], takes: Sequence[Take]
    ) -> tuple[Part, ...]:
        """The same for `level`: only what is stitched."""
        return self._orders.parts(planned, segments, takes)

    def is_current(self, number: int, segments: Sequence[Segment], keys: Sequence[TakeKey]) -> bool:
        """Whether the files of a chapter are there, made of the takes of these keys with these settings.

        Only `book.json` and the files' sizes are looked at, no take. So a key must not come to stand for
        another take unless `forget` was told before.
        """
        old = self._record.chapter(number)
        return old is not None and self._is_alike(number, segments, keys) and self._is_there(old)

    def forget(self, keys: Collection[TakeKey]) -> None:
        """Note that chapters with any of these takes are no longer delivered: the takes are to be made anew.

        Their files stay until others take their place.

        Raises:
            DiskError: it could not be written.
        """
        gone = set(keys)
        self._withdraw(
            chapter.number
            for chapter in self._record.chapters
            if any(segment.key in gone for segment in chapter.segments)
        )

    def deliver(self, order: ChapterOrder, should_stop: Callable[[], bool]) -> DeliveredChapter:
        """Make a chapter's files; see `Press.make`. Blocks.

        Raises:
            DamagedTakes: takes are not what was stored; the files of before are as they were.
            DiskError, Interrupted: the files of before are as they were, or whole new ones.
        """

        def withdraw() -> None:
            # From here on until `record`, the old entry is of files that may be there no more.
            self._withdraw([order.number])

        old = self._by_sound.get(order.sound)
        return self._press.make(order, old, before_publishing=withdraw, should_stop=should_stop)

    def record(self, chapter: DeliveredChapter) -> tuple[Path, ...]:
        """Note a delivered chapter in `book.json`; the paths of its files, those of pieces left out.

        Raises:
            DiskError: it could not be written.
        """
        with self._saving:
            self._save(self._record.with_chapter(chapter))
        return tuple(self.path_of(file) for file in chapter.files if not file.is_piece)

    def finish(
        self, numbers: Collection[int], gaps: Iterable[Gap], should_stop: Callable[[], bool]
    ) -> AudiobookRecord:
        """Join volumes, write what goes with the files, and remove those of an earlier shape of the book.

        `numbers` are the chapters whose files were made, or found as they should be, in this run. Where all
        of the book was wanted they are the audiobook, and it is complete; else those of earlier runs stay whose
        files are there.
        Files in another folder or of another format stay where a person had them put. What is returned is what
        there is now of what this run was asked for. Blocks.

        Raises:
            UsageError: a file is in the way that is not ours.
            DiskError: something could not be written.
            Interrupted: `should_stop()` said so; the same command goes on.
        """
        is_whole = self._book.selection == WHOLE_BOOK
        chapters = tuple(
            self._measured(chapter, should_stop)
            for chapter in self._record.chapters
            if chapter.number in numbers
            or ((chapter.number == PREVIEW or not is_whole) and self._may_stay(chapter))
        )
        volumes = self._volumes(chapters, should_stop)
        made = replace(self._record, chapters=chapters, volumes=volumes, gaps=tuple(gaps))
        beside = Beside(self._book, self._shelf, self._imprint, made, should_stop)
        if not (beside.made_of == made.beside_of and all(map(self._is_path, made.beside))):
            made = replace(made, beside=beside.write(self._claim), beside_of=beside.made_of)
        self._tidy(replace(made, is_complete=is_whole))
        return self._record.only(numbers)

    def keep_gaps(self, gaps: Iterable[Gap]) -> None:
        """Note in `book.json` what is missing of a book that is not complete.

        Raises:
            DiskError: it could not be written.
        """
        self._save(replace(self._record, gaps=tuple(gaps)))

    def path_of(self, file: DeliveredFile) -> Path:
        """Where a file is, in the words in which the project was named."""
        return self._shelf.shown(file.path)

    def _volumes(
        self, chapters: Sequence[DeliveredChapter], should_stop: Callable[[], bool]
    ) -> tuple[DeliveredVolume, ...]:
        """The files of the whole book.

        Those that serve no longer are withdrawn before others take their names.
        """
        before = self._bindery.still_good(chapters, self._record.volumes)
        if before != self._record.volumes:
            with self._saving:
                self._save(replace(self._record, volumes=before, is_complete=False))
        made: list[DeliveredVolume] = []
        for volume in self._bindery.bind(chapters, before, self._claim, should_stop):
            path = self._shelf.absolute(volume.file.path)
            made.append(replace(volume, file=self._press.with_figures(volume.file, path, should_stop)))
        return tuple(made)

    def _measured(self, chapter: DeliveredChapter, should_stop: Callable[[], bool]) -> DeliveredChapter:
        files = tuple(
            self._press.with_figures(file, self._shelf.absolute(file.path), should_stop)
            for file in chapter.files
        )
        return replace(chapter, files=files)

    def _tidy(self, made: AudiobookRecord) -> None:
        """Remove what was of an earlier shape of the book, and note the one that there is."""
        ours = {file.path for chapter in made.chapters for file in chapter.files}
        ours |= {volume.file.path for volume in made.volumes} | set(made.beside)
        suffixes = {f".{name}" for name in self._book.config.delivery.formats}
        root = self._shelf.root.absolute()
        left = set()
        with disk_errors(f"Tidying {root}"):
            for stored in {*self._record.claimed, *self._record.beside} - ours:
                path = self._shelf.absolute(stored)
                may_go = path.suffix in suffixes or stored in self._record.beside
                if may_go and path.is_relative_to(root):
                    path.unlink(missing_ok=True)
                elif path.exists():
                    left.add(stored)
            kept = {self._shelf.absolute(stored) for stored in ours}
            for path in chain(self._shelf.pieces.glob("*.*"), self._shelf.rates.glob("*.*")):
                if path.absolute() not in kept and path.is_file():
                    path.unlink(missing_ok=True)
        with self._saving:
            self._save(replace(made, claimed=tuple(sorted(ours | left))))

    def _is_path(self, stored: str) -> bool:
        return self._shelf.absolute(stored).is_file()

    def _claim(self, paths: Collection[Path]) -> None:
        """Take the names of files, before there are any: files of unclaimed names are somebody else's.

        Raises:
            UsageError: there is a file of one of the names that is not ours.
        """
        wanted = {self._shelf.stored(path) for path in paths}
        claimed = set(self._record.claimed)
        for path in paths:
            if self._shelf.is_foreign(path, claimed):
                raise UsageError(
                    f"{path.absolute()} exists already and was not made by this project.",
                    advice="Choose another folder with --output, or move that file away.",
                )
        if not wanted <= claimed:
            with self._saving:
                self._save(replace(self._record, claimed=tuple(sorted(claimed | wanted))))

    def _is_alike(self, number: int, segments: Sequence[Segment], keys: Sequence[TakeKey]) -> bool:
        """Whether a chapter was delivered that sounds, and is called, as it is wanted now."""
        old = self._record.chapter(number)
        return (
            old is not None
            and number <= len(self._titles)
            and self._orders.sounds_like(old, segments, keys)
            and old.tags == tags_digest(self._press.tags(number))
        )

    def _may_stay(self, chapter: DeliveredChapter) -> bool:
        """Whether a chapter that this run was not asked for is part of the audiobook."""
        return chapter.number <= len(self._titles) and self._has_files(chapter)

    def _is_there(self, chapter: DeliveredChapter) -> bool:
        """Whether the files of a chapter are where they are wanted; pieces only where they are needed."""
        wanted = {
            name: self._shelf.stored(path)
            for name, path in self._shelf.chapter_files(chapter.number, chapter.sound).items()
        }
        return {file.format: file.path for file in chapter.files} == wanted and self._has_files(chapter)

    def _has_files(self, chapter: DeliveredChapter) -> bool:
        return all(
            file.is_whole_at(self._shelf.absolute(file.path))
            for file in chapter.files
            if self._are_pieces_needed or not file.is_piece
        )

    def _withdraw(self, numbers: Iterable[int]) -> None:
        gone = set(numbers)
        if gone:
            with self._saving:
                self._save(self._record.without(gone))

    def _save(self, record: AudiobookRecord) -> None:
        self._record = record
        if record != self._on_disk:
            save_record(self._book.project.record_file, record)
            self._on_disk = record
