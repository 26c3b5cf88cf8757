"""Cue sheets: where each chapter begins, for players and for those who burn compact discs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from narrator.publishing.timing import TimedFile

_FRAMES_A_SECOND = 75


def cue_sheet(files: Sequence[TimedFile], album: str, performer: str, *, date: str = "") -> str:
    """The text of a `.cue` of files that stand beside it: a track for each chapter.

    Its times are in frames of a compact disc, 75 a second. A disc has 99 tracks at most; players take more.
    The format is that of the CDRWIN User's Guide, appendix A, which has no way to write a quotation mark. It
    knows few types of file: programs look into all that is no MP3 as if it were WAVE.
    """
    return "\n".join(_lines(files, album, performer, date)) + "\n"


def _lines(files: Sequence[TimedFile], album: str, performer: str, date: str) -> Iterator[str]:
    yield "REM GENRE Audiobook"
    if year := date[:4]:
        yield f"REM DATE {year}"
    if performer:
        yield f"PERFORMER {_quoted(performer)}"
    yield f"TITLE {_quoted(album)}"
    track = 0
    for file in files:
        yield f"FILE {_quoted(file.name)} {'MP3' if file.format == 'mp3' else 'WAVE'}"
        for chapter in file.chapters:
            track += 1
            yield f"  TRACK {track:02} AUDIO"
            yield f"    TITLE {_quoted(chapter.title)}"
            yield f"    INDEX 01 {_index(chapter.start_s)}"


def _quoted(text: str) -> str:
    return '"' + " ".join(text.split()).replace('"', "'") + '"'


def _index(time_s: float) -> str:
    seconds, frames = divmod(round(time_s * _FRAMES_A_SECOND), _FRAMES_A_SECOND)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes:02}:{seconds:02}:{frames:02}"
