"""Both sides of a comparison are spelt alike."""

from __future__ import annotations

import pytest

from tests.slow.hearing import spell

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        (
            "In 1893, at 6:40, Dr. Marsh’s 61 steps",
            "in eighteen ninety three at six forty doctor marsh's sixty one steps",
        ),
        ("$4.50 for page 112", "four dollars and fifty cents for page one hundred twelve"),
        ("4000 hens — 12-fold", "four thousand hens twelve fold"),
        ("the 9th step", "the nine step"),
    ],
)
def test_numbers_and_abbreviations_are_written_out(written: str, spoken: str) -> None:
    assert " ".join(spell(written)) == spoken
