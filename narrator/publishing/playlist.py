"""A playlist beside the chapters: extended M3U in UTF-8, which nearly every player takes."""

from __future__ import annotations

from collections.abc import Iterable


def playlist(title: str, entries: Iterable[tuple[str, str, float]]) -> str:
    """The text of an `.m3u8`: for each entry its file name, title and duration in seconds, in order."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(title)}"]
    for name, chapter, duration_s in entries:
        # A line that begins with # is no file's name.
        lines += [f"#EXTINF:{round(duration_s)},{_line(chapter)}", f"./{name}" if name[0] == "#" else name]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    return " ".join(text.split())
