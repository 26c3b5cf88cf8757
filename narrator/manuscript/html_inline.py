"""What elements say of some words of a block: another language, who speaks them, a stage direction.

What only looks like that is a hint: a mark of the kinds NAME and DIRECTION whose value tells how sure it is. A
chapter that is a play bears it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, takewhile

from lxml import etree

from narrator.manuscript.html_marks import classes_of, shown_text
from narrator.manuscript.html_places import Place, is_block, language_of
from narrator.manuscript.html_text import MarkedText
from narrator.manuscript.language import normal_tag
from narrator.manuscript.markup import local_name
from narrator.manuscript.page_blocks import Sureness
from narrator.model import MarkKind, Role

_SPEAKER_CLASSES = {"speaker", "persona", "character", "charname", "char-name", "character-name", "spkr"}
TELLING = {"b", "strong", "i", "em"}
"""Elements that tell something without attributes: how they are printed."""
_SLANTED = {"i", "em"}
_SMALL_CAPITALS = re.compile(r"sm(?:all)?[-_]?cap(?:ital)?s?|sc|caps")
_DEEPEST = 16
"""Nobody writes so many inline elements inside one another, and each would look at all of them."""
_LONGEST_NAME = 40
_MOST_WORDS = 5
_NAME_ENDS = (".", ":", "—", "–", "-")
_OPENS, _CLOSES = ("[", "("), ("]", ")")
_NO_SPEECH = {Role.HEADING, Role.NOTE, Role.CODE}


def marks_of(
    node: etree._Element,
    tag: str,
    terms: tuple[str, ...],
    place: Place,
    around: Place,
    *,
    text: MarkedText,
    is_inline: bool,
) -> Iterator[tuple[MarkKind, str]]:
    """The marks over the text of an element, the outer first.

    `place` is inside it and `around` outside, `text` what its block has before it. What a block is as a whole
    is in its place, so that only who speaks it is a mark.
    """
    if is_inline and (language := _tag(language_of(node))) and _differ(language, _outer(node, around)):
        yield MarkKind.LANGUAGE, language
    if place.role in _NO_SPEECH:
        return
    if is_inline and place.direction and not around.direction:
        yield MarkKind.DIRECTION, place.direction
    elif tag in _SLANTED and not around.direction and _looks_directed(node, text.last):
        yield MarkKind.DIRECTION, Sureness.SHAPED
    elif text.is_blank and not place.direction and (sureness := _names_speaker(node, tag, terms)):
        yield MarkKind.NAME, sureness


def _outer(node: etree._Element, around: Place) -> str:
    """The language that stands around an inline element: of the nearest that declares one, or of the block."""
    outer = islice(node.iterancestors(), _DEEPEST)
    inline = takewhile(lambda node: not is_block(local_name(node), ()), outer)
    return _tag(next(filter(None, map(language_of, inline)), around.language))


def _differ(one: str, other: str) -> bool:
    return one.partition("-")[0] != other.partition("-")[0]


@lru_cache(maxsize=256)
def _tag(declared: str) -> str:
    return normal_tag(declared) if declared else ""


def _names_speaker(node: etree._Element, tag: str, terms: tuple[str, ...]) -> Sureness | None:
    """Whether this element, with which a block opens, is the name of who speaks."""
    classes = classes_of(node)
    is_looking = tag in TELLING or any(map(_SMALL_CAPITALS.fullmatch, classes))
    is_classed = not _SPEAKER_CLASSES.isdisjoint(classes)
    if not (is_looking or is_classed or "persona" in terms):
        return None
    if sum(1 for _ in islice(node.iter(), _DEEPEST)) == _DEEPEST:
        return None
    name = shown_text(node)
    if not name[:1].isupper() or len(name) > _LONGEST_NAME or len(name.split()) > _MOST_WORDS:
        return Sureness.TYPED if tag == "td" and "persona" in terms and name else None
    if tag in {"td", "p", "div"}:
        ends_name = True
    else:
        rest = (node.tail or "").lstrip()
        ends_name = name.endswith(_NAME_ENDS) or rest.startswith(_NAME_ENDS + _OPENS) or _is_alone(node)
    if not ends_name:
        return None
    if "persona" in terms:
        return Sureness.TYPED
    return Sureness.CLASSED if is_classed else Sureness.SHAPED


def _looks_directed(node: etree._Element, before: str) -> bool:
    """Whether this slanted text stands in brackets, or is all that its paragraph says."""
    if (node.text or "").lstrip().startswith(_OPENS):
        return shown_text(node).rstrip(".").endswith(_CLOSES)
    if before in _OPENS:
        return (node.tail or "").lstrip(" .").startswith(_CLOSES)
    return _is_alone(node)


def _is_alone(node: etree._Element) -> bool:
    parent = node.getparent()
    if parent is None or node.getprevious() is not None or node.getnext() is not None:
        return False
    return not (parent.text or "").strip() and not (node.tail or "").strip(" .\n\t\r")
