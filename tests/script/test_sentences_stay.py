"""The cuts of `paragraph` in characters were paid for, take by take: they stay what they were in 0.1.0."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import regex
import sentencex

from narrator.model import Manuscript
from narrator.script.strategies import Limit, paragraph

BREAKS = (
    r"""[.!?…。！？]["”’»」』)]*\s*(?<=[\s。！？」』])""",
    r"[;:—；：]\s*",
    r"[,،、，]\s*",
    r"\s+",
)


def cuts_of_old(text: str, language: str, limit: int) -> list[str]:
    if len(text.strip()) <= limit:
        return [text]
    whole = sentencex.segment(language.split("-", maxsplit=1)[0].lower() or "en", text)
    assert "".join(whole) == text
    return run_on([part for one in whole for part in shorter(one, limit, BREAKS)], limit)


def shorter(text: str, limit: int, breaks: tuple[str, ...]) -> list[str]:
    if len(text.strip()) <= limit:
        return [text]
    if not breaks:
        return run_on(regex.findall(r"\X", text), limit)
    cuts = [0, *(match.end() for match in regex.finditer(breaks[0], text)), len(text)]
    parts = [text[start:end] for start, end in pairwise(cuts)]
    return run_on([piece for part in parts if part for piece in shorter(part, limit, breaks[1:])], limit)


def run_on(parts: list[str], limit: int) -> list[str]:
    runs = [""]
    for part in parts:
        if runs[-1] and len(runs[-1]) + len(part.rstrip()) > limit:
            runs.append("")
        runs[-1] += part
    return runs


@pytest.mark.parametrize(
    "name", ["alice.epub", "candide-fr.txt", "earnest.epub", "kusamakura-ja.epub", "study-in-scarlet.md"]
)
def test_paragraphs_are_cut_as_they_always_were(name: str, real_book: Callable[[str], Manuscript]) -> None:
    book = real_book(name)
    for chapter in book.chapters:
        for block in chapter.blocks:
            for limit in (40, 100, 300, 1_000):
                language = block.language or book.language
                expected = cuts_of_old(block.text, language, limit)
                assert paragraph(block.text, language, Limit(limit)) == (expected if block.text else [""])
