from __future__ import annotations

import pytest

from narrator.config import Rendering, Speech
from narrator.providers.elevenlabs import ElevenLabs
from narrator.providers.smallest import Smallest
from narrator.providers.wyoming import Wyoming
from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.fake_server import FakeServer
from narrator.testing.live_conformance import LiveContract
from narrator.testing.smallest_server import FakeSmallestServer
from narrator.testing.wyoming_server import FakeWyomingServer

pytestmark = pytest.mark.usefixtures("skipped_waits")


class TestSmallestSpeaksLive(LiveContract):
    def create(self, base_url: str) -> Smallest:
        return Smallest(Speech(provider="smallest", base_url=base_url), Rendering(timeout_s=2.0))

    def create_server(self) -> FakeServer:
        return FakeSmallestServer()


class TestElevenLabsSpeaksLive(LiveContract):
    def create(self, base_url: str) -> ElevenLabs:
        return ElevenLabs(Speech(provider="elevenlabs", base_url=base_url), Rendering(timeout_s=2.0))

    def create_server(self) -> FakeServer:
        return FakeElevenLabs()


class TestWyomingSpeaksLive(LiveContract):
    def create(self, base_url: str) -> Wyoming:
        url = base_url.replace("http:", "tcp:")
        return Wyoming(Speech(provider="wyoming", base_url=url), Rendering(timeout_s=2.0))

    def create_server(self) -> FakeServer:
        return FakeWyomingServer()
