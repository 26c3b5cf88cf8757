"""What a finished FLAC or Opus file says of itself: Vorbis comments, the picture among them, chapters.

Names are those of xiph.org/vorbis/doc/v-comment.html and, beyond these, what players and Audiobookshelf read.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mutagen import MutagenError
from mutagen.flac import FLAC, Picture
from mutagen.id3 import PictureType
from mutagen.oggopus import OggOpus

from narrator.durable import disk_errors
from narrator.model import Cover
from narrator.publishing.tags import ChapterMark, Tags, iso_639_2, one_line

_PADDING_BYTES = 1024  # room for a listener's own corrections without moving the sound
_ENCODER = "libavcodec"


def tag_flac(path: Path, tags: Tags) -> None:
    """Put the tags before the sound of a FLAC, in the place of those it has. Equal tags are equal bytes.

    The sound is moved within the file, a little at a time.

    Raises:
        DiskError: the file cannot be read or written.
    """
    with _mutagen_errors(path):
        file: Any = FLAC(path)  # type: ignore[no-untyped-call]  # mutagen is typed in part only
        file.metadata_blocks = file.metadata_blocks[:1]  # what the sound is; the rest is of other tags
        file.tags = None
        file.add_tags()
        file.tags.vendor = _ENCODER
        file.tags.extend(_comments(tags))
        if tags.cover:
            file.add_picture(_picture(tags.cover))
        file.save(padding=lambda _: _PADDING_BYTES)


def tag_opus(path: Path, tags: Tags) -> None:
    """Put the tags before the sound of an Ogg Opus, in the place of those it has. Equal tags are equal bytes.

    The sound is moved within the file and its pages are numbered anew, a little at a time.

    Raises:
        DiskError: the file cannot be read or written.
    """
    with _mutagen_errors(path):
        file: Any = OggOpus(path)  # type: ignore[no-untyped-call]  # as above
        file.tags.clear()
        file.tags.extend(_comments(tags))
        if tags.cover:
            # The block of FLAC, in base64: wiki.xiph.org/VorbisComment, METADATA_BLOCK_PICTURE.
            picture = base64.b64encode(_picture(tags.cover).write()).decode()
            file.tags.append(("METADATA_BLOCK_PICTURE", picture))
        file.save(padding=lambda _: _PADDING_BYTES)


@contextmanager
def _mutagen_errors(path: Path) -> Iterator[None]:
    with disk_errors(f"Writing tags to {path}"):
        try:
            yield
        except MutagenError as exc:  # what the system said is inside
            raise (exc.args[0] if exc.args and isinstance(exc.args[0], OSError) else OSError(str(exc))) from exc


def _comments(tags: Tags) -> list[tuple[str, str]]:
    """The fields that have something to say, in a fixed order; an author is one ARTIST."""
    reader = tags.reader
    fields = [
        ("TITLE", tags.title),
        ("ALBUM", tags.album),
        *(("ARTIST", author) for author in tags.authors),
        *(("ALBUMARTIST", author) for author in tags.authors),
        ("COMPOSER", reader),
        ("PERFORMER", reader),
        ("NARRATOR", tags.narrator),
        ("GENRE", "Audiobook"),
        ("DATE", tags.date),
        *(_place(tags) if tags.track else ()),
        ("LANGUAGE", iso_639_2(tags.language)),
        ("PUBLISHER", tags.publisher),
        ("ISBN", tags.isbn),
        ("SERIES", tags.series),
        ("SERIES-PART", tags.part),
        ("COMMENT", tags.comment),
    ]
    comments = [(name, one_line(text)) for name, text in fields]
    comments.append(("DESCRIPTION", "\n".join(map(one_line, tags.description.splitlines()))))
    for number, chapter in enumerate(tags.chapters, 1):
        comments += _chapter(number, chapter)
    return [(name, text) for name, text in comments if text]


def _place(tags: Tags) -> list[tuple[str, str]]:
    return [
        ("TRACKNUMBER", str(tags.track)),
        ("TRACKTOTAL", str(tags.tracks)),
        ("DISCNUMBER", "1"),  # the tracks of a book are of one disc, whatever there is of others
        ("DISCTOTAL", "1"),
    ]


def _chapter(number: int, chapter: ChapterMark) -> list[tuple[str, str]]:
    """As wiki.xiph.org/Chapter_Extension has it: the time at which it begins, and what it is called."""
    minutes, milliseconds = divmod(round(chapter.start_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds, milliseconds = divmod(milliseconds, 1000)
    name = f"CHAPTER{number:03d}"
    return [
        (name, f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"),
        (f"{name}NAME", one_line(chapter.title)),
    ]


def _picture(cover: Cover) -> Any:
    """A picture as FLAC has it (RFC 9639, 8.8), whose sizes in pixels are left for its own header to tell."""
    picture: Any = Picture()  # type: ignore[no-untyped-call]  # as above
    picture.type = PictureType.COVER_FRONT
    picture.mime = cover.media_type
    picture.desc = "Cover"
    picture.data = cover.data
    return picture
