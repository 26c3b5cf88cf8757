"""The two files of a take, PCM and sidecar. A take is there when both names are."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from narrator.durable import disk_errors, sync_folder, synced_part


def sidecar_of(path: Path) -> Path:
    """Where the sidecar of the PCM at `path` stands."""
    return path.with_suffix(".json")


def is_take(path: Path) -> bool:
    """Whether both files of the take are there, now.

    Raises:
        DiskError: they cannot be looked at.
    """
    with disk_errors(f"Looking for the take {path}"):
        return path.exists() and sidecar_of(path).exists()


def write_take(path: Path, pcm: bytes, sidecar: bytes) -> str:
    """Write a take's files, and hand over the SHA-256 of its PCM; neither has its name before both are synced.

    `sidecar` is a JSON object but for its last entry, `sha256`, and its end.

    Raises:
        DiskError: nothing of this is left under their names.
    """
    sha256 = hashlib.sha256(pcm).hexdigest()
    with (
        disk_errors(f"Writing the take {path}"),
        synced_part(path, pcm) as new_pcm,
        synced_part(sidecar_of(path), b'%b,\n "sha256": "%b"\n}' % (sidecar, sha256.encode())) as new_sidecar,
    ):
        named: list[Path] = []
        try:
            for part, name in ((new_pcm, path), (new_sidecar, sidecar_of(path))):
                part.replace(name)
                named.insert(0, name)
            sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                for name in named:
                    name.unlink(missing_ok=True)
            raise
    return sha256
