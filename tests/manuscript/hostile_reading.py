"""A program that reads hostile files, each in a child of its own, and says what became of it.

A path a line on its standard input; for each a JSON object on its standard output. It loads narrator once
and forks, so that a file costs what its reading costs. It is no part of the test, whose process has threads,
and memory of its own.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from narrator.errors import ManuscriptError
from narrator.manuscript.reading import READERS, read_manuscript

_LONGEST_S = 60
"""No child lives longer than this, asleep or awake."""
_MOST_MEMORY = 4 << 30
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_FORBIDDEN = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.sendto",
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "shutil.",
    "os.system",
    "urllib.Request",
)


def main() -> None:
    for reader in READERS.values():
        importlib.import_module(f"narrator.manuscript.{reader.partition(':')[0]}")
    for line in sys.stdin:
        said, told = os.pipe()
        child = os.fork()
        if not child:
            os.close(said)
            _be_read(Path(line.rstrip("\n")), told)
        os.close(told)
        with os.fdopen(said, "rb") as pipe:
            outcome = pipe.read()
        _, status, usage = os.wait4(child, 0)
        found: dict[str, Any] = json.loads(outcome) if outcome else {"died": os.waitstatus_to_exitcode(status)}
        per_unit = 1 if sys.platform == "darwin" else 1024
        found |= {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss * per_unit / (1 << 20)}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def _be_read(path: Path, told: int) -> None:
    signal.alarm(_LONGEST_S)
    resource.setrlimit(resource.RLIMIT_CPU, (_LONGEST_S, _LONGEST_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    done: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        is_writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
        if (is_writing and arguments[0] != os.devnull) or event.startswith(_FORBIDDEN):
            done.append(f"{event} {arguments[0]!r}")

    sys.addaudithook(watch)
    try:
        book = read_manuscript(path)
        text = "\n".join(block.text for chapter in book.chapters for block in chapter.blocks)
        found: dict[str, Any] = {"length": len(text), "start": text[:2000], "end": text[-2000:]}
    except ManuscriptError as refused:
        found = {"refused": refused.what, "advice": refused.advice}
    except BaseException as exc:  # noqa: BLE001 - whatever it is, the test is told of it
        found = {"raised": repr(exc)[:500]}
    os.write(told, json.dumps(found | {"done": done}).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
