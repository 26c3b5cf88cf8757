"""What a finished M4B says of itself: the items of iTunes, and under its name those that it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mutagen import MutagenError
from mutagen.mp4 import MP4, MP4Cover

from narrator.durable import disk_errors
from narrator.model import Cover
from narrator.publishing.tags import Tags, iso_639_2, one_line

_PADDING_BYTES = 1024  # room for a listener's own corrections without moving the sound
_OWN = "----:com.apple.iTunes:"
_PRIMING = f"{_OWN}iTunSMPB"  # not of the book but of the sound
_AUDIOBOOK = 2  # of iTunes' media kinds
_IMAGES = {"image/jpeg": MP4Cover.FORMAT_JPEG, "image/png": MP4Cover.FORMAT_PNG}


def tag_m4b(path: Path, tags: Tags) -> None:
    """Put the tags before the sound of an M4B, in the place of those it has. Equal tags are equal bytes.

    The chapters stay as they are. Authors are joined by '; ': a comma may be part of a name, and Audiobookshelf
    splits at semicolons. It also reads, by the names that FFmpeg gives them, items that iTunes does not have:
    SERIES, SERIES-PART, ISBN, LANGUAGE, PUBLISHER. The sound is moved within the file, a little at a time.

    Raises:
        DiskError: the file cannot be read or written.
    """
    with disk_errors(f"Writing tags to {path}"):
        try:
            file: Any = MP4(path)  # type: ignore[no-untyped-call]  # mutagen is typed in part only
            kept = {name: value for name, value in (file.tags or {}).items() if name == _PRIMING}
            if file.tags is None:
                file.add_tags()
            file.tags.clear()
            file.tags.update(kept | _items(tags))
            file.save(padding=lambda _: _PADDING_BYTES)
        except MutagenError as exc:  # what the system said is inside
            raise (exc.args[0] if exc.args and isinstance(exc.args[0], OSError) else OSError(str(exc))) from exc


def _items(tags: Tags) -> dict[str, Any]:
    """The items that have something to say; mutagen puts them in an order of its own."""
    items: dict[str, Any] = {name: [text] for name, text in _texts(tags).items() if text}
    items |= {f"{_OWN}{name}": [text.encode()] for name, text in _own_texts(tags).items() if text}
    items |= {"stik": [_AUDIOBOOK], "pgap": True}
    if tags.track:
        items |= {"trkn": [(tags.track, tags.tracks)]}
        items |= {"disk": [(1, 1)]}  # the tracks of a book are of one disc, whatever there is of others
    if tags.cover:
        items["covr"] = [_picture(tags.cover)]
    return items


def _texts(tags: Tags) -> dict[str, str]:
    authors = one_line("; ".join(tags.authors))
    reader = one_line(tags.reader)
    description = "\n".join(map(one_line, tags.description.splitlines()))
    return {
        "\xa9nam": one_line(tags.title),
        "\xa9alb": one_line(tags.album),
        "\xa9ART": authors,
        "aART": authors,
        "\xa9wrt": reader,
        "\xa9nrt": reader,
        "\xa9gen": "Audiobook",
        "\xa9day": one_line(tags.date),
        "\xa9cmt": one_line(tags.comment),
        "desc": description,
        "ldes": description,
    }


def _own_texts(tags: Tags) -> dict[str, str]:
    return {
        "SERIES": one_line(tags.series),
        "SERIES-PART": one_line(tags.part),
        "ISBN": one_line(tags.isbn),
        "LANGUAGE": iso_639_2(tags.language),
        "PUBLISHER": one_line(tags.publisher),
    }


def _picture(cover: Cover) -> Any:
    return MP4Cover(cover.data, _IMAGES[cover.media_type])  # type: ignore[no-untyped-call]  # as above
