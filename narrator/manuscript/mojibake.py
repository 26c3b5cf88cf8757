"""Text whose UTF-8 was once read as Windows-1252 or Latin-1 ('cafÃ©', 'itâ€™s'), as it was before."""

from __future__ import annotations

import re

import regex

_ROUNDS = 2
"""How often people do it to one text."""
# The bytes 80 to BF as Windows-1252 reads them, and as Latin-1 does; where the former has no character, both.
_AS_CP1252 = {
    ord(bytes([byte]).decode("cp1252")): byte
    for byte in range(0x80, 0xA0)
    if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_HIGH = "\x80-\xbf" + re.escape("".join(map(chr, _AS_CP1252)))
_WESTERN = re.compile(f"[ÂÃ][{_HIGH}]|â€[{_HIGH}]")
"""What no one writes: accented letters and typographic signs of the languages that use them."""
_FOREIGN = re.compile(f"[ÎÏÐÑ][{_HIGH}]|[ã-é][{_HIGH}][{_HIGH}]")
"""Greek, Cyrillic, Chinese and Japanese, pairs of which might stand in a right text by chance."""
_MANY = 20
_WRITTEN = regex.compile(
    r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Common}\p{Inherited}]*"
)


def mended(text: str) -> str:
    """The text as it was meant, or as it is where that is not certain.

    Certain is: all of its characters beyond ASCII come from UTF-8, without one exception in the whole text,
    and give letters and signs that books are written with.
    """
    for _ in range(_ROUNDS):
        if not _WESTERN.search(text) and len(_FOREIGN.findall(text)) < _MANY:
            break
        before = _before(text)
        if before is None:
            break
        text = before
    return text


def _before(text: str) -> str | None:
    body = text.removeprefix("\ufeff")
    try:
        before = body.translate(_AS_CP1252).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None
    return before if _WRITTEN.fullmatch(before) else None
