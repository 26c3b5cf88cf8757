"""Where the files of a book belong, under which names, and which files of that name are not ours to touch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from narrator.book import Book
from narrator.publishing.names import file_name, shelf_folder, volume_name
from narrator.rendering.plan import PREVIEW, SAMPLE

Claim = Callable[[Collection[Path]], None]
"""Takes the names of files, before there are any.

Raises:
    UsageError: there is a file of one of the names that is not ours.
"""

_PIECE_SUFFIXES = {"m4b": "m4a"}
"""Of a chapter alone, where it is another than that of the whole."""


class Shelf:
    """The names of a book's files. `titles` are those of its chapters, told apart."""

    def __init__(self, book: Book, titles: Sequence[str], *, series: str, part: str, date: str) -> None:
        self._book = book
        self._titles = titles
        self._project = book.project.folder
        self.root = book.project.output_folder(book.config)
        """The folder that a person named."""
        self.folder = self.root
        """The folder that the files are in."""
        if book.config.delivery.layout == "audiobookshelf":
            self.folder = self.root / shelf_folder(
                book.authors,
                series=series,
                part=part,
                title=book.title,
                narrator=book.narrator,
                year=date[:4],
            )

    @property
    def joined(self) -> tuple[str, ...]:
        """The formats in which chapters are pieces of larger files."""
        return self._book.config.delivery.joined

    def chapter_files(self, number: int, sound: str) -> dict[str, Path]:
        """Where a chapter's files belong, by format; pieces are named by the digest of their sound."""
        return {
            name: self._piece(name, sound) if name in self.joined else self._final(name, number)
            for name in dict.fromkeys(self._book.config.delivery.formats)
        }

    def finals(self, number: int) -> list[Path]:
        """The files of a chapter that a person gets."""
        formats = dict.fromkeys(self._book.config.delivery.formats)
        return [self._final(name, number) for name in formats if name not in self.joined]

    def volume(self, audio_format: str, number: int, of: int) -> Path:
        """Where the file of the whole book, or a part of it, belongs; or of a chapter that stands apart."""
        if number in {PREVIEW, SAMPLE}:
            return self._final(audio_format, number)
        return self.folder / volume_name(self._book.title, number, of, audio_format)

    def named(self, extension: str) -> Path:
        """Where a file belongs that has the book's title for a name."""
        return self.folder / file_name(None, 0, self._book.title, extension)

    def title(self, number: int) -> str:
        """What a chapter is called."""
        apart = {PREVIEW: "preview", SAMPLE: "sample"}
        return f"{self._book.title} ({apart[number]})" if number in apart else self._titles[number - 1]

    def is_foreign(self, path: Path, claimed: Collection[str]) -> bool:
        """Whether there is a file of that name that this project never made. In the project all are ours."""
        stored = self.stored(path)
        return stored not in claimed and Path(stored).is_absolute() and path.exists()

    def stored(self, path: Path) -> str:
        """A path as `book.json` has it: relative inside the project, so that the folder can be moved."""
        root, path = self._project.absolute(), path.absolute()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    def absolute(self, stored: str) -> Path:
        return self._project.absolute() / stored

    def shown(self, stored: str) -> Path:
        """Where a file is, in the words in which the project was named."""
        return self._project / stored

    @property
    def pieces(self) -> Path:
        return self._book.project.master_folder

    @property
    def rates(self) -> Path:
        """Where takes are that were brought to another rate, while chapters are made of them."""
        return self.pieces / "rates"

    def _piece(self, name: str, sound: str) -> Path:
        return self.pieces / f"{sound[:32]}.{_PIECE_SUFFIXES.get(name, name)}"

    def _final(self, name: str, number: int) -> Path:
        if number in {PREVIEW, SAMPLE}:  # a player that takes a folder for a book must not find them in it
            return self.root / file_name(None, 0, self.title(number), name)
        return self.folder / file_name(number, len(self._titles), self.title(number), name)
