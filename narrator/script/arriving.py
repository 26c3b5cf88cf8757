"""A text that arrives piece by piece becomes texts to speak, each as soon as it is known to be whole.

A sentence is whole once the next one has begun: only then it is known that 'Dr.' or '3.' did not end it. An
empty line ends a paragraph, and so whatever stands before it. Where nothing more comes for a while, a text that
ends as sentences do is taken as whole: see `settle`. How long that is, is the caller's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import regex

from narrator.model import Pause
from narrator.script.policy import is_speakable
from narrator.script.sentences import sentences
from narrator.script.strategies import Limit, cut, is_brief, seams, sentence

PARAGRAPH_END = regex.compile(r"\n[^\S\n]*\n\s*")
"""An empty line."""

# A word of the next sentence stands there as a whole, or a character of a script that has no spaces.
_HAS_BEGUN = regex.compile(
    r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*+[^\p{L}\p{M}\p{N}]|[\p{Han}\p{Hiragana}\p{Katakana}]"
)
# The splitter takes these for the end of what was said before, while what they open has not been closed yet.
_OPENS_NEXT = regex.compile(r"(?<=\s)[\"'“‘„«(\[]++\s*$")
_LINE_END = regex.compile(r"\n\s*$")
_MAY_BE_A_NUMBER = regex.compile(r"\p{N}[.,]$")
_NEXT_SENTENCE = " Xa"
"""No name, and no word that sentences begin with: the splitter knows those, and then ends one at 'Dr.', too."""
_LOOKED_AT = 2000
"""More characters of a text's end need not be looked at to say whether a sentence ends there."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text to speak in one go, and why there is silence before it; None before the first."""

    text: str
    pause: Pause | None


class ArrivingText:
    """Cuts a text into phrases: sentences, brief ones with a neighbour, and parts of those that are too long.

    `said` writes a whole sentence out for the voice. What has neither letter nor digit is left out.
    """

    def __init__(
        self, language: str, limits: Sequence[Limit], said: Callable[[str], str] = lambda text: text
    ) -> None:
        """`language` is a BCP 47 tag or ''. A phrase is within all `limits`; there is at least one."""
        self._language = language
        self._limits = limits
        self._said = said
        self._rest = ""
        self._pause: Pause | None = None

    def add(self, text: str) -> list[Phrase]:
        """The phrases that are whole now that `text` has come, too."""
        *paragraphs, self._rest = PARAGRAPH_END.split(self._rest + text)
        phrases = [phrase for each in paragraphs for phrase in self._phrases(each, Pause.PARAGRAPH)]
        return phrases + self._begun() + self._too_long()

    def settle(self) -> list[Phrase]:
        """What may be taken as whole because nothing more has come for a while."""
        return self.finish() if is_whole(self._rest, self._language) else self._begun(is_settled=True)

    def finish(self) -> list[Phrase]:
        """All that is left: the text ends here, or goes on with a new sentence."""
        phrases, self._rest = self._phrases(self._rest, Pause.SENTENCE), ""
        return phrases

    def _begun(self, *, is_settled: bool = False) -> list[Phrase]:
        """The sentences before one that has begun; until it is settled, a brief one waits for that."""
        *whole, last = sentences(self._rest, self._language) or [""]
        text = "".join(whole)
        if opening := _OPENS_NEXT.search(text):
            text, last = text[: opening.start()], opening[0] + last
        if not is_settled and (is_brief(text) or not _HAS_BEGUN.search(last)):
            return []
        self._rest = last
        return self._phrases(text, Pause.SENTENCE)

    def _too_long(self) -> list[Phrase]:
        """The beginning of a sentence that is longer than a phrase may be."""
        if all(limit.holds(self._rest) for limit in self._limits):
            return []
        pieces = self._pieces(self._rest)
        if len(pieces) < 2:  # one grapheme, which is never cut
            return []
        self._rest = pieces[-1]
        before_last = seams(pieces, self._language, self._limits[0])[-2]
        return self._phrases("".join(pieces[:-1]), Pause(before_last))

    def _phrases(self, text: str, then: Pause) -> list[Phrase]:
        """A text that is whole as phrases; `then` is why there is silence after it."""
        phrases = []
        if is_speakable(text):
            pieces = self._pieces(self._said(" ".join(text.split())))
            after = [Pause(seam) for seam in seams(pieces, self._language, self._limits[0])]
            for piece, pause in zip(pieces, [*after[:-1], then], strict=True):
                if is_speakable(piece):
                    phrases.append(Phrase(piece.strip(), self._pause))
                    self._pause = pause
        if self._pause is not None:
            self._pause = then
        return phrases

    def _pieces(self, text: str) -> list[str]:
        return cut(text, self._language, sentence, self._limits)


def is_whole(text: str, language: str) -> bool:
    """Whether a text that nothing has been added to for a while ends as a sentence does, or with its line.

    'Dr.' ends none, and neither does '3.', which '14' may follow.
    """
    text = text[-_LOOKED_AT:]
    if not is_speakable(text):
        return False
    if _LINE_END.search(text):
        return True
    if _MAY_BE_A_NUMBER.search(text):
        return False
    return sentences(text.rstrip() + _NEXT_SENTENCE, language)[-1] == _NEXT_SENTENCE.strip()
