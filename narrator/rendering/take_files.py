"""The two files of a take, PCM and sidecar: both are there, or neither."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from narrator.durable import disk_errors, sync_folder, synced_part


def sidecar_of(path: Path) -> Path:
    """Where the sidecar of the PCM at `path` stands."""
    return path.with_suffix(".json")


def write_take(path: Path, pcm: bytes, sidecar: bytes) -> str:
    """Write a take's files, and hand over the SHA-256 of its PCM; neither has its name before both are synced.

    `sidecar` is a JSON object but for its last entry, `sha256`, and its end.

    Raises:
        DiskError: nothing is left under their names.
    """
    beside, sha256 = sidecar_of(path), hashlib.sha256(pcm).hexdigest()
    with (
        disk_errors(f"Writing the take {path}"),
        synced_part(path, pcm) as new_pcm,
        synced_part(beside, b'%b,\n "sha256": "%b"\n}' % (sidecar, sha256.encode())) as new_sidecar,
    ):
        try:
            new_pcm.replace(path)
            new_sidecar.replace(beside)
            sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
                path.unlink(missing_ok=True)
            raise
    return sha256
