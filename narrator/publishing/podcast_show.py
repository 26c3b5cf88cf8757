"""What a podcast says of itself and of its episodes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Show:
    """A podcast; `base_url` is where its folder is on the web, and has neither a password nor a query.

    The paragraphs of `description` are lines. `language` is BCP 47; `category` is one of Apple's,
    'Arts' or 'Arts > Books' (https://podcasters.apple.com/support/1691-apple-podcasts-categories); `image` is a
    picture of any kind and shape. Of what is '' or None the feed keeps what it has; where it has no language,
    author, image or category, those are the episodes', and 'Arts'.
    """

    title: str
    base_url: str
    description: str = ""
    author: str = ""
    email: str = ""
    link: str = ""
    language: str = ""
    category: str = ""
    image: Path | None = None
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode; `guid` is what it is, whatever else of it changes.

    `published` is aware; where nobody knows it, it is when the feed first had the episode. The paragraphs of
    `description` are lines. `audio` is a finished file of `media_type` ('audio/mpeg'), heard for `duration_s`;
    `narrator` names its voice, a synthetic one. `chapters` are their starts in seconds and titles; `transcript`
    is a WebVTT or SubRip file. `episode` counts from 1; where all have one, the show is a serial.

    `sound` is a digest of all that is heard, '' for that of the file: as long as it is the same, apps find the
    file that they know, though its tags may have changed. Of a `family` ('' for none) all episodes are
    published at once: those that the feed has besides are no more. `language`, `author` and `cover` are the
    book's, for a show that has none.
    """

    guid: str
    title: str
    published: datetime | None
    audio: Path
    media_type: str
    duration_s: float
    description: str = ""
    link: str = ""
    narrator: str = ""
    chapters: tuple[tuple[float, str], ...] = ()
    transcript: Path | None = None
    episode: int | None = None
    sound: str = ""
    family: str = ""
    language: str = ""
    author: str = ""
    cover: Path | None = None
