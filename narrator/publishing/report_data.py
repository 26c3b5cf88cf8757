"""A report's data, from `book.json` and what the takes' sidecars keep: nothing is decoded, no sound is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from narrator.audio.loudness import PlacedHops, hop_frames, integrated_lufs
from narrator.audio.silence import THRESHOLD_DB
from narrator.model import Take, TakeKey
from narrator.publishing.record import AudiobookRecord, DeliveredChapter, DeliveredFile
from narrator.publishing.report import (
    Report,
    ReportChapter,
    ReportFigure,
    ReportFile,
    ReportGap,
    ReportSegment,
    ReportSkip,
)
from narrator.publishing.report_columns import Columns, hop_peaks
from narrator.publishing.report_findings import Heard, TakeFacts, findings
from narrator.publishing.report_words import link

_FLOOR_DB = 40.0
"""What is so much softer than a take's peak is no voice, whatever noise there is in its room."""

PLAYED_FORMATS = ("mp3", "m4b", "opus", "flac", "wav")
"""What browsers play, those first that all of them do."""

TakeOf = Callable[[TakeKey], Take | None]
FactsOf = Callable[[TakeKey], Mapping[str, Any]]
"""What a take's sidecar keeps for people."""


def report_of(
    record: AudiobookRecord,
    *,
    project: Path,
    page: Path,
    target_lufs: float,
    longest_pause_s: float,
    take_of: TakeOf,
    facts_of: FactsOf,
    usd_per_million_characters: float | None,
    attempts: Mapping[TakeKey, int] = MappingProxyType({}),
    verdicts: Mapping[str, tuple[ReportFigure, ...]] = MappingProxyType({}),
    skipped: Iterable[ReportSkip] = (),
    notices: Iterable[str] = (),
) -> Report:
    """All that the page says. One take is in memory at a time; of a chapter of any length 600 columns are kept.

    `project` is the folder that paths in the record are relative to, and `page` where the page will lie, from
    which its links lead to the files. `longest_pause_s` is the longest pause that the settings ask for inside a
    chapter. `attempts` are the calls that takes needed, where it is known, and `verdicts` the figures of
    delivered files by their paths in the record. A take that is not there any more is left out of the pictures.
    A preview is shown where there is nothing else.

    Raises:
        DiskError: a take cannot be read.
    """

    def known_of(take: Take) -> TakeFacts:
        return _known(take, facts_of(take.key), usd_per_million_characters, attempts.get(take.key))

    chapters: list[ReportChapter] = []
    heard: list[Heard] = []
    numbered = [chapter for chapter in record.chapters if chapter.number > 0] or record.chapters
    for chapter in numbered:
        played, begins_s = _played(record, chapter)
        where = link(project / played.path, page) if played else ""
        drawn, said = _drawn(chapter, where, begins_s, take_of, known_of)
        chapters.append(drawn)
        heard += said
    return Report(
        title=record.title,
        authors=record.authors,
        narrator=record.narrator,
        language=record.language,
        date=record.date,
        made_by=record.made_by,
        profile=record.profile,
        target_lufs=target_lufs,
        files=tuple(
            ReportFile(
                Path(file.path).name,
                link(project / file.path, page),
                file.duration_s,
                verdicts.get(file.path, ()),
            )
            for file in _by_format(record)
        ),
        chapters=tuple(chapters),
        findings=tuple(findings(heard, longest_pause_s)),
        skipped=tuple(skipped),
        gaps=tuple(ReportGap(gap.title, gap.text, gap.reason) for gap in record.gaps),
        notices=tuple(notices),
    )


def _by_format(record: AudiobookRecord) -> list[DeliveredFile]:
    files = [file for _, file in record.files]
    order = list(dict.fromkeys(file.format for file in files))
    return sorted(files, key=lambda file: order.index(file.format))


def _played(record: AudiobookRecord, chapter: DeliveredChapter) -> tuple[DeliveredFile | None, float]:
    """The file in which a chapter is best heard, and from which second on."""
    found = {file.format: (file, 0.0) for file in chapter.files if not file.is_piece}
    for volume in record.volumes:
        for placed in volume.chapters:
            if placed.number == chapter.number:
                found[volume.file.format] = volume.file, placed.start / volume.file.rate_hz
    return next((found[each] for each in PLAYED_FORMATS if each in found), (None, 0.0))


def _drawn(
    chapter: DeliveredChapter,
    where: str,
    begins_s: float,
    take_of: TakeOf,
    known_of: Callable[[Take], TakeFacts],
) -> tuple[ReportChapter, list[Heard]]:
    """A chapter's pictures and texts, and how its segments are heard."""
    picture = Columns(chapter)
    heard: list[Heard] = []
    for place, segment in enumerate(chapter.segments):
        take = take_of(segment.key)
        if take:
            picture.add(segment, take)
            heard.append(_heard(chapter, place, take, known_of(take)))
    drawn = ReportChapter(
        number=chapter.number,
        title=chapter.title,
        duration_s=chapter.duration_s,
        loudness_lufs=chapter.loudness_lufs,
        true_peak_dbtp=chapter.true_peak_dbtp,
        gain_db=chapter.gain_db,
        link=where,
        begins_s=begins_s,
        peaks=picture.peaks,
        short_term_lufs=picture.short_term_lufs(),
        segments=tuple(
            ReportSegment(each.start / chapter.rate_hz, each.end / chapter.rate_hz, each.text)
            for each in chapter.segments
        ),
    )
    return drawn, heard


def _known(
    take: Take, facts: Mapping[str, Any], usd_per_million: float | None, attempts: int | None
) -> TakeFacts:
    """What is known of how a take came; whatever is in its sidecar."""
    times_real, billed = facts.get("real_time_factor"), facts.get("characters_billed")
    took_s, usd = None, None
    if isinstance(times_real, int | float) and times_real > 0:
        took_s = take.frames / take.rate_hz / times_real
    if not isinstance(billed, int):
        billed = None
    elif usd_per_million is not None:
        usd = billed * usd_per_million / 1e6
    return TakeFacts(took_s, billed, usd, attempts)


def _heard(chapter: DeliveredChapter, place: int, take: Take, facts: TakeFacts) -> Heard:
    segment, sound = chapter.segments[place], take.measurement
    zero_s = (segment.start - segment.first) / chapter.rate_hz
    is_silent = segment.end == segment.start or sound.lead_frames >= sound.frames
    lead, tail = (0, sound.frames) if is_silent else (sound.lead_frames, sound.tail_frames)
    quiet_s, quiet_at_s = _longest_quiet(take)
    hops = np.frombuffer(sound.hop_energies, "<f4").astype(np.float64)
    whole = PlacedHops(0, 0, sound.frames, hop_frames(take.rate_hz), hops)
    gain_db = chapter.gain_db + segment.gain_db - (chapter.true_peak_dbtp or 0.0)
    return Heard(
        chapter=chapter.number,
        place=place,
        text=segment.text,
        voice=segment.voice,
        key=segment.key,
        from_s=zero_s + lead / take.rate_hz,
        to_s=zero_s + (sound.frames - tail) / take.rate_hz,
        lufs=integrated_lufs([whole], sound.frames, take.rate_hz),
        over_db=20.0 * math.log10(max(sound.true_peak, 1e-6)) + gain_db,
        quiet_s=quiet_s,
        quiet_at_s=zero_s + quiet_at_s,
        facts=facts,
    )


def _longest_quiet(take: Take) -> tuple[float, float]:
    """How long the longest pause inside a take is, and the second of the take in which it begins."""
    peaks = hop_peaks(take)
    level = max(10.0 ** (THRESHOLD_DB / 20.0), take.measurement.sample_peak * 10.0 ** (-_FLOOR_DB / 20.0))
    loud = np.flatnonzero(peaks >= level)
    if len(loud) < 2:
        return 0.0, 0.0
    apart = np.diff(loud)
    widest = int(apart.argmax())
    hop_s = hop_frames(take.rate_hz) / take.rate_hz
    return float(apart[widest] - 1) * hop_s, float(loud[widest] + 1) * hop_s
