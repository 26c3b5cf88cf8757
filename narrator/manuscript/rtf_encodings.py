r"""How the bytes of an RTF file are encoded: by its code page, and by the font that they are set in.

`\fcharset`: Microsoft, RTF Specification 1.9.1, 'Font Table'.
"""

from __future__ import annotations

import codecs

ANSI = "cp1252"
SYMBOL = "symbol"
"""Not a codec: the letters of such a font are pictures."""

_OF_CHARSET = {
    2: SYMBOL, 77: "mac_roman", 78: "shift_jis", 79: "euc_kr", 80: "gb2312", 81: "big5", 128: "cp932",
    129: "cp949", 130: "johab", 134: "gbk", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437",
    255: "cp850",
}  # fmt: skip
_OF_WORD = {"ansi": ANSI, "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_OF_PAGE = {10000: "mac_roman", 10001: "shift_jis", 10007: "mac_cyrillic", 65001: "utf-8"}


def codec_of_charset(number: int) -> str:
    r"""The codec of `\fcharsetN`; '' for the document's own, which 0 and 1 mean in what programs write."""
    return _OF_CHARSET.get(number, "")


def codec_of_word(word: str) -> str:
    r"""The codec that `\ansi`, `\mac`, `\pc` or `\pca` names for all of the file, else ''."""
    return _OF_WORD.get(word, "")


def codec_of_page(number: int) -> str:
    r"""The codec of `\ansicpgN`, '' where there is none of that number."""
    name = _OF_PAGE.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def decoded(data: str, codec: str) -> str:
    """The text of bytes that are written as characters from 0 to 255. Pictures in symbol fonts are bullets."""
    if codec == SYMBOL:
        return "".join("•" if char > " " else char for char in data)
    if data.isascii():
        return data
    return data.encode("latin-1", "replace").decode(codec, "replace")
