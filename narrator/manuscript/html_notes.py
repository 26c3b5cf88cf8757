"""Which anchors are notes in books that do not say so: a mark in the text and its note point at one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.html_marks import is_return_sign, shown_text
from narrator.manuscript.markup import local_name
from narrator.manuscript.pieces import Anchor

_INLINE = {"a", "sup", "span", "b", "i", "em", "strong", "small", "sub", "font", "u"}
_BODIES = {"p", "div", "li", "aside", "dd", "dt", "td", "tr"}
_LONGEST_MARK = 12


@dataclass(frozen=True, slots=True)
class _Link:
    """A short link to an anchor.

    `own` are the anchors that lead to it, `body` the id of the block that it would be the way back from;
    `is_return` says that it opens its block, or that its text is an arrow or the like.
    """

    own: tuple[Anchor, ...]
    target: Anchor
    body: str
    is_return: bool


def notes_by_file(
    roots: Mapping[str, etree._Element], locate: Callable[[str, str], Anchor | None]
) -> dict[str, frozenset[str]]:
    """The ids of the blocks that are notes, by file; `locate(href, file)` says where a link leads."""
    links = [link for name, root in roots.items() for link in _links(name, root, locate)]
    returns: dict[Anchor, list[_Link]] = defaultdict(list)
    for link in links:
        for anchor in link.own if link.is_return else ():
            returns[anchor].append(link)
    notes: dict[str, set[str]] = defaultdict(set)
    for mark in links:
        if mark.is_return:
            continue
        for back in returns[mark.target]:
            if back.target in mark.own:
                notes[back.own[0][0]].add(back.body)
    return {name: frozenset(ids) for name, ids in notes.items()}


def _links(name: str, root: etree._Element, locate: Callable[[str, str], Anchor | None]) -> list[_Link]:
    found = []
    for node in root.iter("{*}a", "{*}A"):
        href = node.get("href")
        if not href or "#" not in href or len(shown_text(node)) > _LONGEST_MARK:
            continue
        target = locate(href, name)
        if target:
            found.append(_link(name, node, target))
    return found


def _link(name: str, link: etree._Element, target: Anchor) -> _Link:
    ids = [value for inner in link.iter() for value in _ids(inner)]
    block: etree._Element | None = link
    opens_block = True
    while block is not None and local_name(block) in _INLINE:
        opens_block = opens_block and not _has_text_before(block)
        ids += _ids(block)
        block = block.getparent()
    body = ""
    if block is not None and local_name(block) in _BODIES:
        body = block.get("id") or ""
        parent = block.getparent()
        if (
            not body
            and parent is not None
            and local_name(parent) in {"li", "div", "aside"}
            and parent[0] is block
        ):
            body = parent.get("id") or ""
    own = dict.fromkeys((name, value) for value in [*ids, *filter(None, [body])])
    is_return = opens_block or is_return_sign(shown_text(link))
    return _Link(tuple(own), target, body or next(iter(ids), ""), is_return and bool(own))


def _ids(node: etree._Element) -> list[str]:
    return [value for value in (node.get("id"), node.get("name")) if value]


def _has_text_before(node: etree._Element) -> bool:
    """Whether text stands before this inline element in its parent."""
    parent = node.getparent()
    if parent is not None and (parent.text or "").strip():
        return True
    earlier = node.itersiblings(preceding=True)
    return any(shown_text(sibling) or (sibling.tail or "").strip() for sibling in earlier)
