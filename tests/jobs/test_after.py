from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import stat
from pathlib import Path

import pytest

from narrator.durable import part_of
from narrator.errors import DiskError
from narrator.jobs.after import MANIFEST, copy_files


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "out"
    (folder / "text").mkdir(parents=True)
    (folder / "01 - One.mp3").write_bytes(b"one")
    (folder / "02 - Two.mp3").write_bytes(b"two")
    (folder / "text" / "One.vtt").write_bytes(b"words")
    return folder


def files_in(folder: Path) -> list[Path]:
    """All files but the note of what was copied."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


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


def test_what_was_copied_and_is_delivered_no_more_is_removed(out: Path, tmp_path: Path) -> None:
    book = tmp_path / "shelf" / "Book"
    copy_files(files_in(out), book)
    (out / "text" / "One.vtt").unlink()
    (out / "01 - One.mp3").rename(out / "02 - One.mp3")
    (out / "02 - Two.mp3").rename(out / "03 - Two.mp3")
    (out / "01 - Prologue.mp3").write_bytes(b"before one")
    copies = copy_files(files_in(out), book)
    assert [copy.name for copy in copies] == ["01 - Prologue.mp3", "02 - One.mp3", "03 - Two.mp3"]
    assert files_in(book) == copies
    assert not (book / "text").exists()


def test_what_others_put_there_or_changed_stays(out: Path, tmp_path: Path) -> None:
    book = tmp_path / "shelf" / "Book"
    copy_files(files_in(out), book)
    (book / "01 - One.mp3").write_bytes(b"ONE")  # with tags of somebody's own
    (book / "text" / "notes.txt").write_text("mine")
    for old in files_in(out):
        old.unlink()
    (out / "Book.mp3").write_bytes(b"one two")
    copy_files(files_in(out), book)
    assert files_in(book) == [book / "01 - One.mp3", book / "Book.mp3", book / "text" / "notes.txt"]


def test_what_a_damaged_note_names_stays(out: Path, tmp_path: Path) -> None:
    book = tmp_path / "shelf" / "Book"
    copy_files(files_in(out), book)
    whole = (book / MANIFEST).read_bytes()
    elsewhere = json.dumps({"copies": {"../mine": [3, hashlib.sha256(b"one").hexdigest()]}}).encode()
    (tmp_path / "shelf" / "mine").write_bytes(b"one")
    (out / "02 - Two.mp3").unlink()
    for damage in (whole[:-40], b"\xff", b"[" * 5000, b'{"copies": [1]}', b'{"copies": {"a": [1]}}', elsewhere):
        (book / MANIFEST).write_bytes(damage)
        copy_files(files_in(out), book)
        assert (book / "02 - Two.mp3").read_bytes() == b"two"
        assert (tmp_path / "shelf" / "mine").exists()
        assert "One.vtt" in (book / MANIFEST).read_text()  # it is whole again


def test_a_copy_that_was_cut_short_is_known_at_the_next(out: Path, tmp_path: Path) -> None:
    book = tmp_path / "shelf" / "Book"
    (book / "text" / "One.vtt").mkdir(parents=True)
    with pytest.raises(DiskError):
        copy_files(files_in(out), book)
    (book / "text" / "One.vtt").rmdir()
    (out / "02 - Two.mp3").unlink()
    copies = copy_files(files_in(out), book)
    assert files_in(book) == copies


def test_nothing_is_written_where_all_is_there(out: Path, tmp_path: Path) -> None:
    book = tmp_path / "shelf" / "Book"
    copy_files(files_in(out), book)
    before = [path.stat().st_ino for path in (book / MANIFEST, *files_in(book))]
    copy_files(files_in(out), book)
    assert [path.stat().st_ino for path in (book / MANIFEST, *files_in(book))] == before


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
