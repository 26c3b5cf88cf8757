"""What of a book's text a voice of Piper would take for something else, wherever it runs."""

from __future__ import annotations

from narrator.errors import Rejected


def without_phoneme_marks(text: str) -> str:
    """The text with no '[[' in it: Piper speaks what stands in [[ ]] as phonemes, and in books these are notes.

    https://github.com/OHF-Voice/piper1-gpl/blob/main/docs/CLI.md, "Raw Phonemes".
    """
    while "[[" in text:
        text = text.replace("[[", "[")
    return text


def can_be_said(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(letter.isalnum() for letter in text)


def ensure_it_can_be_said(text: str) -> None:
    """Refuse a text that Piper makes an error of, or nothing.

    Raises:
        Rejected: there is nothing to say.
    """
    if not can_be_said(text):
        raise Rejected(
            "Piper finds nothing to say in this text.",
            advice="It has no letters or digits. Leave it out, or write it in another way.",
        )
