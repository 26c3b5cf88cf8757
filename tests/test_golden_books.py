"""Each folder in golden/ is a book, from the manuscript in `in/` to what is said of it in `golden/`.

    in/                   the manuscript; beside it project.toml and lexicon.toml, where the case needs them
    golden/chapters.txt   the book's facts, then a line for each chapter:
                          matter | kind | spoken, or under which rule it is not | title | words
    golden/script.txt     what is said, as `narrator plan --text` writes it

A new case needs no code: make `in/`, write what should come of it, and look at the difference. What is a zip
for a reader is a folder here, `book.epub.d/` for `book.epub`, and `book.pdf.txt` is the text of a PDF's pages,
with form feeds between them. `UPDATE_GOLDEN=1 pytest tests/test_golden_books.py` writes what does come of all
cases; read every line that it changed.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from difflib import unified_diff
from pathlib import Path

import pytest

from narrator.book import Book, locate, open_book
from narrator.model import Script, ScriptChapter
from narrator.script.script_text import edited, written
from narrator.wishes import wishes_of
from tests.manuscript.pdf_maker import Page, make_pdf, set_lines

CASES = sorted(path for path in Path(__file__).parent.joinpath("golden").iterdir() if path.is_dir())
OF_THE_PROJECT = {"project.toml", "lexicon.toml"}
MUST_WRITE = bool(os.environ.get("UPDATE_GOLDEN"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_book_is_said_as_expected(case: Path, tmp_path: Path) -> None:
    book = _open(case / "in", tmp_path)
    text = written(book.script, book.source_of())
    assert edited(text, book.script) == book.script
    _, _, below_the_help = text.partition("\n\n")
    found = {"chapters.txt": _chapters(book.script), "script.txt": below_the_help.lstrip("\n")}
    golden = case / "golden"
    if MUST_WRITE:
        golden.mkdir(exist_ok=True)
        for name, said in found.items():
            (golden / name).write_text(said, encoding="utf-8")
    if difference := "".join(_difference(golden / name, said) for name, said in found.items()):
        pytest.fail(f"{case.name} is said in another way\n{difference}", pytrace=False)


def _open(given: Path, folder: Path) -> Book:
    project = folder / "project"
    project.mkdir()
    for name in OF_THE_PROJECT:
        if (given / name).exists():
            shutil.copy(given / name, project)
    (source,) = (path for path in given.iterdir() if path.name not in OF_THE_PROJECT)
    wishes = wishes_of(project=project)
    return open_book(locate(_manuscript(source, folder), wishes), wishes)


def _manuscript(source: Path, folder: Path) -> Path:
    path = folder / source.name.removesuffix(".d").removesuffix(".txt")
    if source.is_dir():
        with zipfile.ZipFile(path, "w") as archive:
            # A file `mimetype` has to be the first of an EPUB or an ODT.
            for member in sorted(source.rglob("*"), key=lambda member: (member.name != "mimetype", member)):
                archive.write(member, member.relative_to(source))
    elif path.suffix == ".pdf":
        pages = source.read_text(encoding="utf-8").split("\f\n")
        make_pdf(path, [Page(set_lines(page.split("\n"))) for page in pages])
    else:
        path = folder / source.name
        shutil.copy(source, path)
    return path


def _chapters(script: Script) -> str:
    facts = (script.title, ", ".join(script.authors), script.language, script.date, script.series, script.part)
    return "".join(f"{line}\n" for line in (" | ".join(facts), "", *map(_chapter, script.chapters)))


def _chapter(chapter: ScriptChapter) -> str:
    rules = ", ".join(dict.fromkeys(skip.rule for skip in chapter.skipped))
    said = "spoken" if chapter.spoken else f"not spoken: {rules}"
    return " | ".join((chapter.matter, chapter.kind, said, chapter.title, str(chapter.words)))


def _difference(golden: Path, said: str) -> str:
    before = golden.read_text(encoding="utf-8") if golden.exists() else ""
    lines = unified_diff(
        before.splitlines(keepends=True), said.splitlines(keepends=True), str(golden), "what is said now"
    )
    return "".join(lines)
