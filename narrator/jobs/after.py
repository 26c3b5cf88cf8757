"""What happens with finished files: they are copied to where people listen."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from narrator.durable import disk_errors, made_whole, parts_of, sync_folder, write_durably

MANIFEST = ".narrator-copies.json"
"""In the folder of the copies: {"copies": {"path in it": [bytes, "SHA-256"]}}, all that was copied there."""


class _Copied(NamedTuple):
    """What a file had when it was copied."""

    size: int
    sha256: str


def copy_files(files: Sequence[Path], folder: Path) -> list[Path]:
    """Copy an audiobook's files to a folder of its own; where each of them is there, in their order.

    Folders below the one that all the files share are kept. Each file is there wholly or as it was before; one
    that is there with the same bytes is left. What was copied there earlier, is not among the files any more
    and is as it was copied, is removed; whatever else is there stays.

    Raises:
        DiskError: a file cannot be read or written. Those before it are copied.
    """
    if not files:
        return []
    shared = os.path.commonpath([file.parent for file in files])
    names = [file.relative_to(shared).as_posix() for file in files]
    copies = [folder / name for name in names]
    with disk_errors(f"Copying to {folder}"):
        kept = _read_manifest(folder / MANIFEST)
        wanted = {name: _copied(file) for name, file in zip(names, files, strict=True)}
        for rest in parts_of([*copies, *(folder / name for name in kept), folder / MANIFEST]):
            rest.unlink(missing_ok=True)
        # Before anything is copied: what is there when we are killed is known to be ours.
        _write_manifest(folder / MANIFEST, kept | wanted, before=kept)
        for file, name, copy in zip(files, names, copies, strict=True):
            if not _is_still(copy, wanted[name]):
                _copy(file, copy)
        _remove_superseded(folder, {name: was for name, was in kept.items() if name not in wanted}, copies)
        _write_manifest(folder / MANIFEST, wanted, before=kept | wanted)
    return copies


def _copy(file: Path, copy: Path) -> None:
    if not copy.parent.is_dir():
        copy.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(copy.parent.parent)
    with made_whole(copy) as beside:
        shutil.copyfile(file, beside)


def _copied(file: Path) -> _Copied:
    with file.open("rb") as opened:
        return _Copied(file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())


def _is_still(copy: Path, was: _Copied) -> bool:
    """Whether a file is there with the same bytes."""
    return copy.is_file() and copy.stat().st_size == was.size and _copied(copy) == was


def _remove_superseded(folder: Path, superseded: Mapping[str, _Copied], copies: Iterable[Path]) -> None:
    """Remove copies that are as they were made, and folders that are empty without them."""
    # Where upper and lower case are one, an old name may be that of a new file.
    delivered = {(stat.st_dev, stat.st_ino) for stat in (copy.stat() for copy in copies)}
    for name, was in superseded.items():
        path = folder / name
        if path.is_symlink() or not _is_still(path, was):
            continue
        if (path.stat().st_dev, path.stat().st_ino) in delivered:
            continue
        path.unlink()
        sync_folder(path.parent)
        for parent in PurePosixPath(name).parents[:-1]:
            with suppress(OSError):  # it is not empty, or a link
                (folder / parent).rmdir()


def _read_manifest(path: Path) -> dict[str, _Copied]:
    """What was copied; nothing where there is no manifest or a damaged one. Raises OSError."""
    try:
        told = json.loads(path.read_bytes())["copies"]
        kept = {str(name): _Copied(int(size), str(sha256)) for name, (size, sha256) in told.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return {}
    return kept if all(map(_is_inside, kept)) else {}


def _is_inside(name: str) -> bool:
    """Whether a manifest's name is that of a file in its folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _write_manifest(path: Path, copied: Mapping[str, _Copied], *, before: Mapping[str, _Copied]) -> None:
    if copied != before or not path.exists():
        write_durably(path, (json.dumps({"copies": copied}, indent=1) + "\n").encode())
