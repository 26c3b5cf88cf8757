"""Small OpenDocument texts, built in code."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office", "style": "style", "text": "text", "table": "table", "draw": "drawing",
        "fo": "xsl-fo-compatible", "svg": "svg-compatible", "meta": "meta",
    }.items()
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'  # fmt: skip

STYLES = (
    '<style:default-style style:family="paragraph"><style:text-properties fo:font-size="12pt" fo:language="en" '
    'fo:country="GB"/></style:default-style>'
    '<style:style style:name="Standard" style:family="paragraph"/>'
    '<style:style style:name="Text_20_body" style:display-name="Text body" style:family="paragraph"/>'
    '<style:style style:name="Heading" style:family="paragraph"/>'
    '<style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="paragraph" '
    'style:parent-style-name="Heading" style:default-outline-level="1"/>'
    '<style:style style:name="Kapitel" style:family="paragraph" style:parent-style-name="Heading_20_1"/>'
    '<style:style style:name="Title" style:family="paragraph" style:parent-style-name="Heading"/>'
    '<style:style style:name="Subtitle" style:family="paragraph" style:parent-style-name="Title"/>'
    '<style:style style:name="Quotations" style:family="paragraph"/>'
    '<style:style style:name="Illustration" style:family="paragraph"/>'
    '<style:style style:name="Horizontal_20_Line" style:family="paragraph"/>'
    '<style:style style:name="Contents_20_1" style:display-name="Contents 1" style:family="paragraph"/>'
)
AUTOMATIC = (
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Heading_20_1">'
    '<style:paragraph-properties fo:break-before="page"/></style:style>'
    '<style:style style:name="P2" style:family="paragraph" style:parent-style-name="Standard">'
    '<style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="150%" '
    'fo:font-weight="bold"/></style:style>'
    '<style:style style:name="P3" style:family="paragraph" style:parent-style-name="Title"/>'
    '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/>'
    '</style:style><style:style style:name="T2" style:family="text">'
    '<style:text-properties fo:font-weight="bold"/></style:style>'
)


def make_odt(path: Path, body: str, *, meta: str = "", files: Mapping[str, str] | None = None) -> Path:
    """A document; with the suffix .fodt a flat one. `files` replace or join the files of the zip."""
    parts = {
        "meta": f"<office:meta>{meta}</office:meta>",
        "styles": f"<office:styles>{STYLES}</office:styles>",
        "content": f"<office:automatic-styles>{AUTOMATIC}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body>",
    }
    if path.suffix == ".fodt":
        kind = 'office:mimetype="application/vnd.oasis.opendocument.text"'
        path.write_text(_xml("document", "".join(parts.values()), kind), encoding="utf-8")
        return path
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        whole = {f"{name}.xml": _xml(f"document-{name}", part) for name, part in parts.items()}
        for name, data in {**whole, **(files or {})}.items():
            archive.writestr(name, data)
    return path


def p(text: str, style: str = "Text_20_body") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def h(text: str, level: int = 1) -> str:
    return f'<text:h text:style-name="Heading_20_{level}" text:outline-level="{level}">{text}</text:h>'


def _xml(name: str, inner: str, attributes: str = "") -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><office:{name} {_NAMES} {attributes}>{inner}</office:{name}>'
