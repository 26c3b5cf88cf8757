"""Pages without the numbers that some publishers print beside each paragraph, each a link to its own place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from narrator.manuscript.html_blocks import Page
from narrator.manuscript.pieces import Piece
from narrator.model import Role

_FEWEST = 20
_SHARE = 4
"""At least one piece in so many is a number where paragraphs are numbered."""


def without_paragraph_numbers(pages: Mapping[str, Page]) -> Mapping[str, Page]:
    """The pages without the numbers of their paragraphs, where these are numbered throughout the book.

    Such a number is a paragraph of its own that is a link, and they rise from the first to the last.
    """
    numbers = [int(piece.block.text) for page in pages.values() for piece in page.pieces if _is_number(piece)]
    pieces = sum(len(page.pieces) for page in pages.values())
    if len(numbers) < max(_FEWEST, pieces / _SHARE) or any(new <= old for old, new in pairwise(numbers)):
        return pages
    return {name: _without_numbers(page) for name, page in pages.items()}


def _is_number(piece: Piece) -> bool:
    text = piece.block.text
    is_linked = piece.linked >= len(text) > 0
    return is_linked and piece.block.role is Role.PARAGRAPH and text.isascii() and text.isdigit()


def _without_numbers(page: Page) -> Page:
    dropped = [at for at, piece in enumerate(page.pieces) if _is_number(piece)]
    kept = tuple(piece for piece in page.pieces if not _is_number(piece))
    anchors = {anchor: at - bisect_left(dropped, at) for anchor, at in page.anchors.items()}
    return replace(page, pieces=kept, anchors=anchors)
