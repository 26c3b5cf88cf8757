"""A recogniser hears in the finished files what the books say, and nothing that should not be read out."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import jiwer
import pytest

from tests.end_to_end.command import delivered, narrator
from tests.slow.hearing import hear, spell

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "samples"


def test_the_sample_is_heard_as_it_is_written(tmp_path: Path) -> None:
    run = narrator("render", SAMPLES / "eleven-minutes.epub", "--projects", tmp_path, "--json")
    heard = [word for path in delivered(run) for word in hear(path)]

    assert jiwer.wer(" ".join(_sample_words()), " ".join(heard)) <= 0.08
    assert not {"proverb", "dedicated", "copyright", "contents"} & set(heard)


def test_alice_is_heard_from_her_first_word_to_her_last(corpus: Callable[[str], Path], tmp_path: Path) -> None:
    book = corpus("alice.epub")
    run = narrator("render", book, "--projects", tmp_path, "--json", timeout_s=600)
    files = delivered(run)

    title = "Alice's Adventures in Wonderland, by Lewis Carroll."
    written = spell(title) + _first_words(book, "chapter_001.xhtml", 300)
    heard = hear(files[0])
    ends = range(len(written) - 20, len(written) + 20)
    assert min(jiwer.wer(" ".join(written), " ".join(heard[:end])) for end in ends) <= 0.03

    ending = " ".join(hear(files[-1])[-40:])
    assert "what a wonderful dream it had been" in ending
    assert "the end of alice" in ending


def _sample_words() -> list[str]:
    """The headings and paragraphs of the four chapters, between the credits."""
    markdown = (SAMPLES / "eleven-minutes.md").read_text(encoding="utf-8")
    chapters = markdown.partition("## The Man")[2]
    without_notes = re.sub(r"^\[\^\d+\]: .*$", "", chapters, flags=re.MULTILINE)
    text = without_notes.replace("[^1]", "")
    credit = "Eleven Minutes, by The narrator project."
    return spell(f"{credit} The Man{text} The end of {credit}")


def _first_words(book: Path, page: str, count: int) -> list[str]:
    """The words of a page from its heading on, to the end of the sentence that holds the last of them."""
    with zipfile.ZipFile(book) as archive:
        xhtml = archive.read(f"OPS/{page}").decode()
    text = html.unescape(re.sub(r"<[^>]+>", "", xhtml.partition("<h2")[2].partition(">")[2]))
    tokens = text.split()
    end = next(i for i, token in enumerate(tokens) if i >= count and re.search(r"[.!?]\W*$", token))
    return spell(" ".join(tokens[: end + 1]))
