"""From the pieces of chapters to the files of a whole book: joined, not encoded again, tagged, named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from narrator.book import Book
from narrator.durable import disk_errors, made_whole
from narrator.errors import DiskError, Interrupted
from narrator.imprint import Imprint
from narrator.publishing.digests import file_digest, volume_digest
from narrator.publishing.record import (
    DeliveredChapter,
    DeliveredFile,
    DeliveredVolume,
    PlacedChapter,
)
from narrator.publishing.tags import ChapterMark, Tags
from narrator.shelf import Claim, Shelf
from narrator.wiring import joiner_of, tagger_of

_TAGS_BYTES = 1_200_000
"""What a file may have besides its sound: its cover has up to a million."""

_HOUR_S, _MB = 3600.0, 1_000_000


class Bindery:
    """Makes the volumes of one book."""

    def __init__(self, book: Book, shelf: Shelf, imprint: Imprint) -> None:
        self._delivery = book.config.delivery
        self._shelf = shelf
        self._imprint = imprint

    def are_current(self, chapters: Sequence[DeliveredChapter], volumes: Sequence[DeliveredVolume]) -> bool:
        """Whether these volumes are there, and made of just these chapters as they are wanted."""
        wanted = [
            (made_of, self._shelf.stored(self._shelf.volume(name, number, of)))
            for name in self._shelf.joined
            for made_of, _, number, of in self._planned(name, chapters)
        ]
        return wanted == [(volume.made_of, volume.file.path) for volume in volumes if self._is_there(volume)]

    def still_good(
        self, chapters: Sequence[DeliveredChapter], volumes: Sequence[DeliveredVolume]
    ) -> tuple[DeliveredVolume, ...]:
        """Those volumes that are there, and made of these chapters as they are wanted."""
        wanted = {made_of for name in self._shelf.joined for made_of, *_ in self._planned(name, chapters)}
        return tuple(volume for volume in volumes if volume.made_of in wanted and self._is_there(volume))

    def bind(
        self,
        chapters: Sequence[DeliveredChapter],
        before: Sequence[DeliveredVolume],
        claim: Claim,
        should_stop: Callable[[], bool],
    ) -> Iterator[DeliveredVolume]:
        """The volumes of these chapters, those of `before`, which are `still_good`, among them.

        Raises:
            UsageError: a file of that name is there that is not ours.
            DiskError, Interrupted: the files of before are as they were, or whole new ones.
        """
        known = {volume.made_of: volume for volume in before}
        for name in self._shelf.joined:
            for made_of, group, number, of in self._planned(name, chapters):
                path = self._shelf.volume(name, number, of)
                old = known.get(made_of)
                if old and old.file.path == self._shelf.stored(path):
                    yield old
                    continue
                claim([path])
                yield self._bound(name, group, (number, of), path, made_of=made_of, should_stop=should_stop)

    def _bound(
        self,
        name: str,
        group: Sequence[DeliveredChapter],
        place: tuple[int, int],
        path: Path,
        *,
        made_of: str,
        should_stop: Callable[[], bool],
    ) -> DeliveredVolume:
        titles = [chapter.title for chapter in group]
        with disk_errors(f"Writing {path}"):
            pieces = [self._intact(_file_of(chapter, name), should_stop) for chapter in group]
            path.parent.mkdir(parents=True, exist_ok=True)
        with disk_errors(f"Writing {path}"), made_whole(path) as beside:
            joined = joiner_of(name)(pieces, beside, titles, should_stop)
            marks = [
                ChapterMark(title, start / joined.rate_hz, end / joined.rate_hz)
                for title, (start, end) in zip(titles, joined.places, strict=True)
            ]
            tags = self._tags(group, place, marks)
            if tag := tagger_of(name):
                tag(beside, tags)
            size, digest = beside.stat().st_size, file_digest(beside)
        stored = self._shelf.stored(path)
        return DeliveredVolume(
            title=tags.title,
            number=place[0],
            of=place[1],
            made_of=made_of,
            file=DeliveredFile(stored, name, size, digest, joined.rate_hz, joined.frames),
            chapters=tuple(
                PlacedChapter(chapter.number, start, end)
                for chapter, (start, end) in zip(group, joined.places, strict=True)
            ),
        )

    def _intact(self, piece: DeliveredFile, should_stop: Callable[[], bool]) -> Path:
        """Where a piece is, which is just as it was delivered; one that is not is removed, to be made anew."""
        if should_stop():
            raise Interrupted("Stopped while a book was joined.", advice="The same command goes on.")
        path = self._shelf.absolute(piece.path)
        if file_digest(path) != piece.sha256:
            path.unlink()
            raise DiskError(
                f"{path} is not what was written there, and was removed.",
                advice="Run the same command again: it is made anew. Then check the disk.",
            )
        return path

    def _planned(
        self, name: str, chapters: Iterable[DeliveredChapter]
    ) -> Iterator[tuple[str, Sequence[DeliveredChapter], int, int]]:
        """For each volume of a format the digest of what it is made of, its chapters, its number, of how many.

        A chapter that stands apart, with no track of its own, is a volume of its own, of its own number.
        """
        with_file = [chapter for chapter in chapters if any(file.format == name for file in chapter.files)]
        book = [chapter for chapter in with_file if chapter.number > 0]
        groups = divided(
            book,
            [_file_of(chapter, name) for chapter in book],
            longest_s=self._delivery.max_hours * _HOUR_S,
            most_bytes=self._delivery.max_mb * _MB,
        )
        places = [(group, number, len(groups)) for number, group in enumerate(groups, 1)]
        places += [([chapter], chapter.number, 1) for chapter in with_file if chapter.number <= 0]
        for group, number, of in places:
            pieces = [(chapter.title, _file_of(chapter, name).sha256) for chapter in group]
            yield volume_digest(name, pieces, self._tags(group, (number, of), ())), group, number, of

    def _tags(
        self, group: Sequence[DeliveredChapter], place: tuple[int, int], marks: Sequence[ChapterMark]
    ) -> Tags:
        number, of = place
        title = self._imprint.record.title
        if number <= 0:
            return self._imprint.tags(group[0].title, 0, 0)
        return self._imprint.tags(title if of == 1 else f"{title} ({number} of {of})", number, of, marks)

    def _is_there(self, volume: DeliveredVolume) -> bool:
        return volume.file.is_whole_at(self._shelf.absolute(volume.file.path))


def divided(
    chapters: Sequence[DeliveredChapter],
    files: Sequence[DeliveredFile],
    *,
    longest_s: float,
    most_bytes: int,
) -> list[list[DeliveredChapter]]:
    """Chapters in as few volumes as hold them in order, none longer or larger than that; 0 is no limit.

    No chapter is cut: one that passes a limit alone is a volume alone. `files` are the chapters' pieces. A
    volume's size is with tags and cover.
    """
    groups: list[list[DeliveredChapter]] = []
    seconds, size = 0.0, 0
    for chapter, file in zip(chapters, files, strict=True):
        seconds, size = seconds + file.duration_s, size + file.bytes
        is_full = (longest_s and seconds > longest_s) or (most_bytes and size + _TAGS_BYTES > most_bytes)
        if is_full or not groups:
            groups.append([])
            seconds, size = file.duration_s, file.bytes
        groups[-1].append(chapter)
    return groups


def _file_of(chapter: DeliveredChapter, name: str) -> DeliveredFile:
    return next(file for file in chapter.files if file.format == name)
