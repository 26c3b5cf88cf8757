"""What the files of a book say of it: tags of a chapter and of a volume, the cover, the record's facts."""

from __future__ import annotations

from collections.abc import Sequence

from narrator.book import Book
from narrator.model import Cover
from narrator.publishing.cover import chosen_cover, embedded_cover, readable_cover
from narrator.publishing.record import AudiobookRecord
from narrator.publishing.tags import ChapterMark, Tags
from narrator.version import __version__


class Imprint:
    """What is said of one book, as its manuscript and the wishes of a person have it."""

    def __init__(self, book: Book) -> None:
        wish, read = book.config.book, book.script
        chosen = wish.cover
        kept = None if chosen else book.project.cover()
        self.picture: Cover | None = (
            chosen_cover(chosen, book.project.folder) if chosen else kept and readable_cover(kept)
        )
        self._cover = embedded_cover(self.picture) if self.picture else None
        series = wish.series or read.series
        # A part that was read is of no other series.
        part = wish.part or (read.part if series == read.series else "")
        self.record = AudiobookRecord(
            title=book.title,
            authors=book.authors,
            language=book.language,
            narrator=book.narrator,
            made_by=f"narrator {__version__}",
            date=wish.date or read.date,
            series=series,
            part=part,
            isbn=wish.isbn or read.isbn,
            publisher=wish.publisher or read.publisher,
            description=wish.description or read.description,
            profile=book.config.delivery.profile,
            skipped=book.skipped or (),
        )
        """The record of the book before anything of it is delivered."""

    def tags(self, title: str, track: int, tracks: int, chapters: Sequence[ChapterMark] = ()) -> Tags:
        """The tags of a file: `track` of `tracks`, 0 where it is none of them."""
        record = self.record
        return Tags(
            title=title,
            album=record.title,
            authors=record.authors,
            narrator=record.narrator,
            track=track,
            tracks=tracks,
            language=record.language,
            cover=self._cover,
            date=record.date,
            series=record.series,
            part=record.part,
            isbn=record.isbn,
            publisher=record.publisher,
            description=record.description,
            chapters=tuple(chapters),
        )
