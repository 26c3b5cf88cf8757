"""Whatever happens to a file by chance, it is read or refused in plain words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from narrator.errors import ManuscriptError
from narrator.manuscript.reading import read_manuscript
from tests.manuscript.fuzz import mutant, whole_books
from tests.manuscript.pdf_maker import read_here

_FEW, _MANY = 8, 700
_NAMES = (
    "a.epub", "a.docx", "a.odt", "a.fodt", "a.fb2", "a.fbz", "a.rtf", "a.pdf", "a.html", "a.md", "a.txt",
)  # fmt: skip
_books = cache(whole_books)


@pytest.mark.parametrize("name", _NAMES)
def test_book_as_it_was_made_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(_books()[name])
    assert read_manuscript(path).chapters


@pytest.mark.parametrize("name", _NAMES)
def test_changed_book_is_read_or_refused(tmp_path: Path, name: str) -> None:
    for seed in range(_FEW):
        _read_or_refused(tmp_path / name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", _NAMES)
def test_book_changed_in_many_ways_is_read_or_refused(tmp_path: Path, name: str) -> None:
    for seed in range(_FEW, _MANY):
        _read_or_refused(tmp_path / name, seed)


def _read_or_refused(path: Path, seed: int) -> None:
    data = mutant(_books(), path.name, seed)
    path.write_bytes(data)
    # PDFs are read in this process, since to start another takes longer than all else.
    read = read_here if path.suffix == ".pdf" and data.startswith(b"%PDF-") else read_manuscript
    try:
        assert read(path).chapters
    except ManuscriptError as refused:
        assert "\n" not in refused.what, seed  # noqa: PT017 - to refuse it is right, too
        assert refused.advice, seed  # noqa: PT017
    except Exception as exc:
        raise AssertionError(f"{path.name}, seed {seed}") from exc
