"""From takes to the finished files of a chapter: mastered, encoded, tagged, and only then under their names."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from narrator.book import Book
from narrator.durable import disk_errors, part_of, parts_of, probe, publish, sync_file, write_durably
from narrator.errors import UsageError
from narrator.mastering.promise import encode_within_promise
from narrator.mastering.timeline import Part
from narrator.model import ChapterAudio, Pause, Segment, Take, TakeKey
from narrator.publishing.cover import chosen_cover
from narrator.publishing.digests import sound_digest, tags_digest
from narrator.publishing.names import file_name, unique_titles
from narrator.publishing.playlist import playlist
from narrator.publishing.record import (
    AudiobookRecord,
    DeliveredChapter,
    DeliveredFile,
    DeliveredSegment,
    Gap,
    load_record,
    save_record,
)
from narrator.publishing.tags import Tags, tag_mp3
from narrator.rendering.plan import PREVIEW, WHOLE_BOOK
from narrator.version import __version__
from narrator.wiring import encoder_factories


@dataclass(frozen=True, slots=True)
class ChapterOrder:
    """A chapter to be delivered: `number` of `of`, and its segments' takes with the pauses after them.

    A preview is the chapter of the number `PREVIEW`.
    """

    number: int
    of: int
    title: str
    parts: tuple[Part, ...]


class Delivery:
    """The audiobook of one book: knows what is delivered already, makes the rest, keeps `book.json`.

    `deliver` and `is_current` may run on several threads at once; all else belongs to one thread.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._folder = book.project.output_folder(book.config)
        cover = book.config.book.cover
        self._cover = chosen_cover(cover, book.project.folder) if cover else book.project.cover()
        series, part = _place_of(book)
        fresh = AudiobookRecord(
            title=book.title,
            authors=book.authors,
            language=book.language,
            narrator=book.narrator,
            made_by=f"narrator {__version__}",
            date=book.config.book.date or book.script.date,
            series=series,
            part=part,
        )
        self._on_disk = load_record(book.project.record_file)
        old = self._on_disk or fresh
        self._record = replace(fresh, chapters=old.chapters, claimed=old.claimed)
        spoken = [chapter.title for chapter in book.script.chapters if chapter.spoken]
        self._titles = unique_titles(spoken, book.title)
        self._saving = Lock()

    def claim_names(self) -> None:
        """Find out before any work whether the files can be put where they belong, and take the names.

        Inside the project every name is ours. What a killed process left half written is swept.

        Raises:
            UsageError: a file of that name is there that is not ours.
            DiskError: the folder or `book.json` cannot be written.
        """
        numbers = [PREVIEW] if self._book.selection.is_preview else range(1, len(self._titles) + 1)
        wanted = [self._stored(path) for number in numbers for path in self._paths(number).values()]
        wanted.append(self._stored(self._playlist_path))
        claimed = set(self._record.claimed)
        foreign = [
            path
            for path in wanted
            if path not in claimed and Path(path).is_absolute() and self._absolute(path).exists()
        ]
        if foreign:
            raise UsageError(
                f"{self._absolute(foreign[0])} exists already and was not made by this project.",
                advice="Choose another folder with --output, or move that file away.",
            )
        with disk_errors(f"Making {self._folder}"):
            self._folder.mkdir(parents=True, exist_ok=True)
            for name in wanted:
                for rest in parts_of(self._absolute(name)):
                    rest.unlink(missing_ok=True)
        if not set(wanted) <= claimed:
            self._save(replace(self._record, claimed=tuple(sorted(claimed.union(wanted)))))

    def probe(self) -> None:
        """Find out whether files can be put into the folder, before anything is paid for.

        Raises:
            DiskError: no: it is read-only, or its disk is full.
        """
        probe(self._playlist_path)  # `claim_names` sweeps what a killed process leaves of it

    def order(self, number: int, segments: Sequence[Segment], takes: Sequence[Take]) -> ChapterOrder:
        """What chapter `number` is made of."""
        parts = tuple(
            Part(take, self._pause_ms(segment)) for segment, take in zip(segments, takes, strict=True)
        )
        return ChapterOrder(number, len(self._titles), self._title(number), parts)

    def is_current(self, number: int, segments: Sequence[Segment], keys: Sequence[TakeKey]) -> bool:
        """Whether the files of a chapter are there, made of the takes of these keys with these settings.

        Only `book.json` and the files' sizes are looked at, no take. So a key must not come to stand for
        another take unless `forget` was told before.
        """
        old = self._record.chapter(number)
        if old is None or tuple(keys) != tuple(segment.key for segment in old.segments):
            return False
        pauses_ms = map(self._pause_ms, segments)
        made_of = zip((segment.sha256 for segment in old.segments), pauses_ms, strict=True)
        return self._is_there(old, sound_digest(made_of, self._book.config))

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
        """Make a chapter's files: by other tags on a copy where its sound is there already. Blocks.

        Raises:
            DamagedTakes: takes are not what was stored; the files of before are as they were.
            DiskError, Interrupted: the files of before are as they were, or whole new ones.
        """
        finals = self._paths(order.number)
        old = self._record.chapter(order.number)
        with disk_errors(f"Writing chapter {order.number} to {self._folder}"), ExitStack() as cleaning:
            beside = {name: part_of(path) for name, path in finals.items()}
            for path in beside.values():
                cleaning.callback(_remove, path)
            if old and old.sound == self._sound(order) and self._copy(old, beside):
                made = self._tagged_anew(old, order)
            else:
                made = self._delivered(order, self._encode(order, beside, should_stop))
            if "mp3" in beside:
                tag_mp3(beside["mp3"], self._tags(order.number))
            files = tuple(self._finished(name, path, finals[name]) for name, path in beside.items())
            # From here on until `record`, the old entry is of files that may be there no more.
            self._withdraw([order.number])
            for name, path in beside.items():
                publish(path, finals[name])
        return replace(made, files=files)

    def record(self, chapter: DeliveredChapter) -> tuple[Path, ...]:
        """Note a delivered chapter in `book.json`; the paths of its files.

        Raises:
            DiskError: it could not be written.
        """
        with self._saving:
            self._save(self._record.with_chapter(chapter))
        return tuple(map(self.path_of, chapter.files))

    def finish(self, numbers: Collection[int], gaps: Iterable[Gap]) -> tuple[DeliveredChapter, ...]:
        """Write the playlist, and remove files of an earlier shape of the book; the chapters of this run.

        `numbers` are the chapters whose files were made, or found as they should be, in this run. Where all
        of the book was wanted they are the audiobook, and it is complete; else those of earlier runs stay.
        Files in another folder or of another format stay where a person had them put.

        Raises:
            DiskError: something could not be written.
        """
        is_whole = self._book.selection == WHOLE_BOOK
        chapters = tuple(
            chapter
            for chapter in self._record.chapters
            if chapter.number in numbers
            or chapter.number == PREVIEW
            or (not is_whole and chapter.number <= len(self._titles))
        )
        self._write_playlist(chapters)
        ours = {file.path for chapter in chapters for file in chapter.files} | {
            self._stored(self._playlist_path)
        }
        self._remove_stale(set(self._record.claimed) - ours)
        with self._saving:
            self._save(
                replace(
                    self._record,
                    chapters=chapters,
                    claimed=tuple(sorted(ours)),
                    playlist=self._stored(self._playlist_path),
                    gaps=tuple(gaps),
                    is_complete=is_whole,
                )
            )
        return tuple(chapter for chapter in chapters if chapter.number in numbers)

    def _write_playlist(self, chapters: Iterable[DeliveredChapter]) -> None:
        first = next(iter(self._book.config.delivery.formats))
        entries = [
            (self._absolute(file.path).name, chapter.title, chapter.duration_s)
            for chapter in chapters
            for file in chapter.files
            if file.format == first and chapter.number != PREVIEW
        ]
        text = playlist(self._book.title, entries).encode("utf-8", "replace")
        if entries and not (self._playlist_path.exists() and self._playlist_path.read_bytes() == text):
            write_durably(self._playlist_path, text)

    def keep_gaps(self, gaps: Iterable[Gap]) -> None:
        """Note in `book.json` what is missing of a book that is not complete.

        Raises:
            DiskError: it could not be written.
        """
        self._save(replace(self._record, gaps=tuple(gaps)))

    def _remove_stale(self, names: Iterable[str]) -> None:
        suffixes = {f".{name}" for name in self._book.config.delivery.formats} | {self._playlist_path.suffix}
        with disk_errors(f"Tidying {self._folder}"):
            for path in map(self._absolute, names):
                if path.parent == self._folder.absolute() and path.suffix in suffixes:
                    path.unlink(missing_ok=True)

    def path_of(self, file: DeliveredFile) -> Path:
        """Where a file is, in the words in which the project was named."""
        return self._book.project.folder / file.path

    @property
    def _playlist_path(self) -> Path:
        return self._folder / file_name(None, 0, self._book.title, "m3u8")

    def _paths(self, number: int) -> dict[str, Path]:
        """Where the files of a chapter belong, by format."""
        shown = None if number == PREVIEW else number
        return {
            name: self._folder / file_name(shown, len(self._titles), self._title(number), name)
            for name in self._book.config.delivery.formats
        }

    def _title(self, number: int) -> str:
        return f"{self._book.title} (preview)" if number == PREVIEW else self._titles[number - 1]

    def _pause_ms(self, segment: Segment) -> int:
        pauses = self._book.config.pauses
        return {
            Pause.WORD: pauses.word,
            Pause.CLAUSE: pauses.clause,
            Pause.SENTENCE: pauses.sentence,
            Pause.PARAGRAPH: pauses.paragraph,
            Pause.HEADING: pauses.heading,
            Pause.SCENE_BREAK: pauses.scene_break,
            Pause.CHAPTER: pauses.chapter_end,
        }[segment.pause]

    def _sound(self, order: ChapterOrder) -> str:
        return sound_digest(
            ((part.take.sha256, part.pause_after_ms) for part in order.parts), self._book.config
        )

    def _tags(self, number: int) -> Tags:
        book = self._book
        return Tags(
            title=self._title(number),
            album=book.title,
            authors=book.authors,
            narrator=book.narrator,
            track=number,
            tracks=len(self._titles),
            language=book.language,
            cover=self._cover,
            date=self._record.date,
            series=self._record.series,
            part=self._record.part,
        )

    def _is_there(self, chapter: DeliveredChapter, sound: str) -> bool:
        return (
            chapter.sound == sound
            and chapter.number <= len(self._titles)
            and chapter.tags == tags_digest(self._tags(chapter.number))
            and [file.path for file in chapter.files]
            == [*map(self._stored, self._paths(chapter.number).values())]
            and all(_has_size(self._absolute(file.path), file.bytes) for file in chapter.files)
        )

    def _encode(
        self, order: ChapterOrder, beside: dict[str, Path], should_stop: Callable[[], bool]
    ) -> ChapterAudio:
        config = self._book.config
        factories = encoder_factories(config)
        return encode_within_promise(
            order.parts,
            [(path, factories[name]) for name, path in beside.items()],
            pauses=config.pauses,
            levels=config.levels,
            should_stop=should_stop,
        )

    def _copy(self, old: DeliveredChapter, beside: dict[str, Path]) -> bool:
        """Copy the files of a chapter; False where they are not there any more just as they were delivered."""
        files = {file.format: file for file in old.files}
        for name, path in beside.items():
            source = self._absolute(files[name].path)
            if not _has_size(source, files[name].bytes):
                return False
            shutil.copyfile(source, path)
            if _digest(path) != files[name].sha256:
                return False
        return True

    def _finished(self, name: str, beside: Path, final: Path) -> DeliveredFile:
        """A file that is whole and on the disk, but for its name."""
        sync_file(beside)
        return DeliveredFile(self._stored(final), name, beside.stat().st_size, _digest(beside))

    def _delivered(self, order: ChapterOrder, audio: ChapterAudio) -> DeliveredChapter:
        """What `book.json` says of a chapter, but for its files."""
        segments = tuple(
            DeliveredSegment(TakeKey(part.take.key), part.take.sha256, placed.start, placed.end)
            for part, placed in zip(order.parts, audio.placements, strict=True)
        )
        return DeliveredChapter(
            number=order.number,
            title=order.title,
            sound=self._sound(order),
            tags=tags_digest(self._tags(order.number)),
            rate_hz=audio.rate_hz,
            frames=audio.frames,
            gain_db=round(audio.gain_db, 3),
            loudness_lufs=round(audio.loudness_lufs, 3),
            true_peak_dbtp=round(audio.true_peak_dbtp, 3),
            files=(),
            segments=segments,
        )

    def _tagged_anew(self, old: DeliveredChapter, order: ChapterOrder) -> DeliveredChapter:
        """What `book.json` says of a chapter whose sound is that of `old`, but for its files."""
        segments = tuple(
            replace(segment, key=TakeKey(part.take.key))
            for segment, part in zip(old.segments, order.parts, strict=True)
        )
        tags = tags_digest(self._tags(order.number))
        return replace(old, title=order.title, tags=tags, segments=segments)

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

    def _stored(self, path: Path) -> str:
        """A path as `book.json` has it: relative inside the project, so that the folder can be moved."""
        root, path = self._book.project.folder.absolute(), path.absolute()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    def _absolute(self, stored: str) -> Path:
        return self._book.project.folder.absolute() / stored


def _place_of(book: Book) -> tuple[str, str]:
    """The series of a book and its part there; a part that was read is of no other series."""
    wish, read = book.config.book, book.script
    series = wish.series or read.series
    return series, wish.part or (read.part if series == read.series else "")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
