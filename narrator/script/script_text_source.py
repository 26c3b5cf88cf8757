"""Of which book a script's text was written, so that an old one does not take out what was added since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from narrator.errors import UsageError
from narrator.model import ScriptChapter
from narrator.script.script_text_sections import SOURCE, Section
from narrator.script.script_text_signs import COMMENT

_DIGITS = 8
_A_LINE = 11
_MOST_NAMED = 5


def source_lines(chapters: Sequence[ScriptChapter]) -> str:
    """The comments by which the text knows the chapters again that it was written from."""
    digests = [*map(_digest, chapters)]
    lines = (" ".join(digests[at : at + _A_LINE]) for at in range(0, len(digests), _A_LINE))
    return "".join(f"{COMMENT} {SOURCE} {line}\n" for line in lines)


def ensure_same_source(
    written_from: Sequence[str], sections: Sequence[Section], chapters: Sequence[ScriptChapter]
) -> None:
    """Find out whether a text was written from these chapters; `written_from` is empty where nobody can tell.

    Raises:
        UsageError: from others: it says which differ, and what to do.
    """
    now = [*map(_digest, chapters)]
    if not written_from or list(written_from) == now:
        return
    told = [*_differences(written_from, now, sections, chapters)]
    more = f", and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
    raise UsageError(
        "The book, or what of it is read, is not as it was when this text was written from it: "
        f"{', '.join(told[:_MOST_NAMED])}{more}. To speak the text would undo that.",
        advice="Move the text away, write it anew with `narrator plan SOURCE --text FILE`, and edit it again. "
        f"To have it spoken as it is, delete its lines that begin with '{COMMENT} {SOURCE}'.",
    )


def _digest(chapter: ScriptChapter) -> str:
    form = f"{chapter.title_read}\0{chapter.source_digest}"
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _differences(
    then: Sequence[str], now: Sequence[str], sections: Sequence[Section], chapters: Sequence[ScriptChapter]
) -> Iterator[str]:
    """What became of chapters, in a few words each."""
    titles = {section.number: section.title for section in sections}
    for _, i1, i2, j1, j2 in SequenceMatcher(None, then, now, autojunk=False).get_opcodes():
        if then[i1:i2] == now[j1:j2]:
            continue
        both = min(i2 - i1, j2 - j1)
        for at in range(j1, j2):
            how = "was changed" if at < j1 + both else "is new"
            yield f"chapter {at + 1} “{chapters[at].title}” {how}"
        for at in range(i1 + both, i2):
            yield f"its chapter {at + 1} “{titles.get(at + 1, '')}” is gone"
