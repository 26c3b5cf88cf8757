from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import Rejected, SpeechError, StreamBroken, Unavailable
from narrator.ports import Provider
from narrator.providers.elevenlabs import ElevenLabs
from narrator.testing.conformance import MESSAGE_FAULT_ERRORS, TEXT, RemoteContract, abandon
from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.fake_server import FakeServer

pytestmark = pytest.mark.usefixtures("skipped_waits")


class ElevenLabsContract(RemoteContract):
    key_variable = "ELEVENLABS_API_KEY"
    timeout_s = 0.8
    transport = ""

    def create(self, base_url: str) -> ElevenLabs:
        speech = Speech(provider="elevenlabs", base_url=base_url, options={"transport": self.transport})
        return ElevenLabs(speech, Rendering(timeout_s=self.timeout_s))

    def create_server(self, key: str = "") -> FakeServer:
        return FakeElevenLabs(key=key)


class TestStreamHoldsTheContract(ElevenLabsContract):
    transport = "stream"


@pytest.mark.slow  # the same as the one above but for the address
class TestHttpHoldsTheContract(ElevenLabsContract):
    transport = "http"


@pytest.mark.slow  # as the one below, in one piece
class TestTimestampsHoldTheContract(ElevenLabsContract):
    transport = "timestamps"

    async def test_an_abandoned_answer_closes_its_connection(
        self, provider: Provider, server: FakeServer
    ) -> None:
        # There is nothing to hear before all of it has come, so it is the adapter that gives up.
        server.fail(server.faults["stall"])
        with pytest.raises(StreamBroken):
            await abandon(provider, TEXT)
        async with asyncio.timeout(2.0):
            await server.quiet()


class TestStreamTimestampsHoldTheContract(ElevenLabsContract):
    transport = "stream-timestamps"
    fault_errors = MESSAGE_FAULT_ERRORS


class TestWebSocketHoldsTheContract(ElevenLabsContract):
    transport = "ws"
    timeout_s = 2.0  # most of it is skipped, and six answers at once are work for a busy machine
    # What over HTTP is words under status 200, is a message with words here: the service refuses the text.
    # A web page in the place of a socket is somebody's on the way.
    fault_errors: ClassVar[Mapping[str, type[SpeechError]]] = {
        **MESSAGE_FAULT_ERRORS,
        "json": Rejected,
        "html": Unavailable,
    }
