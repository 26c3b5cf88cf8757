"""EPUBs made to order: small, and only as well-formed as a test wants them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
    '<rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    "</container>"
)
METADATA = "<dc:title>A Book</dc:title><dc:creator>An Author</dc:creator><dc:language>en</dc:language>"
Entry = tuple[str, str] | tuple[str, str, Sequence["Entry"]]
"""A title, an address, and the entries below."""


def page(body: str, *, body_type: str = "") -> str:
    """An XHTML file with this body."""
    kind = f' epub:type="{body_type}"' if body_type else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title>A page</title></head><body{kind}>{body}</body></html>"
    )


def prose(words: int, *, about: str = "word") -> str:
    """A paragraph of so many words."""
    return f"<p>{' '.join([about] * words)}.</p>"


def make_epub(
    path: Path,
    pages: Mapping[str, str],
    *,
    toc: Sequence[Entry] = (),
    ncx: Sequence[Entry] = (),
    spine: Sequence[str] | None = None,
    metadata: str = METADATA,
    manifest: str = "",
    guide: str = "",
    nav: str = "",
    files: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write an EPUB whose pages are `pages`, bodies or whole files by name inside OPS/.

    `spine` is all itemref elements, by default each page once; `nav` is markup for the nav file after the toc;
    `files` are more members by their full name, and replace those made here.
    """
    page_type = "application/xhtml+xml"
    items = "".join(
        f'<item id="p{at}" href="{name}" media-type="{page_type}"/>' for at, name in enumerate(pages)
    )
    refs = spine if spine is not None else [f'<itemref idref="p{at}"/>' for at in range(len(pages))]
    members: dict[str, str | bytes] = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    members |= {f"OPS/{name}": body if body.startswith("<?xml") else page(body) for name, body in pages.items()}
    if toc or nav:
        items += f'<item id="nav" href="nav.xhtml" properties="nav" media-type="{page_type}"/>'
        listed = f'<nav epub:type="toc"><h1>Contents</h1><ol>{_nav(toc)}</ol></nav>' if toc else ""
        members["OPS/nav.xhtml"] = page(nav + listed)
    if ncx:
        items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        members["OPS/toc.ncx"] = (
            f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{_points(ncx)}</navMap></ncx>'
        )
    members["OPS/book.opf"] = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:opf="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>'
        f"<manifest>{items}{manifest}</manifest><spine>{''.join(refs)}</spine><guide>{guide}</guide></package>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (members | dict(files or {})).items():
            archive.writestr(name, data)
    return path


def _nav(entries: Sequence[Entry]) -> str:
    return "".join(
        f'<li><a href="{entry[1]}">{entry[0]}</a>{f"<ol>{_nav(entry[2])}</ol>" if len(entry) > 2 else ""}</li>'
        for entry in entries
    )


def _points(entries: Sequence[Entry]) -> str:
    return "".join(
        f"<navPoint><navLabel><text>{entry[0]}</text></navLabel><content src='{entry[1]}'/>"
        f"{_points(entry[2]) if len(entry) > 2 else ''}</navPoint>"
        for entry in entries
    )
