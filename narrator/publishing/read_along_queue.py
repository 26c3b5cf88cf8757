"""Which blocks of a book wait to be found on which page, told by where each says that it stands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from narrator.publishing.read_along_book import ReadAlongChapter
from narrator.publishing.read_along_pages import HeardBlock, Stretch


class BlockQueue:
    """The blocks of a book by the file names of its pages, which are in reading order.

    A block says of its page no more than the file's name ('ch01.xhtml#p4', 'ch01.xhtml:12'). Where several
    pages have one, each gets as many of the blocks as it may hold, and the next those that were not found.
    """

    def __init__(self, chapters: Sequence[ReadAlongChapter], pages: Sequence[str]) -> None:
        self._pages_of = Counter(_file_name(page) for page in pages)
        self._waiting: defaultdict[str, list[HeardBlock]] = defaultdict(list)
        for number, chapter in enumerate(chapters):
            heard: defaultdict[int, list[Stretch]] = defaultdict(list)
            for at, segment in enumerate(chapter.segments):
                for span in segment.spans:
                    heard[span.block].append(Stretch((number, at), span.start, span.end))
            for at, block in enumerate(chapter.blocks):
                self._waiting[self._page_of(block.source)].append(HeardBlock(block, tuple(heard[at])))

    def _page_of(self, source: str) -> str:
        """The file name in a source; itself where none of the pages has it."""
        for name in (source, source.rpartition("#")[0], source.rpartition(":")[0]):
            if name in self._pages_of:
                return name
        return source

    def waiting(self, page: str, size: int) -> list[HeardBlock]:
        """The blocks that may be on a page of `size` bytes, in reading order."""
        name = _file_name(page)
        waiting = self._waiting[name]
        if self._pages_of[name] == 1:
            return waiting
        taken: list[HeardBlock] = []
        for block in waiting:
            taken.append(block)
            size -= len(block.block.text)
            if size < 0:
                break
        return taken

    def found(self, page: str, blocks: Iterable[HeardBlock]) -> None:
        """These were found on the page, and wait no longer."""
        gone = set(map(id, blocks))
        name = _file_name(page)
        self._waiting[name] = [block for block in self._waiting[name] if id(block) not in gone]


def _file_name(page: str) -> str:
    return PurePosixPath(page).name
