"""The state that a group of RTF inherits, and the control words that change it.

Microsoft, RTF Specification 1.9.1, 'Paragraph Formatting Properties' and 'Character Formatting Properties'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter

_NO_HEADING = 9
r"""`\outlinelevel9` is body text."""


@dataclass(slots=True)
class Format:
    r"""What is in force at a place: the state that a group in RTF inherits, and its end restores.

    `font` is -1 for the default one, `outline` where no `\outlinelevel` was said. `size` is in half points.
    `kind` is that of the field around ('toc'). `language` is a Windows LCID, 0 for the document's own.
    """

    font: int = -1
    unicode_skip: int = 1
    is_silent: bool = False
    is_hidden: bool = False
    is_deleted: bool = False
    is_raised: bool = False
    is_bold: bool = False
    size: int = 24
    style: int = 0
    outline: int = -1
    is_centred: bool = False
    opens_page: bool = False
    in_table: bool = False
    is_drop_cap: bool = False
    kind: str = ""
    in_info: bool = False
    language: int = 0

    def make_paragraph_plain(self) -> None:
        r"""`\pard`."""
        self.style, self.outline = 0, -1
        self.is_centred = self.opens_page = self.in_table = self.is_drop_cap = False

    def make_letters_plain(self) -> None:
        r"""`\plain`."""
        self.is_bold = self.is_raised = self.is_hidden = self.is_deleted = False
        self.size, self.font, self.language = 24, -1, 0

    @property
    def has_level(self) -> bool:
        return 0 <= self.outline < _NO_HEADING

    @property
    def is_seen(self) -> bool:
        return not (self.is_silent or self.is_hidden or self.is_deleted)


_VALUES = attrgetter(*(field.name for field in fields(Format)))


def copied(form: Format) -> Format:
    """The format in an object of its own: `dataclasses.replace`, which files have too many groups for."""
    return Format(*_VALUES(form))


def format_words(own: Callable[[], Format]) -> dict[str, Callable[[int], None]]:
    """The control words that only change the format of the group that is open, which `own` gives."""

    def switch(name: str) -> Callable[[int], None]:
        return lambda number: setattr(own(), name, number != 0)

    def off(name: str) -> Callable[[int], None]:
        return lambda _: setattr(own(), name, False)

    def value(name: str) -> Callable[[int], None]:
        return lambda number: setattr(own(), name, number)

    return {
        "uc": value("unicode_skip"),
        "fs": value("size"),
        "lang": value("language"),
        "s": value("style"),
        "outlinelevel": value("outline"),
        "b": switch("is_bold"),
        "v": switch("is_hidden"),
        "deleted": switch("is_deleted"),
        "mvf": switch("is_deleted"),
        "super": switch("is_raised"),
        "up": switch("is_raised"),
        "nosupersub": off("is_raised"),
        "qc": switch("is_centred"),
        "ql": off("is_centred"),
        "qj": off("is_centred"),
        "pagebb": switch("opens_page"),
        "dropcapli": switch("is_drop_cap"),
        "intbl": switch("in_table"),
        "pard": lambda _: own().make_paragraph_plain(),
        "plain": lambda _: own().make_letters_plain(),
    }
