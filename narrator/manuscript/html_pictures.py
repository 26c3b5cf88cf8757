"""What a picture shows, in the words that its maker gave it for those who cannot see it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from lxml import etree

from narrator.manuscript.characters import clean, is_scene_break, same_words
from narrator.manuscript.html_marks import classes_of, drop_cap_of

_SAYS_NOTHING = re.compile(
    r"(?:the |an? )?(?:(?:front |back |book |original )?cover(?: (?:image|art|page))?|title ?page|frontispiece"
    r"|image|picture|photo(?:graph)?|illustrations?|illus|illo|figure|fig|plate|drawing|engraving|graphic|logo|icon"
    r"|ornament|ornamental|decoration|decorative|divider|separator|break|spacer|blank|page|unknown|untitled|null|none"
    r"|headpiece|tailpiece|drop ?cap|initial|colophon|publisher['’]?s (?:mark|logo|device)|img|alt|inline|tb)"
    r"[\s._:#-]*(?:image|unavailable)?[\s._:#-]*(?:\d+|[ivxlcdm]+|[a-z])?[\s.]*",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|svg|webp|bmp|tiff?)|\S*\d\S*|\S*_\S*", re.IGNORECASE)
_DECORATION = re.compile(r"ornament|decorat|divider|separator|logo|cover|spacer|icon|tailpiece|headpiece|break")
_BRACKETED = re.compile(r"\[(?:illustration|image|picture)?[\s:.]*(.*)\]", re.IGNORECASE)
_LOGO = re.compile(r"\blogo(?:type)?\b|ロゴ", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2}")


def alt_text_of(image: etree._Element) -> str:
    """The description of an `<img>`; '' for a decoration, the cover, a letter, or a mere name of the file."""
    text = clean(image.get("alt") or "")
    if bracketed := _BRACKETED.fullmatch(text):
        text = bracketed[1]
    if not _WORD.search(text) or is_scene_break(text) or _SAYS_NOTHING.fullmatch(text):
        return ""
    if _FILE_NAME.fullmatch(text) or _LOGO.search(text) or same_words(text) == same_words(_stem(image)):
        return ""
    if (image.get("role") or "") in {"presentation", "none"} or image.get("aria-hidden") == "true":
        return ""
    if _DECORATION.search(" ".join(sorted(classes_of(image)))) or drop_cap_of(image, opens_block=True):
        return ""
    return text


def _stem(image: etree._Element) -> str:
    return PurePosixPath((image.get("src") or "").partition("?")[0]).stem
