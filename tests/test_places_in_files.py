"""Every segment is heard, in every delivered file, at the very sample where `book.json` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soxr

from narrator.book import Book
from narrator.model import Take, TakeKey
from narrator.publishing.record import AudiobookRecord, DeliveredChapter
from narrator.publishing.timing import TimedFile, timed_files
from tests.audio.signals import Sound
from tests.end_to_end.sound import decode
from tests.mastering.takes import take_of
from tests.test_whole_book import BookShop

MASTER_HZ = 24_000
SWEEP_S = 0.5


def sweep(key: str, rate_hz: int = MASTER_HZ) -> Sound:
    """A chirp of its own for each key, faded at its ends, so that it is found at one place only."""
    number = int(key[:6], 16) % 97
    first_hz, last_hz = 300.0 + 11.0 * number, 2500.0 + 37.0 * number
    t = np.arange(round(SWEEP_S * rate_hz)) / rate_hz
    phase = 2 * np.pi * (first_hz * t + (last_hz - first_hz) * t**2 / (2 * SWEEP_S))
    return (0.3 * np.sin(phase) * np.hanning(len(t)) ** 0.25).astype(np.float32)


class Sweeps(BookShop):
    """A book whose takes are chirps after 0.25 s of silence."""

    def take(self, key: TakeKey) -> Take:
        if key not in self.takes:
            self.book.project.takes_folder.mkdir(exist_ok=True)
            quiet = np.zeros(MASTER_HZ // 4, np.float32)
            made = take_of(self.book.project.takes_folder, np.concatenate([quiet, sweep(key), quiet]))
            self.takes[key] = replace(made, key=key)
        return self.takes[key]


def heard_at(record: AudiobookRecord, book: Book, audio_format: str) -> Iterator[tuple[int, int]]:
    """For each segment the frame of its file where it should begin, and where it does."""
    chapters = {chapter.number: chapter for chapter in record.chapters}
    for file in timed_files(record, audio_format):
        sound = decode(book.project.folder / file.path)
        assert len(sound.samples) == round(file.duration_s * sound.rate_hz)
        yield from _places(file, chapters, sound.samples, sound.rate_hz)


def _places(
    file: TimedFile, chapters: dict[int, DeliveredChapter], samples: Sound, rate_hz: int
) -> Iterator[tuple[int, int]]:
    for timed in file.chapters:
        delivered = chapters[timed.number]
        for segment, place in zip(delivered.segments, timed.segments, strict=True):
            # The chirp begins 0.25 s into its take, of which the frames from `first` on are heard.
            begins_s = place.start_s + 0.25 - segment.first / MASTER_HZ
            expected = round(begins_s * rate_hz)
            pattern = (
                soxr.resample(sweep(segment.key), MASTER_HZ, rate_hz)
                if rate_hz != MASTER_HZ
                else sweep(segment.key)
            )
            around = samples[max(0, expected - 400) : expected + len(pattern) + 400]
            lags = np.correlate(around, pattern, "valid")
            yield expected, max(0, expected - 400) + int(np.argmax(np.abs(lags)))


@pytest.mark.parametrize(
    ("wishes", "tolerance"),
    [
        ({"formats": ("mp3", "flac", "wav")}, 0),
        ({"formats": ("m4b",)}, 0),
        ({"formats": ("mp3", "wav"), "one_file": True}, 0),
        ({"formats": ("mp3",), "one_file": True, "mp3_mode": "vbr"}, 0),
        ({"formats": ("m4b", "mp3", "flac", "wav"), "rate_hz": 44100, "mp3_kbps": 192}, 1),
    ],
    ids=lambda value: "-".join(value["formats"]) if isinstance(value, dict) else str(value),
)
def test_each_segment_is_where_book_json_says(
    tmp_path: Path, wishes: dict[str, object], tolerance: int
) -> None:
    shop = Sweeps(tmp_path)
    book = shop.configured("delivery", **wishes)
    record = shop.whole(book)
    for audio_format in book.config.delivery.formats:
        places = list(heard_at(record, book, audio_format))
        assert len(places) == sum(len(chapter.segments) for chapter in record.chapters)
        assert all(abs(found - expected) <= tolerance for expected, found in places), (audio_format, places)
