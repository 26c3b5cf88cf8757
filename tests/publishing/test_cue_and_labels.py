from __future__ import annotations

from dataclasses import replace

from narrator.publishing.cue import cue_sheet
from narrator.publishing.labels import labels
from tests.publishing.timed import said, timed_file, volume


def test_a_volume_is_one_file_with_a_track_for_each_chapter() -> None:
    book = replace(volume("out/The Book.m4b", 61.0, 3600.01, 5.0), format="m4b")
    assert cue_sheet([book], 'The "Book"', "A. Author", date="1865-11") == (
        "REM GENRE Audiobook\n"
        "REM DATE 1865\n"
        'PERFORMER "A. Author"\n'
        "TITLE \"The 'Book'\"\n"
        'FILE "The Book.m4b" WAVE\n'
        "  TRACK 01 AUDIO\n"
        '    TITLE "Chapter 1"\n'
        "    INDEX 01 00:00:00\n"
        "  TRACK 02 AUDIO\n"
        '    TITLE "Chapter 2"\n'
        "    INDEX 01 01:01:00\n"
        "  TRACK 03 AUDIO\n"
        '    TITLE "Chapter 3"\n'
        "    INDEX 01 61:01:01\n"
    )


def test_chapters_in_files_of_their_own_begin_where_these_do() -> None:
    files = [timed_file(title="One\n“1”"), timed_file(title="Two", path="out/02 - Two.mp3")]
    sheet = cue_sheet(files, "Book", "").splitlines()
    assert [line for line in sheet if "FILE" in line] == ['FILE "01 - One.mp3" MP3', 'FILE "02 - Two.mp3" MP3']
    assert [line.strip() for line in sheet if "TRACK" in line] == ["TRACK 01 AUDIO", "TRACK 02 AUDIO"]
    assert sheet.count("    INDEX 01 00:00:00") == 2
    assert '    TITLE "One “1”"' in sheet
    assert not any("PERFORMER" in line or "DATE" in line for line in sheet)


def test_a_cue_sheet_goes_on_after_track_99_and_after_99_minutes() -> None:
    sheet = cue_sheet([volume("out/Long.mp3", *[180.0] * 120)], "Long", "")
    assert "  TRACK 120 AUDIO\n" in sheet
    assert "    INDEX 01 357:00:00\n" in sheet


def test_labels_are_chapters_and_their_segments_in_seconds() -> None:
    file = timed_file(said("One\ttwo,\nthree.", 0.6, 2.0416666667), said("Four.", 2.5, 3.0))
    assert labels(file) == (
        "0.000000\t4.000000\tOne\n0.600000\t2.041667\tOne two, three.\n2.500000\t3.000000\tFour.\n"
    )
