"""Makes the text and EPUB editions of a sample from its Markdown: `python samples/build.py`.

The same input gives the same bytes on every machine: nothing is compressed and no clock is read. Only as
much Markdown is understood as the sample uses.
"""

from __future__ import annotations

import re
import textwrap
import zipfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
SLUG = "eleven-minutes"
IDENTIFIER = "urn:uuid:5f0d3f0e-6b1c-4c55-9d0a-2f3f1c9a1111"
MODIFIED = "2026-01-01T00:00:00Z"
LANGUAGES = {"Chi va piano, va sano": "it"}
RIGHTS = "The narrator project has dedicated this tale to the public domain under CC0 1.0."

Kind = Literal["dedication", "chapter"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the tale under a heading. A paragraph that is '' is a scene break."""

    title: str
    kind: Kind
    paragraphs: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tale:
    title: str
    author: str
    language: str
    sections: tuple[Section, ...]


def main() -> None:
    tale = read((HERE / f"{SLUG}.md").read_text(encoding="utf-8"))
    (HERE / f"{SLUG}.txt").write_bytes(as_text(tale).encode())
    write_epub(tale, (HERE / "cover.png").read_bytes(), HERE / f"{SLUG}.epub")


def read(markdown: str) -> Tale:
    _, front, body = markdown.split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    sections = tuple(_section(part) for part in body.split("\n## ")[1:])
    return Tale(fields["title"], fields["author"], fields["language"], sections)


def _section(part: str) -> Section:
    title, *blocks = part.strip().split("\n\n")
    notes = tuple((m[1], m[2]) for block in blocks if (m := re.fullmatch(r"\[\^(\d+)\]: (.+)", block)))
    paragraphs = tuple("" if block == "---" else block for block in blocks if not block.startswith("[^"))
    return Section(title, "dedication" if title == "Dedication" else "chapter", paragraphs, notes)


# --- plain text ---------------------------------------------------------------------------------------


def as_text(tale: Tale) -> str:
    parts = [f"{tale.title}\n\nby {tale.author}\n"]
    chapters = 0
    for section in tale.sections:
        lines = []
        if section.kind == "chapter":
            chapters += 1
            lines.append(f"Chapter {chapters}. {section.title}\n")
        lines += [_wrapped(paragraph) for paragraph in section.paragraphs]
        lines += [_wrapped(f"[{mark}] {note}") for mark, note in section.notes]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _wrapped(paragraph: str) -> str:
    plain = re.sub(r"\*(.+?)\*", r"_\1_", paragraph).replace("[^", "[")
    return textwrap.fill(plain or "* * *", 72, break_long_words=False, break_on_hyphens=False) + "\n"


# --- EPUB ---------------------------------------------------------------------------------------------

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""

STYLE = """body { margin: 5%; }
h1, h2, .center { text-align: center; }
p { margin: 0; text-indent: 1.5em; }
p.center { text-indent: 0; }
hr { width: 20%; margin: 1em auto; }
"""


def write_epub(tale: Tale, cover: bytes, path: Path) -> None:
    """Write an EPUB 3 with a nav, an NCX for older readers, and the structural terms of its pages."""
    pages = _pages(tale)
    files = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": CONTAINER.encode(),
        "EPUB/package.opf": _package(tale, list(pages)).encode(),
        "EPUB/nav.xhtml": _nav(tale, pages).encode(),
        "EPUB/toc.ncx": _ncx(tale, pages).encode(),
        "EPUB/style.css": STYLE.encode(),
        "EPUB/cover.png": cover,
        **{f"EPUB/{name}": page.encode() for name, (_, page) in pages.items()},
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # the default depends on the machine
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)


def _pages(tale: Tale) -> dict[str, tuple[str, str]]:
    """File name to title and XHTML, in reading order."""
    title_page = f'<h1>{escape(tale.title)}</h1>\n<p class="center">by {escape(tale.author)}</p>'
    pages = {"title.xhtml": ("Title page", _xhtml(tale, tale.title, "frontmatter titlepage", title_page))}
    chapters = 0
    for section in tale.sections:
        if section.kind == "dedication":
            body = f'<p class="center">{_inline(section.paragraphs[0], "")}</p>'
            page = _xhtml(tale, section.title, "frontmatter dedication", body)
            pages["dedication.xhtml"] = (section.title, page)
        else:
            chapters += 1
            name = f"chapter-{chapters}.xhtml"
            page = _xhtml(tale, section.title, "bodymatter chapter", _chapter_body(section, name))
            pages[name] = (section.title, page)
    rights = f'<p class="center">{escape(RIGHTS)}</p>'
    pages["copyright.xhtml"] = ("Copyright", _xhtml(tale, "Copyright", "backmatter copyright-page", rights))
    return pages


def _chapter_body(section: Section, name: str) -> str:
    lines = [f"<h2>{escape(section.title)}</h2>"]
    lines += [f"<p>{_inline(text, name)}</p>" if text else "<hr/>" for text in section.paragraphs]
    lines += [
        f'<aside epub:type="footnote" role="doc-footnote" id="note-{mark}"><p>'
        f'<a href="{name}#mark-{mark}" role="doc-backlink">{mark}</a> {escape(note)}</p></aside>'
        for mark, note in section.notes
    ]
    return "\n".join(lines)


def _inline(text: str, name: str) -> str:
    def emphasis(match: re.Match[str]) -> str:
        language = LANGUAGES.get(match[1])
        return (
            f'<i lang="{language}" xml:lang="{language}">{match[1]}</i>' if language else f"<em>{match[1]}</em>"
        )

    marked = re.sub(r"\*(.+?)\*", emphasis, escape(text, quote=False))
    note = rf'<a epub:type="noteref" role="doc-noteref" href="{name}#note-\1" id="mark-\1">\1</a>'
    return re.sub(r"\[\^(\d+)\]", note, marked)


def _xhtml(tale: Tale, title: str, kind: str, body: str) -> str:
    part, section = kind.split(" ")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" \
lang="{tale.language}" xml:lang="{tale.language}">
<head>
<title>{escape(title)}</title>
<link rel="stylesheet" type="text/css" href="style.css"/>
</head>
<body epub:type="{part}">
<section epub:type="{section}">
{body}
</section>
</body>
</html>
"""


def _nav(tale: Tale, pages: dict[str, tuple[str, str]]) -> str:
    entries = "\n".join(f'<li><a href="{name}">{escape(title)}</a></li>' for name, (title, _) in pages.items())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" \
lang="{tale.language}" xml:lang="{tale.language}">
<head>
<title>{escape(tale.title)}</title>
</head>
<body>
<nav epub:type="toc" role="doc-toc">
<h1>Contents</h1>
<ol>
{entries}
</ol>
</nav>
<nav epub:type="landmarks" hidden="hidden">
<ol>
<li><a epub:type="titlepage" href="title.xhtml">Title page</a></li>
<li><a epub:type="bodymatter" href="chapter-1.xhtml">Start of the tale</a></li>
<li><a epub:type="copyright-page" href="copyright.xhtml">Copyright</a></li>
</ol>
</nav>
</body>
</html>
"""


def _ncx(tale: Tale, pages: dict[str, tuple[str, str]]) -> str:
    points = "\n".join(
        f'<navPoint id="point-{order}" playOrder="{order}"><navLabel><text>{escape(title)}</text></navLabel>'
        f'<content src="{name}"/></navPoint>'
        for order, (name, (title, _)) in enumerate(pages.items(), start=1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">
<head>
<meta name="dtb:uid" content="{IDENTIFIER}"/>
<meta name="dtb:depth" content="1"/>
<meta name="dtb:totalPageCount" content="0"/>
<meta name="dtb:maxPageNumber" content="0"/>
</head>
<docTitle><text>{escape(tale.title)}</text></docTitle>
<navMap>
{points}
</navMap>
</ncx>
"""


def _package(tale: Tale, pages: list[str]) -> str:
    xhtml = "application/xhtml+xml"
    items = "\n".join(f'<item id="{Path(p).stem}" href="{p}" media-type="{xhtml}"/>' for p in pages)
    spine = "\n".join(f'<itemref idref="{Path(p).stem}"/>' for p in pages)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{tale.language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{IDENTIFIER}</dc:identifier>
<dc:title>{escape(tale.title)}</dc:title>
<dc:creator id="author">{escape(tale.author)}</dc:creator>
<meta refines="#author" property="role" scheme="marc:relators">aut</meta>
<dc:language>{tale.language}</dc:language>
<dc:rights>{escape(RIGHTS)}</dc:rights>
<meta property="dcterms:modified">{MODIFIED}</meta>
<meta name="cover" content="cover-image"/>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="{xhtml}" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="style" href="style.css" media-type="text/css"/>
<item id="cover-image" href="cover.png" media-type="image/png" properties="cover-image"/>
{items}
</manifest>
<spine toc="ncx">
{spine}
</spine>
</package>
"""


if __name__ == "__main__":
    main()
