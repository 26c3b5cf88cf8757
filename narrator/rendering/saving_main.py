"""The process that writes takes: `python -P -m narrator.rendering.saving_main`, started by `saving`.

It imports as little as it can. When the socket to the parent closes, however the parent ended, it is gone at
once: what it was writing has no name yet, or is whole.
"""

from __future__ import annotations

import json
import os
import queue
import struct
import sys
import threading
from io import FileIO
from pathlib import Path

from narrator.errors import DiskError
from narrator.rendering.take_files import write_take

ASKED = struct.Struct("<IIII")
"""To this process: the number of a take, not 0, and how many bytes of each follow: path, sidecar, PCM."""

TOLD = struct.Struct("<I?I")
"""From this process: the number of a take, whether it is durable, and how many bytes follow: the SHA-256 of its
PCM, or [what, advice] of a DiskError as JSON. The first, of number 0, says that takes can come."""

SAVED_AT_ONCE = 2
"""Nothing else is done here that a thread would wait for."""

_Asked = tuple[int, Path, bytes, bytes]


def main() -> None:
    outbox = FileIO(1, "w")
    asked: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
    for _ in range(SAVED_AT_ONCE):
        threading.Thread(target=_save, args=(asked, outbox), daemon=True).start()
    _tell(outbox, 0, is_durable=True)
    while True:
        number, *sizes = ASKED.unpack(_read(ASKED.size))
        path, sidecar, pcm = map(_read, sizes)
        asked.put((number, Path(os.fsdecode(path)), pcm, sidecar))


def _read(size: int) -> bytes:
    data = sys.stdin.buffer.read(size)
    if len(data) < size:
        os._exit(0)  # a parent that is gone gets no half of a take written, and no thread is waited for
    return data


def _save(asked: queue.SimpleQueue[_Asked], outbox: FileIO) -> None:
    try:
        while True:
            number, path, pcm, sidecar = asked.get()
            try:
                sha256 = write_take(path, pcm, sidecar)
            except DiskError as exc:
                _tell(outbox, number, json.dumps([exc.what, exc.advice]), is_durable=False)
            else:
                _tell(outbox, number, sha256, is_durable=True)
    except BaseException:  # noqa: BLE001 - whatever it was
        os._exit(1)  # the parent writes what was not told of


def _tell(outbox: FileIO, number: int, said: str = "", *, is_durable: bool) -> None:
    rest = said.encode()
    outbox.write(TOLD.pack(number, is_durable, len(rest)) + rest)  # so little that it is taken whole


if __name__ == "__main__":
    main()
