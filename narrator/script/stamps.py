"""The stamp of a segment: what composing gave, so that what a person changed since can be told and kept."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Self

from narrator.model import Segment


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A checksum of the text, and the rest as it was: 'a1b2c3d4|paragraph|fr|zoe'."""

    text: str
    pause: str
    language: str
    voice: str

    @classmethod
    def of(cls, segment: Segment) -> Self:
        checksum = zlib.crc32(segment.text.encode("utf-8", "surrogatepass"))
        return cls(f"{checksum:08x}", segment.pause, segment.language, segment.voice)

    @classmethod
    def parse(cls, made: str) -> Self | None:
        parts = made.split("|", maxsplit=3)
        return cls(*parts) if len(parts) == 4 else None

    def __str__(self) -> str:
        return f"{self.text}|{self.pause}|{self.language}|{self.voice}"


def stamped(segment: Segment) -> Segment:
    """The segment as it was composed."""
    return replace(segment, made=str(_Stamp.of(segment)))


def reworded(segment: Segment, text: str) -> Segment:
    """The segment with its text written out in another way, and all else as it was composed or edited."""
    made, now = _Stamp.parse(segment.made), _Stamp.of(replace(segment, text=text))
    return replace(segment, text=text, made=str(replace(made, text=now.text) if made else now))


def text_made(segment: Segment) -> str:
    """A checksum of the text that was composed; '' where a person wrote the segment."""
    made = _Stamp.parse(segment.made)
    return made.text if made else ""


def is_by_hand(segment: Segment) -> bool:
    """Whether a person wrote this segment."""
    return _Stamp.parse(segment.made) is None


def is_edited(segment: Segment) -> bool:
    """Whether a person changed the text of this segment, or wrote it."""
    made = _Stamp.parse(segment.made)
    return made is None or made.text != _Stamp.of(segment).text


def with_changes(new: Segment, old: Segment) -> Segment:
    """A segment that was composed anew, with what a person had changed of the same one."""
    made, now = _Stamp.parse(old.made), _Stamp.of(old)
    if made is None or made.text != now.text:
        new = replace(new, text=old.text)
    if made and (made.voice, made.language) != (now.voice, now.language):
        new = replace(new, voice=old.voice, language=old.language)
    return with_pause(new, old)


def with_pause(new: Segment, old: Segment) -> Segment:
    """The segment with the pause that a person gave one that ended at the same place."""
    made = _Stamp.parse(old.made)
    return replace(new, pause=old.pause) if made and made.pause != old.pause else new
