"""The article of a web page, without what stands around it, by trafilatura.

Imported only where the texts of strangers are read: in a process of its own, see `apart`.
"""

from __future__ import annotations

from lxml import etree
from trafilatura import extract_with_metadata
from trafilatura.settings import Document

from narrator.jobs.clean_markup import is_utf_8, on_one_line, root_of, text_of_markup, without_noise
from narrator.jobs.web_texts import LONGEST_TITLE, Article, shortened

_SHORTEST_ARTICLE = 80
"""What has fewer characters is a menu, or a request to switch on JavaScript."""


def article_in(data: bytes, *, url: str, charset: str) -> Article | None:
    """The article of a page that was found at `url`; None where it has none."""
    page = _decoded(data, charset)
    root = root_of(page)
    found = None if root is None else (_found(page, url, precise=True) or _found(page, url, precise=False))
    if root is None or found is None or not found.text:
        return None
    text = text_of_markup(found.text)
    if len(text.plain) < _SHORTEST_ARTICLE:
        return None
    return Article(
        shortened(on_one_line(found.title or ""), LONGEST_TITLE),
        text,
        author=shortened(on_one_line(found.author or ""), LONGEST_TITLE),
        language=_language(root),
        link=found.url or "",
        published=found.date or "",
    )


def _found(page: str | bytes, url: str, *, precise: bool) -> Document | None:
    return extract_with_metadata(
        page,
        url,
        output_format="html",
        favor_precision=precise,
        include_comments=False,
        include_formatting=True,
        # A date is what the page declares; any that stands in its text would be a guess.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )


def _decoded(data: bytes, charset: str) -> str | bytes:
    """Text where it is known what letters they are; else the page says it itself."""
    encoding = "utf-8" if is_utf_8(data) else charset
    try:
        return without_noise(data.decode(encoding)) if encoding else data.replace(b"\0", b"")
    except (UnicodeDecodeError, LookupError):
        return data.replace(b"\0", b"")


def _language(root: etree._Element) -> str:
    """The language that a page says it is in; '' where it does not."""
    return on_one_line(root.get("lang") or root.get("xml:lang") or "")[:35]
