from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyebur128
import pytest

from narrator.model import Take, TakeKey
from narrator.publishing.record import (
    AudiobookRecord,
    DeliveredChapter,
    DeliveredFile,
    DeliveredSegment,
    DeliveredVolume,
    Gap,
    PlacedChapter,
)
from narrator.publishing.report import Remark, Report, ReportFigure
from narrator.publishing.report_data import report_of
from tests.audio.signals import Sound, babble
from tests.mastering.takes import take_of

RATE_HZ = 24_000
PROJECT = Path("/books/a-book")


def _file(path: str, *, rate_hz: int = RATE_HZ, seconds: float = 10.0) -> DeliveredFile:
    return DeliveredFile(path, path.rpartition(".")[2], 1, "", rate_hz, round(seconds * rate_hz))


def _chapter(
    takes: list[Take], number: int = 1, *, pause_s: float = 0.5, gain_db: float = 0.0, **facts: Any
) -> DeliveredChapter:
    """A chapter whose takes are heard whole, one after another, with a pause before each."""
    at, segments = 0, []
    for take in takes:
        at += round(pause_s * RATE_HZ)
        frames = take.frames * RATE_HZ // take.rate_hz
        segments.append(DeliveredSegment(take.key, "", at, at + frames, 0, "What is said.", "heart", ""))
        at += frames
    made = DeliveredChapter(
        number=number,
        title=f"Chapter {number}",
        sound="",
        tags="",
        rate_hz=RATE_HZ,
        frames=at + RATE_HZ // 2,
        gain_db=gain_db,
        loudness_lufs=-20.0,
        true_peak_dbtp=-3.0,
        files=(_file(f"out/{number:02}.mp3"),),
        segments=tuple(segments),
    )
    return replace(made, **facts)


def _record(*chapters: DeliveredChapter, **facts: Any) -> AudiobookRecord:
    record = AudiobookRecord("A Book", ("An Author",), "en", "hibari heart", "narrator 1.0")
    return replace(record, chapters=chapters, **facts)


def _report(
    record: AudiobookRecord,
    takes: list[Take],
    *,
    facts: Mapping[TakeKey, Mapping[str, Any]] | None = None,
    usd_per_million: float | None = 0.0,
    **more: Any,
) -> Report:
    return report_of(
        record,
        project=PROJECT,
        page=PROJECT / "out" / "report.html",
        target_lufs=-20.0,
        longest_pause_s=1.5,
        take_of={take.key: take for take in takes}.get,
        facts_of=lambda key: (facts or {}).get(key, {}),
        usd_per_million_characters=usd_per_million,
        **more,
    )


def _takes(folder: Path, count: int, *, seconds: float = 3.0, level: float = 0.2) -> list[Take]:
    return [take_of(folder, babble(seconds, RATE_HZ, seed=n, level=level)) for n in range(count)]


def _master(chapter: DeliveredChapter, takes: list[Take]) -> Sound:
    """What is heard of a chapter at its gain."""
    sound = np.zeros(chapter.frames, np.float32)
    for segment, take in zip(chapter.segments, takes, strict=True):
        heard = np.fromfile(take.path, "<i2") / 32768 * 10 ** ((chapter.gain_db + segment.gain_db) / 20)
        sound[segment.start : segment.end] = heard
    return sound


def test_short_term_loudness_is_what_libebur128_measures(tmp_path: Path) -> None:
    takes = _takes(tmp_path, 6)
    chapter = _chapter(takes, gain_db=4.0)
    sound = _master(chapter, takes)
    (drawn,) = _report(_record(chapter), takes).chapters
    column_s = drawn.duration_s / len(drawn.short_term_lufs)
    for seconds in (3.0, 6.5, 9.9, 14.0):
        state = pyebur128.R128State(1, RATE_HZ, pyebur128.MeasurementMode.MODE_S)
        until = round((seconds + 1.5) * RATE_HZ)
        state.add_frames(np.ascontiguousarray(sound[:until], np.float64), until)
        drawn_there = drawn.short_term_lufs[round(seconds / column_s - 0.5)]
        assert drawn_there == pytest.approx(pyebur128.get_loudness_shortterm(state), abs=0.2)


def test_peaks_are_where_the_sound_is_and_never_above_what_the_limiter_left(tmp_path: Path) -> None:
    soft, loud = (
        take_of(tmp_path, babble(2.0, RATE_HZ, level=0.1)),
        take_of(tmp_path, babble(2.0, RATE_HZ, level=0.9)),
    )
    (drawn,) = _report(_record(_chapter([soft, loud], pause_s=2.0)), [soft, loud]).chapters
    peaks = np.array(drawn.peaks)
    at_s = (np.arange(len(peaks)) + 0.5) * drawn.duration_s / len(peaks)
    assert not peaks[(at_s < 1.9) | ((at_s > 4.1) & (at_s < 5.9))].any()
    assert peaks[(at_s > 2) & (at_s < 4)].max() == pytest.approx(0.1, rel=0.01)
    assert peaks.max() == pytest.approx(10 ** (-3 / 20), rel=1e-5)


def test_a_take_s_own_gain_is_in_the_picture(tmp_path: Path) -> None:
    takes = _takes(tmp_path, 2)
    even = _chapter(takes)
    louder = replace(even, segments=(even.segments[0], replace(even.segments[1], gain_db=6.0)))
    (before,), (after,) = (_report(_record(each), takes).chapters for each in (even, louder))
    assert max(after.peaks) == pytest.approx(2 * max(before.peaks), rel=0.01)
    assert after.short_term_lufs[-10] == pytest.approx(before.short_term_lufs[-10] + 6.0, abs=0.1)


def test_a_take_of_another_rate_lies_where_it_is_heard(tmp_path: Path) -> None:
    takes = [take_of(tmp_path, babble(2.0, 44_100, level=0.5), 44_100)]
    (drawn,) = _report(_record(_chapter(takes, pause_s=2.0)), takes).chapters
    sounding = np.flatnonzero(drawn.peaks) * drawn.duration_s / len(drawn.peaks)
    assert (sounding.min(), sounding.max()) == (pytest.approx(2.0, abs=0.1), pytest.approx(4.0, abs=0.2))


def test_only_what_is_heard_of_a_take_is_drawn(tmp_path: Path) -> None:
    (take,) = _takes(tmp_path, 1)
    whole = _chapter([take])
    cut = replace(whole.segments[0], first=RATE_HZ, end=whole.segments[0].end - RATE_HZ)
    (drawn,) = _report(_record(replace(whole, segments=(cut,))), [take]).chapters
    sounding = np.flatnonzero(drawn.peaks) * drawn.duration_s / len(drawn.peaks)
    assert (sounding.min(), sounding.max()) == (pytest.approx(0.5, abs=0.1), pytest.approx(2.5, abs=0.2))


def test_a_chapter_of_any_length_is_drawn_in_so_many_columns(tmp_path: Path) -> None:
    (take,) = _takes(tmp_path, 1)
    chapter = _chapter([take])
    long = replace(chapter, frames=14 * 3600 * RATE_HZ)
    assert len(_report(_record(long), [take]).chapters[0].peaks) == 600
    assert len(_report(_record(chapter), [take]).chapters[0].peaks) == 80


def test_a_take_that_is_gone_is_left_out_of_the_picture_and_its_text_stays(tmp_path: Path) -> None:
    takes = _takes(tmp_path, 2)
    (drawn,) = _report(_record(_chapter(takes)), takes[:1]).chapters
    assert len(drawn.segments) == 2
    assert not any(drawn.peaks[len(drawn.peaks) * 2 // 3 :])


def test_takes_that_stand_out_are_found(tmp_path: Path) -> None:
    takes = _takes(tmp_path, 10)
    takes[3] = take_of(tmp_path, babble(3.0, RATE_HZ, seed=30, level=0.8))
    takes[5] = take_of(tmp_path, np.zeros(RATE_HZ))
    halves = babble(2.0, RATE_HZ, seed=31), np.zeros(2 * RATE_HZ, np.float32), babble(1.0, RATE_HZ, seed=32)
    takes[7] = take_of(tmp_path, np.concatenate(halves))
    found = {
        (finding.remark, finding.place, finding.what)
        for finding in _report(_record(_chapter(takes)), takes).findings
    }
    assert (Remark.UNHEARD, 5, "its take is silent") in found
    assert (Remark.LONG_PAUSE, 7, "2.0 s of silence inside it") in found
    assert [place for remark, place, _ in found if remark is Remark.LOUD] == [3]


def test_peaks_that_the_limiter_took_are_told_in_decibels(tmp_path: Path) -> None:
    takes = [take_of(tmp_path, babble(2.0, RATE_HZ, level=0.5))]
    (found,) = _report(_record(_chapter(takes, gain_db=12.0)), takes).findings
    assert found.remark is Remark.LIMITED
    assert found.what == "its highest peak was brought down by 9.0 dB"


def test_what_sidecars_keep_says_what_was_slow_and_dear(tmp_path: Path) -> None:
    takes = _takes(tmp_path, 2)
    facts: dict[TakeKey, dict[str, Any]] = {
        takes[0].key: {"real_time_factor": 0.5, "characters_billed": 2000},
        takes[1].key: {"real_time_factor": "fast", "characters_billed": None},
    }
    report = _report(
        _record(_chapter(takes)), takes, facts=facts, usd_per_million=50.0, attempts={takes[1].key: 2}
    )
    assert [(finding.remark, finding.place, finding.what) for finding in report.findings] == [
        (Remark.LONG_WAIT, 0, "6.0 s to render; usually 6.0 s"),
        (Remark.DEAR, 0, "0.1000 USD, 2,000 characters billed"),
        (Remark.REPEATED, 1, "asked 2 times"),
    ]


def test_a_chapter_is_played_from_its_own_file_or_where_it_lies_in_a_volume() -> None:
    own = _chapter([], 1, files=(_file("out/a b/01.flac"), _file("out/a b/01.mp3")))
    inside = _chapter([], 2, files=(_file("master/02.m4b"),))
    volume = DeliveredVolume(
        "A Book", 1, 1, "", _file("out/A Book.m4b", rate_hz=48_000), (PlacedChapter(2, 96_000, 1),)
    )
    first, second = _report(_record(own, inside, volumes=(volume,)), []).chapters
    assert (first.link, first.begins_s) == ("a%20b/01.mp3", 0.0)
    assert (second.link, second.begins_s) == ("A%20Book.m4b", 2.0)


def test_a_piece_of_a_volume_is_no_file_for_people() -> None:
    pieces = _report(_record(_chapter([], files=(_file("master/01.m4b"),))), [])
    assert (pieces.files, pieces.chapters[0].link) == ((), "")


def test_files_are_listed_format_by_format_with_their_figures() -> None:
    chapters = [_chapter([], n, files=(_file(f"out/{n}.mp3"), _file(f"/else/where/{n}.flac"))) for n in (1, 2)]
    figures = (ReportFigure("RMS", "dB", "−20.0", "−23 to −18", passed=True),)
    report = _report(_record(*chapters), [], verdicts={"out/2.mp3": figures})
    assert [file.name for file in report.files] == ["1.mp3", "2.mp3", "1.flac", "2.flac"]
    assert report.files[1].figures == figures
    assert report.files[2].link == "../../../else/where/1.flac"


def test_a_preview_is_shown_where_there_is_nothing_else() -> None:
    preview, chapter = _chapter([], 0), _chapter([], 1)
    assert [each.number for each in _report(_record(preview, chapter), []).chapters] == [1]
    assert [each.number for each in _report(_record(preview), []).chapters] == [0]


def test_what_is_missing_is_told() -> None:
    gap = Gap(2, "Chapter 2", "The lost words.", "refused")
    (told,) = _report(_record(gaps=(gap,)), []).gaps
    assert (told.chapter, told.text, told.reason) == ("Chapter 2", "The lost words.", "refused")
