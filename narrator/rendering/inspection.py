"""What is really in a folder of takes: which pairs are there, whether each is sound, what it was asked for.

The layout and the sidecars are those of `rendering.takes`. Nothing is changed here, whatever is found.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrator.durable import PART_SUFFIX, disk_errors
from narrator.model import Measurement, TakeKey
from narrator.rendering.reasons import Canonical

if TYPE_CHECKING:
    import numpy.typing as npt

THREADS = 2
"""Hashing and filtering let go of the interpreter's lock; more threads would only hold more takes in memory."""

_NAME = re.compile(r"([0-9a-f]{64})(\.json|\.pcm)")
_PART = re.compile(rf"\..{{1,60}}\.[0-9a-f]{{8}}{re.escape(PART_SUFFIX)}")
_RELATIVE_ERROR = 0.01
_ABSOLUTE_ERROR = 1e-5
"""Filters do not agree to the last bit on every machine and in every version. Nobody hears this: it is 0.04 dB,
or, of the energy of a hop, far below the meter's gate."""


@dataclass(frozen=True, slots=True)
class Found:
    """The takes of a folder by names and sizes alone.

    `pairs` have both files and a PCM of whole samples, `halves` have not. `bytes` counts both files of each.
    """

    pairs: frozenset[TakeKey]
    halves: frozenset[TakeKey]
    bytes: Mapping[TakeKey, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """A take that is not sound, and what is wrong with it.

    Where its PCM is what was stored, and only what its sidecar measures is wrong, `measured` is what is right.
    """

    key: TakeKey
    what: str
    measured: Measurement | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a take's sidecar says of how it came to be. `characters_billed` is 0 where it does not say."""

    key: TakeKey
    request: Canonical
    characters_billed: int


def look(folder: Path) -> Found:
    """The takes in a folder; files that are not named as a take's are passed over.

    Raises:
        DiskError: a folder or a file in it cannot be looked at.
    """
    sizes: dict[TakeKey, dict[str, int]] = {}
    with disk_errors(f"Looking at the takes in {folder}"):
        for shard in folder.glob("[0-9a-f][0-9a-f]"):
            with os.scandir(shard) as entries:
                for entry in entries:
                    match = _NAME.fullmatch(entry.name)
                    if match and entry.name.startswith(shard.name):
                        sizes.setdefault(TakeKey(match[1]), {})[match[2]] = entry.stat().st_size
    pairs = frozenset(key for key, size in sizes.items() if len(size) == 2 and _is_whole(size[".pcm"]))
    return Found(pairs, frozenset(sizes) - pairs, {key: sum(size.values()) for key, size in sizes.items()})


def keys_in(quarantine: Path) -> frozenset[TakeKey]:
    """The keys of the takes that were put away.

    Raises:
        DiskError: the folder cannot be looked at.
    """
    with disk_errors(f"Looking at {quarantine}"):
        names = [_NAME.fullmatch(path.name) for path in quarantine.glob("*")]
    return frozenset(TakeKey(name[1]) for name in names if name)


def parts_in(folder: Path) -> tuple[Path, ...]:
    """Files anywhere in a folder that were begun, and never became whole.

    Raises:
        DiskError: a folder cannot be looked at.
    """
    with disk_errors(f"Looking at {folder}"):
        return tuple(sorted(path for path in folder.rglob(f".*{PART_SUFFIX}") if _PART.fullmatch(path.name)))


def paths_of(folder: Path, key: TakeKey) -> tuple[Path, Path]:
    """A take's sidecar and its PCM."""
    stem = folder / key[:2] / key
    return stem.with_suffix(".json"), stem.with_suffix(".pcm")


def sidecars_in(quarantine: Path) -> tuple[Path, ...]:
    """The sidecars of takes that were put away.

    Raises:
        DiskError: the folder cannot be looked at.
    """
    with disk_errors(f"Looking at {quarantine}"):
        return tuple(sorted(quarantine.glob("*.json")))


def kept_in(sidecars: Iterable[Path]) -> Iterator[Kept]:
    """What these sidecars say; one that makes no sense is passed over.

    Raises:
        DiskError: a sidecar cannot be read.
    """
    for sidecar in sidecars:
        with disk_errors(f"Reading {sidecar}"):
            data = sidecar.read_bytes()
        try:
            raw = json.loads(data)
            request, billed = raw["request"], raw["facts"].get("characters_billed") or 0
            is_sane = isinstance(request["text"], str) and isinstance(request.get("options", {}), dict)
            if is_sane and isinstance(billed, int):
                yield Kept(TakeKey(sidecar.stem), request, billed)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue


def faults_in(folder: Path, keys: Iterable[TakeKey]) -> Iterator[Fault | None]:
    """Read every byte of these takes, some at a time: in their order, what is wrong with each, if anything.

    Raises:
        DiskError: a take cannot be read, for a reason that is not its own.
    """
    pool = ThreadPoolExecutor(THREADS, "inspection")
    waiting: deque[Future[Fault | None]] = deque()
    try:
        for key in keys:
            waiting.append(pool.submit(fault_in, folder, key))
            if len(waiting) > 2 * THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def fault_in(folder: Path, key: TakeKey) -> Fault | None:
    """What is wrong with a take: its sidecar, its request, its PCM, or its measurement. None for nothing.

    Raises:
        DiskError: it cannot be read, for a reason that is not its own.
    """
    sidecar, path = paths_of(folder, key)
    try:
        raw = json.loads(sidecar.read_bytes())
        what = _fault_of_sidecar(raw, key)
        if not what:
            return _fault_of_sound(key, raw, path)
    except FileNotFoundError:
        what = "its PCM is missing" if sidecar.exists() else "its sidecar is missing"
    except (AttributeError, KeyError, TypeError, ValueError):
        what = "its sidecar makes no sense"
    except OSError as exc:
        if exc.errno != errno.EIO:
            with disk_errors(f"Reading take {key[:12]}"):
                raise
        what = "the disk cannot read it any more"
    return Fault(key, what) if what else None


def _fault_of_sidecar(raw: Mapping[str, Any], key: TakeKey) -> str:
    """What a sidecar gets wrong of itself; one that makes no sense raises whatever that leads to."""
    if raw["key"] != key or _key_of(raw["request"]) != key:
        return "its sidecar is of another request than its name"
    if raw["format"] != {"encoding": "s16le", "channels": 1, "rate_hz": raw["request"]["rate_hz"]}:
        return "its sidecar declares another format than was asked for"
    is_sane = isinstance(raw["facts"], dict) and all(map(_is_word_time, raw["words"]))
    return "" if is_sane else "its sidecar makes no sense"


def _fault_of_sound(key: TakeKey, raw: Mapping[str, Any], path: Path) -> Fault | None:
    pcm, sha256 = path.read_bytes(), str(raw["sha256"])
    if hashlib.sha256(pcm).hexdigest() != sha256:
        expected = 2 * raw["measurement"]["frames"]
        if len(pcm) != expected:
            return Fault(key, f"its PCM has {len(pcm):,} bytes where {expected:,} were stored")
        return Fault(key, "its PCM is not what was stored (SHA-256)")
    from narrator.audio.measure import measure  # noqa: PLC0415 - brings numpy, and a plan looks at names alone

    measured = measure(pcm, raw["request"]["rate_hz"])
    try:
        is_measured = _is_measured(raw["measurement"], measured)
    except (KeyError, TypeError, ValueError):
        is_measured = False
    return None if is_measured else Fault(key, "its sidecar measures something else than its PCM", measured)


def _key_of(request: Canonical) -> str:
    """The key of a canonical form as it was stored, also under a recipe of keys that is no longer in use."""
    form = json.dumps(request, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()


def _is_measured(stored: Mapping[str, Any], measured: Measurement) -> bool:
    import numpy as np  # noqa: PLC0415 - as above

    def is_close(stored: npt.ArrayLike, measured: npt.ArrayLike) -> bool:
        same_shape = np.shape(stored) == np.shape(measured)
        return same_shape and np.allclose(stored, measured, rtol=_RELATIVE_ERROR, atol=_ABSOLUTE_ERROR)

    exact = ("frames", "lead_frames", "tail_frames", "sample_peak")
    return (
        all(stored[name] == getattr(measured, name) for name in exact)
        and _decoded(stored["hop_peaks"]) == measured.hop_peaks
        and is_close(stored["true_peak"], measured.true_peak)
        and is_close(stored["sum_squares"], measured.sum_squares)
        and is_close(
            np.frombuffer(_decoded(stored["hop_energies"]), "<f4"), np.frombuffer(measured.hop_energies, "<f4")
        )
    )


def _decoded(hops: str) -> bytes:
    return base64.b64decode(hops, validate=True)


def _is_word_time(word: Any) -> bool:
    match word:
        case [str(), int(), int()]:
            return True
        case _:
            return False


def _is_whole(size: int) -> bool:
    return size > 0 and size % 2 == 0
