"""What happens with finished files: they are copied to where people listen."""

from __future__ import annotations

import hashlib
import os
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import regex
from pathvalidate import sanitize_filename
from pathvalidate.handler import ReservedNameHandler

from narrator.durable import disk_errors, made_whole, parts_of, sync_folder

_NAME_BYTES = 140
"""File systems stop at 255 bytes, encrypted home folders (eCryptfs) at 143."""


def copy_files(files: Sequence[Path], folder: Path, title: str) -> list[Path]:
    """Copy an audiobook's files to `folder/<title as a name>`; where each of them is there, in their order.

    Folders below the one that all the files share are kept. Each file is there wholly or as it was before; one
    that is there with the same bytes is left, and so is whatever else is there.

    Raises:
        DiskError: a file cannot be read or written. Those before it are copied.
    """
    if not files:
        return []
    shared = os.path.commonpath([file.parent for file in files])
    copies = [folder / folder_name(title) / file.relative_to(shared) for file in files]
    with disk_errors(f"Copying to {folder}"):
        for rest in parts_of(copies):
            rest.unlink(missing_ok=True)
        for file, copy in zip(files, copies, strict=True):
            if not _is_same(file, copy):
                _copy(file, copy)
    return copies


def folder_name(title: str) -> str:
    """As much of a title as every system takes for the name of a folder; 'audiobook' where nothing is left."""
    text = " ".join(unicodedata.normalize("NFC", title.encode(errors="replace").decode()).split())
    safe = sanitize_filename(
        text, platform="universal", replacement_text=" ", reserved_name_handler=ReservedNameHandler.as_is
    )
    kept = ""
    for character in regex.findall(r"\X", " ".join(safe.split())):
        if len((kept + character).encode()) > _NAME_BYTES:
            break
        kept += character
    # Only now: a name may have become one of a device.
    return sanitize_filename(kept.strip(" ."), platform="universal") or "audiobook"


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
