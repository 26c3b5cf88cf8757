"""The undisturbed render that every disturbed one is compared with, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.command import here
from tests.faults.ferry import Ferry, Undisturbed, render_command, write_book


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    with served() as server:
        ended = here(*render_command(write_book(folder), folder / "ferry", server)[1:])
        assert ended.exit_code == 0, ended
        texts = {request.text for request in server.requests}
        assert len(server.requests) == len(texts) >= 60
    return Undisturbed({path.name: path.read_bytes() for path in folder.glob("ferry/out/*.mp3")}, len(texts))


@pytest.fixture
def ferry(tmp_path: Path, undisturbed: Undisturbed) -> Iterator[Ferry]:
    with served(FakeSpeechServer(latency_s=0.05)) as server:
        yield Ferry(tmp_path, write_book(tmp_path), server, undisturbed)
