"""Delivered files with times, as tests want them."""

from __future__ import annotations

from narrator.model import TakeKey
from narrator.publishing.record import AudiobookRecord, DeliveredChapter, DeliveredFile, DeliveredSegment
from narrator.publishing.timing import TimedChapter, TimedFile, TimedSegment, TimedWord


def timed_file(*segments: TimedSegment, title: str = "One", path: str = "out/01 - One.mp3") -> TimedFile:
    """A file of one chapter that ends a second after the last of its segments."""
    end_s = segments[-1].end_s + 1 if segments else 1.0
    return TimedFile(path, "mp3", title, end_s, (TimedChapter(1, title, 0.0, end_s, segments),))


def said(text: str, start_s: float, end_s: float, *words: tuple[str, float, float]) -> TimedSegment:
    return TimedSegment(0, text, "hibari heart", start_s, end_s, tuple(TimedWord(*word) for word in words))


def volume(path: str, *lengths_s: float, first: int = 1) -> TimedFile:
    """A file of several chapters, one after the other."""
    chapters = []
    start_s = 0.0
    for number, length_s in enumerate(lengths_s, start=first):
        segment = said(f"Text {number}.", start_s + 0.5, start_s + length_s - 0.5)
        chapters.append(TimedChapter(number, f"Chapter {number}", start_s, start_s + length_s, (segment,)))
        start_s += length_s
    return TimedFile(path, path.rpartition(".")[2], "The Book", start_s, tuple(chapters))


def record(**facts: object) -> AudiobookRecord:
    """A book of one chapter of two seconds."""
    file = DeliveredFile("out/01 - One.mp3", "mp3", 1, "0" * 64, 24_000, 48_000)
    segment = DeliveredSegment(TakeKey("0" * 64), "0" * 64, 12_000, 36_000, 0, "One.", "hibari heart", "p1")
    chapter = DeliveredChapter(1, "One", "", "", 24_000, 48_000, 0.0, -20.0, -3.0, (file,), (segment,))
    defaults: dict[str, object] = {
        "title": "The Cat",
        "authors": ("Natsume Sōseki", "Strunk, Jr."),
        "language": "en",
        "narrator": "hibari heart",
        "made_by": "narrator",
        "chapters": (chapter,),
    }
    return AudiobookRecord(**(defaults | facts))  # type: ignore[arg-type]  # the facts are of many types
