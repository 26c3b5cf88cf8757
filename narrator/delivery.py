"""From takes to the finished files of a chapter: mastered, encoded, tagged, and only then under their names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from narrator.book import Book
from narrator.durable import disk_errors, part_of, parts_of, publish, sync_file, write_durably
from narrator.errors import UsageError
from narrator.mastering.chapter import assemble_chapter
from narrator.mastering.decoded import decoded_true_peak_dbtp
from narrator.mastering.timeline import Part
from narrator.model import ChapterAudio, Cover, Pause, Segment, Take, TakeKey
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
from narrator.version import __version__
from narrator.wiring import encoder_factories

METERS_DIFFER_DB = 0.05
"""Two right meters of true peak need not agree to more than this."""

MOST_LOWERED_DB = 6.0
"""Sounds that are nothing but peaks are let be at some point: beyond it they would only get quieter."""


@dataclass(frozen=True, slots=True)
class ChapterOrder:
    """A chapter to be delivered: `number` of `of`, and its segments' takes with the pauses after them."""

    number: int
    of: int
    title: str
    parts: tuple[Part, ...]


class Delivery:
    """The audiobook of one book: knows what is delivered already, makes the rest, keeps `book.json`.

    `deliver` may run on several threads at once; all else belongs to one thread.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._folder = book.project.output_folder(book.config)
        self._cover = book.project.cover()
        fresh = AudiobookRecord(
            book.title, book.authors, book.language, book.narrator, f"narrator {__version__}"
        )
        self._on_disk = load_record(book.project.record_file)
        old = self._on_disk or fresh
        self._record = replace(fresh, chapters=old.chapters, claimed=old.claimed)
        spoken = [chapter.title for chapter in book.script.chapters if chapter.spoken]
        self._titles = unique_titles(spoken, book.title)

    def claim_names(self) -> None:
        """Find out before any work whether the files can be put where they belong, and take the names.

        Inside the project every name is ours. What a killed process left half written is swept.

        Raises:
            UsageError: a file of that name is there that is not ours.
            DiskError: the folder or `book.json` cannot be written.
        """
        wanted = [
            self._stored(path) for number in range(1, len(self._titles) + 1) for path in self._paths(number)
        ]
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

    def order(self, number: int, segments: Sequence[Segment], takes: Sequence[Take]) -> ChapterOrder:
        """What chapter `number` (from 1) is made of."""
        pauses = self._book.config.pauses
        lengths = {
            Pause.SENTENCE: pauses.sentence,
            Pause.PARAGRAPH: pauses.paragraph,
            Pause.HEADING: pauses.heading,
            Pause.SCENE_BREAK: pauses.scene_break,
            Pause.CHAPTER: pauses.chapter_end,
        }
        parts = tuple(Part(take, lengths[seg.pause]) for seg, take in zip(segments, takes, strict=True))
        return ChapterOrder(number, len(self._titles), self._titles[number - 1], parts)

    def is_delivered(self, order: ChapterOrder) -> bool:
        """Whether the files of a chapter are there, made of just these takes in just this way."""
        old = self._record.chapter(order.number)
        return (
            old is not None
            and old.recipe == self._recipe(order)
            and all(_has_size(self._absolute(file.path), file.bytes) for file in old.files)
        )

    def deliver(self, order: ChapterOrder, should_stop: Callable[[], bool]) -> DeliveredChapter:
        """Make a chapter's files. Blocks.

        Raises:
            DiskError, Interrupted: the files of before are as they were.
        """
        finals = dict(zip(encoder_factories(self._book.config), self._paths(order.number), strict=True))
        with disk_errors(f"Writing chapter {order.number} to {self._folder}"), ExitStack() as cleaning:
            beside = {name: part_of(path) for name, path in finals.items()}
            for path in beside.values():
                cleaning.callback(_remove, path)
            audio = self._encode_within_promise(order, beside, should_stop)
            if "mp3" in beside:
                tag_mp3(beside["mp3"], self._tags(order))
            files = []
            for name, path in beside.items():
                sync_file(path)
                digest, size = _digest(path), path.stat().st_size
                files.append(DeliveredFile(self._stored(finals[name]), name, size, digest))
            for name, path in beside.items():
                publish(path, finals[name])
        return self._delivered(order, audio, tuple(files))

    def record(self, chapter: DeliveredChapter) -> tuple[Path, ...]:
        """Note a delivered chapter in `book.json`; the paths of its files.

        Raises:
            DiskError: it could not be written.
        """
        self._save(self._record.with_chapter(chapter))
        return tuple(map(self.path_of, chapter.files))

    def finish(self, numbers: Collection[int], gaps: Iterable[Gap]) -> tuple[DeliveredChapter, ...]:
        """Write the playlist, remove files of an earlier shape of the book, and call it complete.

        `numbers` are the chapters whose files were made, or found as they should be, in this run. Files in
        another folder or of another format stay where a person had them put.

        Raises:
            DiskError: something could not be written.
        """
        chapters = tuple(chapter for chapter in self._record.chapters if chapter.number in numbers)
        first = next(iter(self._book.config.delivery.formats))
        entries = [
            (self._absolute(file.path).name, chapter.title, chapter.duration_s)
            for chapter in chapters
            for file in chapter.files
            if file.format == first
        ]
        text = playlist(self._book.title, entries).encode("utf-8", "replace")
        if not self._playlist_path.exists() or self._playlist_path.read_bytes() != text:
            write_durably(self._playlist_path, text)
        ours = {file.path for chapter in chapters for file in chapter.files} | {
            self._stored(self._playlist_path)
        }
        self._remove_stale(set(self._record.claimed) - ours)
        self._save(
            replace(
                self._record,
                chapters=chapters,
                claimed=tuple(sorted(ours)),
                playlist=self._stored(self._playlist_path),
                gaps=tuple(gaps),
                is_complete=True,
            )
        )
        return chapters

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

    def _paths(self, number: int) -> list[Path]:
        total, title = len(self._titles), self._titles[number - 1]
        formats = encoder_factories(self._book.config)
        return [self._folder / file_name(number, total, title, extension) for extension in formats]

    def _encode_within_promise(
        self, order: ChapterOrder, paths: dict[str, Path], should_stop: Callable[[], bool]
    ) -> ChapterAudio:
        """Encode, and again at a lower ceiling where decoding raises a peak above what is promised.

        How much an MP3 raises a peak cannot be known before: mostly 0.5 dB, but 1.3 dB in one chapter of fifty.
        """
        promised = self._book.config.levels.true_peak_dbtp
        lower_by = 0.0
        while True:
            audio = self._encode(order, paths, promised - lower_by, should_stop)
            if "mp3" not in paths:
                return audio
            decoded = decoded_true_peak_dbtp(paths["mp3"], audio.rate_hz, should_stop)
            excess = decoded - (promised - METERS_DIFFER_DB)
            if excess <= 0.0 or lower_by > MOST_LOWERED_DB:
                return audio
            lower_by += excess + 0.2

    def _encode(
        self,
        order: ChapterOrder,
        paths: dict[str, Path],
        true_peak_dbtp: float,
        should_stop: Callable[[], bool],
    ) -> ChapterAudio:
        config = self._book.config
        rate_hz = order.parts[0].take.rate_hz
        encoders = [make(paths[name], rate_hz) for name, make in encoder_factories(config).items()]
        try:
            return assemble_chapter(
                order.parts,
                head_ms=config.pauses.chapter_start,
                tail_ms=config.pauses.chapter_end,
                levels=config.levels,
                ceiling_dbfs=true_peak_dbtp - max(encoder.headroom_db for encoder in encoders),
                encoders=encoders,
                should_stop=should_stop,
            )
        finally:
            for encoder in encoders:
                encoder.close()

    def _tags(self, order: ChapterOrder) -> Tags:
        book = self._book
        return Tags(
            title=order.title,
            album=book.title,
            authors=book.authors,
            narrator=book.narrator,
            track=order.number,
            tracks=order.of,
            language=book.language,
            cover=self._cover,
        )

    def _recipe(self, order: ChapterOrder) -> str:
        config = self._book.config
        tags = asdict(replace(self._tags(order), cover=None))
        form = [
            __version__,
            [[part.take.sha256, part.pause_after_ms] for part in order.parts],
            [config.pauses.chapter_start, config.pauses.chapter_end],
            config.levels.model_dump(),
            [
                config.delivery.formats,
                config.delivery.mp3_kbps,
                [self._stored(p) for p in self._paths(order.number)],
            ],
            [tags, _cover_digest(self._cover)],
        ]
        return hashlib.sha256(json.dumps(form, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def _delivered(
        self, order: ChapterOrder, audio: ChapterAudio, files: tuple[DeliveredFile, ...]
    ) -> DeliveredChapter:
        segments = tuple(
            DeliveredSegment(TakeKey(part.take.key), part.take.sha256, placed.start, placed.end)
            for part, placed in zip(order.parts, audio.placements, strict=True)
        )
        return DeliveredChapter(
            number=order.number,
            title=order.title,
            recipe=self._recipe(order),
            rate_hz=audio.rate_hz,
            frames=audio.frames,
            gain_db=round(audio.gain_db, 3),
            loudness_lufs=round(audio.loudness_lufs, 3),
            true_peak_dbtp=round(audio.true_peak_dbtp, 3),
            files=files,
            segments=segments,
        )

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


def _cover_digest(cover: Cover | None) -> str:
    return hashlib.sha256(cover.data).hexdigest() if cover else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
