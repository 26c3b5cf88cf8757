"""What stands at the head of an RTF file: code page, fonts, styles, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable

from narrator.manuscript.characters import clean
from narrator.manuscript.odt_and_rtf_styles import (
    is_title_style,
    kind_of_style,
    level_of_own_style,
    level_of_style,
    role_of_style,
)
from narrator.manuscript.rtf_encodings import ANSI, codec_of_charset, codec_of_page, codec_of_word
from narrator.manuscript.rtf_flow import Style
from narrator.manuscript.rtf_format import Format


class Header:
    """The tables of a file as they are read. `table` is the one that is open: 'fonttbl', 'stylesheet' or ''."""

    def __init__(self) -> None:
        self.table = ""
        self.styles: dict[int, Style] = {}
        self.facts: dict[str, str] = {}
        self.language = 0
        self._codec = ANSI
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._default_font = 0
        self._based_on = -1

    def words(self) -> dict[str, Callable[[int], None]]:
        """The control words that only change this."""
        return {
            "fcharset": lambda number: self._define_font(codec_of_charset(number)),
            "cpg": lambda number: self._define_font(codec_of_page(number)),
            "ansicpg": self._set_page,
            "deflang": self._set_language,
            "deff": self._set_default_font,
            "sbasedon": self._set_based_on,
        }

    def codec_of(self, font: int) -> str:
        """The codec of the bytes that are set in a font; -1 is the default one."""
        return self._fonts.get(self._default_font if font < 0 else font) or self._codec

    def name_codec(self, word: str) -> None:
        r"""Take note of `\ansi`, `\mac`, `\pc` or `\pca`; no other word means anything here."""
        self._codec = codec_of_word(word) or self._codec

    def begin_font(self, number: int) -> None:
        self._font = number

    def define_style(self, text: str, form: Format) -> None:
        """Keep a paragraph style; its name is followed by a semicolon, and its format is `form`."""
        if name := clean(text.partition(";")[0]):
            level = form.outline + 1 if form.has_level else level_of_style(name)
            self.styles[form.style] = Style(
                level,
                self._based_on,
                level_of_own_style(name),
                role_of_style(name),
                kind_of_style(name),
                is_title_style(name),
            )
        self._based_on = -1

    def end_table(self) -> None:
        self.table = ""

    def _define_font(self, codec: str) -> None:
        if self.table == "fonttbl" and codec:
            self._fonts.setdefault(self._font, codec)

    def _set_page(self, number: int) -> None:
        self._codec = codec_of_page(number) or self._codec

    def _set_language(self, number: int) -> None:
        self.language = number

    def _set_default_font(self, number: int) -> None:
        self._default_font = number

    def _set_based_on(self, number: int) -> None:
        self._based_on = number
