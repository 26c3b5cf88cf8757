"""What the words of RTF mean that stand for a sign, or for text that is not read.

Microsoft, RTF Specification 1.9.1, 'Special Characters' and 'Destinations'.
"""

from __future__ import annotations

import re

SIGNS = {
    "tab": " ", "line": "\n", "lbr": "\n", "softline": "\n", "emdash": "—", "endash": "–", "lquote": "‘",
    "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ",
    "qmspace": " ", "zwj": "\u200d", "zwnj": "\u200c", "nestcell": " ", "nestrow": " ",
}  # fmt: skip
"""Control words that stand for a sign."""
SYMBOLS = {"~": "\u00a0", "_": "-", "\\": "\\", "{": "{", "}": "}", "\t": " "}
"""Signs after a backslash that stand for one."""
NOT_READ = {
    "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf", "pict", "colortbl",
    "nonshppict", "ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn", "xe", "tc", "txe", "rxe",
    "bxe", "sn", "sv", "sp", "shprslt", "filetbl", "listtable", "revtbl", "nonesttables", "objdata", "objname",
    "objclass", "template", "private", "keywords", "subject", "operator", "doccomm", "category", "comment",
    "mmath", "panose", "falt", "annotation",
}  # fmt: skip
"""Destinations whose text is no text of the book, whether or not `\\*` stands before them."""
UNREAD_FIELDS = {"PAGE", "NUMPAGES", "PAGEREF", "SECTIONPAGES", "NOTEREF", "FTNREF"}
"""Fields that show the number of a page or a note."""
KIND_OF_FIELD = {"TOC": "toc", "INDEX": "index", "BIBLIOGRAPHY": "bibliography", "TOA": "bibliography"}
RUBY = re.compile(r"\\o\s*\\ad\s*\(\\s\s*\\up\s*\d+\s*\([^()]*\)\s*[,;]\s*([^()]*)\)")
"""A Japanese reading as Word has it, in the instruction of a field: EQ \\o\\ad(\\s\\up 11(reading),base)."""
# Windows language identifiers by their lower ten bits, which leave out the country:
# https://learn.microsoft.com/openspecs/windows_protocols/ms-lcid
_LANGUAGES = {
    1: "ar", 2: "bg", 3: "ca", 4: "zh", 5: "cs", 6: "da", 7: "de", 8: "el", 9: "en", 10: "es", 11: "fi",
    12: "fr", 13: "he", 14: "hu", 16: "it", 17: "ja", 18: "ko", 19: "nl", 20: "no", 21: "pl", 22: "pt",
    24: "ro", 25: "ru", 29: "sv", 31: "tr", 34: "uk",
}  # fmt: skip
_PRIMARY = 0x3FF


def language_of(number: int) -> str:
    """The language that a Windows language identifier means, without its country; '' where it is unknown."""
    return _LANGUAGES.get(number & _PRIMARY, "")
