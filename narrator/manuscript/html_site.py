"""What a web page shows around its text: menus, search, the head and foot of its site, permalinks."""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree

from narrator.manuscript.html_marks import classes_of, shown_text
from narrator.manuscript.markup import local_name

_MENU_TERMS = {"navigation", "search", "menubar"}
_CONTENTS_TERMS = {"toc", "landmarks", "page-list", "loi", "lot", "index"}
"""What a page of a book is, though it is marked as a menu."""
_SITE_TAGS = {"header", "footer", "aside"}
_SITE_TERMS = {"banner", "contentinfo", "complementary"}
_SITE_NAME = re.compile(
    r"(?:site|page|global|main|blog|doc|docs|theme|wiki)[-_]?(?:head(?:er)?|foot(?:er)?|nav|side-?bar)"
    r"|masthead|nav-?bar|top-?bar|side-?bar|(?:social|share|related|subscribe|cookie)s?(?:[-_]\w+)*",
    re.IGNORECASE,
)
_SITE_CLASSES = {"mw-editsection", "mw-jump-link", "navbox", "catlinks", "printfooter"}
"""What wikis call their links for editors, and their menus."""
_IN_TEXT = {"article", "section", "main", "blockquote", "figure"}
"""Elements whose head and foot are the text's."""
_HEADINGS = ("{*}h1", "{*}h2", "{*}h3")
_HEADED = {"h1", "h2", "h3", "h4", "h5", "h6", "dt"}
_DEEPEST = 16
"""Nobody nests so many elements around a menu."""
_LINKED = 0.5
_LONGEST = 2_000
"""Characters: more than these are no menu, whatever they are marked as, unless most of them are links."""

_PERMALINK_CLASSES = {
    "headerlink", "header-link", "header-anchor", "heading-anchor", "heading-link", "permalink", "hash-link",
    "anchorjs-link", "anchor-link", "self-link", "selflink",
}  # fmt: skip
_PERMALINK_SIGNS = {"¶", "#", "§", "🔗", "🔗\ufe0e", "🔗\ufe0f", "⚓", "∞", "\uf0c1"}
_PERMALINK_WORDS = {"link", "permalink", "permanent link", "link to this heading", "link to this section"}


def is_furniture(node: etree._Element, tag: str, terms: tuple[str, ...]) -> bool:
    """Whether this element of a web page is certain to be the site's, with all that is in it."""
    if not _SITE_CLASSES.isdisjoint(classes_of(node)):
        return True
    is_menu = tag == "nav" or not _MENU_TERMS.isdisjoint(terms)
    if not (is_menu or tag in _SITE_TAGS or not _SITE_TERMS.isdisjoint(terms)):
        return False
    outer = _outer(node)
    if len(outer) == _DEEPEST or not _CONTENTS_TERMS.isdisjoint(terms):
        return False
    if is_menu:
        return len(shown_text(node)) <= _LONGEST or _is_linked(node)
    is_of_text = any(local_name(around) in _IN_TEXT for around in outer)
    return not is_of_text and _is_around_text(node, tag, terms)


def _is_around_text(node: etree._Element, tag: str, terms: tuple[str, ...]) -> bool:
    """Whether a head, a foot or an aside of a whole page is the site's and not the book's."""
    is_told = not _SITE_TERMS.isdisjoint(terms)
    if terms and not is_told:
        return False
    if tag != "aside" and next(node.iter(*_HEADINGS), None) is not None:
        return False  # it may be the title of the book
    is_named = is_told or any(map(_SITE_NAME.fullmatch, _names(node)))
    return (is_named and len(shown_text(node)) <= _LONGEST) or _is_linked(node)


def is_permalink(link: etree._Element) -> bool:
    """Whether this `<a>` only leads to the place where it stands, for those who want its address."""
    address, mark, target = (link.get("href") or "").partition("#")
    if not mark:
        return False
    text = shown_text(link)
    is_sign = text in _PERMALINK_SIGNS
    if not _PERMALINK_CLASSES.isdisjoint(classes_of(link)):
        return is_sign or text.casefold() in _PERMALINK_WORDS
    return is_sign and not address and target in _own_ids(link)


def _own_ids(link: etree._Element) -> set[str]:
    """The ids of the heading around a link, of what that begins with, and of the section that it opens."""
    heading = next((outer for outer in _outer(link) if local_name(outer) in _HEADED), None)
    if heading is None:
        return set()
    parent = heading.getparent()
    nodes = [link, *islice(heading.iter(), _DEEPEST)]
    if parent is not None and parent[0] is heading:
        nodes.append(parent)
    return {name for node in nodes for name in (node.get("id"), node.get("name")) if name}


def _outer(node: etree._Element) -> list[etree._Element]:
    """The elements around this one, the nearest first, as many as count."""
    return list(islice(node.iterancestors(), _DEEPEST))


def _names(node: etree._Element) -> list[str]:
    return [*classes_of(node), *filter(None, [node.get("id")])]


def _is_linked(node: etree._Element) -> bool:
    """Whether most of the text of an element is links, and there is some."""
    linked = sum(len(shown_text(link)) for link in node.iter("{*}a"))
    return linked > _LINKED * len(shown_text(node))
