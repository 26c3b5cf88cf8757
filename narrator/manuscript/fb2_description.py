"""What a FictionBook says of itself: title, authors, language, dates, series, and where its cover is.

The elements: http://www.fictionbook.org/index.php/Eng:XML_Schema_Fictionbook_2.1
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.book_facts import first_date, first_isbn, normal_date, normal_part
from narrator.manuscript.characters import clean
from narrator.manuscript.descriptions import description_of as text_of
from narrator.manuscript.language import normal_tag
from narrator.model import Cover

_BINARY = re.compile(rb"<(?:\w+:)?binary\b([^<>]*)>([^<>]*)</(?:\w+:)?binary\s*>", re.IGNORECASE)
_ID = re.compile(rb"""\bid\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_NAME = ("first-name", "middle-name", "last-name")
_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True, slots=True)
class Description:
    """Title, authors, declared language as a BCP 47 tag, the id of the cover; '' and () where silent.

    The rest is as a Manuscript has it.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    cover_id: str = ""
    date: str = ""
    series: str = ""
    part: str = ""
    isbn: str = ""
    publisher: str = ""
    about: str = ""


def description_of(root: etree._Element) -> Description:
    """The description of the book itself; of the work that it was translated from the date alone is asked."""
    info = next(root.iter("title-info"), None)
    if info is None:
        return Description(date=_date(root), isbn=_isbn(root), publisher=_publisher(root))
    names = tuple(name for author in info.iterchildren("author") if (name := _name(author)))
    sequence = next((node for node in info.iterchildren("sequence") if node.get("name")), None)
    image = next((image for page in info.iterchildren("coverpage") for image in page.iter("image")), None)
    return Description(
        title=next(_texts(info, "book-title"), ""),
        authors=tuple(dict.fromkeys(names)),
        language=normal_tag(next(_texts(info, "lang"), "")),
        cover_id=(image.get("href") or "").lstrip("#") if image is not None else "",
        date=_date(root),
        series=clean(sequence.get("name") or "") if sequence is not None else "",
        part=normal_part(sequence.get("number") or "") if sequence is not None else "",
        isbn=_isbn(root),
        publisher=_publisher(root),
        about=next(filter(None, map(text_of, info.iterchildren("annotation"))), ""),
    )


def _isbn(root: etree._Element) -> str:
    return first_isbn(text for info in root.iter("publish-info") for text in _texts(info, "isbn"))


def _publisher(root: etree._Element) -> str:
    return next((text for info in root.iter("publish-info") for text in _texts(info, "publisher")), "")


def _date(root: etree._Element) -> str:
    """When the work first appeared. The value of an element is often made up from the year that it shows."""
    works = (info for name in ("src-title-info", "title-info") for info in root.iter(name))
    dates = [node for info in works for node in info.iterchildren("date")]
    dates += [year for info in root.iter("publish-info") for year in info.iterchildren("year")]
    return first_date(
        normal_date(str(node.xpath("string()"))) or normal_date(node.get("value") or "") for node in dates
    )


def without_binaries(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The file without its pictures, which are most of it; and these by id, in base64."""
    found: dict[str, bytes] = {}

    def keep(match: re.Match[bytes]) -> bytes:
        if name := _ID.search(match[1]):
            found.setdefault(name[1].decode("utf-8", "replace"), match[2])
        return b""

    return _BINARY.sub(keep, data), found


def cover_of(pictures: dict[str, bytes], cover_id: str) -> Cover | None:
    """The picture of that id, where it is a JPEG or PNG."""
    try:
        data = base64.b64decode(pictures.get(cover_id, b""))
    except (binascii.Error, ValueError):
        return None
    media_type = next((kind for opening, kind in _PICTURES.items() if data.startswith(opening)), "")
    return Cover(media_type, data) if media_type else None


def _name(author: etree._Element) -> str:
    parts = [text for name in _NAME for text in _texts(author, name)]
    return " ".join(parts) or next(_texts(author, "nickname"), "")


def _texts(node: etree._Element, name: str) -> Iterator[str]:
    for child in node.iterchildren(name):
        if text := clean(str(child.xpath("string()"))):
            yield text
