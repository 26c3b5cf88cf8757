"""Empty paragraphs: the break between two scenes in books made with a word processor."""

from __future__ import annotations

from lxml import etree

from narrator.manuscript.markup import local_name

_PARAGRAPHS_PER_GAP = 4
"""Where empty paragraphs are more frequent than this they are how the book parts its paragraphs."""
_SPACE = "\u00a0"


def is_gap(node: etree._Element, tag: str) -> bool:
    """Whether this is a paragraph with nothing in it but a space or a line break, put there to be seen."""
    if tag != "p" or (node.text or "").strip():
        return False
    text = str(node.xpath("string()"))
    names = {local_name(inner) for inner in node.iterdescendants()}
    # One that holds an anchor was put there for that, as for the number of a page.
    return not text.strip() and names.isdisjoint({"a", "img", "svg"}) and (_SPACE in text or "br" in names)


def has_scene_gaps(body: etree._Element) -> bool:
    """Whether the empty paragraphs of a page are few enough to mean something."""
    gaps = paragraphs = 0
    was_gap = False
    for node in body.iter("{*}p"):
        is_now = is_gap(node, "p")
        gaps += is_now and not was_gap
        paragraphs += not is_now
        was_gap = is_now
    return 0 < gaps * _PARAGRAPHS_PER_GAP <= paragraphs
