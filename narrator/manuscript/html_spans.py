"""Tables whose rows share a first cell: `<td rowspan="2">Bob</td>` is said in each of its rows."""

from __future__ import annotations

from lxml import etree

from narrator.manuscript.html_marks import shown_text
from narrator.manuscript.markup import local_name

_LONGEST_KEY = 40
_CELLS = ("{*}td", "{*}th")


def fill_spans(body: etree._Element) -> None:
    """Put the first cell of rows into the rows below that it spans, where it is short and nothing but words.

    A second cell that spans rows is left as it is: what it is about is in the first.
    """
    if all("rowspan" not in cell.attrib for cell in body.iter(*_CELLS)):
        return
    for row in list(body.iter("{*}tr")):
        _fill_below(row)


def _fill_below(row: etree._Element) -> None:
    first = next(row.iterchildren(*_CELLS), None)
    span = "" if first is None else (first.get("rowspan") or "").strip()
    if first is None or not (span.isascii() and span.isdigit() and _is_words(first)):
        return
    text = shown_text(first)
    if not text or len(text) > _LONGEST_KEY:
        return
    first.set("rowspan", "1")
    below = row.getnext()
    # A span of 0 is to the end of the rows, says HTML.
    left = int(span[:6]) - 1 if span.strip("0") else -1
    while below is not None and left:
        if local_name(below) == "tr":
            left -= 1
            _fill(below, first, text)
        below = below.getnext()


def _fill(row: etree._Element, key: etree._Element, text: str) -> None:
    """Give a row with words its key. What its own cells span is not filled, so that no row is visited often."""
    if any(cell.strip() for cell in row.itertext()):
        cell = row.makeelement(key.tag, _shared(key))
        cell.text = text
        for own in row.iterchildren(*_CELLS):
            own.set("rowspan", "1")
        row.insert(0, cell)


def _shared(key: etree._Element) -> dict[str, str]:
    """What a cell says of itself, which its copies say, too."""
    return {str(name): str(value) for name, value in key.attrib.items() if name != "id"}


def _is_words(cell: etree._Element) -> bool:
    """Whether there is no link, note mark or picture in a cell, and no block."""
    return all(
        local_name(inner) in {"td", "th", "b", "strong", "i", "em", "span", "p"} for inner in cell.iter()
    )
