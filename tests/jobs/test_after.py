from __future__ import annotations

import os
import resource
import signal
import stat
from pathlib import Path

import pytest

from narrator.durable import part_of
from narrator.errors import DiskError
from narrator.jobs.after import copy_files


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "out"
    (folder / "text").mkdir(parents=True)
    (folder / "01 - One.mp3").write_bytes(b"one")
    (folder / "02 - Two.mp3").write_bytes(b"two")
    (folder / "text" / "One.vtt").write_bytes(b"words")
    return folder


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_book_is_copied_with_its_own_folders(out: Path, tmp_path: Path) -> None:
    book = tmp_path / "not" / "yet" / "there"
    copies = copy_files(files_in(out), book)
    assert copies == [book / "01 - One.mp3", book / "02 - Two.mp3", book / "text" / "One.vtt"]
    assert [copy.read_bytes() for copy in copies] == [b"one", b"two", b"words"]
    assert files_in(book) == copies


def test_only_what_has_changed_is_copied_again(out: Path, tmp_path: Path) -> None:
    one, two, words = copy_files(files_in(out), tmp_path / "shelf" / "Book")
    before = {path: path.stat().st_ino for path in (one, two, words)}
    (out / "02 - Two.mp3").write_bytes(b"TWO")
    os.utime(out / "01 - One.mp3", (1, 1))
    copy_files(files_in(out), tmp_path / "shelf" / "Book")
    assert two.read_bytes() == b"TWO"
    assert [path for path in before if path.stat().st_ino != before[path]] == [two]


def test_what_else_is_there_stays(out: Path, tmp_path: Path) -> None:
    book = tmp_path / "shelf" / "Book"
    copy_files(files_in(out), tmp_path / "shelf" / "Book")
    (out / "02 - Two.mp3").unlink()
    (book / "notes.txt").write_text("mine")
    copy_files(files_in(out), tmp_path / "shelf" / "Book")
    assert (book / "02 - Two.mp3").read_bytes() == b"two"
    assert (book / "notes.txt").read_text() == "mine"


def test_copies_can_be_read_by_others(out: Path, tmp_path: Path) -> None:
    (copy,) = copy_files([out / "01 - One.mp3"], tmp_path / "shelf" / "Book")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o666 & ~mask


def test_what_a_killed_copy_left_is_removed(out: Path, tmp_path: Path) -> None:
    (copy,) = copy_files([out / "01 - One.mp3"], tmp_path / "shelf" / "Book")
    part_of(copy).write_bytes(b"on")
    copy_files([out / "01 - One.mp3"], tmp_path / "shelf" / "Book")
    assert files_in(tmp_path / "shelf") == [copy]


def test_a_full_disk_leaves_the_copy_of_before_and_nothing_else(out: Path, tmp_path: Path) -> None:
    (copy,) = copy_files([out / "01 - One.mp3"], tmp_path / "shelf" / "Book")
    (out / "01 - One.mp3").write_bytes(bytes(100_000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(DiskError, match=r"Copying to .*Book failed") as caught:
            copy_files([out / "01 - One.mp3"], tmp_path / "shelf" / "Book")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert "space" in caught.value.advice
    assert copy.read_bytes() == b"one"
    assert files_in(tmp_path / "shelf") == [copy]


def test_a_file_that_is_gone_and_a_folder_in_the_way_are_told(out: Path, tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"03\.mp3"):
        copy_files([out / "03.mp3"], tmp_path / "shelf" / "Book")
    (tmp_path / "shelf" / "Book" / "01 - One.mp3").mkdir(parents=True)
    with pytest.raises(DiskError):
        copy_files([out / "01 - One.mp3"], tmp_path / "shelf" / "Book")
    (tmp_path / "taken").write_text("")
    with pytest.raises(DiskError, match="taken"):
        copy_files([out / "01 - One.mp3"], tmp_path / "taken" / "Book")


def test_no_files_make_no_folder(tmp_path: Path) -> None:
    assert copy_files([], tmp_path / "shelf" / "Book") == []
    assert not (tmp_path / "shelf").exists()
