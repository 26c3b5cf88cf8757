"""What a finished MP3 says of itself: ID3 v2.3 in UTF-16, which is what the oldest players understand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from mutagen import MutagenError
from mutagen.id3 import (
    APIC,
    CHAP,
    COMM,
    CTOC,
    ID3,
    TALB,
    TCOM,
    TCON,
    TDAT,
    TIT2,
    TLAN,
    TPE1,
    TPE2,
    TPOS,
    TPUB,
    TRCK,
    TXXX,
    TYER,
    CTOCFlags,
    Encoding,
    PictureType,
)

from narrator.durable import disk_errors
from narrator.publishing.tags import ChapterMark, Tags, iso_639_2, one_line

_PADDING_BYTES = 1024  # room for a listener's own corrections without moving the sound
_HEADER_BYTES = 10
_EMPTY = b"ID3\x03" + bytes(_HEADER_BYTES - 4)  # mutagen writes unknown frames into the version they came from
_NO_OFFSET = 0xFFFFFFFF  # "the time is to be used": ID3v2 Chapter Frame Addendum 1.0, 3.1
_MOST_ENTRIES = 255  # of a table of contents, whose count is one byte (3.2)


def tag_mp3(path: Path, tags: Tags) -> None:
    """Put the tags and chapters before the sound of an MP3, for those it has. Equal tags are equal bytes.

    Authors are joined by '; ': a comma may be part of a name, and Audiobookshelf splits at semicolons. It reads
    the user's texts SERIES, SERIES-PART and ISBN, too, for which ID3 has no frames, and a comment of that name
    as the description. The sound is moved within the file, a little at a time.

    Raises:
        DiskError: the file cannot be read or written.
    """
    with disk_errors(f"Writing tags to {path}"):
        try:
            _frames(tags).save(path, v1=0, v2_version=3, padding=lambda _: _PADDING_BYTES)
        except MutagenError as exc:
            said = next(iter(exc.args), None)  # by the system, if it was that
            raise (said if isinstance(said, OSError) else OSError(str(exc))) from exc


def id3_bytes(tags: Tags) -> bytes:
    """The tags as `tag_mp3` writes them, for a file that has them elsewhere than at its beginning."""
    file = BytesIO()
    _frames(tags).save(file, v1=0, v2_version=3, padding=lambda _: 0)
    return file.getvalue()


def _frames(tags: Tags) -> Any:
    frames: Any = ID3(BytesIO(_EMPTY))  # type: ignore[no-untyped-call]  # mutagen is typed in part only
    for kind, text in _texts(tags).items():
        if text:
            frames.add(_text(kind, text=[one_line(text)]))
    for name, text in _own_texts(tags).items():
        if text:
            frames.add(_text(TXXX, desc=name, text=[one_line(text)]))
    frames.add(_text(COMM, lang="eng", text=[one_line(tags.comment)]))
    if tags.description:
        # Of the texts that anything shows, only a comment may have lines (ID3 v2.3, 3.3 and 4.11).
        lines, language = map(one_line, tags.description.splitlines()), iso_639_2(tags.language) or "und"
        frames.add(_text(COMM, lang=language, desc="description", text=["\n".join(lines)]))
    if tags.cover:
        mime, data = tags.cover.media_type, tags.cover.data
        frames.add(_text(APIC, mime=mime, type=PictureType.COVER_FRONT, desc="Cover", data=data))
    # mutagen sorts frames by their size, and players list chapters as they come. Unknown frames it lets be.
    frames.unknown_frames.extend(_raw(frame) for frame in _chapter_frames(tags.chapters))
    return frames


def _texts(tags: Tags) -> dict[Any, str]:
    authors = "; ".join(tags.authors)
    return {
        TIT2: tags.title,
        TALB: tags.album,
        TPE1: authors,
        TPE2: authors,
        TCOM: tags.reader,
        TCON: "Audiobook",
        TRCK: f"{tags.track}/{tags.tracks}" if tags.track else "",
        TPOS: "1/1" if tags.track else "",  # the tracks of a book are of one disc, whatever there is of others
        TLAN: iso_639_2(tags.language),
        TYER: tags.date[:4],
        TDAT: _day_and_month(tags.date),
        TPUB: tags.publisher,
    }


def _own_texts(tags: Tags) -> dict[str, str]:
    return {
        "SERIES": tags.series,
        "SERIES-PART": tags.part,
        "ISBN": tags.isbn,
    }


def _chapter_frames(chapters: Sequence[ChapterMark]) -> Iterator[Any]:
    """The table of contents, and the chapters in its order (ID3v2 Chapter Frame Addendum 1.0)."""
    if not chapters:
        return
    names = [f"chp{number}" for number in range(1, len(chapters) + 1)]
    yield from _contents(names)
    for name, chapter in zip(names, chapters, strict=True):
        yield _frame(
            CHAP,
            element_id=name,
            start_time=round(chapter.start_s * 1000),
            end_time=round(chapter.end_s * 1000),
            start_offset=_NO_OFFSET,
            end_offset=_NO_OFFSET,
            sub_frames=[_text(TIT2, text=[one_line(chapter.title)])],
        )


def _contents(names: Sequence[str]) -> list[Any]:
    """A table of these entries in order, behind it the tables that it is of where they are too many for one."""
    tables: list[Any] = []
    while len(names) > _MOST_ENTRIES:
        groups = [names[at : at + _MOST_ENTRIES] for at in range(0, len(names), _MOST_ENTRIES)]
        names = [f"{group[0]}-" for group in groups]
        tables[:0] = map(_table, names, groups)
    return [_table("toc", names, CTOCFlags.ORDERED | CTOCFlags.TOP_LEVEL), *tables]


def _table(name: str, entries: Sequence[str], flags: int = CTOCFlags.ORDERED) -> Any:
    return _frame(CTOC, element_id=name, flags=flags, child_element_ids=list(entries), sub_frames=[])


def _raw(frame: Any) -> bytes:
    """A frame as it stands in a file."""
    file = BytesIO()
    alone: Any = ID3()  # type: ignore[no-untyped-call]  # as above
    alone.add(frame)
    alone.save(file, v1=0, v2_version=3, padding=lambda _: 0)
    return file.getvalue()[_HEADER_BYTES:]


def _text(kind: Any, **fields: Any) -> Any:
    return _frame(kind, encoding=Encoding.UTF16, **fields)


def _frame(kind: Any, **fields: Any) -> Any:
    return kind(**fields)


def _day_and_month(date: str) -> str:
    """'1865-11-26' as '2611' (ID3 v2.3, 4.2.1: TDAT), '' where the day is not known."""
    return date[8:10] + date[5:7] if len(date) == len("YYYY-MM-DD") else ""
