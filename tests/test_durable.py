from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

import pytest

from narrator.durable import write_durably
from narrator.errors import DiskError


def test_a_file_is_replaced_whole_with_usual_permissions(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_durably(path, b"old")
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    write_durably(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (1000, limits[1])
    )  # Python ignores SIGXFSZ, so writing fails: EFBIG
    try:
        with pytest.raises(DiskError, match="Free some space"):
            write_durably(path, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DiskError, match="file"):
        write_durably(tmp_path / "file" / "inside.txt", b"x")
