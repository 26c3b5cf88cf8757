"""What a feed says of an episode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lxml import etree

from narrator.durable import disk_errors
from narrator.publishing.podcast_feed import FAMILY, rfc_2822
from narrator.publishing.podcast_files import Place
from narrator.publishing.podcast_show import Episode
from narrator.publishing.podcast_text import SYNTHETIC, line, opaque, paragraphs, public_link
from narrator.publishing.podcast_xml import ITUNES, PODCAST, element, html, lay_out, renew

_TRANSCRIPTS = {".vtt": "text/vtt", ".srt": "application/x-subrip"}
"""https://podcasting2.org/podcast-namespace/tags/transcript"""

_OURS = (
    "title",
    "link",
    "description",
    "guid",
    "pubDate",
    "enclosure",
    f"{ITUNES}duration",
    f"{ITUNES}episode",
    f"{PODCAST}chapters",
    f"{PODCAST}transcript",
    FAMILY,
)
"""What of an item is ours to say, in this order; the rest was put there by somebody else."""


@dataclass(frozen=True, slots=True)
class PlacedEpisode:
    """An episode whose files are in place beside the feed; its sound has `audio_bytes`."""

    episode: Episode
    audio: Path
    audio_bytes: int
    chapters: Path | None
    transcript: Path | None


def placed(episode: Episode, place: Place) -> PlacedEpisode:
    """Put the files of an episode in place.

    Raises:
        DiskError: one cannot be written.
        UsageError: one is not there.
    """
    audio = place.copied(episode.audio, episode.sound)
    with disk_errors(f"Reading {audio}"):
        audio_bytes = audio.stat().st_size
    return PlacedEpisode(
        episode,
        audio,
        audio_bytes,
        place.written(_chapters(episode), ".json") if episode.chapters else None,
        place.copied(episode.transcript) if episode.transcript else None,
    )


def update_item(item: etree._Element, made: PlacedEpisode, base: str, now: datetime) -> None:
    """Say in an item what is known of its episode, whose files are at the address `base`.

    One whose time nobody knows keeps that of the feed, and has `now` at first.
    """
    published = made.episode.published
    time = rfc_2822(published) if published else item.findtext("pubDate") or rfc_2822(now)
    wanted = list(_said(made, base, time))
    for tag in _OURS:
        renew(item, item.findall(tag), [each for each in wanted if each.tag == tag])
    lay_out(item, 2)


def _said(made: PlacedEpisode, base: str, time: str) -> Iterator[etree._Element]:
    episode = made.episode
    yield element("title", line(episode.title))
    if link := public_link(episode.link):
        yield element("link", link)
    reader = line(episode.narrator)
    yield html(
        "description", paragraphs(f"{episode.description}\n{SYNTHETIC}{f': {reader}' if reader else ''}.")
    )
    yield element("guid", line(episode.guid), isPermaLink="false")
    yield element("pubDate", time)
    url, length = base + made.audio.name, str(made.audio_bytes)
    yield element("enclosure", url=url, length=length, type=episode.media_type)
    yield element(f"{ITUNES}duration", str(round(episode.duration_s)))
    if episode.episode is not None:
        yield element(f"{ITUNES}episode", str(episode.episode))
    if made.chapters:
        yield element(f"{PODCAST}chapters", url=base + made.chapters.name, type="application/json+chapters")
    if made.transcript:
        kind = _TRANSCRIPTS[made.transcript.suffix]
        yield element(f"{PODCAST}transcript", url=base + made.transcript.name, type=kind)
    if episode.family:
        yield element(FAMILY, opaque(episode.family))


def _chapters(episode: Episode) -> bytes:
    """The format: https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/chapters/jsonChapters.md."""
    chapters = [{"startTime": round(start_s, 3), "title": line(title)} for start_s, title in episode.chapters]
    return (
        json.dumps({"version": "1.2.0", "chapters": chapters}, ensure_ascii=False, indent=1) + "\n"
    ).encode()
