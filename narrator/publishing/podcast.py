"""A podcast: a feed in a folder, with its sound beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from narrator.durable import disk_errors, reading, write_durably
from narrator.errors import ProjectLocked
from narrator.publishing.podcast_channel import check_show, completed, own_address, update_channel
from narrator.publishing.podcast_feed import Feed
from narrator.publishing.podcast_files import COVER, Place, known_names, missing, place_of, remove_left_over
from narrator.publishing.podcast_item import placed, update_item
from narrator.publishing.podcast_show import Episode, Show
from narrator.publishing.podcast_superseded import supersede
from narrator.publishing.podcast_text import base_address, line, opaque

__all__ = ["FEED_NAME", "Episode", "Show", "publish_podcast"]

FEED_NAME = "feed.xml"

_PATIENCE_S = 600.0
"""As long as it may take another job to copy a day's episodes to a slow disk."""


def publish_podcast(folder: Path, show: Show, episodes: Sequence[Episode], now: datetime) -> Path:
    """Write or extend the feed of a folder, and put the files that it names beside it; returns `feed.xml`.

    An episode that the feed has by its guid is updated; the others, and all that is not known here, stay as
    they are, but for those of a family that is published without them. The files are in place before the feed
    names them, and stay for some days after it names others instead. The same input leaves every file
    untouched. New episodes that have no time get one each, up to `now`, an aware time.

    Raises:
        DiskError: the folder is read-only or full; the feed is as it was, and so is all that it names.
        ProjectLocked: somebody else does the same, and does not come to an end.
        UsageError: the feed that is there is broken or none, a file of an episode is missing, the picture
            cannot be read, or an address is none; the feed is as it was.
    """
    base = base_address(show.base_url)
    check_show(show)
    with _alone_in(folder):
        path = folder / FEED_NAME
        old = _bytes_of(path)
        feed = Feed(old, path)
        _check_files(episodes)
        before = feed.files
        marks = _extend(feed, folder, completed(show, feed.channel, episodes), episodes, base=base, now=now)
        supersede(feed, before, folder, now)
        feed.settle()
        if bytes(feed) != old:
            feed.date(now)
            write_durably(path, bytes(feed))
        remove_left_over(folder, marks, {*feed.files, *(each.name for each in feed.superseded)})
    return path


def _extend(
    feed: Feed, folder: Path, show: Show, episodes: Sequence[Episode], *, base: str, now: datetime
) -> Collection[str]:
    """Put the files into place and let a feed tell of them; the marks of these files."""
    lengths = {name: file.length for name, file in feed.files.items() if file.length is not None}
    lengths |= {each.name: each.length for each in feed.superseded}
    known = known_names([*feed.files, *lengths])
    picture = _placed_picture(show.image, Place(folder, known, COVER)) if show.image else None
    guids = [line(episode.guid) for episode in episodes]
    places = [
        place_of(folder, known, lengths, guid, episode.title)
        for guid, episode in zip(guids, episodes, strict=True)
    ]
    made = [placed(episode, place) for episode, place in zip(episodes, places, strict=True)]
    if before := own_address(feed.channel).removesuffix(FEED_NAME):
        feed.move(_names_in(folder), before, base)
    is_serial = bool(made) and all(episode.episode is not None for episode in episodes)
    address = base + picture.name if picture else ""
    update_channel(feed.channel, show, base, base + FEED_NAME, address, is_serial=is_serial)
    for age_s, guid, each in zip(reversed(range(len(made))), guids, made, strict=True):
        update_item(feed.item(guid), each, base, now - timedelta(seconds=age_s))
    feed.leave_out({opaque(episode.family) for episode in episodes if episode.family}, guids)
    return {COVER, *(place.mark for place in places)}


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Be the only one who writes the feed of a folder: several jobs may share it."""
    lock = FileLock(folder / ".feed.lock")
    with disk_errors(f"Opening {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=_PATIENCE_S)
        except Timeout as exc:
            raise ProjectLocked(
                f"Another narrator is writing the podcast in {folder}.",
                advice="Wait for it, or stop it where it runs; then run the job again.",
            ) from exc
    try:
        yield
    finally:
        lock.release()


def _bytes_of(path: Path) -> bytes | None:
    try:
        with reading(path):
            return path.read_bytes()
    except FileNotFoundError:
        return None


def _names_in(folder: Path) -> set[str]:
    with disk_errors(f"Reading {folder}"):
        return {each.name for each in folder.iterdir()}


def _check_files(episodes: Sequence[Episode]) -> None:
    for episode in episodes:
        for path in filter(None, (episode.audio, episode.transcript)):
            with reading(path):
                is_there = path.is_file()
            if not is_there:
                raise missing(path)


def _placed_picture(image: Path, place: Place) -> Path:
    from narrator.publishing.podcast_picture import square_picture  # noqa: PLC0415 - brings Pillow

    return place.written(*square_picture(image))
