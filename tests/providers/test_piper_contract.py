from __future__ import annotations

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import RateLimited, Unavailable
from narrator.ports import Provider
from narrator.providers.piper_http import PiperHttp
from narrator.providers.wyoming import Wyoming
from narrator.testing.conformance import FAULT_ERRORS, MESSAGE_FAULT_ERRORS, TEXT, RemoteContract, speak_whole
from narrator.testing.fake_server import FakeServer
from narrator.testing.faults import refusal
from narrator.testing.piper_server import FakePiperServer
from narrator.testing.wyoming_server import FakeWyomingServer

pytestmark = pytest.mark.usefixtures("skipped_waits")


class TestPiperOverHttpHoldsTheContract(RemoteContract):
    is_free = True
    timeout_s = 0.8
    fault_errors = FAULT_ERRORS | {"quota": RateLimited}  # its pages of errors have no codes

    def create(self, base_url: str) -> PiperHttp:
        return PiperHttp(Speech(provider="piper-http", base_url=base_url), Rendering(timeout_s=self.timeout_s))

    def create_server(self, key: str = "") -> FakePiperServer:
        return FakePiperServer()


class TestWyomingHoldsTheContract(RemoteContract):
    is_free = True
    timeout_s = 0.8
    # It has no statuses: a complaint is an error event with a code of its own, which is a server that fails.
    fault_errors = MESSAGE_FAULT_ERRORS | {
        **dict.fromkeys(("400", "401", "402", "429", "500", "503", "quota", "json"), Unavailable),
        "empty": Unavailable,
    }

    def create(self, base_url: str) -> Wyoming:
        # Where no server is, the suite knows only the addresses of HTTP.
        url = base_url.replace("http:", "tcp:")
        return Wyoming(Speech(provider="wyoming", base_url=url), Rendering(timeout_s=self.timeout_s))

    def create_server(self, key: str = "") -> FakeWyomingServer:
        return FakeWyomingServer()

    async def test_the_wait_that_the_service_names_is_kept(self, *_: object) -> None:
        pytest.skip("Wyoming has no word for it")

    async def test_a_redirect_takes_neither_key_nor_text_along(self, *_: object) -> None:
        pytest.skip("Wyoming has no redirects")

    async def test_a_service_that_repeats_text_and_key_is_not_quoted(
        self, provider: Provider, server: FakeServer
    ) -> None:
        server.fail(refusal(400, "oops", f"Cannot say: {TEXT}"))
        with pytest.raises(Unavailable) as caught:
            await speak_whole(provider, TEXT)
        assert TEXT[:20] not in str(caught.value)
        assert "oops: Cannot say: [text]" in str(caught.value)
