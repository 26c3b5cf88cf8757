"""Hostile PDFs: structures that go round in circles, or that say little and mean very much."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from tests.manuscript.hostile_words import BEGINNING, ENDING
from tests.manuscript.pdf_maker import LEFT, Page, Text, pdf_bytes

_SHOWN = f"BT /F 10 Tf 50 500 Td ({BEGINNING}) Tj 0 -20 Td ({ENDING}) Tj ET"
_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>"


def document(objects: Mapping[int, str | bytes], *, trailer: str = "", tail: bytes = b"") -> bytes:
    """A file of these objects; 1 is the catalog, 2 the page tree, 3 the font, 4 a page, 5 its content."""
    whole: dict[int, str | bytes] = {
        1: "<</Type/Catalog/Pages 2 0 R>>",
        2: "<</Type/Pages/Kids[4 0 R]/Count 1/MediaBox[0 0 400 600]>>",
        3: _FONT,
        4: "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 3 0 R>>>>>>",
        5: stream(_SHOWN),
        **objects,
    }
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in sorted(whole.items()):
        places.append((number, len(out)))
        out += b"%d 0 obj\n" % number + (content.encode("latin-1") if isinstance(content, str) else content)
        out += b"\nendobj\n"
    start = len(out)
    out += b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (
        max(whole) + 1,
        trailer.encode(),
        start,
    )
    return bytes(out) + tail


def stream(data: str | bytes, head: str = "") -> bytes:
    raw = data.encode("latin-1") if isinstance(data, str) else data
    return f"<<{head}/Length {len(raw)}>>stream\n".encode() + raw + b"\nendstream"


def deflated(data: bytes, layers: int = 1, head: str = "") -> bytes:
    for _ in range(layers):
        data = zlib.compress(data, 9)
    return stream(data, f"{head}/Filter[{'/FlateDecode ' * layers}]")


def _forms(depth: int, fan: int) -> bytes:
    """Forms that draw the next one so many times each."""
    first = 10
    forms: dict[int, str | bytes] = {
        first + number: stream(
            "/X Do " * fan,
            f"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X {first + number + 1} 0 R>>>>",
        )
        for number in range(depth)
    }
    forms[first + depth] = stream(
        "BT /F 9 Tf (a few words) Tj ET",
        "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F 3 0 R>>>>",
    )
    page = (
        f"<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 3 0 R>>/XObject<</X {first} 0 R>>>>>>"
    )
    return document({4: page, 5: stream(f"{_SHOWN} /X Do"), **forms})


def _form_of_itself() -> bytes:
    form = stream("/X Do " * 9, "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 10 0 R>>>>")
    page = "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 3 0 R>>/XObject<</X 10 0 R>>>>>>"
    return document({4: page, 5: stream(f"{_SHOWN} /X Do"), 10: form})


def _hidden_forms() -> bytes:
    """As ten-fold forms, with a name in hexadecimal escapes."""
    return _forms(9, 10).replace(b"/Form", b"/F#6frm")


def _contents_many_times(count: int) -> bytes:
    text = "BT /F 9 Tf " + "(some words of a book) Tj " * 400 + "ET "
    page = f"<</Type/Page/Parent 2 0 R/Contents[5 0 R {'6 0 R ' * count}]/Resources<</Font<</F 3 0 R>>>>>>"
    return document({4: page, 6: deflated(text.encode())})


def _page_many_times(count: int) -> bytes:
    return document({2: f"<</Type/Pages/Kids[{'4 0 R ' * count}]/Count {count}/MediaBox[0 0 400 600]>>"})


def _pages(count: int, content: str | bytes = stream(_SHOWN)) -> bytes:
    """So many pages that have the same content."""
    numbers = range(10, 10 + count)
    kids = "".join(f"{number} 0 R " for number in numbers)
    page = "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 3 0 R>>>>>>"
    tree = f"<</Type/Pages/Kids[{kids}]/Count {count}/MediaBox[0 0 400 600]>>"
    return document({2: tree, 5: content, **dict.fromkeys(numbers, page)})


def _tree(fan: int, depth: int) -> bytes:
    """A page tree whose nodes each have the next one as their child so many times."""
    nodes: dict[int, str | bytes] = {
        10 + level: f"<</Type/Pages/Kids[{f'{11 + level} 0 R ' * fan}]/Count {fan ** (depth - level)}>>"
        for level in range(depth)
    }
    nodes[10 + depth] = "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 3 0 R>>>>>>"
    return document(
        {2: f"<</Type/Pages/Kids[4 0 R 10 0 R]/Count {fan**depth + 1}/MediaBox[0 0 400 600]>>", **nodes}
    )


def _type3() -> bytes:
    """A font whose letters are drawn with the font itself."""
    glyph = stream("1000 0 d0 BT /T 1 Tf (aaaaaaaaaa) Tj ET")
    font = (
        "<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 97/LastChar 97"
        "/Widths[1000]/CharProcs<</a 11 0 R>>/Encoding<</Differences[97/a]>>/Resources<</Font<</T 10 0 R>>>>>>"
    )
    page = "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 3 0 R/T 10 0 R>>>>>>"
    shown = f"{_SHOWN} BT /T 9 Tf ({'a' * 200}) Tj ET"
    return document({4: page, 5: stream(shown), 10: font, 11: glyph})


def _unicode_map() -> bytes:
    """A map of all codes to a long text."""
    ranges = "100 beginbfrange " + f"<0000><ffff><{'0061' * 400}> " * 100 + "endbfrange "
    font = (
        "<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType2"
        "/BaseFont/A/CIDSystemInfo<</Registry(A)/Ordering(I)/Supplement 0>>>>]/ToUnicode 11 0 R>>"
    )
    page = "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 3 0 R/U 10 0 R>>>>>>"
    shown = f"{_SHOWN} BT /U 9 Tf <{'00410042' * 20_000}> Tj ET"
    return document({4: page, 5: stream(shown), 10: font, 11: stream("begincmap " + ranges * 20 + "endcmap")})


def _tree_that_says(count: int) -> bytes:
    """One page, in a tree that says it has so many."""
    return document({2: f"<</Type/Pages/Kids[4 0 R]/Count {count}/MediaBox[0 0 400 600]>>"})


def _boxed(box: str) -> bytes:
    return document({2: f"<</Type/Pages/Kids[4 0 R]/Count 1/MediaBox[{box}]>>"})


def _drawn(before: str, after: str = "") -> bytes:
    """A page with this around its text."""
    return document({5: stream(f"{before} {_SHOWN} {after}")})


def _run_lengths() -> bytes:
    bomb = deflated(b"\x81 " * 900_000 + b"\x80")
    return document({5: bomb.replace(b"/FlateDecode ]", b"/FlateDecode /RunLengthDecode]")})


def _outline(entries: str) -> bytes:
    return document(
        {1: "<</Type/Catalog/Pages 2 0 R/Outlines 10 0 R>>", 10: "<</First 11 0 R/Last 11 0 R>>", 11: entries}
    )


_PAGE = Page([Text(BEGINNING, LEFT, 60), Text(ENDING, LEFT, 90)])
_WHOLE = pdf_bytes([_PAGE], facts={"Title": "A book"})
_LONG = b"(" + b"word " * 6_000 + b") Tj "
_BOMB = b"BT /F 9 Tf (word) Tj ET " * 40

CASES: Mapping[str, Callable[[], bytes]] = {
    "plain": lambda: _WHOLE,
    "password": lambda: pdf_bytes([_PAGE], encrypted=True),
    "rubbish": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40,
    "only its head": lambda: b"%PDF-1.7\n",
    "cut": lambda: _WHOLE[: len(_WHOLE) // 2],
    "NULs": lambda: _WHOLE.replace(b"endobj", b"\x00ndobj"),
    "xref of nonsense": lambda: _WHOLE.partition(b"startxref")[0] + b"startxref\nnonsense\n%%EOF",
    "xref of itself": lambda: document({}, trailer="/Prev 9"),
    "xref of huge size": lambda: document({}).replace(b"/Size 6", b"/Size 2147483647"),
    "xref stream of huge size": lambda: document(
        {9: stream(b"\x00" * 40, "/Type/XRef/Size 2147483647/W[1 2147483647 2]/Index[0 2147483647]/Root 1 0 R")}
    ),
    "object stream of itself": lambda: document(
        {9: stream("9 0 10 9 <<>>", "/Type/ObjStm/N 2147483647/First 8/Extends 9 0 R")}
    ),
    "references in a circle": lambda: document({4: "4 0 R", 5: "5 0 R"}),
    "length of itself": lambda: document({5: b"<</Length 5 0 R>>stream\n" + _SHOWN.encode() + b"\nendstream"}),
    "negative length": lambda: document({5: b"<</Length -1>>stream\n" + _SHOWN.encode() + b"\nendstream"}),
    "huge length": lambda: document({5: b"<</Length 2147483647>>stream\n" + _SHOWN.encode() + b"\nendstream"}),
    "pages in a circle": lambda: document(
        {2: "<</Type/Pages/Kids[2 0 R 4 0 R]/Count 9/Parent 2 0 R/MediaBox[0 0 9 9]>>"}
    ),
    "page that is its parent": lambda: document(
        {4: "<</Type/Page/Parent 4 0 R/Contents 5 0 R/Resources 4 0 R>>"}
    ),
    "huge count of pages": lambda: _tree_that_says(2_147_483_647),
    "count of a million pages": lambda: _tree_that_says(1_000_000),
    "negative count of pages": lambda: _tree_that_says(-5),
    "page 300,000 times": lambda: _page_many_times(300_000),
    "page tree ten-fold": lambda: _tree(10, 7),
    "page tree 1,000 deep": lambda: _tree(1, 1_000),
    "forms ten-fold": lambda: _forms(9, 10),
    "forms ten-fold, names hidden": _hidden_forms,
    "forms 1,000-fold": lambda: _forms(2, 1_000),
    "forms 10,000 deep": lambda: _forms(10_000, 1),
    "form of itself": _form_of_itself,
    "font of itself": _type3,
    "map of all letters": _unicode_map,
    "content 20,000 times": lambda: _contents_many_times(20_000),
    "outline in a circle": lambda: _outline(
        "<</Title(A)/Next 11 0 R/Prev 11 0 R/First 11 0 R/Dest[4 0 R/Fit]>>"
    ),
    "outline of nothing": lambda: _outline("<</Title 11 0 R/Dest 11 0 R/First 99 0 R>>"),
    "arrays 200,000 deep": lambda: document({9: "[" * 200_000}),
    "dictionaries 100,000 deep": lambda: document({9: "<</A" * 100_000}),
    "arrays deep in the content": lambda: document({5: stream("[" * 500_000 + _SHOWN)}),
    "states deep in the content": lambda: document({5: stream("q " * 500_000 + _SHOWN)}),
    "text never ended": lambda: document({5: stream("BT " * 200_000 + _SHOWN)}),
    "operands without end": lambda: document({5: stream("1 " * 1_000_000 + _SHOWN)}),
    "numbers without end": lambda: document({5: stream("9" * 1_000_000 + " Tz " + _SHOWN)}),
    "string without end": lambda: document({5: stream(_SHOWN + " BT (" + "(" * 500_000)}),
    "type of no size": lambda: _drawn("BT /F 0 Tf (a) Tj ET BT /F 1e38 Tf (b) Tj /F -9 Tf (c) Tj ET"),
    "page of no size": lambda: _boxed("0 0 0 0"),
    "page of endless size": lambda: _boxed("-1e38 -1e38 1e38 1e38"),
    "letters in one place": lambda: _drawn("", "BT /F 9 Tf " + "1 0 0 1 9 9 Tm (a) Tj " * 50_000 + "ET"),
    "inline picture": lambda: _drawn("BI /W 99999 /H 99999 /BPC 8 /CS /RGB /F /RL ID " + "\x81a" * 900 + " EI"),
    "bomb": lambda: document({5: deflated(_SHOWN.encode() + b" " * (100 << 20))}),
    "bomb in three layers": lambda: document({5: deflated(_SHOWN.encode() + b" " * (100 << 20), 3)}),
    "bomb of run lengths": _run_lengths,
    "bomb of text": lambda: document({5: deflated(_SHOWN.encode() + b"BT /F 9 Tf " + _LONG * 1_000 + b"ET")}),
    "bombs below the limit": lambda: _pages(30, deflated(_BOMB * 9_000)),
    "line of 10 MB": lambda: _drawn("", "BT /F 9 Tf " + _LONG.decode() * 330 + "ET"),
    "9,000 pages": lambda: _pages(9_000),
    "20,000 pages": lambda: _pages(20_000),
}

LARGE = {"9,000 pages", "bombs below the limit", "map of all letters", "bomb", "bomb in three layers"}
"""What takes a second or more."""
