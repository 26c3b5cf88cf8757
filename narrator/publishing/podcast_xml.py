"""The elements of a feed: made, compared, and put where others were.

The formats: https://www.rssboard.org/rss-specification,
https://podcasters.apple.com/support/823-podcast-requirements and https://podcasting2.org/podcast-namespace.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "atom": "http://www.w3.org/2005/Atom",
    "narrator": "urn:uuid:0b1d7a52-6c1e-4f0e-9a53-3d0f8c7e2b64",
}
"""The last is our own, of no meaning to apps: what the next publication must know of this one."""
ITUNES, PODCAST, ATOM, NARRATOR = (f"{{{uri}}}" for uri in NAMESPACES.values())
_STEP = "  "


def element(tag: str, text: str = "", /, **attributes: str) -> etree._Element:
    """An element with nothing in it but text."""
    made = etree.Element(tag, attributes, nsmap=NAMESPACES)
    made.text = text or None
    return made


def html(tag: str, markup: str) -> etree._Element:
    """An element with HTML in it, in which no ']]>' can be."""
    made = element(tag)
    made.text = etree.CDATA(markup)
    return made


def renew(parent: etree._Element, old: Sequence[etree._Element], new: Sequence[etree._Element]) -> None:
    """Put `new` where the children `old` are, unless they say the same.

    Where there are no such children, they come last, but before the items of a channel.
    """
    if len(old) == len(new) and all(map(_say_the_same, old, new)):
        return
    follower = next(iter([*old, *parent.iterchildren("item")]), None)
    place = len(parent) if follower is None else parent.index(follower)
    for each in old:
        parent.remove(each)
    for number, each in enumerate(new):
        parent.insert(place + number, each)


def lay_out(parent: etree._Element, depth: int) -> None:
    """Put each child on a line of its own, where nothing but white space is between them."""
    inner, outer = ("\n" + _STEP * level for level in (depth + 1, depth))
    children = list(parent)
    if children and not (parent.text or "").strip():
        parent.text = inner
    for child in children:
        if not (child.tail or "").strip():
            child.tail = outer if child is children[-1] else inner


def _say_the_same(one: etree._Element, other: etree._Element) -> bool:
    return (
        one.tag == other.tag
        and one.items() == other.items()
        and (one.text or "").strip() == (other.text or "").strip()
        and len(one) == len(other)
        and all(map(_say_the_same, one, other))
    )
