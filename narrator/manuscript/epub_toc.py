"""What an EPUB says of its own order: the table of contents (nav or NCX), landmarks and guide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.characters import clean
from narrator.manuscript.html_marks import terms_of
from narrator.manuscript.markup import local_name

_UNREAD_IN_LABELS = {"rt", "rp", "script", "style", "ol", "ul", "svg"}


@dataclass(frozen=True, slots=True)
class TocEntry:
    """A line of the table of contents: where it leads, how deep it stands, and whether others stand under it."""

    title: str
    href: str
    depth: int
    has_children: bool


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place of known purpose: 'toc', 'bodymatter', 'endnotes', or a guide's 'title-page', 'text' ..."""

    terms: tuple[str, ...]
    href: str


def nav_entries(root: etree._Element) -> tuple[TocEntry, ...]:
    """The entries of a navigation document's toc, in its order; labels without a link are left out."""
    navs = [node for node in root.iter() if local_name(node) == "nav"]
    named = [nav for nav in navs if "toc" in terms_of(nav)]
    unnamed = [nav for nav in navs if not terms_of(nav)]
    for nav in named or unnamed[:1]:
        first = next((node for node in nav.iter() if local_name(node) in {"ol", "ul"}), None)
        if first is not None:
            return tuple(_list_entries(first, 0))
        return tuple(
            TocEntry(label_text(node), node.get("href", ""), 0, has_children=False)
            for node in nav.iter()
            if local_name(node) == "a" and node.get("href")
        )
    return ()


def _list_entries(items: etree._Element, depth: int) -> Iterator[TocEntry]:
    # As deep as the parser's limit on nesting, which is below Python's on calls.
    for item in items:
        if local_name(item) != "li":
            continue
        below = [node for node in item.iterdescendants() if local_name(node) in {"ol", "ul"}]
        first_below = below[0] if below else None
        link = next((node for node in item.iter() if local_name(node) == "a" and _is_above(node, item)), None)
        if link is not None and link.get("href"):
            yield TocEntry(label_text(link), link.get("href", ""), depth, has_children=first_below is not None)
        if first_below is not None:
            yield from _list_entries(first_below, depth + 1)


def _is_above(node: etree._Element, item: etree._Element) -> bool:
    """Does the link belong to this item, and not to a list inside it?"""
    parent = node.getparent()
    while parent is not None and parent is not item:
        if local_name(parent) in {"ol", "ul"}:
            return False
        parent = parent.getparent()
    return True


def ncx_entries(root: etree._Element) -> tuple[TocEntry, ...]:
    """The entries of an NCX's navMap, in document order: `playOrder` is wrong in many books."""
    nav_map = next((node for node in root.iter() if local_name(node) == "navmap"), None)
    return tuple(_point_entries(nav_map, 0)) if nav_map is not None else ()


def _point_entries(parent: etree._Element, depth: int) -> Iterator[TocEntry]:
    for point in parent:
        if local_name(point) != "navpoint":
            continue
        label = next((node for node in point if local_name(node) == "navlabel"), None)
        content = next((node for node in point if local_name(node) == "content"), None)
        has_children = any(local_name(node) == "navpoint" for node in point)
        href = content.get("src", "") if content is not None else ""
        if href:
            title = label_text(label) if label is not None else ""
            yield TocEntry(title, href, depth, has_children)
        yield from _point_entries(point, depth + 1)


def landmarks(root: etree._Element) -> tuple[Landmark, ...]:
    """The landmarks of a navigation document."""
    navs = (node for node in root.iter() if local_name(node) == "nav" and "landmarks" in terms_of(node))
    links = (node for nav in navs for node in nav.iter() if local_name(node) == "a")
    return tuple(Landmark(terms_of(link), link.get("href", "")) for link in links)


def guide(package: etree._Element) -> tuple[Landmark, ...]:
    """The guide of an EPUB 2 package."""
    references = (node for node in package.iter() if local_name(node) == "reference")
    return tuple(
        Landmark(((node.get("type") or "").lower().removeprefix("other."),), node.get("href") or "")
        for node in references
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
