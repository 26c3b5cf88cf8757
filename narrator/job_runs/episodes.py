"""The files of a finished book as episodes of a podcast."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from yarl import URL

from narrator.jobs.history import Item
from narrator.jobs.job import Job, Podcast, SourceKind
from narrator.publishing.podcast import Episode, Show
from narrator.publishing.record import AudiobookRecord
from narrator.publishing.timing import TimedFile, timed_files

_MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "m4b": "audio/mp4",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
"""In the order in which apps are likely to play them."""


_COVER = "cover.jpg"


def show_of(job: Job, podcast: Podcast) -> Show:
    """A podcast as `jobs.toml` describes it."""
    return Show(
        title=podcast.title or job.name,
        base_url=podcast.base_url,
        description=podcast.description,
        author=podcast.author,
        email=podcast.email,
        link=podcast.link,
        language=podcast.language,
        category=podcast.category,
        image=podcast.image,
        explicit=podcast.explicit,
    )


def episodes_of(job: Job, item: Item, project: Path, record: AudiobookRecord) -> list[Episode]:
    """An episode for each file that a person gets, in one format: the whole book, its parts or its chapters."""
    names = [name for name in _MEDIA_TYPES if any(file.format == name for _, file in record.files)]
    return list(_episodes(job, item, project, record, names[0])) if names else []


def _episodes(job: Job, item: Item, project: Path, record: AudiobookRecord, name: str) -> Iterator[Episode]:
    kind = job.source.kind
    identity = _identity(item, project, kind)
    # A feed that is for one reader alone has a token in its address, and maybe in those of its entries.
    is_private = bool((address := URL(job.source.place)).query_string or address.user)
    is_serial = kind in (SourceKind.MANUSCRIPT, SourceKind.PROJECT)
    volumes = {volume.file.path: volume.number for volume in record.volumes}
    files = timed_files(record, name)
    titles: Counter[str] = Counter()
    for number, file in enumerate(files, 1):
        titles[file.title] += 1
        part = f"{file.title}\n{titles[file.title]}"
        if file.path in volumes:
            part = f"part {volumes[file.path]}"
        elif len(files) == 1 and not is_serial:
            part = "part 1"  # whatever it is called: a serial alone will have more chapters
        audio = project / file.path
        captions = [path for suffix in (".vtt", ".srt") if (path := audio.with_suffix(suffix)).is_file()]
        yield Episode(
            guid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{identity}\n{part}")),
            title=_title(item, record, file, is_one=len(files) == 1, is_serial=is_serial),
            published=item.published and item.published + timedelta(seconds=number - 1),
            audio=audio,
            media_type=_MEDIA_TYPES[name],
            duration_s=file.duration_s,
            description=item.summary or record.description,
            link="" if is_private else item.link,
            narrator=record.narrator,
            chapters=_chapters(file),
            transcript=captions[0] if captions else None,
            episode=number if is_serial else None,
            sound=_sound(record, file),
            # A serial may drop its first chapters one day; who hears them keeps them.
            family="" if is_serial else identity,
            language=record.language,
            author=", ".join(record.authors),
            cover=next((project / path for path in record.beside if Path(path).name == _COVER), None),
        )


def _identity(item: Item, project: Path, kind: SourceKind) -> str:
    """What a book is to a podcast, by whatever name."""
    match kind:
        case SourceKind.FEED:
            return item.identity
        case SourceKind.PAGE:  # another text at one address is tomorrow's column, and no correction of today's
            return f"{item.identity}\n{item.published or item.digest}"
    return project.name  # it may be moved together with its project


def _title(item: Item, record: AudiobookRecord, file: TimedFile, *, is_one: bool, is_serial: bool) -> str:
    """What an episode is called: as the book where it is all of it, and among many books after its own."""
    if is_serial:
        return file.title
    return (item.title or record.title) if is_one else f"{record.title}: {file.title}"


def _sound(record: AudiobookRecord, file: TimedFile) -> str:
    """A digest of what is heard in a file, whatever its tags say."""
    sounds = [chapter.sound for each in file.chapters if (chapter := record.chapter(each.number))]
    return hashlib.sha256("\n".join([file.format, *sounds]).encode()).hexdigest()


def _chapters(file: TimedFile) -> tuple[tuple[float, str], ...]:
    return tuple((each.start_s, each.title) for each in file.chapters) if len(file.chapters) > 1 else ()
