"""Markup of strangers to what can be spoken of it: no scripts, no forms, no players.

Imported only where the texts of strangers are read: in a process of its own, see `apart`.
"""

from __future__ import annotations

import html
import re

from lxml import etree

from narrator.jobs.web_texts import Text

_SILENT = (
    "script", "style", "noscript", "template", "iframe", "object", "embed", "applet", "form", "input", "button",
    "select", "textarea", "svg", "video", "audio", "canvas", "head", "title", "meta", "link", "base",
)  # fmt: skip
_BLOCKS = (
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "td", "th", "tr", "ul",
)  # fmt: skip
_PARAGRAPHS = re.compile(r"\n\s*\n")
_NOISE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no file of XML or HTML may hold (https://www.w3.org/TR/xml/#charsets), and C1 controls."""


def text_of_markup(markup: str, *, page: str = "") -> Text:
    """What HTML says. `page` is its own address: links from there to there are links inside of it."""
    body = root_of(markup)
    body = None if body is None else next(body.iter("body"), None)
    if body is None:
        return Text()
    etree.strip_elements(body, *_SILENT, etree.Comment, etree.ProcessingInstruction, with_tail=False)
    for link in body.iter("a"):
        address, hash_, place = (link.get("href") or "").partition("#")
        if hash_ and page and address == page:
            link.set("href", f"#{place}")
    inside = [html.escape(body.text or "", quote=False)]
    inside += [etree.tostring(child, method="html", encoding="unicode") for child in body]
    # Only now: what follows is for the words alone.
    for block in body.iter(*_BLOCKS):
        block.text = f"\n{block.text or ''}"
        block.tail = f"\n{block.tail or ''}"
    return Text("".join(inside).strip(), on_one_line("".join(map(str, body.itertext()))))


def text_of_plain(plain: str) -> Text:
    """What text without markup says; its paragraphs have empty lines between them."""
    paragraphs = filter(None, map(on_one_line, _PARAGRAPHS.split(plain)))
    return Text(
        "\n".join(f"<p>{html.escape(each, quote=False)}</p>" for each in paragraphs), on_one_line(plain)
    )


def root_of(markup: str | bytes) -> etree._Element | None:
    """The root of an HTML page or a piece of one; None where there is nothing in it."""
    parser = etree.HTMLParser(recover=True, no_network=True, huge_tree=True, encoding="utf-8")
    data = without_noise(markup).encode() if isinstance(markup, str) else markup.replace(b"\0", b"")
    try:
        root: etree._Element | None = etree.fromstring(data, parser) if data.strip() else None
    except etree.XMLSyntaxError:
        return None
    return root


def is_utf_8(data: bytes) -> bool:
    """Whether these are letters of UTF-8 for certain: what servers say of them is often wrong then."""
    if data.isascii() or b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def on_one_line(text: str) -> str:
    """A text without what cannot be written, and with single spaces."""
    return " ".join(without_noise(text).split())


def without_noise(text: str) -> str:
    """A text without what no page may hold."""
    return _NOISE.sub("", text)
