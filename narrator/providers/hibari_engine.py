"""hibari in a worker: text to PCM, sentence by sentence, with silence that is ours.

hibari puts 0.8 s of dead air between sentences and speaks noise for a lone "…"; each sentence is therefore
cut out of its own silence, faded at its edges, and set apart by a pause that depends on how it ended.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from hibari import SAMPLE_RATE, Hibari

from narrator.audio.pcm import to_pcm
from narrator.audio.silence import fade_edges, frames_in, trim_silence
from narrator.errors import Rejected
from narrator.providers.hibari_text import speakable

SENTENCE_PAUSE_MS = 350
CLAUSE_PAUSE_MS = 180
"""Where a sentence was too long for one breath, or a line of verse ends without a stop."""

_MARGIN_MS = 20
# hibari is silent between sentences; a quiet "f" or "th" begins well under the usual -50 dB.
_THRESHOLD_DB = -60.0
_MOST_PHONEMES = 400
"""hibari was made for sentences up to here; memory grows by 0.3 MB a phoneme."""

_NOISE_VALUES = 1 << 22
"""17 MB. A frame of 12.5 ms takes 1,202 of them: two for each of 601 bins."""

_SOUNDED = re.compile(r"[^\W\d_ˈˌː]")
_STOPPED = re.compile(r"[.!?…][^\w]*$")


class HibariEngine:
    """One voice, loaded. Requests: {"text", "speed"}; answers: s16le mono PCM at 24 kHz."""

    def __init__(self, voice: str) -> None:
        self._hibari = Hibari(voice=voice, threads=1)  # the bytes depend on the number of threads
        self._noise = np.random.default_rng(0).standard_normal(_NOISE_VALUES, dtype=np.float32)
        lexicon = self._hibari.g2p.lexicon
        self._lexicons = (lexicon.golds.d, lexicon.silvers.d)

    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        """Speak one text, a sentence at a time; the same text at the same speed gives the same bytes.

        Raises:
            Rejected: nothing in the text can be said.
        """
        text, speed = str(request["text"]), float(request["speed"])
        seed = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]
        noise = _KeptNoise(self._noise, np.random.default_rng(int.from_bytes(seed, "big")))
        pause_ms = 0
        for phonemes in self._phrases(text):
            samples = self._hibari.from_ids(self._hibari.ids(phonemes), speed, noise)
            heard = trim_silence(samples, SAMPLE_RATE, margin_ms=_MARGIN_MS, threshold_db=_THRESHOLD_DB)
            if not len(heard):
                continue
            yield _silence(pause_ms) + to_pcm(fade_edges(heard, SAMPLE_RATE))
            pause_ms = SENTENCE_PAUSE_MS if _STOPPED.search(phonemes) else CLAUSE_PAUSE_MS
        if not pause_ms:
            raise Rejected(
                "The voice finds nothing to say in this text.",
                advice="It has no words that hibari knows how to speak: choose another voice, or leave it out.",
            )

    def _phrases(self, text: str) -> Iterator[str]:
        """Phonemes of what is said in one breath; chunks that are only punctuation are dropped."""
        spoken = speakable(text, self._knows)
        for sentence in self._hibari.split_sentences(spoken):
            for phonemes in self._hibari.phonemize(sentence):
                yield from (breath for breath in _breaths(phonemes) if _SOUNDED.search(breath))

    def _knows(self, word: str) -> bool:
        return any(word in lexicon for lexicon in self._lexicons)


class _KeptNoise:
    """The generator that hibari is handed: stretches of white noise that was made once.

    Drawing new noise for each breath (the ziggurat method, value by value) is a sixth of hibari's whole work.
    A stretch begins anywhere, and its values go bin after bin, as many a bin as the breath has frames: values
    that two breaths share lie at other times and pitches in each, and nothing is heard to come again.
    """

    def __init__(self, kept: npt.NDArray[np.float32], draws: np.random.Generator) -> None:
        self._kept = kept
        self._draws = draws

    def standard_normal(self, shape: tuple[int, int], dtype: type[np.float32]) -> npt.NDArray[np.float32]:
        """Normally distributed values, the caller's own to change. hibari asks a generator for nothing else."""
        count = shape[0] * shape[1]
        if count > len(self._kept) // 2:  # 22 s in one breath: too few places left to begin at
            return self._draws.standard_normal(shape, dtype=dtype)
        first = int(self._draws.integers(len(self._kept) - count))
        return self._kept[first : first + count].reshape(shape).copy()


def _breaths(phonemes: str) -> Iterator[str]:
    """Phonemes cut at spaces where they are too many for one breath; hibari cuts at commas only."""
    while len(phonemes) > _MOST_PHONEMES:
        cut = phonemes.rfind(" ", 1, _MOST_PHONEMES)
        cut = cut if cut > 0 else _MOST_PHONEMES
        yield phonemes[:cut]
        phonemes = phonemes[cut:].lstrip()
    yield phonemes


def _silence(heard_ms: int) -> bytes:
    """Silence such that, with the margins on both of its sides, `heard_ms` of it are heard."""
    frames = frames_in(max(0, heard_ms - 2 * _MARGIN_MS), SAMPLE_RATE)
    return to_pcm(np.zeros(frames, np.float32))
