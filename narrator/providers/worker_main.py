"""A worker: `python -P -m narrator.providers.worker_main MODULE:CLASS SETTINGS`, started by `workers`.

It loads one engine and speaks one text at a time. When the parent's pipe closes, however the parent ended,
the process is gone at once, even in the middle of a text: a thread of its own waits for nothing else.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, BinaryIO, Protocol

from narrator.errors import RunError, SpeechError
from narrator.model import WordTime
from narrator.providers.frames import (
    DONE,
    ERROR,
    READY,
    SOUND,
    WORD,
    pack_error,
    pack_word,
    read_frame,
    write_frame,
)


class Engine(Protocol):
    """A voice that computes on this machine, made with the settings of its adapter as keywords."""

    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes | WordTime]:
        """Speak one request, in pieces of PCM; and say when its words are heard, if the voice can tell.

        Raises:
            SpeechError: it cannot be spoken.
        """
        ...


def main() -> None:
    inbox, outbox = _own_pipes()
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inbox, requests), daemon=True).start()
    try:
        engine = _load_engine(sys.argv[1], json.loads(sys.argv[2]))
    except SpeechError as exc:
        write_frame(outbox, ERROR, pack_error(exc))
        sys.exit(1)
    sys.excepthook = _name_crash
    write_frame(outbox, READY)
    while True:
        serve(engine, json.loads(requests.get()), outbox)


def serve(engine: Engine, request: Mapping[str, Any], outbox: BinaryIO) -> None:
    """Speak one request into frames, the last of which says how it ended."""
    try:
        for said in engine.speak(request):
            if isinstance(said, WordTime):
                write_frame(outbox, WORD, pack_word(said))
            else:
                write_frame(outbox, SOUND, said)
        write_frame(outbox, DONE)
    except SpeechError as exc:
        write_frame(outbox, ERROR, pack_error(exc))


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our pipes under numbers of their own: what a library prints goes to stderr, what it reads is nothing."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return inbox, outbox


def _listen(inbox: BinaryIO, requests: queue.SimpleQueue[bytes]) -> None:
    while (frame := read_frame(inbox)) is not None:
        requests.put(frame[1])
    os._exit(0)  # no clean-up could be waited for: the engine may be deep in a computation


def _load_engine(name: str, settings: Mapping[str, str]) -> Engine:
    module_name, _, class_name = name.partition(":")
    try:
        engine: Engine = getattr(importlib.import_module(module_name), class_name)(**settings)
    except ImportError as exc:
        raise RunError(f"The engine {name} cannot be loaded: {exc}.", advice="Install narrator anew.") from exc
    return engine


def _name_crash(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
    # Only what and where: its message may quote the book.
    last = traceback.extract_tb(trace)[-1]
    sys.stderr.write(f"{kind.__name__} in {last.name}, {last.filename}:{last.lineno}\n")


if __name__ == "__main__":
    main()
