"""Files that are made to do harm, or that were harmed: every way that we know, for every format that is read.

A case writes one file. Whoever reads it must find `BEGINNING` and `ENDING` in its text, and never `HIDDEN`;
or refuse it. `Must` says where only one of the two is right.
"""

from __future__ import annotations

import functools
import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.manuscript import docx_maker, epub_maker, hostile_pdf, odt_maker, rtf_maker
from tests.manuscript.hostile_words import BEGINNING, ENDING, HIDDEN

_MEGABYTE = 1 << 20
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


class Must(Enum):
    """What is right: to read a file, to refuse it, or either."""

    READ = 1
    REFUSE = 2
    EITHER = 3


@dataclass(frozen=True)
class Hostile:
    """A file to make. `write` gets its path, and an address that nobody may ever ask.

    `is_large`: to make and to read it takes seconds.
    """

    name: str
    file: str
    write: Callable[[Path, str], object]
    must: Must = Must.EITHER
    is_large: bool = False

    def make(self, folder: Path, address: str) -> Path:
        folder.joinpath("secret.txt").write_text(HIDDEN, encoding="utf-8")
        path = folder / self.file
        self.write(path, address)
        return path


def all_cases() -> list[Hostile]:
    """Every case, by names that differ."""
    return [
        *(case for dialect in DIALECTS for case in _of_markup(dialect)),
        *(case for dialect in DIALECTS if dialect.main for case in _of_zip(dialect)),
        *_protected(),
        *_of_text(),
        *_of_rtf(),
        *(
            Hostile(
                f"pdf: {name}", "a.pdf", partial(_written_by, make=make), is_large=name in hostile_pdf.LARGE
            )
            for name, make in hostile_pdf.CASES.items()
        ),
    ]


def _written_by(path: Path, _: str, *, make: Callable[[], bytes]) -> None:
    path.write_bytes(make())


# --- XML and HTML -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dialect:
    """A format that is markup, perhaps in a zip, whose member it is then: `main`."""

    suffix: str
    root: str
    opening: str
    closing: str
    paragraph: str
    nest: str
    write: Callable[[Path, bytes], object]
    main: str = ""

    def p(self, text: str) -> str:
        return self.paragraph.format(text)

    def source(self, content: str, *, doctype: str = "") -> str:
        """A whole file around `content`, with a paragraph before and after it."""
        around = f"{self.p(BEGINNING)}{content}{self.p(ENDING)}"
        return f"{_DECLARATION}{doctype}{self.opening}{around}{self.closing}"

    def make(self, path: Path, source: str | bytes) -> None:
        self.write(path, source if isinstance(source, bytes) else source.encode())


def _epub(path: Path, data: bytes) -> None:
    epub_maker.make_epub(path, {"a.xhtml": ""}, files={"OPS/a.xhtml": data})


def _docx(path: Path, data: bytes) -> None:
    docx_maker.make_docx(path, files={"word/document.xml": data})


def _odt(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", data)


def _fbz(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("book.fb2", data)


_XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>A</title></head><body>'
_WORD, _, _WORD_END = docx_maker.part("document", "<w:body>|</w:body>").partition("?>")[2].partition("|")
_ODF, _, _ODF_END = (
    odt_maker._xml("document-content", "<office:body><office:text>|</office:text></office:body>")
    .partition("?>")[2]
    .partition("|")
)
_FICTION = '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><body><section>'
_FICTION_END = "</section></body></FictionBook>"
DIALECTS = (
    Dialect("epub", "html", _XHTML, "</body></html>", "<p>{}</p>", "div", _epub, "OPS/a.xhtml"),
    Dialect(
        "docx",
        "w:document",
        _WORD,
        _WORD_END,
        "<w:p><w:r><w:t>{}</w:t></w:r></w:p>",
        "w:sdt",
        _docx,
        "word/document.xml",
    ),
    Dialect(
        "odt",
        "office:document-content",
        _ODF,
        _ODF_END,
        "<text:p>{}</text:p>",
        "text:section",
        _odt,
        "content.xml",
    ),
    Dialect("fbz", "FictionBook", _FICTION, _FICTION_END, "<p>{}</p>", "section", _fbz, "book.fb2"),
    Dialect("fb2", "FictionBook", _FICTION, _FICTION_END, "<p>{}</p>", "section", Path.write_bytes),
    Dialect(
        "fodt",
        "office:document",
        _ODF.replace("document-content", "document"),
        _ODF_END.replace("document-content", "document"),
        "<text:p>{}</text:p>",
        "text:section",
        Path.write_bytes,
    ),
    Dialect("html", "html", _XHTML, "</body></html>", "<p>{}</p>", "div", Path.write_bytes),
)


def _of_markup(dialect: Dialect) -> Iterator[Hostile]:
    def case(
        name: str,
        make: Callable[[Dialect, str], str | bytes],
        *,
        must: Must = Must.EITHER,
        is_large: bool = False,
    ) -> Hostile:
        def write(path: Path, address: str) -> None:
            dialect.make(path, make(dialect, address))
            if is_large and dialect.main:  # else many of the same words are taken for a bomb
                _store(path)

        return Hostile(f"{dialect.suffix}: {name}", f"a.{dialect.suffix}", write, must, is_large)

    yield from (
        case("plain", lambda one, _: one.source(""), must=Must.READ),
        case("external entity of a file", lambda one, _: _with_entity(one, 'SYSTEM "secret.txt"')),
        case(
            "external entity of the system", lambda one, _: _with_entity(one, 'SYSTEM "file:///etc/hostname"')
        ),
        case("external entity of the network", lambda one, address: _with_entity(one, f'SYSTEM "{address}"')),
        case(
            "external document type",
            lambda one, address: one.source("", doctype=f'<!DOCTYPE {one.root} SYSTEM "{address}/a.dtd">'),
        ),
        case(
            "parameter entity",
            lambda one, address: one.source(
                "", doctype=f'<!DOCTYPE {one.root} [<!ENTITY % x SYSTEM "{address}/a.dtd">%x;]>'
            ),
        ),
        case(
            "XInclude",
            lambda one, address: one.source(
                one.p(f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{address}" parse="text"/>')
            ),
        ),
        case(
            "style sheet",
            lambda one, address: one.source("").replace(
                _DECLARATION, f'{_DECLARATION}<?xml-stylesheet type="text/xsl" href="{address}"?>'
            ),
        ),
        case("billion laughs", _laughs),
        case("quadratic blow-up", lambda one, _: _with_entity(one, f'"{"ha" * 40_000}"', "&x;" * 40_000)),
        case("NULs", lambda one, _: one.source(one.p("a\x00b") * 9)),
        case("invalid UTF-8", lambda one, _: one.source(one.p("caf!")).encode().replace(b"!", b"\xe9\xff\xc0")),
        case("surrogates by number", lambda one, _: one.source(one.p("a&#xD800;b&#55357;&#0;&#x110000;"))),
        case(
            "surrogates by bytes",
            lambda one, _: one.source(one.p("a!b")).encode().replace(b"!", b"\xed\xa0\x80"),
        ),
        case("another encoding than declared", lambda one, _: one.source("").encode("utf-16")),
        case("unknown encoding", lambda one, _: one.source("").replace("UTF-8", "x-nobody-knows")),
        case(
            "nested 20,000 deep",
            lambda one, _: one.source(f"<{one.nest}>" * 20_000 + one.p("deep") + f"</{one.nest}>" * 20_000),
        ),
        case("nested and never closed", lambda one, _: one.source(f"<{one.nest}>" * 20_000)),
        case(
            "300 deep",
            lambda one, _: one.source(f"<{one.nest}>" * 300 + one.p("deep") + f"</{one.nest}>" * 300),
        ),
        case("huge attribute", lambda one, _: one.source('<a title="' + "x" * 12_000_000 + '"/>')),
        case(
            "50,000 attributes",
            lambda one, _: one.source(f"<{one.nest} " + " ".join(f'a{n}=""' for n in range(50_000)) + "/>"),
        ),
        case("huge comment", lambda one, _: one.source(f"<!--{'x' * 12_000_000}-->")),
        case("cut off in a tag", lambda one, _: one.source("").rpartition("<")[0] + "<"),
        case("many signs", lambda one, _: one.source("<" * 300_000)),
        case("open comments", lambda one, _: one.source("") + "<!--" * 50_000),
        case(
            "laughs in an attribute",
            lambda one, _: _with_entity(one, '"ha"').replace(one.p("&x;"), f"<{one.nest} a='&x;'/>"),
        ),
        case("ampersands", lambda one, _: one.source(one.p("&" * 300_000))),
        case("no text", lambda one, _: f"{_DECLARATION}{one.opening}{one.closing}", must=Must.REFUSE),
        case("another root", lambda one, _: f"{_DECLARATION}<root/>", must=Must.REFUSE),
        case("line of 10 MB", lambda one, _: one.source(one.p("word " * 2_000_000)), is_large=True),
        case("word of 10 MB", lambda one, _: one.source(one.p("x" * 10_000_000)), is_large=True),
        case("spaces of 10 MB", lambda one, _: one.source(one.p(" " * 10_000_000)), is_large=True),
        case("200,000 words as paragraphs", lambda one, _: one.source(one.p("word") * 200_000), is_large=True),
        case("1,000,000 paragraphs", lambda one, _: one.source(one.p("a") * 1_000_000), is_large=True),
        case("1,000,000 empty paragraphs", lambda one, _: one.source(one.p("") * 1_000_000), is_large=True),
        case(
            "1,000,000 empty elements", lambda one, _: one.source(f"<{one.nest}/>" * 1_000_000), is_large=True
        ),
        case("100 MB", lambda one, _: one.source(one.p("some words of a book. " * 50) * 95_000), is_large=True),
    )


def _with_entity(dialect: Dialect, value: str, used: str = "&x;") -> str:
    return dialect.source(dialect.p(used), doctype=f"<!DOCTYPE {dialect.root} [<!ENTITY x {value}>]>")


def _laughs(dialect: Dialect, _: str) -> str:
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghijx"))
    return dialect.source(dialect.p("&x;"), doctype=f'<!DOCTYPE {dialect.root} [<!ENTITY a "ha">{entities}]>')


# --- zips -------------------------------------------------------------------------------------------------


def _of_zip(dialect: Dialect) -> Iterator[Hostile]:
    def case(
        name: str,
        change: Callable[[Dialect, Path], object],
        *,
        must: Must = Must.EITHER,
        is_large: bool = False,
    ) -> Hostile:
        def write(path: Path, _: str) -> None:
            dialect.make(path, dialect.source(""))
            change(dialect, path)

        return Hostile(f"{dialect.suffix}: zip {name}", f"a.{dialect.suffix}", write, must, is_large)

    evil = dict.fromkeys(("../../evil.txt", "/tmp/evil.txt", "C:\\evil.txt", "..\\evil", "a/../../b"), HIDDEN)  # noqa: S108 - never written
    yield from (
        case("cut to a fifth", lambda _, path: _cut(path, 0.2), must=Must.REFUSE),
        case("cut to a half", lambda _, path: _cut(path, 0.5), must=Must.REFUSE),
        case("cut at its end", lambda _, path: _cut(path, 0.99), must=Must.REFUSE),
        case(
            "of rubbish",
            lambda _, path: path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 40),
            must=Must.REFUSE,
        ),
        case("that is empty", lambda _, path: path.write_bytes(b"PK\x05\x06" + bytes(18)), must=Must.REFUSE),
        case("without its text", lambda one, path: _without(path, one.main), must=Must.REFUSE),
        case("with rubbish before it", lambda _, path: path.write_bytes(b"MZ" * 99 + path.read_bytes())),
        case("with rubbish after it", lambda _, path: path.write_bytes(path.read_bytes() + b"\xff" * 999)),
        case("with names that lead out", lambda _, path: _with(path, evil), must=Must.READ),
        case("with a link", lambda _, path: _with_link(path), must=Must.READ),
        case("of 100,000 files", lambda _, path: _with_many(path, 100_000), must=Must.REFUSE, is_large=True),
        case("of 25,000 names that are one", lambda _, path: _with_many(path, 25_000, name="x")),
        case("with its text twice", lambda one, path: _with(path, {one.main: one.source("")})),
        case("with a wrong sum", lambda one, path: _changed(path, one.main, 16, b"\x00" * 4)),
        case(
            "of an unknown method",
            lambda one, path: _changed(path, one.main, 10, b"\x63\x00"),
            must=Must.REFUSE,
        ),
        case("that is encrypted", lambda one, path: _changed(path, one.main, 8, b"\x01\x00"), must=Must.REFUSE),
        case("of a wrong size", lambda one, path: _changed(path, one.main, 20, b"\xff\xff\xff\x7f" * 2)),
        case(
            "of a wrong place",
            lambda one, path: _changed(path, one.main, 42, b"\xff\xff\xff\x7f"),
            must=Must.REFUSE,
        ),
        case("of overlapping files", lambda _, path: _overlapping(path, 5_000)),
        case("in a zip", lambda one, path: one.make(path, _zip_of(path.read_bytes())), must=Must.REFUSE),
        case("that is damaged inside", lambda one, path: _damaged(path, one.main)),
        case("bomb", lambda one, path: one.make(path, one.source(" " * (40 * _MEGABYTE))), must=Must.REFUSE),
        case(
            "bomb beside the text",
            lambda _, path: _with(path, {"bomb.xhtml": " " * (80 * _MEGABYTE)}),
            must=Must.READ,
        ),
        case(
            "bomb of bombs",
            lambda one, path: one.make(path, _bomb_of_bombs()),
            must=Must.REFUSE,
        ),
        case(
            "member of 70 MB",
            lambda one, path: one.make(
                path, one.source("".join(one.p(f"{n:x} words of a book. " * 40) for n in range(80_000)))
            ),
            is_large=True,
        ),
    )


def _cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _without(path: Path, name: str) -> None:
    members = _members(path)
    del members[name]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)


def _store(path: Path) -> None:
    members = _members(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _with(path: Path, members: Mapping[str, str]) -> None:
    first = _members(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in first.items():
            archive.writestr(name, data)
        for name, text in members.items():
            if name not in first:
                archive.writestr(name, text)
    if name in first:
        path.write_bytes(_twice(path, name))


def _twice(path: Path, name: str) -> bytes:
    """The zip with a member listed twice."""
    data = path.read_bytes()
    start, count, listed, end = _directory(data)
    entries = list(_entries(data, start, count))
    again = next(data[at:after] for at, after in entries if name.encode() in data[at:after])
    closing = bytearray(data[end:])
    closing[8:12] = struct.pack("<HH", count + 1, count + 1)
    closing[12:16] = struct.pack("<I", listed + len(again))
    return data[:end] + again + bytes(closing)


def _with_link(path: Path) -> None:
    link = zipfile.ZipInfo("link.xhtml")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "../secret.txt")


def _with_many(path: Path, count: int, name: str = "") -> None:
    """A zip that lists so many empty files; all stand in one place, since nobody may look."""
    data = path.read_bytes()
    start, own, listed, end = _directory(data)
    entries = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(said), 0, 0, 0, 0, 0, 0)
        + said
        for said in (f"{name or number}".encode() for number in range(count))
    )
    total, size = own + count, listed + len(entries)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, total, total, size, start)
    where = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + size, 1)
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(data[:end] + entries + wide + where + closing)


def _directory(data: bytes) -> tuple[int, int, int, int]:
    """Where the list of a zip begins, its entries, its size, and where it ends."""
    end = data.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HLL", data, end + 10)
    return start, count, size, end


def _entries(data: bytes, start: int, count: int) -> Iterator[tuple[int, int]]:
    for _ in range(count):
        name, extra, comment = struct.unpack_from("<3H", data, start + 28)
        end = start + 46 + name + extra + comment
        yield start, end
        start = end


def _changed(path: Path, name: str, field: int, value: bytes) -> None:
    """Change a field of a member in the list of a zip, and in its own head where it stands there, too."""
    data = bytearray(path.read_bytes())
    start, count, _, _ = _directory(bytes(data))
    for at, after in _entries(bytes(data), start, count):
        if data[at + 46 : after].startswith(name.encode()):
            own = struct.unpack_from("<L", data, at + 42)[0]
            data[at + field : at + field + len(value)] = value
            if field < 28:
                data[own + field - 2 : own + field - 2 + len(value)] = value
    path.write_bytes(bytes(data))


def _overlapping(path: Path, count: int) -> None:
    """Each of so many names is the same member: https://www.bamsoftware.com/hacks/zipbomb/"""
    data = path.read_bytes()
    start, own, listed, end = _directory(data)
    entry = bytearray(data[slice(*next(_entries(data, start, own)))])
    size = struct.unpack_from("<H", entry, 28)[0]
    names = [f"{number:x}".zfill(size)[:size].encode() for number in range(count)]
    entries = b"".join(bytes(entry[:46]) + name + bytes(entry[46 + size :]) for name in names)
    closing = bytearray(data[end:])
    closing[8:12] = struct.pack("<HH", own + count, own + count)
    closing[12:16] = struct.pack("<I", listed + len(entries))
    path.write_bytes(data[:end] + entries + bytes(closing))


def _zip_of(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", data)
    return held.getvalue()


@functools.cache
def _bomb_of_bombs() -> bytes:
    return _zip_of(_zip_of(bytes(40 * _MEGABYTE)))


def _damaged(path: Path, name: str) -> None:
    data = bytearray(path.read_bytes())
    at = data.index(name.encode()) + len(name) + 20
    data[at : at + 30] = b"\xff" * 30
    path.write_bytes(bytes(data))


# --- protection -------------------------------------------------------------------------------------------

_ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"'
    ' xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData><e:EncryptionMethod Algorithm="{}"/>'
    '<e:CipherData><e:CipherReference URI="{}"/></e:CipherData></e:EncryptedData></encryption>'
)
_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    "<manifest:file-entry "
    'manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>'
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def _protected() -> Iterator[Hostile]:
    """Books under DRM or a password."""
    page = f"<p>{BEGINNING}</p><p>{ENDING}</p>"

    def epub(name: str, files: Mapping[str, str], must: Must = Must.REFUSE) -> Hostile:
        def write(path: Path, _: str) -> None:
            epub_maker.make_epub(path, {"a.xhtml": page}, files=files)

        return Hostile(f"epub: {name}", "a.epub", write, must)

    def encrypted(algorithm: str, member: str) -> Mapping[str, str]:
        return {"META-INF/encryption.xml": _ENCRYPTION.format(algorithm, member)}

    yield epub("Adobe ADEPT", {"META-INF/rights.xml": "<rights/>"})
    yield epub("Readium LCP", {"META-INF/license.lcpl": "{}"})
    yield epub("Apple FairPlay", {"META-INF/sinf.xml": "<sinf/>"})
    yield epub("encrypted text", encrypted("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OPS/a.xhtml"))
    yield epub("obfuscated font", encrypted("http://www.idpf.org/2008/embedding", "OPS/a.otf"), Must.READ)
    body = odt_maker.p(BEGINNING) + odt_maker.p(ENDING)
    yield Hostile(
        "odt: password",
        "a.odt",
        lambda path, _: odt_maker.make_odt(path, body, files={"META-INF/manifest.xml": _MANIFEST}),
        Must.REFUSE,
    )
    for name, stream in {"old Word": "WordDocument", "password": "EncryptedPackage"}.items():
        data = _OLE + stream.encode("utf-16-le")
        yield Hostile(f"docx: {name}", "a.docx", partial(_written, data=data), Must.REFUSE)


def _written(path: Path, _: str, *, data: bytes) -> None:
    path.write_bytes(data)


# --- text, Markdown and RTF -----------------------------------------------------------------------------


_OF_LINES = (
    " ", "\n", "7 ", "I ", "# ", "*a ", "[", "> ", "|", "- ", "“a” ", "天", "漢《", "a. ", "Chapter ", "<a ",
)  # fmt: skip
"""What a line of many megabytes is made of: whatever some rule looks for."""


def _ten_megabytes(sign: str) -> str:
    return sign * (10_000_000 // len(sign.encode()))


def _of_text() -> Iterator[Hostile]:
    bodies: dict[str, tuple[Callable[[], str | bytes], bool]] = {
        "plain": (lambda: "Some words.", False),
        "NULs": (lambda: "word\n\n" * 3_000 + "a\x00b\x00", False),
        "invalid UTF-8": (lambda: b"caf\xe9 \xff\xfe \xc0\x80 \xed\xa0\x80 \xf5\x80\x80\x80", False),
        "controls": (lambda: "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\u2029\ufeff\u202e", False),
        "private signs": (lambda: "a\U00100000b\U0010fffec\U0010fffdd\ue000e\ue001f", False),
        "combining marks": (lambda: "a" + "\u0301" * 200_000, False),
        "100,000 empty lines": (lambda: "\n" * 100_000, False),
        "brackets": (lambda: "[" * 50_000, False),
        "quotes": (lambda: "> " * 20_000 + "deep", False),
        "lists": (lambda: "\n".join("  " * depth + "- a" for depth in range(1_500)), False),
        "stars": (lambda: "*a **b _c __d " * 20_000, True),
        "ticks": (lambda: "`" * 50_000 + " a " + "``` ` `` " * 9_000, False),
        "links": (lambda: "[a](<" * 30_000, False),
        "entities": (lambda: "&amp;#x110000;&#0;" * 30_000, True),
        "front matter": (lambda: "---\n" + "a: &a [" * 20_000 + "\n---\n", True),
        "bar tables": (lambda: "|a" * 2_000 + "\n" + "|-" * 2_000 + "\n" + ("|b" * 2_000 + "\n") * 50, True),
        "open tags": (lambda: "<a " * 60_000 + "<!--" * 9_000 + "<![CDATA[" * 9_000, True),
        "100,000 notes": (lambda: "a[^1]\n\n[^1]: b\n\n" * 100_000, True),
        "line of 10 MB": (lambda: "word " * 2_000_000, True),
        "word of 10 MB": (lambda: "x" * 10_000_000, True),
        "10 MB without spaces in Chinese": (lambda: "天地玄黄。" * 700_000, True),
        "1,000,000 paragraphs": (lambda: "a\n\n" * 1_000_000, True),
        "1,000,000 headings": (lambda: "CHAPTER I\n\n" * 1_000_000, True),
        "100,000 chapters": (lambda: "".join(f"Chapter {n}\n\nWords.\n\n\n" for n in range(100_000)), True),
        "100 MB": (lambda: "some words of a book, and more of them. " * 2_600_000, True),
        "5,000,000 lines": (lambda: "a\n" * 5_000_000, True),
        "100,000 chapters alike": (lambda: "CHAPTER I\n\n" * 100_000, True),
        "a million cells": (lambda: "|a|b\n|-|-\n" + "|a|b\n" * 500_000, True),
        "a million items": (lambda: "- a\n" * 1_000_000, True),
        "a million quotations": (lambda: "> a\n\n" * 1_000_000, True),
        "as many paragraphs as a book": (lambda: "a\n\n" * 95_000, True),
        "as many items as a book": (lambda: "- a\n" * 95_000, True),
        "as many lines as a book": (lambda: "some words\n" * 340_000, True),
        **{f"10 MB of {sign!r}": (partial(_ten_megabytes, sign), True) for sign in _OF_LINES},
    }
    for suffix in ("txt", "md"):
        for name, (make, is_large) in bodies.items():
            yield Hostile(
                f"{suffix}: {name}", f"a.{suffix}", partial(_write_text, make=make), is_large=is_large
            )
    for name in ("utf-16", "utf-32", "utf-16-be"):
        encoded = f"{BEGINNING}\n\n{ENDING}\n".encode(name)
        yield Hostile(f"txt: {name}", "a.txt", partial(_written, data=encoded), Must.EITHER)
        yield Hostile(f"txt: odd {name}", "a.txt", partial(_written, data=encoded + b"\x00"), Must.EITHER)
    yield Hostile("txt: rubbish", "a.txt", partial(_written, data=bytes(range(256)) * 40), Must.REFUSE)


def _write_text(path: Path, _: str, *, make: Callable[[], str | bytes]) -> None:
    content = make()
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    path.write_bytes(f"{BEGINNING}\n\n".encode() + data + f"\n\n{ENDING}\n".encode())


def _of_rtf() -> Iterator[Hostile]:
    bodies: dict[str, tuple[Callable[[], str], bool]] = {
        "plain": (lambda: "Words.", False),
        "deep groups": (lambda: "{" * 200_000 + "deep" + "}" * 200_000, False),
        "deep groups of formats": (lambda: r"{\b\i\fs30 a" * 30_000 + "}" * 30_000, False),
        "groups never closed": (lambda: r"{\b a" * 30_000, False),
        "groups never opened": (lambda: "}" * 200_000 + r"\par ", False),
        "deep notes": (lambda: r"{\footnote a" * 4_000 + "}" * 4_000, False),
        "deep tables": (lambda: r"\trowd\intbl{" * 20_000 + "}" * 20_000 + r"\cell\row\pard\par ", False),
        "deep fields": (lambda: r"{\field{\*\fldinst X}{\fldrslt " * 20_000 + "}}" * 20_000, False),
        "bin beyond the end of a group": (lambda: r"{\bin5 }}}}}}", False),
        "bin that is negative": (lambda: r"\bin-5 abc", False),
        "bin of nothing": (lambda: r"\bin0 " * 50_000, False),
        "bin of braces": (lambda: r"\bin3 }}}" * 10_000, False),
        "u of everything": (lambda: "".join(rf"\u{number}?" for number in range(-40_000, 70_000, 7)), False),
        "u of halves": (lambda: r"\u-10240?" * 5_000 + r"\u-9216?" * 5_000, False),
        "u that skips much": (lambda: r"{\uc99999999 \u8212 }{\uc-3\u8212 a}", False),
        "numbers without end": (lambda: r"\fs" + "9" * 400_000 + " " + r"\u" + "9" * 400_000 + " ", False),
        "words without end": (lambda: "\\" + "a" * 400_000 + " ", False),
        "bytes cut off": (lambda: r"\'" * 100_000 + r"\'4\'zz", False),
        "NULs": (lambda: "a\x00b" * 20_000, False),
        "cells without rows": (lambda: r"\intbl a\cell " * 50_000 + r"\row\pard ", False),
        "styles without end": (partial(_table, "stylesheet", r"\s{n}\sbasedon1 s{n};"), False),
        "fonts without end": (partial(_table, "fonttbl", r"\f{n}\fcharset128 f{n};"), False),
        "object": (lambda: r"{\object\objautlink{\*\objclass Word}{\*\objdata " + "00" * 9_000 + "}}", False),
        "include": (lambda: r'{\field{\*\fldinst INCLUDETEXT "secret.txt"}{\fldrslt }}', False),
        "backslashes": (lambda: "\\\\" * 300_000, False),
        "word of 10 MB": (lambda: "x" * 10_000_000, True),
        "line of 10 MB": (lambda: "word " * 2_000_000, True),
        "100,000 notes": (lambda: r"a{\super 1}{\footnote {\super 1} b}" * 100_000, True),
        "1,000,000 paragraphs": (lambda: r"a\par " * 1_000_000, True),
        "1,000,000 cells": (lambda: r"\intbl a\cell " * 1_000_000 + r"\row\pard ", True),
        "100 MB": (lambda: "some words of a book, and more. " * 3_200_000, True),
        "100 MB of a picture": (lambda: r"{\pict " + "0f" * 50_000_000 + "}", True),
    }
    for name, (make, is_large) in bodies.items():
        yield Hostile(f"rtf: {name}", "a.rtf", partial(_write_rtf, make=make), is_large=is_large)


def _table(name: str, entry: str) -> str:
    return rf"{{\{name}" + "".join(f"{{{entry.format(n=number)}}}" for number in range(20_000)) + "}"


def _write_rtf(path: Path, _: str, *, make: Callable[[], str]) -> None:
    rtf_maker.make_rtf(
        path, rf"{BEGINNING}\par {make()}\par }}\pard\plain {ENDING}\par ", head=rtf_maker.WORDPAD + "{"
    )
