"""Which characters of a `<ruby>` are read as which of its `<rt>`.

The forms: https://html.spec.whatwg.org/#the-ruby-element, and `<rb>`, `<rbc>` and `<rtc>` as in
https://www.w3.org/TR/html-ruby-extensions/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from lxml import etree

from narrator.manuscript.html_marks import shown_text
from narrator.manuscript.markup import local_name

_ANNOTATIONS = {"rt", "rp", "rtc"}


@dataclass(frozen=True, slots=True)
class Reading:
    """How a base is read: it begins before the text of `begin`, but after an `<rt>`.

    It ends after `end` where that is an `<rb>`, and before it where it is an annotation.
    """

    begin: etree._Element
    end: etree._Element
    text: str


def readings_of(ruby: etree._Element) -> list[Reading]:
    """The readings of the bases in a `<ruby>`, in order; dots of emphasis and the like are none."""
    bases = [node for node in ruby.iterdescendants() if local_name(node) == "rb"]
    found = _by_bases(ruby) if bases else _by_turns(ruby)
    return [reading for reading in found if any(map(str.isalpha, reading.text))]


def _by_turns(ruby: etree._Element) -> Iterator[Reading]:
    """Each annotation reads what stands between it and the one before; of two on one base the first."""
    begin = ruby
    for child in ruby:
        if local_name(child) not in {"rt", "rtc"}:
            continue
        if begin is ruby or _has_base_between(begin, child):
            yield Reading(begin, child, shown_text(child))
        begin = child


def _has_base_between(begin: etree._Element, end: etree._Element) -> bool:
    node: etree._Element | None = begin
    while node is not None and node is not end:
        if (node.tail or "").strip() or (local_name(node) not in _ANNOTATIONS and shown_text(node)):
            return True
        node = node.getnext()
    return False


def _by_bases(ruby: etree._Element) -> Iterator[Reading]:
    """Bases and readings in turn one for one; where their numbers differ all of these belong together."""
    parts = [node for node in _parts(ruby) if local_name(node) != "rtc" or node.find("{*}rt") is None]
    runs = [(is_base, list(nodes)) for is_base, nodes in groupby(parts, lambda node: local_name(node) == "rb")]
    for (is_base, bases), (_, readings) in pairwise(runs):
        if not is_base:
            continue
        texts = list(map(shown_text, readings))
        if len(texts) == len(bases):
            yield from map(Reading, bases, bases, texts)
        else:
            yield Reading(bases[0], bases[-1], "".join(texts))


def _parts(ruby: etree._Element) -> Iterator[etree._Element]:
    """The bases and annotations in order, of several rows of annotations the first."""
    walk = etree.iterwalk(ruby, events=("start",))
    for _, node in walk:
        tag, before = local_name(node), node.getprevious()
        if tag == "rtc" and before is not None and local_name(before) == "rtc":
            walk.skip_subtree()
        elif tag in {"rb", "rt", "rtc"}:
            yield node
