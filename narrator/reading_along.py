"""The read-along book of a finished audiobook: what was read, what was said of it, and when it is heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from narrator.book import Book
from narrator.imprint import Imprint
from narrator.model import Segment
from narrator.publishing.read_along import write_read_along
from narrator.publishing.read_along_book import (
    MEDIA_TYPES,
    HeardSegment,
    ReadAlongAudio,
    ReadAlongChapter,
    ReadAlongFacts,
)
from narrator.publishing.record import AudiobookRecord, DeliveredChapter, DeliveredFile
from narrator.script.compose import source_digest
from narrator.shelf import Shelf


def write_book_to_read_along(
    book: Book,
    shelf: Shelf,
    imprint: Imprint,
    record: AudiobookRecord,
    *,
    path: Path,
    should_stop: Callable[[], bool],
) -> None:
    """Write the read-along book to `path`. Reads the manuscript again.

    Raises:
        ManuscriptError: it cannot be read any more.
        DiskError, Interrupted: what is at `path` is not whole.
    """
    name = next(each for each in book.config.delivery.formats if each in MEDIA_TYPES)
    files = {
        chapter.number: (chapter, file)
        for chapter in record.chapters
        for file in chapter.files
        if file.format == name and chapter.number > 0
    }
    write_read_along(
        path,
        ReadAlongFacts(
            title=record.title,
            authors=record.authors,
            language=record.language,
            narrator=record.narrator,
            isbn=record.isbn,
            date=record.date,
            publisher=record.publisher,
            description=record.description,
            cover=imprint.picture,
        ),
        tuple(_chapters(book, files)),
        {
            number: ReadAlongAudio(shelf.absolute(file.path), MEDIA_TYPES[name], file.duration_s)
            for number, (_, file) in files.items()
        },
        source=book.manuscript_path,
        should_stop=should_stop,
    )


def _chapters(
    book: Book, files: dict[int, tuple[DeliveredChapter, DeliveredFile]]
) -> Iterator[ReadAlongChapter]:
    """The chapters of the manuscript in reading order, with what is heard of each that has a file."""
    read = {source_digest(chapter): chapter for chapter in book.read_again().chapters}
    spoken = dict(enumerate(book.script.spoken, 1))  # the first and the last with their credits
    for number, chapter in book.script.numbered:
        source = read.get(chapter.source_digest)
        if source is None:
            continue
        segments = tuple(_heard(spoken[number].segments, files[number][0])) if number in files else ()
        yield ReadAlongChapter(number if segments else 0, chapter.title, source.blocks, segments, chapter.kind)


def _heard(segments: Sequence[Segment], chapter: DeliveredChapter) -> Iterator[HeardSegment]:
    """The segments that were delivered; some of the script may be missing, where gaps were allowed."""
    place = 0
    for delivered in chapter.segments:
        found = next((at for at in range(place, len(segments)) if segments[at].text == delivered.text), None)
        spans = () if found is None else segments[found].spans
        place = place if found is None else found + 1
        yield HeardSegment(spans, delivered.start / chapter.rate_hz, delivered.end / chapter.rate_hz)
