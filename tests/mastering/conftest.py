from __future__ import annotations

import numpy as np
import pytest
from hibari import Hibari

from tests.audio.signals import Sound

TEXT = """\
Chapter One. Down the Rabbit-Hole.

Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: once or
twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it.

“Oh dear! Oh dear! I shall be too late!” But when the Rabbit actually took a watch out of its
waistcoat-pocket, and looked at it, and then hurried on, Alice started to her feet.

In another moment down went Alice after it, never once considering how in the world she was to get out again.
"""


@pytest.fixture(scope="session")
def speech() -> tuple[Sound, ...]:
    """Paragraphs as the embedded voice speaks them, 24 kHz."""
    voice = Hibari(threads=1)
    return tuple(
        np.concatenate(list(voice.stream(" ".join(text.split()), seed=0))) for text in TEXT.split("\n\n")
    )
