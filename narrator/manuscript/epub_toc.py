"""What an EPUB says of its own order: the table of contents (nav or NCX), landmarks and guide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.characters import clean
from narrator.manuscript.html_marks import terms_of
from narrator.manuscript.markup import local_name
from narrator.manuscript.pieces import Anchor

Locate = Callable[[str], Anchor | None]
"""Where an address leads; None where it leads out of the book."""

_UNREAD_IN_LABELS = {"rt", "rp", "script", "style", "ol", "ul", "svg"}


@dataclass(frozen=True, slots=True)
class TocEntry:
    """A line of the table of contents: where it leads, and how deep it stands."""

    title: str
    target: Anchor
    depth: int


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place of known purpose: 'toc', 'bodymatter', 'endnotes', or a guide's 'title-page', 'text' ..."""

    terms: tuple[str, ...]
    target: Anchor


def nav_entries(root: etree._Element, locate: Locate) -> tuple[TocEntry, ...]:
    """The entries of a navigation document's toc, in its order; labels without a link are left out."""
    navs = [node for node in root.iter() if local_name(node) == "nav"]
    named = [nav for nav in navs if "toc" in terms_of(nav)]
    unnamed = [nav for nav in navs if not terms_of(nav)]
    for nav in named or unnamed[:1]:
        items = next((node for node in nav.iter() if local_name(node) in {"ol", "ul"}), None)
        return tuple(_list_entries(items, 0, locate) if items is not None else _links(nav, locate))
    return ()


def _links(nav: etree._Element, locate: Locate) -> Iterator[TocEntry]:
    for node in nav.iter():
        target = locate(node.get("href") or "") if local_name(node) == "a" else None
        if target:
            yield TocEntry(label_text(node), target, 0)


def _list_entries(items: etree._Element, depth: int, locate: Locate) -> Iterator[TocEntry]:
    # As deep as the parser's limit on nesting, which is below Python's on calls.
    for item in items:
        if local_name(item) != "li":
            continue
        below = next((node for node in item.iterdescendants() if local_name(node) in {"ol", "ul"}), None)
        link = next((node for node in item.iter() if local_name(node) == "a" and _is_above(node, item)), None)
        target = locate(link.get("href") or "") if link is not None and link.get("href") else None
        if link is not None and target:
            yield TocEntry(label_text(link), target, depth)
        if below is not None:
            yield from _list_entries(below, depth + 1, locate)


def _is_above(node: etree._Element, item: etree._Element) -> bool:
    """Whether the link belongs to this item, and not to a list inside it."""
    parent = node.getparent()
    while parent is not None and parent is not item:
        if local_name(parent) in {"ol", "ul"}:
            return False
        parent = parent.getparent()
    return True


def ncx_entries(root: etree._Element, locate: Locate) -> tuple[TocEntry, ...]:
    """The entries of an NCX's navMap, in document order: `playOrder` is wrong in many books."""
    nav_map = next((node for node in root.iter() if local_name(node) == "navmap"), None)
    return tuple(_point_entries(nav_map, 0, locate)) if nav_map is not None else ()


def _point_entries(parent: etree._Element, depth: int, locate: Locate) -> Iterator[TocEntry]:
    for point in parent:
        if local_name(point) != "navpoint":
            continue
        inside = {local_name(node): node for node in reversed(point)}
        address = inside["content"].get("src") if "content" in inside else None
        target = locate(address) if address else None
        if target and "navlabel" in inside:
            yield TocEntry(label_text(inside["navlabel"]), target, depth)
        yield from _point_entries(point, depth + 1, locate)


def landmarks(root: etree._Element, locate: Locate) -> tuple[Landmark, ...]:
    """The landmarks of a navigation document."""
    navs = (node for node in root.iter() if local_name(node) == "nav" and "landmarks" in terms_of(node))
    links = (node for nav in navs for node in nav.iter() if local_name(node) == "a")
    return tuple(
        Landmark(terms_of(link), target) for link in links if (target := locate(link.get("href") or ""))
    )


def guide(package: etree._Element, locate: Locate) -> tuple[Landmark, ...]:
    """The guide of an EPUB 2 package."""
    references = (node for node in package.iter() if local_name(node) == "reference")
    return tuple(
        Landmark(((node.get("type") or "").lower().removeprefix("other."),), target)
        for node in references
        if (target := locate(node.get("href") or ""))
    )


def label_text(node: etree._Element) -> str:
    """The text of a label, without ruby readings, on one line."""
    parts: list[str] = []
    walk = etree.iterwalk(node, events=("start", "end", "comment", "pi"))
    for event, inner in walk:
        if event == "start":
            if local_name(inner) in _UNREAD_IN_LABELS and inner is not node:
                walk.skip_subtree()
                continue
            parts.append(" " if local_name(inner) == "br" else inner.text or "")
        elif inner is not node:
            parts.append(inner.tail or "")
    return clean("".join(parts))
