"""Bytes to text, in the order of trust: BOM, valid UTF-8, what the file declares, then a guess."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from narrator.manuscript.language import guess_language

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 200_000
_WESTERN = ("cp1252", "mac_roman", "cp850")
_WESTERN_LANGUAGES = {"en", "fr", "de", "es", "it", "pt", "nl", "sv", "da", "fi", "la"}
_WITHOUT_WESTERN = str.maketrans(
    "", "", "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŒ«»¿¡“”„‘’—–…°ªº§£€\xa0"
)
# https://encoding.spec.whatwg.org/#names-and-labels reads all of these as windows-1252.
_LATIN_1 = {"ascii", "iso8859-1", "latin-1"}


def decode(data: bytes, *, declared: str = "") -> str:
    """The text of a file. Bytes that fit no encoding become U+FFFD; it never fails."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if declared and (name := _codec_name(declared)):
        return data.decode(name, "replace")
    return data.decode(_guess(data[:_SAMPLE_BYTES]) or "cp1252", "replace")


def is_binary(head: bytes) -> bool:
    """Whether these first bytes of a file cannot be text in any encoding that is in use."""
    if any(head.startswith(bom) for bom, _ in _BOMS):
        return False
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1a\x1b" for byte in head)
    return b"\x00" in head or controls > len(head) // 50


def _guess(sample: bytes) -> str:
    """The likeliest encoding. Statistics of bytes confuse the Western code pages, which words tell apart."""
    for name in _WESTERN:
        text = sample.decode(name, "replace")
        foreign = sum(char > "\x7f" for char in text.translate(_WITHOUT_WESTERN))
        if foreign * 20 <= sum(byte > 127 for byte in sample) and guess_language([text]) in _WESTERN_LANGUAGES:
            return name
    best = from_bytes(sample).best()
    return _codec_name(best.encoding) if best else ""


def _codec_name(declared: str) -> str:
    try:
        name = codecs.lookup(declared.strip()).name
        b"".decode(name)  # fails for codecs such as rot13, which are no encodings of text
    except (LookupError, ValueError):
        return ""
    if name in _LATIN_1:
        return "cp1252"
    # A UTF-8 that does not decode as UTF-8 is not UTF-8.
    return "" if name.startswith("utf-8") else name
