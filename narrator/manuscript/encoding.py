"""Bytes to text, in the order of trust: BOM, valid UTF-8, what the file declares, then a guess.

A file that others spoiled is read as it was meant where that is certain: see `mojibake`, and `_mostly_utf8`.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from narrator.manuscript.language import guess_language
from narrator.manuscript.mojibake import mended

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 200_000
_HEAD_BYTES = 8000
_WESTERN = ("cp1252", "mac_roman", "cp850")
_WESTERN_LANGUAGES = {"en", "fr", "de", "es", "it", "pt", "nl", "sv", "da", "fi", "la"}
_SMALL, _CAPITAL = "àáâãäåæçèéêëìíîïñòóôõöøùúûüÿœß", "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜŒ"
_WITHOUT_WESTERN = str.maketrans("", "", f"{_SMALL}{_CAPITAL}«»¿¡“”„‘’—–…°ªº§£€\xa0")
_MISPLACED = re.compile(
    rf"(?<=[a-z{_SMALL}])[{_CAPITAL}]|(?<=[.,!?])[{_CAPITAL}]|(?<=[^\W\d_])[«»¿¡“”„°§£€](?=[^\W\d_])"
    rf"|[{_SMALL}{_CAPITAL}]{{3,}}"
)
"""Western letters and signs where they never stand, as 'cafÇ' and 'dÇjÖ': a code page misread for another."""
_ACCENTED = re.compile(rf"[{_SMALL}{_CAPITAL}]+")
# What these names stand for in files that people have: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252", "iso8859-9": "cp1254",
    "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "tis-620": "cp874",
}  # fmt: skip
_UTF8 = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+")
_HIGH = re.compile(rb"[\x80-\xff]+")
_CUT_OFF = re.compile(
    rb"(?:[\xc2\xc3]|(?<=[\x80-\xbf])[\xc4-\xf4]|[\xe0-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{1,2})\Z"
)
"""The beginning of a character, and of no letter of Windows-1252 that a text would end with."""
_JIS_ESCAPE = re.compile(rb"\x1b\$[@B]")


def decode(data: bytes, *, declared: str = "") -> str:
    """The text of a file. Bytes that fit no encoding become U+FFFD; it never fails."""
    return mended(_decoded(data, declared))


def _decoded(data: bytes, declared: str) -> str:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    if name := _utf16(data):
        return data.decode(name, "replace")
    if _JIS_ESCAPE.search(data) and (text := _text_in(data, "iso2022_jp")):
        return text  # its escapes make it valid ASCII
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if text := _mostly_utf8(data):
        return text
    name = (declared and _codec_name(declared)) or _guess(data[:_SAMPLE_BYTES]) or "cp1252"
    return data.decode(name, "replace")


def _utf16(data: bytes) -> str:
    """The name of UTF-16 without a mark, where nearly every second byte is zero and no other; else ''."""
    sample = data[:_HEAD_BYTES]
    low, high = sample[1::2].count(0), sample[::2].count(0)
    if max(low, high) * 5 < len(sample) * 2 or min(low, high):
        return ""
    return "utf-16-le" if low else "utf-16-be"


def _mostly_utf8(data: bytes) -> str:
    """The text of a file of UTF-8 into which bytes of Windows-1252 were pasted, or that was cut; else ''."""
    data = _CUT_OFF.sub(b"", data)
    runs = _HIGH.findall(data)
    whole = sum(len(run) for run in runs if _UTF8.fullmatch(run))
    if whole * 2 < sum(map(len, runs)):
        return ""
    parts: list[str] = []
    end = 0
    for match in _UTF8.finditer(data):
        parts += (data[end : match.start()].decode("cp1252", "replace"), match[0].decode("utf-8", "replace"))
        end = match.end()
    return "".join([*parts, data[end:].decode("cp1252", "replace")])


def _text_in(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return ""


def is_binary(head: bytes) -> bool:
    """Whether these first bytes of a file cannot be text in any encoding that is in use."""
    if any(head.startswith(bom) for bom, _ in _BOMS) or _utf16(head):
        return False
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1a\x1b" for byte in head)
    return b"\x00" in head or controls > len(head) // 50


def _guess(sample: bytes) -> str:
    """The likeliest encoding. Statistics of bytes confuse the Western code pages, which words tell apart.

    Of a text too short for its words to tell, it is enough that all its signs are Western and well placed.
    """
    high = sum(byte > 127 for byte in sample)
    for name in _WESTERN:
        text = sample.decode(name, "replace")
        odd = sum(char > "\x7f" for char in text.translate(_WITHOUT_WESTERN)) + len(_MISPLACED.findall(text))
        if odd * 20 <= high:
            language = guess_language([text])
            if language in _WESTERN_LANGUAGES or not (odd or language or _is_mostly_accented(text)):
                return name
    best = from_bytes(sample).best()
    return _codec_name(best.encoding) if best else ""


def _is_mostly_accented(text: str) -> bool:
    """Whether most letters are accented, some in a row, as where the text is in no Latin alphabet at all."""
    runs = _ACCENTED.findall(text)
    return sum(map(len, runs)) * 2 > sum(map(str.isalpha, text)) and any(len(run) > 1 for run in runs)


def _codec_name(declared: str) -> str:
    try:
        name = codecs.lookup(declared.strip()).name
        b"\xff\x00\x00\x00".decode(name, "replace")  # fails for rot13, idna and such, which no text is in
    except (LookupError, ValueError):
        return ""
    # A UTF-8 that does not decode as UTF-8 is not UTF-8.
    return "" if name.startswith("utf-8") else _MEANT.get(name, name)
