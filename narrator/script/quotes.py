"""Where a paragraph quotes speech, in the marks of each language."""

from __future__ import annotations

import regex

_CLOSING = {"“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』", "‘": "’", '"': '"'}
_OPENS = regex.compile(r"(?:^|[\s(\[—–…\-\p{Ps}\p{Pi}])$")
_SAID = regex.compile(r"[.!?…,;:—–\-。！？、][\s\p{Pe}\p{Pf}\p{Pi}\"'’]*$")
_WORDS = 5
"""A quotation of fewer words that ends in the middle of a sentence is a name or a word under discussion."""


def quoted_speech(text: str) -> list[tuple[int, int]]:
    """The ranges [start, end) of the speech that is quoted in a paragraph, its marks included, in order.

    Speech that is not closed goes on to the end, as it does where the next paragraph continues it. What is
    quoted inside of speech belongs to it.
    """
    found: list[tuple[int, int]] = []
    position = 0
    german = _is_german(text)
    while position < len(text):
        closing = _closing_of(text, position, german=german)
        if not closing:
            position += 1
            continue
        end = _end_of(text, position + 1, closing)
        quoted = text[position + 1 : end - 1] if end <= len(text) else text[position + 1 :]
        # German ends the speech before its comma: »Komm«, sagte er.
        if _is_speech(quoted) or (text[position] in "„»" and text[end : end + 1] == ","):
            found.append((position, min(end, len(text))))
        position = min(end, len(text))
    return found


def _is_german(text: str) -> bool:
    """Whether »this« is how guillemets stand here, and not «this»."""
    first = regex.search("[«»]", text)
    return first is not None and first[0] == "»"


def _closing_of(text: str, position: int, *, german: bool) -> str:
    """The marks that close what opens here; '' where nothing does."""
    mark = text[position]
    if mark not in _CLOSING or mark == ("«" if german else "»"):
        return ""
    if mark in "'\"‘" and not _OPENS.search(text[:position][-1:]):
        return ""
    return _CLOSING[mark]


def _end_of(text: str, start: int, closing: str) -> int:
    """Where the quotation that opened before `start` ends, after its mark; beyond the text if it does not."""
    for position in range(start, len(text)):
        if text[position] in closing and not _is_apostrophe(text, position):
            return position + 1
    return len(text) + 1


def _is_apostrophe(text: str, position: int) -> bool:
    """’ inside a word, or after an s with another such mark to come, is none that closes."""
    if text[position] != "’":
        return False
    before, after = text[position - 1 : position], text[position + 1 : position + 2]
    if after.isalnum():
        return True
    return before in {"s", "n"} and after.isspace() and _closes_later(text, position + 1)


def _closes_later(text: str, start: int) -> bool:
    following = regex.search("[‘’]", text[start:])
    return following is not None and following[0] == "’"


def _is_speech(quoted: str) -> bool:
    return bool(_SAID.search(quoted)) or len(quoted.split()) >= _WORDS
