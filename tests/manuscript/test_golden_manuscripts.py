"""Each folder in golden/ is a case: a manuscript in its `in/`, and in its `golden/` what is read of it.

A new case needs no code. What of a book is said, and what is not, is in the cases of tests/golden/.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.markup import parse_xhtml
from narrator.manuscript.reading import read_manuscript
from narrator.model import Block

CASES = sorted(path for path in Path(__file__).parent.joinpath("golden").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_manuscript_is_read_as_expected(case: Path) -> None:
    (source,) = case.joinpath("in").iterdir()
    found = _page(source) if source.suffix == ".xhtml" else _manuscript(source)
    assert found == case.joinpath("golden", "out.txt").read_text(encoding="utf-8")


def _page(source: Path) -> str:
    root = parse_xhtml(source.read_bytes())
    assert root is not None
    return "".join(_line(piece.block) for piece in read_page(root, name=source.name).pieces)


def _manuscript(source: Path) -> str:
    book = read_manuscript(source)
    lines = [f"{book.title} | {', '.join(book.authors)} | {book.language}\n"]
    for chapter in book.chapters:
        lines.append(f"\n{chapter.title} | {chapter.matter} | {chapter.kind}\n")
        lines += [_line(block) for block in chapter.blocks]
    return "".join(lines)


def _line(block: Block) -> str:
    return f"{block.role}: {block.text}".replace("\n", " / ").rstrip() + "\n"
