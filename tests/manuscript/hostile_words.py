"""The words by which tests know that a hostile file was read whole, or read too much."""

from __future__ import annotations

BEGINNING = "The beginning of the text."
ENDING = "The ending of the text."
HIDDEN = "nobody may read this"
