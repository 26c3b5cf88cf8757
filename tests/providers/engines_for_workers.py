"""Engines that the workers' tests load in real child processes, by 'engines_for_workers:Class'."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from narrator.errors import Rejected, UnknownVoice
from narrator.model import WordTime


class Echo:
    """Says its process id, then the text, byte by byte; prints on every channel that it should not."""

    def __init__(self, **settings: str) -> None:
        self.settings = settings

    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        print("chatter from a library")  # noqa: T201 - libraries do
        os.write(1, b"chatter from C\n")
        yield f"{os.getpid()} ".encode()
        for letter in request["text"]:
            yield letter.encode()


class Asked:
    """Says what a variable of its environment is."""

    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        yield os.environ[request["text"]].encode()


class Timed:
    """Says when the text is heard, as if it were one word."""

    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes | WordTime]:
        yield b"xx"
        yield WordTime(request["text"], 0, 40)
        yield b"yy"


class Moody:
    """Does to a text what the text says."""

    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        yield b"x" * int(request.get("bytes", 1))
        match request["text"]:
            case "refuse":
                raise Rejected("I will not say that.", advice="Ask nicely.")
            case "crash":
                raise KeyError("the text of the book")
            case "abort":
                os.abort()
            case "hang":
                threading.Event().wait()
            case "compute":
                while True:
                    pass
        yield b"end"


class Tethered(Moody):
    """Is seen to live by a connection that ends with its process."""

    def __init__(self, port: str) -> None:
        self.tether = socket.create_connection(("127.0.0.1", int(port)))


class Missing:
    def __init__(self) -> None:
        import a_package_that_nobody_has  # type: ignore[import-not-found]  # noqa: F401, PLC0415 - that is the point


class Modelless:
    def __init__(self) -> None:
        sys.stderr.write("a warning of no importance\n")
        raise FileNotFoundError("no model at /nowhere")


class Voiceless:
    def __init__(self) -> None:
        raise UnknownVoice("There is no such voice.")


class Stillborn:
    """Is killed by the system while it loads."""

    def __init__(self) -> None:
        os.kill(os.getpid(), 9)
