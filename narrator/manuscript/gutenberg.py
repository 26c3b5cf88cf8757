"""Project Gutenberg's header and licence: where they end and begin, in lines of text or in blocks.

The markers as they were written since 1991: https://www.gutenberg.org/help/bibliographic_record.html shows the
newest; older files have 'THIS' for 'THE', no space after the asterisks, or only the line of small print.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

_START = re.compile(
    r"\*{3}\s*START\s+OF\s+(?:TH(?:E|IS)\s+)?PROJECT\s+GUTENBERG|\*+END\W*(?:OF )?THE SMALL PRINT",
    re.IGNORECASE,
)
_END = re.compile(
    r"\*{3}\s*END\s+OF\s+(?:TH(?:E|IS)\s+)?PROJECT\s+GUTENBERG"
    r"|End\s+of\s+(?:the\s+|this\s+)?Project\s+Gutenberg(?:'s|’s|\s+E-?(?:book|text))",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:Produced|Transcribed|Prepared|Scanned|E-?text (?:prepared|produced|scanned))\b.*"
    r"|This (?:e-?text|e-?book|file) (?:was|is)\b.*"
    r"|The Project Gutenberg E-?(?:text|book)\b.*"
    r"|.*\b(?:pgdp\.net|Distributed Proofread\w+|@pglaf\.org)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_FIELD = re.compile(
    r"(Title|Author|Language|Character set encoding|Translator|Editor|Illustrator): *(.*)", re.IGNORECASE
)
_ORIGINAL = re.compile(r"^Original publication: *(.*(?:\n[ \t]{4,}\S.*)*)", re.IGNORECASE | re.MULTILINE)
_YEAR = re.compile(r"(?<!\d)1[0-9]\d\d(?!\d)|(?<!\d)20\d\d(?!\d)")
_NOBODY = {"anonymous", "unknown", "various", "none"}


def body_bounds(texts: Sequence[str]) -> tuple[int, int]:
    """The range [first, end) of `texts` that is the book itself: all of it where no marker stands.

    Credits that follow the header at once ('Produced by ...') belong to the header.
    """
    starts = [number for number, text in enumerate(texts) if _START.match(text.lstrip())]
    first = starts[-1] + 1 if starts else 0
    ends = (number for number in range(first, len(texts)) if _END.match(texts[number].lstrip()))
    end = next(ends, len(texts))
    if starts:
        first += _credits(texts[first:end])
    return first, end


def _credits(texts: Sequence[str]) -> int:
    """How many of the first texts are credits; empty ones between them count."""
    leading = list(takewhile(lambda text: not text.strip() or _CREDIT.match(text.strip()), texts))
    while leading and not leading[-1].strip():
        leading.pop()
    return len(leading)


def header_fields(header: str) -> dict[str, str]:
    """The fields of a header by lower-case name; of a title of several lines the first."""
    original = _ORIGINAL.search(header)
    fields = {"original publication": original[1]} if original else {}
    for line in header.splitlines():
        if match := _FIELD.match(line.strip()):
            fields.setdefault(match[1].lower(), match[2].strip())
    return fields


def authors_of(fields: dict[str, str]) -> tuple[str, ...]:
    """The header's authors; () for an anonymous book."""
    names = (name.strip() for name in re.split(r";|\band\b(?=\s+[A-Z])", fields.get("author", "")))
    return tuple(name for name in names if name and name.casefold() not in _NOBODY)


def date_of(fields: dict[str, str]) -> str:
    """The year of the work's first publication, '' where the header does not say; its release is the file's."""
    years = _YEAR.findall(fields.get("original publication", ""))
    return years[0] if years else ""
