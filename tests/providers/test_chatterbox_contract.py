from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import Unavailable
from narrator.providers.chatterbox import Chatterbox
from narrator.testing.chatterbox_server import FakeChatterboxServer
from narrator.testing.conformance import MESSAGE_FAULT_ERRORS, TEXT, RemoteContract, speak_whole
from narrator.testing.fake_server import FakeServer
from narrator.testing.faults import Fault

pytestmark = pytest.mark.usefixtures("skipped_waits")


def _late(fault: Fault) -> Fault:
    if fault.reset:  # by which what came before is lost, too
        return fault
    cut, stall = (240_000 if after == 2000 else after for after in (fault.cut_after, fault.stall_after))
    return replace(fault, cut_after=cut, stall_after=stall)


class ChatterboxContract(RemoteContract):
    is_free = True
    timeout_s = 0.6

    def create(self, base_url: str) -> Chatterbox:
        speech = Speech(provider="chatterbox", base_url=base_url, options=self.options())
        return Chatterbox(speech, Rendering(timeout_s=self.timeout_s))

    def create_server(self, key: str = "") -> FakeChatterboxServer:
        return FakeChatterboxServer()

    def options(self) -> dict[str, Any]:
        return {"transport": self.transport}

    async def test_a_beginning_without_sound_is_no_beginning(
        self, provider: Chatterbox, server: FakeServer
    ) -> None:
        server.fail(server.faults["header-only"])
        with pytest.raises(Unavailable, match="before any sound"):
            await speak_whole(provider, TEXT)


class TestPlainAnswersHoldTheContract(ChatterboxContract):
    transport = "http"


class TestStreamsHoldTheContract(ChatterboxContract):
    transport = "stream"


class ServerWithLateFaults(FakeChatterboxServer):
    """It fails in the second event that has sound: what fails before has none."""

    faults: ClassVar = {name: _late(fault) for name, fault in FakeChatterboxServer.faults.items()}


class TestEventsHoldTheContract(ChatterboxContract):
    transport = "sse"
    fault_errors: ClassVar = {**MESSAGE_FAULT_ERRORS, "drip": Unavailable, "reset": Unavailable}

    def create_server(self, key: str = "") -> FakeChatterboxServer:
        return ServerWithLateFaults()

    def options(self) -> dict[str, Any]:
        return {**super().options(), "streaming_chunk_size": "50"}
