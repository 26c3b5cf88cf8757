"""A book that reads itself: EPUB 3 with media overlays, by which a reader marks each text as it is heard.

The format: https://www.w3.org/TR/epub-33/#sec-media-overlays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from narrator.durable import disk_errors
from narrator.publishing.epub_container import EpubContainer
from narrator.publishing.read_along_book import ReadAlongAudio, ReadAlongChapter, ReadAlongFacts
from narrator.publishing.read_along_own import OwnBook, Unmarkable
from narrator.publishing.read_along_written import WrittenBook

_log = logging.getLogger(__name__)


def write_read_along(
    path: Path,
    facts: ReadAlongFacts,
    chapters: Sequence[ReadAlongChapter],
    audio: Mapping[int, ReadAlongAudio],
    *,
    source: Path | None,
    should_stop: Callable[[], bool],
) -> None:
    """Write the read-along EPUB of a book to `path`, a file that is nobody's yet; equal books are equal bytes.

    `chapters` are all of the book in reading order, the unspoken ones included; `audio` has the file of each
    number. `source` is the file that the book was read from: an EPUB 3 is kept as it is, and its pages get the
    marks; of another, or of None, the book is written anew from its blocks.

    Raises:
        DiskError: a file cannot be read or written; what is at `path` is not whole.
        Interrupted: `should_stop()` said so.
    """
    told = replace(facts, narrator=f"{facts.narrator} (synthetic voice)")
    with disk_errors(f"Writing {path}"):
        if source is not None:
            try:
                with OwnBook(source) as book, EpubContainer(path, should_stop) as container:
                    book.write(container, chapters, audio, told.narrator)
            except Unmarkable as exc:
                _log.info("The read-along book is written anew: %s.", exc)
            else:
                return
        with EpubContainer(path, should_stop) as container:
            WrittenBook(container, told).write(chapters, audio)
