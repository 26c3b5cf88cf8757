from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import RateLimited, SpeechError, Unavailable
from narrator.ports import Provider
from narrator.providers import wire_ws
from narrator.providers.smallest import Smallest
from narrator.testing.conformance import MESSAGE_FAULT_ERRORS, TEXT, RemoteContract, speak_whole
from narrator.testing.fake_server import FakeServer
from narrator.testing.smallest_server import FakeSmallestServer

pytestmark = pytest.mark.usefixtures("skipped_waits")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process has the account, so none is waited for."""
    monkeypatch.setattr(wire_ws, "_OTHERS_REST_S", 0.0)


class _SmallestContract(RemoteContract):
    key_variable = "SMALLEST_API_KEY"
    timeout_s = 0.8
    transport = "http"
    model = ""

    def create(self, base_url: str) -> Smallest:
        return Smallest(
            Speech(
                provider="smallest", base_url=base_url, model=self.model, options={"transport": self.transport}
            ),
            Rendering(timeout_s=self.timeout_s),
        )

    def create_server(self, key: str = "") -> FakeServer:
        return FakeSmallestServer(key=key)


class TestSmallestOverHttp(_SmallestContract):
    pass


class TestSmallestOverEvents(_SmallestContract):
    transport = "sse"
    fault_errors = MESSAGE_FAULT_ERRORS


class TestSmallestOverAWebSocket(_SmallestContract):
    transport = "ws"
    fault_errors: ClassVar[Mapping[str, type[SpeechError]]] = {**MESSAGE_FAULT_ERRORS, "json": Unavailable}

    async def test_the_wait_that_the_service_names_is_kept(  # type: ignore[override] # a message has no header
        self, provider: Provider, server: FakeServer
    ) -> None:
        server.fail(server.faults["429"])
        with pytest.raises(RateLimited) as caught:
            await speak_whole(provider, TEXT)
        assert caught.value.is_concurrency
