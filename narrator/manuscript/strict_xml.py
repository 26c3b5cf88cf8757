"""XML that programs alone write, in the files of word processors: whole, or refused.

Nothing is mended. What no word processor would write may hold its text in places where nobody looks, and a
parser that goes on after a mistake loses text without a word.
"""

from __future__ import annotations

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.characters import clean


def strict_root(data: bytes, *, where: str, most_tags: int, advice: str) -> etree._Element:
    """The root of a file, which may have so many tags, those that open and those that close.

    Raises:
        ManuscriptError: damaged, larger than any book, or it declares entities.
    """
    if data.count(b"<") > most_tags:
        raise ManuscriptError(f"{where} holds more than any book.", advice="Is it the right file?")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        raise ManuscriptError(f"{where} is damaged: {clean(exc.msg or '')}.", advice=advice) from exc
    declared = root.getroottree().docinfo.internalDTD
    entities = declared.entities() if declared is not None else []  # type: ignore[union-attr]  # not in the stubs
    if entities:
        raise ManuscriptError(f"{where} declares entities, as no word processor does.", advice=advice)
    return root
