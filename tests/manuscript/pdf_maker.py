"""PDFs made to order: lines of type at given places, as small and as well-formed as a test wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from narrator.manuscript.pdf import book_of
from narrator.manuscript.pdf_file import records
from narrator.manuscript.pdf_text import text_from
from narrator.model import Manuscript

WIDTH, HEIGHT = 400, 600
LEFT, TOP = 50, 80
LEADING = 14
COLUMNS = 50
"""Characters of a full line: Courier of 10 points is 6 points wide."""
SENTENCES = (
    "The quick brown fox jumped over the lazy dog while the rain was falling on the roofs of the town.",
    "Nobody in it cared at all about that, for it was late and the windows were shut against the cold.",
    "She had never seen a river so wide, nor a bridge that was built by so few hands in so short a time.",
    "When the clock struck nine they went home, and the lamps along the harbour were lit one after another.",
    "It is said that the old miller kept a goose, which followed him to church and waited at the door.",
)
WORDS = " ".join(SENTENCES).split()


@dataclass(frozen=True)
class Text:
    """A run of type: `x` from the left, `y` from the top, in points. Fonts: plain, bold, unicode."""

    text: str
    x: float = LEFT
    y: float = TOP
    size: float = 10
    font: str = "plain"


@dataclass
class Page:
    texts: list[Text] = field(default_factory=list)
    rotate: int = 0


Entry = tuple[str, int, float | None, int]
"""An entry of the outline: title, page from 0, height from the top or None, depth from 0."""


def wrapped(text: str, columns: int = COLUMNS, *, indent: int = 0) -> list[str]:
    """Lines as a typewriter sets them; the first is indented by so many characters."""
    lines = [" " * indent]
    for word in text.split():
        if lines[-1].strip() and len(lines[-1]) + 1 + len(word) > columns:
            lines.append(word)
        else:
            lines[-1] += (" " if lines[-1].strip() else "") + word
    return lines


def set_lines(
    lines: Iterable[str],
    *,
    x: float = LEFT,
    y: float = TOP,
    leading: float = LEADING,
    size: float = 10,
    font: str = "plain",
) -> list[Text]:
    """Lines below one another. Spaces before a line move it to the right; an empty line leaves a gap."""
    return [
        Text(line.strip(), x + (len(line) - len(line.lstrip())) * size * 0.6, y + number * leading, size, font)
        for number, line in enumerate(lines)
        if line.strip()
    ]


def stacked(*groups: Sequence[str], y: float = TOP) -> list[Text]:
    """Groups of lines below one another, each of two empty ones below the last."""
    return set_lines([line for group in groups for line in [*group, "", ""]], y=y)


def centred(text: str, y: float, *, size: float = 10, font: str = "plain") -> Text:
    return Text(text, LEFT + (COLUMNS * 6 - len(text) * size * 0.6) / 2, y, size, font)


def prose(words: int = 60, *, start: int = 0) -> str:
    """So many words of plain sentences, other ones from each start."""
    first = start * 19 % len(WORDS)
    text = " ".join((WORDS[first:] + WORDS * (1 + words // len(WORDS)))[:words])
    return text.rstrip(".,") + "."


def read_here(path: Path) -> Manuscript:
    """What `read_pdf` makes of a file, without the child process that keeps it from harm."""
    return book_of(text_from(records(path)), path)


def make_pdf(
    path: Path,
    pages: Sequence[Page],
    *,
    outline: Sequence[Entry] = (),
    facts: Mapping[str, str] | None = None,
    language: str = "",
    encrypted: bool = False,
) -> Path:
    path.write_bytes(
        pdf_bytes(pages, outline=outline, facts=facts or {}, language=language, encrypted=encrypted)
    )
    return path


def pdf_bytes(
    pages: Sequence[Page],
    *,
    outline: Sequence[Entry] = (),
    facts: Mapping[str, str] | None = None,
    language: str = "",
    encrypted: bool = False,
) -> bytes:
    """A PDF 1.7 file: catalog, page tree, fonts, then a page and its content for each page."""
    codes = sorted(
        {char for page in pages for text in page.texts if text.font == "unicode" for char in text.text}
    )
    first_page = 10
    first_entry = first_page + 2 * len(pages)
    lang = f"/Lang({language})" if language else ""
    marks = f"/Outlines {first_entry} 0 R" if outline else ""
    kids = " ".join(f"{first_page + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{lang}{marks}>>".encode(),
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}/MediaBox[0 0 {WIDTH} {HEIGHT}]>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier-Bold/Encoding/WinAnsiEncoding>>",
        b"<</Type/Font/Subtype/Type0/BaseFont/Any/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Any/DW 1000/CIDSystemInfo 8 0 R>>",
        _stream(_to_unicode(codes)),
        b"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>",
        b"<<" + b"".join(f"/{name}".encode() + _string(value) for name, value in (facts or {}).items()) + b">>",
    ]
    for number, page in enumerate(pages):
        objects += [
            f"<</Type/Page/Parent 2 0 R/Rotate {page.rotate}/Contents {first_page + 2 * number + 1} 0 R"
            "/Resources<</Font<</plain 3 0 R/bold 4 0 R/unicode 5 0 R>>>>>>".encode(),
            _stream("\n".join(_drawn(text, page.rotate, codes) for text in page.texts).encode("latin-1")),
        ]
    objects += _outline(outline, first_entry, first_page)
    return _file(objects, encrypted=encrypted)


def _drawn(text: Text, rotate: int, codes: Sequence[str]) -> str:
    if text.font == "unicode":
        shown = "<" + "".join(f"{codes.index(char) + 1:04x}" for char in text.text) + ">"
    else:
        raw = text.text.encode("cp1252").decode("latin-1")
        shown = "(" + raw.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") + ")"
    matrix = f"1 0 0 1 {text.x:g} {HEIGHT - text.y:g}"
    if rotate == 90:
        matrix = f"0 1 -1 0 {text.y:g} {text.x:g}"
    return f"BT /{text.font} {text.size:g} Tf {matrix} Tm {shown} Tj ET"


def _outline(entries: Sequence[Entry], first: int, first_page: int) -> list[bytes]:
    """The outline's root and items, linked as ISO 32000-1, 12.3.3 wants it."""
    if not entries:
        return []
    parents: list[int] = []
    above: list[int] = []
    for number, (_, _, _, depth) in enumerate(entries):
        above = [*above[:depth], first + 1 + number]
        parents.append(above[depth - 1] if depth else first)
    children = {
        parent: [first + 1 + at for at, one in enumerate(parents) if one == parent] for parent in parents
    }
    found = [f"<</First {children[first][0]} 0 R/Last {children[first][-1]} 0 R>>".encode()]
    for number, (title, page, y, _) in enumerate(entries):
        own, siblings = first + 1 + number, children[parents[number]]
        at = siblings.index(own)
        links = f"/Parent {parents[number]} 0 R"
        links += f"/Next {siblings[at + 1]} 0 R" if at + 1 < len(siblings) else ""
        links += f"/Prev {siblings[at - 1]} 0 R" if at else ""
        if own in children:
            links += f"/First {children[own][0]} 0 R/Last {children[own][-1]} 0 R/Count {len(children[own])}"
        view = "/Fit" if y is None else f"/XYZ 0 {HEIGHT - y:g} null"
        target = f"/Dest[{first_page + 2 * page} 0 R {view}]"
        found.append(b"<</Title" + _string(title) + f"{links}{target}>>".encode())
    return found


def _to_unicode(codes: Sequence[str]) -> bytes:
    pairs = "".join(f"<{at:04x}><{char.encode('utf-16-be').hex()}>\n" for at, char in enumerate(codes, 1))
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/X def\n"
        "1 begincodespacerange<0000><ffff>endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{pairs}endbfchar\nendcmap end end"
    ).encode()


def _string(text: str) -> bytes:
    return b"<feff" + text.encode("utf-16-be").hex().encode() + b">"


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>stream\n" % len(data) + data + b"\nendstream"


def _file(objects: Sequence[bytes], *, encrypted: bool) -> bytes:
    out = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    locked = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>/ID[<00><00>]" % (b"11" * 32, b"22" * 32)
    trailer = b"<</Size %d/Root 1 0 R/Info 9 0 R%s>>" % (len(objects) + 1, locked if encrypted else b"")
    start = len(out)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer%s\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1, table, trailer, start,
    )  # fmt: skip
