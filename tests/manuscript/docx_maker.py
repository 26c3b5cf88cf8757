"""Word files made to order: small, and only as well-formed as a test wants them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from narrator.manuscript.docx import read_docx
from narrator.model import Block, Chapter

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = (
    f'xmlns:w="{W}" xmlns:r="{_R}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def r(text: str, *marks: str) -> str:
    """A run; `marks` are the elements of its properties."""
    return f'<w:r><w:rPr>{"".join(marks)}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*content: str, style: str = "", marks: str = "") -> str:
    """A paragraph of runs or of mere text; `marks` are more elements of its properties."""
    runs = "".join(part if part.startswith("<") else r(part) for part in content)
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{marks}</w:pPr>{runs}</w:p>"


def h(text: str, level: int = 1) -> str:
    """A heading in the style that Word has for them."""
    return p(text, style=f"Heading{level}")


def prose(words: int = 60, about: str = "word") -> str:
    """A paragraph of so many words."""
    return p(" ".join([about] * words) + ".")


def field(code: str, result: str) -> str:
    """A complex field around runs or text."""
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    runs = result if result.startswith("<") else r(result)
    return (
        f"{mark.format('begin')}<w:r><w:instrText>{code}</w:instrText></w:r>"
        f"{mark.format('separate')}{runs}{mark.format('end')}"
    )


def table(*rows: tuple[str, ...]) -> str:
    """A table of texts, or of paragraphs."""
    cells = [
        "".join(f"<w:tc><w:tcPr/>{cell if cell.startswith('<') else p(cell)}</w:tc>" for cell in row)
        for row in rows
    ]
    return f"<w:tbl><w:tblPr/>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def note(number: int, *paragraphs: str) -> str:
    """A footnote's element."""
    return f'<w:footnote w:id="{number}">{"".join(paragraphs)}</w:footnote>'


def style(style_id: str, name: str, *, based_on: str = "", marks: str = "", run: str = "") -> str:
    """A paragraph style's element."""
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{style_id}"><w:name w:val="{name}"/>{base}'
        f"<w:pPr>{marks}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


STYLES = "".join(
    [
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>',
        style("Title", "Title", based_on="Normal"),
        *(style(f"Heading{n}", f"heading {n}", based_on="Normal") for n in range(1, 7)),
    ]
)


def make_docx(
    path: Path,
    *body: str,
    styles: str = STYLES,
    numbering: str = "",
    footnotes: str = "",
    endnotes: str = "",
    core: str = "",
    space: str = W,
    files: Mapping[str, str | bytes | None] | None = None,
) -> Path:
    """Write a Word file. `files` are more members by name, and replace those made here; None leaves one out."""
    members: dict[str, str | bytes | None] = {
        "_rels/.rels": _relations(
            officeDocument="word/document.xml", core="docProps/core.xml", custom="docProps/custom.xml"
        ),
        "word/_rels/document.xml.rels": _relations(
            styles="styles.xml", numbering="numbering.xml", footnotes="footnotes.xml", endnotes="endnotes.xml"
        ),
        "word/document.xml": part("document", f"<w:body>{''.join(body)}<w:sectPr/></w:body>"),
    }
    for name, content in {
        "styles": styles, "numbering": numbering, "footnotes": footnotes, "endnotes": endnotes,
    }.items():  # fmt: skip
        if content:
            members[f"word/{name}.xml"] = part(name, content)
    if core:
        members["docProps/core.xml"] = (
            '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
            f' xmlns:dc="http://purl.org/dc/elements/1.1/">{core}</cp:coreProperties>'
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (members | dict(files or {})).items():
            if isinstance(data, str):
                archive.writestr(name, data.replace(W, space))
            elif data is not None:
                archive.writestr(name, data)
    return path


def part(name: str, content: str) -> str:
    """A part of a Word file with this root."""
    return f"{_HEAD}<w:{name} {_SPACES}>{content}</w:{name}>"


def _relations(**targets: str) -> str:
    types = {
        "core": "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
        "custom": f"{_R}/custom-properties",
    }
    listed = "".join(
        f'<Relationship Id="{kind}" Type="{types.get(kind, f"{_R}/{kind}")}" Target="{target}"/>'
        for kind, target in targets.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{_HEAD}<Relationships xmlns="{space}">{listed}</Relationships>'


def chapters(path: Path) -> list[Chapter]:
    """What is read of a file."""
    return list(read_docx(path).chapters)


def titles(path: Path) -> list[str]:
    """The titles of its chapters."""
    return [chapter.title for chapter in chapters(path)]


def blocks(path: Path) -> list[Block]:
    """All its blocks."""
    return [block for chapter in chapters(path) for block in chapter.blocks]


def texts(path: Path) -> list[str]:
    """The texts of its blocks."""
    return [block.text for block in blocks(path)]
