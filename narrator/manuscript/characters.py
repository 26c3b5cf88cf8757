"""Clean Unicode: what every reader does to text before it becomes a block."""

from __future__ import annotations

import re
import unicodedata

# Invisible: soft hyphen, zero-width space, directional marks, word joiner, invisible operators, BOM, object
# replacement. The zero-width (non-)joiners stay: Persian and the Indic scripts spell with them.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffc]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_NOISE = re.compile(_INVISIBLE.pattern[:-1] + _CONTROL.pattern[1:])
_SPACES = re.compile(r"[\s\u2800]+")
_RUN = re.compile(r"\S+")
_LONG = 1_000_000
"""So many characters are not cut into words, all of which would be in memory at once."""
_BREAK = re.compile(r"[\s*＊⁂•·—–\-_~#=+.◆◇■□●○❦❧☙✻✽✥✦☆★♦※]+")
_UNUSUAL = re.compile("[\u2800\ufffc]")
"""What is noise or white space, though Unicode calls it printable."""
_BREAK_SIGNS = re.compile(r"[*＊⁂•·◆◇■□●○❦❧☙✻✽✥✦☆★♦※#~]")
_HAN_OR_KANA = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9d\U00020000-\U0003ffff]+")

# What cp1252 means by the bytes that Latin-1 leaves to control characters; numeric references such as
# &#146; mean the same (https://html.spec.whatwg.org/#numeric-character-reference-end-state).
_C1 = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}


def without_noise(text: str) -> str:
    """NFC, with invisible and control characters gone; white space is as it was."""
    if _NOISE.search(text):
        text = _CONTROL.sub("", _INVISIBLE.sub("", text.translate(_C1)))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def clean(text: str) -> str:
    """`text` on one line: NFC, single spaces, nothing invisible, no space at either end."""
    if "  " not in text and _is_quiet(text):
        return text.strip()
    return _SPACES.sub(" ", without_noise(text)).strip()


def _is_quiet(text: str) -> bool:
    """Whether there is no noise in it, and no white space but spaces, as in nearly every text."""
    if not text.isprintable():
        return False
    return text.isascii() or (unicodedata.is_normalized("NFC", text) and not _UNUSUAL.search(text))


def clean_lines(text: str) -> tuple[str, ...]:
    """The clean lines of `text`; those without text are ''."""
    return tuple(clean(line) for line in text.split("\n"))


def is_scene_break(text: str) -> bool:
    """Whether this paragraph is nothing but an ornament such as '* * *', '⁂' or '#'."""
    if not text or len(text) > 60 or not _BREAK.fullmatch(text):
        return False
    return bool(_BREAK_SIGNS.search(text)) or len(re.sub(r"\s", "", text)) >= 3


def words_in(text: str) -> int:
    """Runs between white space; in Chinese and Japanese, which leave none, two characters are a word."""
    runs = len(text.split()) if len(text) < _LONG else sum(1 for _ in _RUN.finditer(text))
    return runs + _han_and_kana_in(text) // 2


def is_unspaced(text: str) -> bool:
    """Whether most of this is Chinese or Japanese."""
    return _han_and_kana_in(text) * 2 > len(text)


def _han_and_kana_in(text: str) -> int:
    return 0 if text.isascii() else sum(map(len, _HAN_OR_KANA.findall(text)))


def same_words(text: str) -> str:
    """A form in which two spellings of one heading are equal: letters and digits alone, case folded."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
