"""Tables of a TOML text, as the lines in which people wrote them, with the comments that belong to each.

A comment directly above a header is of that table; one between empty lines stands by itself. A line of a long
text or list may look like a header: whoever changes a text with these looks at what the new one means.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Table = tuple[str, ...]
"""A table's name: ('jobs', 'news', 'after') for [jobs.news.after]."""


@dataclass(slots=True)
class _Part:
    """The lines from one header to the next: the comment above it, then the header and what follows it."""

    table: Table
    above: list[str]
    lines: list[str] = field(default_factory=list)


def line_end(text: str) -> str:
    """What its lines end with."""
    return "\r\n" if "\r\n" in text else "\n"


def without_table(text: str, table: Table) -> str:
    """The text without a table and those inside it."""
    kept: list[str] = []
    for part in _parts(text):
        if part.table[: len(table)] == table:
            kept += part.lines[_end_of_table(part.lines) :]
        else:
            kept += part.above + part.lines
    rest = "".join(kept).rstrip()
    return rest and rest + line_end(text)


def with_first_key(text: str, table: Table, line: str) -> str:
    """The text with a line directly under the header of a table."""
    end = line_end(text)
    written: list[str] = []
    for part in _parts(text):
        written += part.above
        if part.table == table:
            header, *body = part.lines
            written += [header.rstrip() + end, line + end, *body]
        else:
            written += part.lines
    return "".join(written)


def _parts(text: str) -> Iterator[_Part]:
    part = _Part((), [])
    for line in text.splitlines(keepends=True):
        if table := _table_of(line):
            above = _comment_above(part)
            yield part
            part = _Part(table, above)
        part.lines.append(line)
    yield part


def _table_of(line: str) -> Table:
    """The table whose header a line is, () for none."""
    if not line.lstrip().startswith("["):
        return ()
    try:
        inner: Any = tomllib.loads(line)
    except (ValueError, RecursionError):
        return ()
    names = []
    while isinstance(inner, dict) and inner:
        ((name, inner),) = inner.items()
        names.append(name)
    return tuple(names)


def _comment_above(part: _Part) -> list[str]:
    """Take the comment off that ends a part and is of the next; a file's first lines are about all of it."""
    start = len(part.lines)
    while start and part.lines[start - 1].lstrip().startswith("#"):
        start -= 1
    if not (start or part.table):
        return []
    above = part.lines[start:]
    del part.lines[start:]
    return above


def _end_of_table(lines: list[str]) -> int:
    """Where what is not of a table begins: after its last key, a comment directly under it, and empty lines."""
    end = max(at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")) + 1
    while end < len(lines) and lines[end].strip():
        end += 1
    while end < len(lines) and not lines[end].strip():
        end += 1
    return end
