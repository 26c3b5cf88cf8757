"""When what is heard, file by file, in seconds: captions, cue sheets, read-along books come from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from narrator.model import TakeKey, WordTime
from narrator.publishing.record import AudiobookRecord, DeliveredChapter, DeliveredFile, DeliveredSegment

WordsOf = Callable[[TakeKey], Sequence[WordTime]]
"""The word times of a take, in milliseconds from its first frame; none where the provider gave none."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word, heard in [start_s, end_s) of its file."""

    word: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class TimedSegment:
    """The text of a segment, heard in [start_s, end_s) of its file.

    `place` counts the segments of its chapter from 0; `words` is () where their times are not known.
    """

    place: int
    text: str
    voice: str
    start_s: float
    end_s: float
    words: tuple[TimedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class TimedChapter:
    """A chapter, heard in [start_s, end_s) of its file."""

    number: int
    title: str
    start_s: float
    end_s: float
    segments: tuple[TimedSegment, ...]


@dataclass(frozen=True, slots=True)
class TimedFile:
    """A delivered file, by its path as the record has it; `title` is what it is called in its tags."""

    path: str
    format: str
    title: str
    duration_s: float
    chapters: tuple[TimedChapter, ...]

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


def timed_files(
    record: AudiobookRecord, audio_format: str, words_of: WordsOf = lambda _: ()
) -> tuple[TimedFile, ...]:
    """The delivered files of one format, in the order in which they are heard.

    They are the volumes where there are some, else the files of the chapters; without those that stand apart:
    preview and sample. Where there is nothing else, it is these.
    """
    return _files(record, audio_format, words_of, are_apart=False) or timed_apart(
        record, audio_format, words_of
    )


def timed_apart(
    record: AudiobookRecord, audio_format: str, words_of: WordsOf = lambda _: ()
) -> tuple[TimedFile, ...]:
    """The files of one format that are no part of the book: preview and sample."""
    return _files(record, audio_format, words_of, are_apart=True)


def _files(
    record: AudiobookRecord, audio_format: str, words_of: WordsOf, *, are_apart: bool
) -> tuple[TimedFile, ...]:
    numbered = {chapter.number: chapter for chapter in record.chapters}
    volumes = tuple(
        TimedFile(
            volume.file.path,
            audio_format,
            volume.title,
            volume.file.duration_s,
            tuple(
                _timed(numbered[placed.number], volume.file, placed.start, placed.end, words_of)
                for placed in volume.chapters
            ),
        )
        for volume in record.volumes
        if volume.file.format == audio_format and (volume.number <= 0) == are_apart
    )
    return volumes or tuple(
        TimedFile(
            file.path,
            audio_format,
            chapter.title,
            file.duration_s,
            (_timed(chapter, file, 0, file.frames, words_of),),
        )
        for chapter in record.chapters
        for file in chapter.files
        if file.format == audio_format and not file.is_piece and (chapter.number <= 0) == are_apart
    )


def _timed(
    chapter: DeliveredChapter, file: DeliveredFile, start: int, end: int, words_of: WordsOf
) -> TimedChapter:
    begin_s = start / file.rate_hz
    segments = tuple(
        TimedSegment(
            place,
            segment.text,
            segment.voice,
            begin_s + segment.start / chapter.rate_hz,
            begin_s + segment.end / chapter.rate_hz,
            _words(segment, chapter.rate_hz, begin_s, words_of),
        )
        for place, segment in enumerate(chapter.segments)
    )
    return TimedChapter(chapter.number, chapter.title, begin_s, end / file.rate_hz, segments)


def _words(segment: DeliveredSegment, rate_hz: int, begin_s: float, words_of: WordsOf) -> tuple[TimedWord, ...]:
    """The words of a take, no part of which is before or after what of it is heard."""
    first_s, last_s = begin_s + segment.start / rate_hz, begin_s + segment.end / rate_hz
    zero_s = begin_s + (segment.start - segment.first) / rate_hz
    return tuple(
        TimedWord(
            each.word,
            min(max(zero_s + each.start_ms / 1000, first_s), last_s),
            min(max(zero_s + each.end_ms / 1000, first_s), last_s),
        )
        for each in words_of(segment.key)
    )
