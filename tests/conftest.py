"""What holds for every test: no network but this machine, no keys, nobody's home folder; and the real books."""

from __future__ import annotations

import asyncio
import functools
import gc
import ipaddress
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.waits import waits_skipped

if TYPE_CHECKING:  # what is imported here is imported before coverage is measured
    from narrator.model import Manuscript

# A slow or busy machine is no fault of the code under test.
hypothesis.settings.register_profile("narrator", deadline=None)
hypothesis.settings.load_profile("narrator")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect thousands of tests without looking for garbage: what is made here stays to the end.

    Searching it again and again was a quarter of the time that collecting took; nor is it searched later on.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def corpus() -> Callable[[str], Path]:
    """`corpus("alice.epub")` is the path of a real book in the folder that NARRATOR_CORPUS names."""
    folder = os.environ.get("NARRATOR_CORPUS")
    if not folder:
        pytest.skip("set NARRATOR_CORPUS to the folder of real books")

    def find(name: str) -> Path:
        path = Path(folder, name).resolve()
        if not path.is_file():
            pytest.fail(f"NARRATOR_CORPUS is set, and {path} is missing")
        return path

    return find


@pytest.fixture(scope="session")
def real_book(corpus: Callable[[str], Path]) -> Callable[[str], Manuscript]:
    """`real_book("alice.epub")` is what is read of a book of the corpus; each is read once."""
    from narrator.manuscript.reading import read_manuscript  # noqa: PLC0415 - few tests read real books

    return functools.cache(lambda name: read_manuscript(corpus(name)))


@pytest.fixture(scope="session", autouse=True)
def _nobody_s_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # Session scope, so that it also holds for the programs that module fixtures start.
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if _is_personal(name):
                patch.delenv(name)
        for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
            patch.setenv(name, str(home))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        yield


def _is_personal(name: str) -> bool:
    upper = name.upper()
    is_ours = upper.startswith("NARRATOR_") and upper != "NARRATOR_CORPUS"
    return is_ours or upper.startswith("XDG_") or upper.endswith(("_API_KEY", "_BASE_URL", "_PROXY"))


@pytest.fixture(scope="session", autouse=True)
def _signals_are_heard() -> None:
    # nohup ignores SIGHUP and a script's `&` SIGINT, here and in all programs that are started here.
    for name, heard in (("SIGHUP", signal.SIG_DFL), ("SIGINT", signal.default_int_handler)):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, heard)


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any, /) -> None:
        _must_be_near(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any, /) -> int:
        _must_be_near(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield


def _must_be_near(connection: socket.socket, address: Any) -> None:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0])
    try:
        is_near = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        is_near = host == "localhost"
    if not is_near:
        pytest.fail(f"a test tried to reach {host}: tests talk to this machine only")


@pytest.fixture
async def skipped_waits() -> AsyncIterator[None]:
    """For tests whose servers are on their own event loop: see `waits`."""
    with waits_skipped(asyncio.get_running_loop()):
        yield
