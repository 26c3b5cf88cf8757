"""Makes the files of a chapter: mastered, encoded, tagged, measured, and only then under their names."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from narrator.book import Book
from narrator.chapter_orders import ChapterOrder
from narrator.config import limits_of
from narrator.durable import disk_errors, part_of, publish, sync_file
from narrator.imprint import Imprint
from narrator.mastering.figures import figures_of
from narrator.mastering.promise import encode_within_promise
from narrator.model import ChapterAudio, TakeKey
from narrator.publishing.digests import file_digest, tags_digest
from narrator.publishing.record import DeliveredChapter, DeliveredFile, DeliveredSegment
from narrator.publishing.tags import Tags
from narrator.shelf import Shelf
from narrator.wiring import encoder_factories, file_rates, tagger_of

ShouldStop = Callable[[], bool]


class Press:
    """Makes the files of one book's chapters, on any thread, of several at once."""

    def __init__(self, book: Book, shelf: Shelf, imprint: Imprint, chapters: int) -> None:
        """`chapters` is how many there are."""
        self._book = book
        self._shelf = shelf
        self._imprint = imprint
        self._chapters = chapters

    def make(
        self,
        order: ChapterOrder,
        old: DeliveredChapter | None,
        *,
        before_publishing: Callable[[], None],
        should_stop: ShouldStop,
    ) -> DeliveredChapter:
        """Make a chapter's files: by other tags on copies of those of `old`, which sounds the same, if it can.

        `before_publishing` is called when all of them are whole, before the first takes its name. Blocks.

        Raises:
            DamagedTakes: takes are not what was stored; the files of before are as they were.
            DiskError, Interrupted: the files of before are as they were, or whole new ones.
        """
        finals = self._shelf.chapter_files(order.number, order.sound)
        with disk_errors(f"Writing chapter {order.number} to {self._shelf.folder}"), ExitStack() as cleaning:
            if self._shelf.joined:
                self._shelf.pieces.mkdir(exist_ok=True)
            beside = {name: part_of(path) for name, path in finals.items()}
            for path in beside.values():
                cleaning.callback(_remove, path)
            if old and self._copy(old, beside):
                made = self._tagged_anew(old, order)
            else:
                made = self._encoded(order, beside, should_stop)
            self._tag(order.number, beside)
            files = tuple(
                self._finished(file, beside[file.format], finals[file.format], should_stop)
                for file in made.files
            )
            before_publishing()
            for name, path in beside.items():
                publish(path, finals[name])
        return replace(made, files=files)

    def tags(self, number: int) -> Tags:
        """What the files of a chapter say of themselves."""
        track = max(number, 0)
        return self._imprint.tags(self._shelf.title(number), track, self._chapters if track else 0)

    def with_figures(self, file: DeliveredFile, path: Path, should_stop: ShouldStop) -> DeliveredFile:
        """The file with what it measures, where a profile is for such files and nobody has listened to it yet.

        Raises:
            DiskError: it cannot be read.
            Interrupted: `should_stop()` said so.
        """
        limits = limits_of(self._book.config)
        if file.figures or file.is_piece or limits is None or not limits.takes(file.format):
            return file
        return replace(file, figures=figures_of(path, should_stop=should_stop))

    def _tag(self, number: int, beside: dict[str, Path]) -> None:
        tags = self.tags(number)
        for name, path in beside.items():
            tag = tagger_of(name)
            if tag and name not in self._shelf.joined:
                tag(path, tags)

    def _encoded(
        self, order: ChapterOrder, beside: dict[str, Path], should_stop: ShouldStop
    ) -> DeliveredChapter:
        config = self._book.config
        factories = encoder_factories(config)
        audio, frames = encode_within_promise(
            order.parts,
            [(path, factories[name]) for name, path in beside.items()],
            pauses=config.pauses,
            levels=config.levels,
            gain_db=order.gain_db,
            should_stop=should_stop,
        )
        rates = file_rates(config, audio.rate_hz)
        files = tuple(
            DeliveredFile("", name, 0, "", rates[name], count)
            for name, count in zip(beside, frames, strict=True)
        )
        return self._delivered(order, audio, files)

    def _copy(self, old: DeliveredChapter, beside: dict[str, Path]) -> bool:
        """Copy the files of a chapter; False where they are not there any more just as they were delivered."""
        files = {file.format: file for file in old.files}
        for name, path in beside.items():
            source = self._shelf.absolute(files[name].path)
            if not files[name].is_whole_at(source):
                return False
            shutil.copyfile(source, path)
            if file_digest(path) != files[name].sha256:
                return False
        return True

    def _finished(
        self, file: DeliveredFile, beside: Path, final: Path, should_stop: ShouldStop
    ) -> DeliveredFile:
        """A file that is whole and on the disk, but for its name."""
        sync_file(beside)
        made = replace(
            file, path=self._shelf.stored(final), bytes=beside.stat().st_size, sha256=file_digest(beside)
        )
        if made.figures:
            return replace(made, figures=replace(made.figures, bytes=made.bytes))
        return self.with_figures(made, beside, should_stop)

    def _delivered(
        self, order: ChapterOrder, audio: ChapterAudio, files: tuple[DeliveredFile, ...]
    ) -> DeliveredChapter:
        """What `book.json` says of a chapter, its files not finished yet."""
        segments = tuple(
            DeliveredSegment(
                TakeKey(part.take.key),
                part.take.sha256,
                placed.start,
                placed.end,
                placed.first,
                line.text,
                line.voice,
                line.source,
                gain_db=round(part.gain_db, 3),
            )
            for part, placed, line in zip(order.parts, audio.placements, order.lines, strict=True)
        )
        return DeliveredChapter(
            number=order.number,
            title=order.title,
            sound=order.sound,
            tags=tags_digest(self.tags(order.number)),
            rate_hz=audio.rate_hz,
            frames=audio.frames,
            gain_db=round(audio.gain_db, 3),
            loudness_lufs=round(audio.loudness_lufs, 3),
            true_peak_dbtp=round(audio.true_peak_dbtp, 3),
            files=files,
            segments=segments,
            short_db=round(audio.short_db, 2),
        )

    def _tagged_anew(self, old: DeliveredChapter, order: ChapterOrder) -> DeliveredChapter:
        """What `book.json` says of a chapter whose sound is that of `old`, its files not finished yet."""
        segments = tuple(
            replace(segment, key=TakeKey(part.take.key), text=line.text, voice=line.voice, source=line.source)
            for segment, part, line in zip(old.segments, order.parts, order.lines, strict=True)
        )
        tags = tags_digest(self.tags(order.number))
        return replace(old, number=order.number, title=order.title, tags=tags, segments=segments)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
