"""Valid small books of every format, and files that differ from them by chance: the same for the same seed."""

from __future__ import annotations

import io
import random
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.manuscript import docx_maker, epub_maker, fb2_maker, odt_maker, pdf_maker, rtf_maker

_STORY = "It was a dark night, and nobody said a word. " * 4
_MARKDOWN = (
    f"---\ntitle: A book\n---\n\n# One\n\n{_STORY}[^1]\n\n> Said *she*.\n\n- a\n- b\n\n"
    "|a|b|\n|-|-|\n|c|d|\n\n[^1]: Note.\n"
)
_TEXT = f"A BOOK\n\nby Ann Lee\n\n\nCHAPTER I\n\n{_STORY}[1]\n\n\nCHAPTER II\n\n{_STORY}\n\n[1] A note.\n"
_SIGNS = (
    b"<",
    b">",
    b"&",
    b"</",
    b"<!--",
    b"<![CDATA[",
    b"<!DOCTYPE x [",
    b"&#0;",
    b"&#xD800;",
    b'"',
    b"'",
    b"{",
    b"}",
    b"\\",
    b"\\bin9 ",
    b"\\u-1?",
    b"\\'",
    b"\\footnote",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbf\xbf",
    b"\n",
    b"\r",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"endobj",
    b"stream\n",
    b"0 R",
    b"<<",
    b">>",
    b"[",
    b"]",
    b"(",
    b"-1",
    b"2147483648",
)
_MOST_CHANGES = 6
_LONGEST = 60


def whole_books() -> Mapping[str, bytes]:
    """A valid file for each name; together they have all that a reader knows."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        run = docx_maker.r
        paths = (
            epub_maker.make_epub(
                at / "a.epub",
                {
                    "a.xhtml": f"<h1>One</h1><p>{_STORY}<a epub:type='noteref' href='#n'>1</a></p>"
                    "<ruby>漢<rt>かん</rt></ruby>"
                    "<aside epub:type='footnote' id='n'><p>Note.</p></aside>"
                    "<table><tr><td>a</td><td>b</td></tr></table>",
                    "b.xhtml": f"<h1>Two</h1><p xml:lang='fr'>{_STORY}</p><blockquote>a<br/>b</blockquote>",
                },
                toc=[("One", "a.xhtml"), ("Two", "b.xhtml")],
                ncx=[("One", "a.xhtml#n")],
            ),
            docx_maker.make_docx(
                at / "a.docx",
                docx_maker.h("One"),
                docx_maker.p(run("Text"), '<w:r><w:footnoteReference w:id="1"/></w:r>'),
                docx_maker.p(
                    "<w:r><w:ruby><w:rt><w:r><w:t>b</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>a</w:t></w:r>"
                    "</w:rubyBase></w:ruby></w:r>",
                    run("mot", '<w:lang w:val="fr-FR"/>'),
                ),
                docx_maker.table(("a", "b")),
                docx_maker.field("TOC \\o", "One"),
                docx_maker.h("Two"),
                docx_maker.prose(),
                footnotes=docx_maker.note(1, docx_maker.p("A note.")),
                core="<dc:title>T</dc:title>",
            ),
            _odt(at / "a.odt"),
            _odt(at / "a.fodt"),
            fb2_maker.make_fb2(at / "a.fb2", _fiction()),
            fb2_maker.make_fb2(at / "a.fbz", _fiction()),
            rtf_maker.make_rtf(
                at / "a.rtf",
                rtf_maker.heading("One")
                + rtf_maker.paragraphs(r"A{\super 1{\footnote Note.}} b \u8212? {\lang1036 mot}")
                + r"\trowd A\cell B\cell\row {\field{\*\fldinst HYPERLINK x}{\fldrslt y}}\par {\pict 00ff}",
            ),
            pdf_maker.make_pdf(
                at / "a.pdf",
                [
                    pdf_maker.Page(
                        [
                            pdf_maker.Text(f"Chapter {number}", size=16),
                            *pdf_maker.set_lines(
                                pdf_maker.wrapped(pdf_maker.prose(90, start=number), indent=3), y=100
                            ),
                        ]
                    )
                    for number in (1, 2)
                ],
                outline=[("Chapter 1", 0, 40, 0), ("Chapter 2", 1, 40, 0)],
                facts={"Title": "Foxes"},
            ),
        )
        books = {path.name: path.read_bytes() for path in paths}
    page = f"<html lang=en><title>A</title><h1>One</h1><p>{_STORY}<sup>1</sup><h1>Two</h1><p>{_STORY}"
    return books | {"a.html": page.encode(), "a.md": _MARKDOWN.encode(), "a.txt": _TEXT.encode()}


def _odt(path: Path) -> Path:
    note = (
        '<text:note text:id="n1"><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>Note.</text:p></text:note-body></text:note>"
    )
    ruby = "<text:ruby><text:ruby-base>a</text:ruby-base><text:ruby-text>b</text:ruby-text></text:ruby>"
    cell = '<table:table-cell><text:p text:style-name="P2">a</text:p></table:table-cell>'
    return odt_maker.make_odt(
        path,
        odt_maker.h("One")
        + odt_maker.p(_STORY + note)
        + odt_maker.p(ruby)
        + odt_maker.h("Two")
        + odt_maker.p(_STORY)
        + f"<table:table><table:table-row>{cell * 2}</table:table-row></table:table>",
        meta="<dc:title>T</dc:title>",
    )


def _fiction() -> str:
    return fb2_maker.body(
        fb2_maker.section("One", _STORY, "<poem><stanza><v>a</v></stanza></poem>"),
        fb2_maker.section("Two", _STORY),
    )


def mutant(books: Mapping[str, bytes], name: str, seed: int) -> bytes:
    """The book of that name, changed: cut, flipped, repeated, spliced with another; or so its members."""
    drawn = random.Random(f"{name} {seed}")
    data = books[name]
    if data.startswith(b"PK") and drawn.random() < 0.7:
        return _zip_mutant(data, drawn)
    return _changed(data, drawn, list(books.values()))


def _zip_mutant(data: bytes, drawn: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = sorted(members)
    for name in drawn.sample(names, min(len(names), drawn.randint(1, 2))):
        if drawn.random() < 0.1:
            del members[name]
        else:
            members[name] = _changed(members[name], drawn, list(members.values()))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return held.getvalue()


def _changed(data: bytes, drawn: random.Random, others: list[bytes]) -> bytes:
    found = bytearray(data)
    for _ in range(drawn.randint(1, _MOST_CHANGES)):
        at = drawn.randint(0, len(found))
        end = min(len(found), at + drawn.randint(1, _LONGEST))
        match drawn.randrange(7):
            case 0:
                del found[at:end]
            case 1:
                found[at:end] = bytes(byte ^ drawn.randrange(256) for byte in found[at:end])
            case 2:
                found[at:at] = found[at:end] * drawn.randint(1, 40)
            case 3:
                other = drawn.choice(others)
                start = drawn.randint(0, len(other))
                found[at:end] = other[start : start + drawn.randint(1, 400)]
            case 4:
                found[at:at] = drawn.choice(_SIGNS) * drawn.choice((1, 1, 1, 2, 300))
            case 5 if found:
                found[at - 1] = drawn.randrange(256)
            case _:
                del found[at + drawn.randrange(len(found) + 1) :]
    return bytes(found)
