"""Numbers and texts as the report's page has them."""

from __future__ import annotations

import html
import os
import re
from pathlib import Path
from urllib.parse import quote

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def escaped(text: str) -> str:
    """A text as HTML, fit for attributes in double quotes, too.

    Control characters and halves of surrogate pairs, which HTML may not have at all, become replacement signs.
    """
    return html.escape(_FORBIDDEN.sub("\ufffd", text))


def in_language(language: str) -> str:
    """The attributes of an element whose text is the book's, and may run in either direction."""
    return f' lang="{escaped(language)}" dir="auto"' if language else ' dir="auto"'


def clock(seconds: float) -> str:
    """'0:07', '3:41', '12:00:05': the second in which a place lies."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def length(seconds: float) -> str:
    """How long something is, to the nearest second."""
    return clock(round(seconds))


def signed(number: float, digits: int = 1) -> str:
    """'−20.1' with a real minus sign, and '0.0' never negative."""
    return f"{round(number, digits) + 0.0:.{digits}f}".replace("-", "−")


def counted(number: int, one: str, many: str = "") -> str:
    """'1 file', '1,200 files'; `many` where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shortened(text: str, most: int) -> str:
    """At most so many characters of a text in one line, cut after a word where there is one."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head = line[: most - 1]
    cut = head.rfind(" ")
    return f"{head[:cut] if cut > most // 2 else head}…"


def link(path: Path, page: Path) -> str:
    """A relative link from a page to a file, whatever is in its name."""
    return quote(os.fsencode(Path(os.path.relpath(path.absolute(), page.absolute().parent)).as_posix()))
