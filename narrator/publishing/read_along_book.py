"""What a read-along book is made of: texts, the sound of each, and what the book says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from narrator.model import Block, Cover, Span

MEDIA_TYPES = MappingProxyType(
    {"mp3": "audio/mpeg", "m4b": "audio/mp4", "opus": "audio/ogg; codecs=opus"},
)
"""Of the formats that every reader of EPUB 3 plays: https://www.w3.org/TR/epub-33/#sec-core-media-types."""


@dataclass(frozen=True, slots=True)
class ReadAlongFacts:
    """What the book says of itself. `narrator` names the voice, a synthetic one; `language` is BCP 47 or ''.

    `date` is '1865', '1865-11' or '1865-11-26', `isbn` digits alone; '' where unknown.
    """

    title: str
    authors: tuple[str, ...]
    language: str
    narrator: str
    isbn: str = ""
    date: str = ""
    publisher: str = ""
    description: str = ""
    cover: Cover | None = None


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """A segment, heard in [start_s, end_s) of its chapter's audio file.

    `spans` are characters of the blocks of its chapter; () where what is heard stands nowhere in the text, as
    credits do.
    """

    spans: tuple[Span, ...]
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class ReadAlongChapter:
    """A chapter of the book, spoken or not; `segments` are in the order in which they are heard.

    `number` is that of its audio, 0 where it has none. `kind` is its EPUB structural term or ''.
    """

    number: int
    title: str
    blocks: tuple[Block, ...]
    segments: tuple[HeardSegment, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ReadAlongAudio:
    """An audio file: MP3 ('audio/mpeg'), AAC in MP4 ('audio/mp4') or Opus ('audio/ogg; codecs=opus').

    These are core media types (https://www.w3.org/TR/epub-33/#sec-core-media-types), which need no other file
    to fall back to. Several chapters may have one file.
    """

    path: Path
    media_type: str
    duration_s: float
