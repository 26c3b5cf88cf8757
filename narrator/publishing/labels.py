"""Labels: each chapter and segment of a file, as Audacity shows them under its waveform."""

from __future__ import annotations

from collections.abc import Iterator

from narrator.publishing.timing import TimedFile


def labels(file: TimedFile) -> str:
    """The text of a label track that Audacity imports: a line for each chapter and for each of its segments.

    Start and end in seconds, and a text, between tabs:
    https://manual.audacityteam.org/man/importing_and_exporting_labels.html
    """
    return "".join(
        f"{start_s:.6f}\t{end_s:.6f}\t{' '.join(text.split())}\n" for start_s, end_s, text in _stretches(file)
    )


def _stretches(file: TimedFile) -> Iterator[tuple[float, float, str]]:
    for chapter in file.chapters:
        yield chapter.start_s, chapter.end_s, chapter.title
        for segment in chapter.segments:
            yield segment.start_s, segment.end_s, segment.text
