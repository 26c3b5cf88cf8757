"""The store of takes: the truth of a project. A take is a pair of files, named by its key.

    takes/ab/ab12….pcm     signed 16-bit little-endian mono, written once
    takes/ab/ab12….json    its sidecar: what was asked, what it measures, what its bytes hash to

Both are synced before either has its name, so a take is there when both names are.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from narrator.durable import PART_SUFFIX, disk_errors, probe, write_durably
from narrator.errors import DiskError
from narrator.model import Draft, Measurement, Take, TakeKey, WordTime
from narrator.rendering.take_files import is_take, sidecar_of, write_take

REVISION = 1

_encoded = json.JSONEncoder(ensure_ascii=False).encode


class TakeFolder:
    """Implements ports.TakeStore on a folder of the local disk. One process at a time (the project's lock)."""

    def __init__(self, folder: Path, quarantine: Path) -> None:
        self._folder = folder
        self._quarantine = quarantine

    def keys(self) -> frozenset[TakeKey]:
        """The keys of all pairs whose PCM has whole samples, by names and sizes alone.

        Raises:
            DiskError: a folder or a file in it cannot be looked at.
        """
        found: set[TakeKey] = set()
        with disk_errors("Looking for finished takes"):
            for shard in _scan(self._folder):
                if shard.is_dir():
                    sizes = {entry.name: entry.stat().st_size for entry in _scan(Path(shard.path))}
                    stems = (name.removesuffix(".json") for name in sizes if name.endswith(".json"))
                    found.update(TakeKey(stem) for stem in stems if _is_whole(sizes.get(f"{stem}.pcm", 0)))
        return frozenset(found)

    def probe(self) -> None:
        """Find out whether takes can be stored, before the first is paid for.

        Raises:
            DiskError: no: the folder is read-only, or the disk is full.
        """
        probe(self._folder / "probe")  # `sweep` removes what a killed process leaves of it

    def load(self, key: TakeKey) -> Take | None:
        """The take by its sidecar; None, and the pair put away, where the sidecar or the length is wrong.

        The PCM itself is not read here: assembly does that, and compares its SHA-256.
        """
        path = self._path(key)
        try:
            with disk_errors(f"Reading take {key[:12]}"):
                sidecar, size = sidecar_of(path).read_bytes(), path.stat().st_size
            take = _parse(json.loads(sidecar), path)
            if take.key == key and size == 2 * take.frames:
                return take
        except DiskError as exc:
            if isinstance(exc.__cause__, FileNotFoundError):
                return None  # another chapter of the same text has put it away
            raise
        except (KeyError, TypeError, ValueError):
            pass  # a sidecar that says nothing is as good as none
        self.quarantine(key)
        return None

    def facts(self, key: TakeKey) -> Mapping[str, Any]:
        """What a sidecar keeps for people of how its take came; nothing where it does not say.

        Raises:
            DiskError: it cannot be read.
        """
        sidecar = sidecar_of(self._path(key))
        try:
            with disk_errors(f"Reading take {key[:12]}"), suppress(FileNotFoundError):
                facts = json.loads(sidecar.read_bytes())["facts"]
                return facts if isinstance(facts, dict) else {}
        except (KeyError, TypeError, ValueError):
            pass  # one that says nothing is as good as none
        return {}

    def save(self, draft: Draft) -> Take:
        """Store a take durably, on any thread; if there is one of this key already, it wins.

        Raises:
            DiskError: nothing is left under the take's names.
        """
        if self.has(draft.request.key) and (existing := self.load(draft.request.key)):
            return existing
        path, sidecar = self.unsealed(draft)
        return self.sealed(draft, write_take(path, draft.pcm, sidecar))

    def unsealed(self, draft: Draft) -> tuple[Path, bytes]:
        """Where a draft's PCM goes, and its sidecar as `write_take` wants it."""
        return self._path(draft.request.key), _sidecar(draft)

    def sealed(self, draft: Draft, sha256: str) -> Take:
        """The take of a draft that was written."""
        request = draft.request
        return Take(
            key=request.key,
            path=self._path(request.key),
            rate_hz=request.rate_hz,
            sha256=sha256,
            measurement=draft.measurement,
            words=draft.words,
        )

    def has(self, key: TakeKey) -> bool:
        """Whether both files of a take are there, now.

        Raises:
            DiskError: they cannot be looked at.
        """
        return is_take(self._path(key))

    def quarantine(self, key: TakeKey) -> None:
        """Put a bad take where it can be looked at; its key is missing from then on."""
        with disk_errors(f"Putting away take {key[:12]}"):
            self._quarantine.mkdir(parents=True, exist_ok=True)
            for suffix in (".json", ".pcm"):
                path = self._path(key).with_suffix(suffix)
                with suppress(FileNotFoundError):
                    path.replace(self._quarantine / path.name)

    def measure_anew(self, key: TakeKey, measured: Measurement) -> None:
        """Write into a take's sidecar what its PCM really measures.

        Raises:
            DiskError: the sidecar is as it was.
        """
        path = sidecar_of(self._path(key))
        with disk_errors(f"Reading {path}"):
            raw = json.loads(path.read_bytes())
        write_durably(path, _entries({**raw, "measurement": _facts_of(measured)}) + b"\n}")

    def sweep(self) -> None:
        """Remove what a killed process left half written."""
        with disk_errors(f"Tidying {self._folder}"):
            for pattern in (f".*{PART_SUFFIX}", f"*/.*{PART_SUFFIX}"):
                for path in self._folder.glob(pattern):
                    path.unlink()

    def _path(self, key: TakeKey) -> Path:
        return self._folder / key[:2] / f"{key}.pcm"


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _is_whole(size: int) -> bool:
    return size > 0 and size % 2 == 0


def _sidecar(draft: Draft) -> bytes:
    """As `write_take` wants it."""
    request = draft.request
    return _entries(
        {
            "revision": REVISION,
            "key": request.key,
            "request": request.canonical(),
            "format": {"encoding": "s16le", "channels": 1, "rate_hz": request.rate_hz},
            "measurement": _facts_of(draft.measurement),
            "words": [[word.word, word.start_ms, word.end_ms] for word in draft.words],
            "facts": dict(draft.facts),
        }
    )


def _facts_of(measured: Measurement) -> dict[str, Any]:
    return {
        "frames": measured.frames,
        "hop_energies": base64.b64encode(measured.hop_energies).decode(),
        "hop_peaks": base64.b64encode(measured.hop_peaks).decode(),
        "sample_peak": measured.sample_peak,
        "true_peak": measured.true_peak,
        "sum_squares": measured.sum_squares,
        "lead_frames": measured.lead_frames,
        "tail_frames": measured.tail_frames,
    }


def _entries(parts: Mapping[str, Any]) -> bytes:
    """A JSON object but for its end, a line for each part: as fast as json writes it, and people read it."""
    lines = (f' "{name}": {_encoded(part)}' for name, part in parts.items())
    return "{{\n{}".format(",\n".join(lines)).encode()


def _parse(raw: dict[str, Any], path: Path) -> Take:
    measurement = dict(raw["measurement"])
    for name in ("hop_energies", "hop_peaks"):
        measurement[name] = base64.b64decode(measurement[name], validate=True)
    return Take(
        key=TakeKey(raw["key"]),
        path=path,
        rate_hz=raw["format"]["rate_hz"],
        sha256=raw["sha256"],
        measurement=Measurement(**measurement),
        words=tuple(WordTime(*word) for word in raw["words"]),
    )
