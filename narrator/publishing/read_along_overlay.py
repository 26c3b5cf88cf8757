"""Media overlays: which part of which sound belongs to which element of a page, as SMIL 3.

The format: https://www.w3.org/TR/epub-33/#sec-media-overlays; clock values: https://www.w3.org/TR/SMIL3/.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from urllib.parse import quote

from narrator.publishing.read_along_book import ReadAlongAudio, ReadAlongChapter

SegmentId = tuple[int, int]
"""The place of a chapter among all chapters, and of a segment in it."""

ACTIVE_CLASS = "-epub-media-overlay-active"
STYLE = f".{ACTIVE_CLASS} {{ background-color: rgba(255, 196, 0, 0.35); }}\n"
MEDIA_TYPE = "application/smil+xml"


@dataclass(frozen=True, slots=True)
class Clip:
    """Milliseconds [begin_ms, end_ms) of a sound."""

    sound: Path
    begin_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Spot:
    """An element, by the page that it is on and its id there; `characters` are seen in it."""

    page: str
    id: str
    characters: int
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Par:
    """What is marked while a clip is heard."""

    spot: Spot
    clip: Clip


def overlays(
    chapters: Sequence[ReadAlongChapter],
    audio: Mapping[int, ReadAlongAudio],
    spots: Mapping[SegmentId, Sequence[Spot]],
) -> dict[str, list[Par]]:
    """What is heard on each page, in the order in which it is heard.

    `spots` are where the text of each segment stands. What stands nowhere is heard with what follows it in its
    chapter, or else with what precedes it: credits, and titles that the text does not show.
    """
    clips = dict(_clips(chapters, audio))
    shown = _with_the_nearest(list(clips), spots)
    pages: defaultdict[str, list[Par]] = defaultdict(list)
    for segment, clip in clips.items():
        for par in _shared(clip, shown.get(segment, ())):
            pages[par.spot.page].append(par)
    return dict(pages)


def _clips(
    chapters: Sequence[ReadAlongChapter], audio: Mapping[int, ReadAlongAudio]
) -> Iterator[tuple[SegmentId, Clip]]:
    """The clip of each segment: from where it begins to where the next does, for its pause belongs to it.

    A reader goes on at once where one clip ends; without the pauses a book would be read without a breath.
    """
    heard = [
        ((number, at), audio[chapter.number], round(segment.start_s * 1000))
        for number, chapter in enumerate(chapters)
        if chapter.number in audio
        for at, segment in enumerate(chapter.segments)
    ]
    for (name, sound, begin_ms), following in zip_longest(heard, heard[1:]):
        end_ms = int(sound.duration_s * 1000)
        if following and following[1].path == sound.path:
            end_ms = min(end_ms, following[2])
        if end_ms > begin_ms:
            yield name, Clip(sound.path, begin_ms, end_ms)


def _with_the_nearest(
    segments: Sequence[SegmentId], spots: Mapping[SegmentId, Sequence[Spot]]
) -> dict[SegmentId, Sequence[Spot]]:
    """The spots of all segments in heard order; those that have none get one of the nearest that has some."""
    shown = {segment: own for segment in segments if (own := spots.get(segment))}
    following: dict[SegmentId, Spot] = {}
    nearest: tuple[int, Spot] | None = None
    for segment in reversed(segments):
        if own := shown.get(segment):
            nearest = segment[0], own[0]
        elif nearest and nearest[0] == segment[0]:
            following[segment] = nearest[1]
    before: Spot | None = next((own[0] for own in shown.values()), None)
    for segment in segments:
        if own := shown.get(segment):
            before = own[-1]
        elif spot := following.get(segment, before):
            shown[segment] = (spot,)
    return shown


def _shared(clip: Clip, spots: Sequence[Spot]) -> Iterator[Par]:
    """A clip in as many parts as it has spots, each as long as its share of the characters."""
    total = sum(spot.characters for spot in spots)
    begin_ms, done = clip.begin_ms, 0
    for spot in spots:
        done += spot.characters
        end_ms = clip.begin_ms + (clip.end_ms - clip.begin_ms) * done // total
        if end_ms > begin_ms:
            yield Par(spot, Clip(clip.sound, begin_ms, end_ms))
            begin_ms = end_ms


def duration_ms(pars: Iterable[Par]) -> int:
    return sum(par.clip.end_ms - par.clip.begin_ms for par in pars)


def smil(page: str, pars: Sequence[Par], sound_address: Mapping[Path, str]) -> bytes:
    """The overlay of a page. `page` and the addresses of sounds are relative to it, and quoted."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">',
        "<body>",
    ]
    for number, par in enumerate(pars, start=1):
        sound, clip = sound_address[par.clip.sound], par.clip
        kind = ' epub:type="footnote"' if par.spot.is_note else ""
        lines.append(
            f'<par id="par-{number}"{kind}><text src="{page}#{quote(par.spot.id)}"/>'
            f'<audio src="{sound}" clipBegin="{clock(clip.begin_ms)}" clipEnd="{clock(clip.end_ms)}"/></par>'
        )
    return "\n".join([*lines, "</body>", "</smil>", ""]).encode()


def clock(milliseconds: int) -> str:
    """A full clock value: 3723004 is '1:02:03.004'."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
