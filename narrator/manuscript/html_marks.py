"""What a page shows to the eye and no narrator reads: note marks, page numbers, struck or hidden text."""

from __future__ import annotations

import re
from collections import Counter

from lxml import etree

from narrator.manuscript.characters import clean
from narrator.manuscript.markup import local_name

_TYPE = "{http://www.idpf.org/2007/ops}type"
_UNREAD_TAGS = {
    "script", "style", "svg", "head", "template", "noscript", "iframe", "audio", "video", "canvas", "object",
    "rt", "rp", "rtc", "annotation", "annotation-xml", "select", "textarea", "button", "input",
    "del",
}  # fmt: skip
_REFERENCES = {"noteref", "annoref"}
_UNREAD_TERMS = _REFERENCES | {
    "biblioref",
    "glossref",
    "backlink",
    "referrer",
    "page-list",
    "landmarks",
}
_HIDES = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PAGE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:x-ebookmaker-)?page-?(?:no|num|number|break)s?(?:$|[\s_-])", re.IGNORECASE
)
_PAGE_NUMBER = re.compile(
    r"[\[({|]?\s*(?:p|pg|page|seite|s)?\.?\s*(?:\d{1,4}|[ivxlcdm]{1,8})\s*[\])}|]?", re.IGNORECASE
)
_MARK = re.compile(r"[\[(]?\s*(?:\d{1,4}|[*†‡§¶#‖]+|[ivx]{1,5})\s*[\])]?|\[[a-zA-Z]{1,2}\]|\([a-z]\)")
_LETTER_MARK = re.compile(r"[a-zA-Z]{1,2}")
_NOTE_HINT = re.compile(
    r"(?:^|[^a-z])(?:fn|fnref|fnanchor|ftn|edn|en|note|noteref|note-?anchor|foot-?note|end-?note|endnotes?|footnotes?)(?:[^a-z]|$)",
    re.IGNORECASE,
)
_PAGE_TARGET = re.compile(r"(?:page|pg|p)[_.-]?\d+", re.IGNORECASE)
_NO_CLASSES: frozenset[str] = frozenset()
_RETURN = re.compile(r"[↩↵↑^⏎⮌⤴←▲]\ufe0e?|back|return|\[(?:back|return)\]|retour|zurück", re.IGNORECASE)


def terms_of(node: etree._Element) -> tuple[str, ...]:
    """An element's structural terms, in lower case: `epub:type` without prefixes, and `role` without 'doc-'."""
    types = node.get(_TYPE) or node.get("epub:type") or ""
    role = node.get("role") or ""
    if not types and not role:
        return ()
    terms = [term.rpartition(":")[2] for term in types.lower().split()]
    return (*terms, *(term.removeprefix("doc-") for term in role.lower().split()))


def classes_of(node: etree._Element) -> frozenset[str]:
    """An element's classes, in lower case."""
    names = node.get("class")
    return frozenset(names.lower().split()) if names else _NO_CLASSES


def shown_text(node: etree._Element) -> str:
    """All the text inside an element, on one line."""
    return clean(str(node.xpath("string()")))


def is_unread(node: etree._Element, tag: str, terms: tuple[str, ...]) -> bool:
    """Whether this element, with all that is in it, is never spoken, wherever it stands."""
    if tag in _UNREAD_TAGS:
        return True
    if not node.keys():
        return False
    if not _UNREAD_TERMS.isdisjoint(terms) or "hidden" in node.attrib:
        return True
    if _HIDES.search(node.get("style") or ""):
        return True
    if node.get("aria-hidden") == "true" and tag not in {"body", "section", "article", "main"}:
        return True
    return _is_page_number(node, terms)


def _is_page_number(node: etree._Element, terms: tuple[str, ...]) -> bool:
    if "pagebreak" not in terms and not _PAGE_CLASS.search(node.get("class") or ""):
        return False
    # 'pagebreak' is also the class of whole chapters that begin on a new page.
    text = shown_text(node)
    return not text or (len(text) < 16 and _PAGE_NUMBER.fullmatch(text) is not None)


def is_note_mark(link: etree._Element, *, opens_block: bool, in_heading: bool) -> bool:
    """Whether this `<a>` is the mark of a note, or the way back from one.

    A number that opens a block may be a chapter's, linked to the contents, or a verse's; it is a mark only
    where its address or class speaks of notes. So is a lone letter.
    """
    target = link.get("href") or ""
    if "#" not in target:
        return False
    text = shown_text(link)
    is_mark, is_letter = _MARK.fullmatch(text) is not None, _LETTER_MARK.fullmatch(text) is not None
    if not (is_mark or is_letter):
        return is_return_sign(text)
    if _NOTE_HINT.search(f"{target.partition('#')[2]} {link.get('class') or ''} {link.get('id') or ''}"):
        return True
    if _PAGE_TARGET.fullmatch(target.partition("#")[2]):
        return False
    return is_mark and (_is_raised(link) or not (opens_block or in_heading))


def opening_marks(body: etree._Element) -> Counter[str]:
    """The raised marks that open paragraphs, and how many; elsewhere on the page they refer to these."""
    return Counter(
        text
        for node in body.iter("{*}sup")
        if _MARK.fullmatch(text := shown_text(node)) and _opens_paragraph(node)
    )


def _opens_paragraph(node: etree._Element) -> bool:
    parent = node.getparent()
    if parent is None or (parent.text or "").strip() or node.getprevious() is not None:
        return False
    return local_name(parent) in {"p", "li", "div", "aside", "dd"} or _opens_paragraph(parent)


def is_reference(terms: tuple[str, ...]) -> bool:
    """Whether an element with these terms is the mark of a note."""
    return not _REFERENCES.isdisjoint(terms)


def is_return_sign(text: str) -> bool:
    """Whether this is the text of a link that leads from a note back into the book."""
    return _RETURN.fullmatch(text) is not None


def _is_raised(link: etree._Element) -> bool:
    parent = link.getparent()
    if parent is not None and local_name(parent) == "sup":
        return True
    return any(local_name(child) == "sup" for child in link) and not (link.text or "").strip()


def drop_cap_of(image: etree._Element, *, opens_block: bool) -> str:
    """The letter that an image at the head of a paragraph stands for, else ''."""
    letter = clean(image.get("alt") or "")
    if not re.fullmatch(r"[\"'“‘«]?[^\W\d_][\"'’]?", letter):
        return ""
    parent = image.getparent()
    names = f"{image.get('class') or ''} {parent.get('class') or '' if parent is not None else ''}".lower()
    if re.search(r"drop|initial|\bcap\b|letter|letra", names):
        return letter
    return letter if opens_block and re.match(r"[^\W\d_]|[’']", _following_text(image)) else ""


def _following_text(node: etree._Element) -> str:
    text = node.tail or ""
    following = node.getnext()
    if not text and following is not None:
        text = str(following.xpath("string()"))
    return text
