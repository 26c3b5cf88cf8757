"""Names in the wishes for a book that nothing in it has: slips of the pen that would go unheard."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from narrator.config import Cast, Reading
from narrator.model import Manuscript, Matter
from narrator.script.policy import NEVER_SPOKEN, SPOKEN_FRONT_AND_BACK, name_of
from narrator.script.stretches import speaker_of

_OTHER_KINDS = frozenset({"dedication", "letter"})


def unknown_names(manuscript: Manuscript, reading: Reading, cast: Cast) -> Iterator[str]:
    """What to tell a person: 'reading.skip: no chapter is called 'Betta'; did you mean 'Beta'?'."""
    titles = [chapter.title for chapter in manuscript.chapters]
    kinds = {*NEVER_SPOKEN, *SPOKEN_FRONT_AND_BACK, *_OTHER_KINDS, *Matter}
    kinds |= {chapter.kind for chapter in manuscript.chapters}
    known = {name_of(each) for each in (*titles, *kinds)}
    for key, names in (("speak", reading.speak), ("skip", reading.skip)):
        for name in names:
            if name_of(name) not in known:
                what = f"reading.{key}: no chapter and no kind of matter is called {name!r}"
                yield what + _hint(name, [*kinds, *titles])
    speakers = dict.fromkeys(
        block.speaker for chapter in manuscript.chapters for block in chapter.blocks if block.speaker
    )
    for name in cast.speakers:
        if speaker_of(name) not in map(speaker_of, speakers):
            yield f"cast.speakers: nobody who speaks in this book is called {name!r}" + _hint(name, speakers)


def _hint(name: str, known: Iterable[str]) -> str:
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"; did you mean {folded[near[0]]!r}?" if near else "."
