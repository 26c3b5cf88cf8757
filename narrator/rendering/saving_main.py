"""The process that writes takes: `python -P -m narrator.rendering.saving_main`, started by `saving`.

Its standard input is a socket to its parent, for both ways. When that closes, however the parent ended, the
process is gone at once: what it was writing has no name yet, or is whole.
"""

from __future__ import annotations

import json
import os
import queue
import struct
import sys
import threading
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from narrator.errors import DiskError
from narrator.rendering.take_files import is_take, write_take
from narrator.version import __version__

ASKED = struct.Struct("<IIII")
"""To this process: the number of a take, not 0, and how many bytes of each follow: path, sidecar, PCM."""

TOLD = struct.Struct("<IBI")
"""From this process: the number of a take, what came of it, and how many bytes of UTF-8 follow."""


class Outcome(IntEnum):
    """What came of a take, and what is said of it."""

    READY = 0  # no take yet, and of number 0: takes can come; our version
    DURABLE = 1  # the SHA-256 of its PCM
    FAILED = 2  # what and advice of a DiskError, as JSON
    WAS_THERE = 3  # nothing: another take of its key stays


_AT_ONCE = 2  # with 4 they take more CPU time for the lock of the interpreter, and no less of the clock's

_Asked = tuple[int, Path, bytes, bytes]


def main() -> None:
    asked: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
    for _ in range(_AT_ONCE):
        threading.Thread(target=_save, args=(asked,), daemon=True).start()
    _tell(0, Outcome.READY, __version__)
    while (take := read_asked(sys.stdin.buffer)) is not None:
        asked.put(take)
    os._exit(0)  # no thread is waited for: the parent is gone


def read_asked(inbox: BinaryIO) -> _Asked | None:
    """The next take to write; None where the parent is gone, if it was in the middle of one."""
    head = inbox.read(ASKED.size)
    if len(head) < ASKED.size:
        return None
    number, *sizes = ASKED.unpack(head)
    path, sidecar, pcm = (inbox.read(size) for size in sizes)
    if [len(path), len(sidecar), len(pcm)] != sizes:
        return None
    return number, Path(os.fsdecode(path)), sidecar, pcm


def _save(asked: queue.SimpleQueue[_Asked]) -> None:
    try:
        while True:
            number, path, sidecar, pcm = asked.get()
            try:
                if is_take(path):
                    _tell(number, Outcome.WAS_THERE)
                else:
                    _tell(number, Outcome.DURABLE, write_take(path, pcm, sidecar))
            except DiskError as exc:
                _tell(number, Outcome.FAILED, json.dumps([exc.what, exc.advice]))
    except BaseException:  # noqa: BLE001 - whatever it was, the parent writes what it was not told of
        os._exit(1)


def _tell(number: int, outcome: Outcome, said: str = "") -> None:
    rest = said.encode()
    os.write(0, TOLD.pack(number, outcome, len(rest)) + rest)  # so little that it is taken whole


if __name__ == "__main__":
    main()
