"""What happens with finished files: they are copied to where people listen."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from narrator.durable import disk_errors, made_whole, parts_of, sync_folder


def copy_files(files: Sequence[Path], folder: Path) -> list[Path]:
    """Copy an audiobook's files to a folder of its own; where each of them is there, in their order.

    Folders below the one that all the files share are kept. Each file is there wholly or as it was before; one
    that is there with the same bytes is left, and so is whatever else is there.

    Raises:
        DiskError: a file cannot be read or written. Those before it are copied.
    """
    if not files:
        return []
    shared = os.path.commonpath([file.parent for file in files])
    copies = [folder / file.relative_to(shared) for file in files]
    with disk_errors(f"Copying to {folder}"):
        for rest in parts_of(copies):
            rest.unlink(missing_ok=True)
        for file, copy in zip(files, copies, strict=True):
            if not _is_same(file, copy):
                _copy(file, copy)
    return copies


def _copy(file: Path, copy: Path) -> None:
    if not copy.parent.is_dir():
        copy.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(copy.parent.parent)
    with made_whole(copy) as beside:
        shutil.copyfile(file, beside)


def _is_same(file: Path, copy: Path) -> bool:
    """Whether a copy is there with the same bytes."""
    if not copy.is_file() or copy.stat().st_size != file.stat().st_size:
        return False
    return _digest_of(copy) == _digest_of(file)


def _digest_of(path: Path) -> bytes:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
