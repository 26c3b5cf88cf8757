"""What a finished MP3 says of itself: ID3 v2.3 in UTF-16, which is what the oldest players understand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import langcodes
from mutagen import MutagenError
from mutagen.id3 import (
    APIC,
    COMM,
    ID3,
    TALB,
    TCOM,
    TCON,
    TDAT,
    TIT2,
    TLAN,
    TPE1,
    TPE2,
    TRCK,
    TXXX,
    TYER,
    Encoding,
    PictureType,
)

from narrator.errors import DiskError
from narrator.model import Cover

_PADDING_BYTES = 1024  # room for a listener's own corrections without moving the sound


@dataclass(frozen=True, slots=True)
class Tags:
    """A chapter's tags. `narrator` names the voice, which is a synthetic one; `language` is BCP 47 or ''.

    `track` is 0 where the file is none of the `tracks`. `date` is the book's: '1865', '1865-11' or
    '1865-11-26'; `part` is its place in the `series`: '3', '3.5'. '' where unknown.
    """

    title: str
    album: str
    authors: tuple[str, ...]
    narrator: str
    track: int
    tracks: int
    language: str
    cover: Cover | None
    date: str = ""
    series: str = ""
    part: str = ""


def tag_mp3(path: Path, tags: Tags) -> None:
    """Put the tags before the sound of an MP3, in the place of those it has. Equal tags are equal bytes.

    Authors are joined by '; ': a comma may be part of a name, and Audiobookshelf splits at semicolons. It reads
    the user's texts SERIES and SERIES-PART, too, for which ID3 has no frames.

    Raises:
        DiskError: the file cannot be read or written.
    """
    try:
        _frames(tags).save(path, v1=0, v2_version=3, padding=lambda _: _PADDING_BYTES)
    except MutagenError as exc:
        raise DiskError(
            f"Writing tags to {path} failed: {exc}.",
            advice="Look at the disk, then run the same command again.",
        ) from exc


def _frames(tags: Tags) -> Any:
    texts: dict[Any, str] = {
        TIT2: tags.title,
        TALB: tags.album,
        TPE1: "; ".join(tags.authors),
        TPE2: "; ".join(tags.authors),
        TCOM: f"{tags.narrator} (synthetic voice)",
        TCON: "Audiobook",
        TRCK: f"{tags.track}/{tags.tracks}" if tags.track else "",
        TLAN: _iso_639_2(tags.language),
        TYER: tags.date[:4],
        TDAT: _day_and_month(tags.date),
    }
    own_texts = {"SERIES": tags.series, "SERIES-PART": tags.part}
    frames: Any = ID3()  # type: ignore[no-untyped-call]  # mutagen is typed in part only
    for kind, text in texts.items():
        if text:
            frames.add(_frame(kind, text=[_line(text)]))
    for name, text in own_texts.items():
        if text:
            frames.add(_frame(TXXX, desc=name, text=[_line(text)]))
    frames.add(_frame(COMM, lang="eng", text=[f"Read by a synthetic voice: {tags.narrator}."]))
    if tags.cover:
        mime, data = tags.cover.media_type, tags.cover.data
        frames.add(_frame(APIC, mime=mime, type=PictureType.COVER_FRONT, desc="Cover", data=data))
    return frames


def _frame(kind: Any, **fields: Any) -> Any:
    return kind(encoding=Encoding.UTF16, **fields)


def _line(text: str) -> str:
    return " ".join(text.split())


def _day_and_month(date: str) -> str:
    """'1865-11-26' as '2611' (ID3 v2.3, 4.2.1: TDAT), '' where the day is not known."""
    return date[8:10] + date[5:7] if len(date) == len("YYYY-MM-DD") else ""


def _iso_639_2(language: str) -> str:
    """A language's three letters, '' if it has none: the terminology form, as MP4 has it ('deu', not 'ger')."""
    try:
        return langcodes.get(language).to_alpha3() if language else ""
    except (LookupError, ValueError):  # a private or unknown language, or no tag at all
        return ""
