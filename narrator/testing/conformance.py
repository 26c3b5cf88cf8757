"""What every provider adapter must hold, as tests that its author runs by deriving a class from one here.

    from narrator.testing.conformance import RemoteContract

    class TestMyService(RemoteContract):
        key_variable = "MY_SERVICE_KEY"

        def create(self, base_url: str) -> Provider:
            return MyService(Speech(provider="mine", base_url=base_url), Rendering(timeout_s=self.timeout_s))

`LocalContract` is for voices that compute on this machine. pytest-asyncio must run in auto mode
(`asyncio_mode = "auto"`). An adapter of another protocol than OpenAI's also overrides `create_server`, by a
fake derived from `fake_server.FakeServer`, and `fault_errors` where its faults mean something else. For full
reports of failed asserts, conftest.py says `pytest.register_assert_rewrite("narrator.testing.conformance")`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from narrator.errors import (
    AttemptError,
    BadKey,
    BadTake,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    SpeechError,
    StreamBroken,
    Unavailable,
    UnknownVoice,
    Unreachable,
)
from narrator.model import AudioChunk, SpeechReceipt, SpeechRequest
from narrator.ports import Provider
from narrator.testing.fake_server import FakeServer
from narrator.testing.faults import Fault, refusal
from narrator.testing.openai_server import FakeSpeechServer

TEXT = "The owl watched the lamplighter go from door to door until the street was a string of pearls."
KEY = "sk-canary-3f9a1c77e2"

FAULT_ERRORS: dict[str, type[SpeechError]] = {
    "400": Rejected,
    "401": BadKey,
    "402": QuotaUsedUp,
    "429": RateLimited,
    "500": Unavailable,
    "503": Unavailable,
    "quota": QuotaUsedUp,
    "html": BadTake,
    "json": BadTake,
    "empty": BadTake,
    "cut": StreamBroken,
    "cut-chunked": StreamBroken,
    "cut-at-once": Unavailable,
    "reset": StreamBroken,
    "endless": BadTake,
    "stall": StreamBroken,
    "mute": Unavailable,
    "drip": StreamBroken,
}
"""What each fault on the wire must become. Faults of the sound alone are for the checks of takes to find."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A whole answer: its bytes as they came, and the receipt."""

    data: bytes
    receipt: SpeechReceipt | None


def request_for(provider: Provider, text: str) -> SpeechRequest:
    """The request that a render would make."""
    return SpeechRequest(
        provider=provider.name,
        model=provider.model,
        voice=provider.voice,
        text=text,
        language="en",
        speed=1.0,
        rate_hz=provider.capabilities.rate_hz,
        revision=provider.revision,
        voice_digest=provider.digest_of(provider.voice),
    )


async def speak_whole(provider: Provider, text: str) -> Spoken:
    """Speak a text to its end."""
    return await _collect(provider, request_for(provider, text))


async def abandon(provider: Provider, text: str) -> None:
    """Take the first chunk of an answer, and close it."""
    events = provider.speak(request_for(provider, text))
    async with contextlib.aclosing(events) as open_events:
        async for event in open_events:
            if isinstance(event, AudioChunk):
                return


async def _collect(provider: Provider, request: SpeechRequest) -> Spoken:
    events = [event async for event in provider.speak(request)]
    chunks = [event for event in events if isinstance(event, AudioChunk)]
    receipts = [event for event in events if isinstance(event, SpeechReceipt)]
    assert chunks, "an answer that ends well has sound"
    assert len({chunk.format for chunk in chunks}) == 1, "the format stays the same throughout an answer"
    assert len(receipts) <= 1, "there is at most one receipt"
    return Spoken(b"".join(chunk.data for chunk in chunks), receipts[0] if receipts else None)


class _Contract:
    """What holds for all."""

    texts: ClassVar = tuple(f"Sentence number {number} is about an owl. {TEXT}" for number in range(6))

    async def test_names_itself_before_it_is_entered(self, unentered: Provider) -> None:
        capabilities = unentered.capabilities
        assert unentered.name
        assert unentered.voice
        assert unentered.revision >= 1
        assert capabilities.max_characters >= 40
        assert capabilities.concurrency >= 1
        assert 8_000 <= capabilities.rate_hz <= 48_000
        assert bool(unentered.digest_of(unentered.voice)) == capabilities.is_local

    async def test_check_finds_nothing_wrong(self, provider: Provider) -> None:
        await provider.check()

    async def test_offers_the_voice_that_speaks(self, provider: Provider) -> None:
        names = [voice.id for voice in await provider.voices()]
        assert not names or provider.voice in names

    async def test_calls_at_the_same_time_do_not_mix(self, provider: Provider) -> None:
        alone = [await speak_whole(provider, text) for text in self.texts]
        together = await asyncio.gather(*(speak_whole(provider, text) for text in self.texts))
        assert [spoken.data for spoken in together] == [spoken.data for spoken in alone]
        assert len({spoken.data for spoken in together}) == len(self.texts)

    async def test_an_abandoned_answer_harms_no_other(self, provider: Provider) -> None:
        expected = await speak_whole(provider, TEXT)
        for _ in range(2):
            await abandon(provider, self.texts[0])
        assert (await speak_whole(provider, TEXT)).data == expected.data

    async def test_a_cancelled_call_harms_no_other(self, provider: Provider) -> None:
        expected = await speak_whole(provider, TEXT)
        calls = [asyncio.create_task(speak_whole(provider, text)) for text in self.texts]
        await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)
        assert (await speak_whole(provider, TEXT)).data == expected.data


class LocalContract(_Contract):
    """For a voice that computes on this machine and gives the same bytes for the same request."""

    def create(self) -> Provider:
        raise NotImplementedError

    @pytest.fixture
    def unentered(self) -> Provider:
        return self.create()

    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        """Entered anew for each test; override it where entering takes long."""
        async with self.create() as provider:
            yield provider


class RemoteContract(_Contract):
    """For a service behind a network; a fake of it fails in every way it can."""

    key_variable = ""
    timeout_s = 1.0
    fault_errors: ClassVar[Mapping[str, type[SpeechError]]] = FAULT_ERRORS

    def create(self, base_url: str) -> Provider:
        raise NotImplementedError

    def create_server(self, key: str = "") -> FakeServer:
        return FakeSpeechServer(key=key)

    @pytest.fixture
    async def server(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeServer]:
        monkeypatch.setenv(self.key_variable, KEY)
        async with self.create_server(KEY) as server:
            yield server

    @pytest.fixture
    def unentered(self) -> Provider:
        return self.create("http://127.0.0.1:9")

    @pytest.fixture
    async def provider(self, server: FakeServer) -> AsyncIterator[Provider]:
        async with self.create(server.url) as provider:
            yield provider

    async def test_hands_over_a_whole_answer_and_what_it_costs(
        self, provider: Provider, server: FakeServer
    ) -> None:
        spoken = await speak_whole(provider, TEXT)
        assert len(spoken.data) > 10_000
        assert spoken.receipt is not None
        assert spoken.receipt.characters_billed == server.billed_characters == len(TEXT)
        assert [request.text for request in server.requests] == [TEXT]

    async def test_says_the_text_letter_by_letter(self, provider: Provider, server: FakeServer) -> None:
        text = '“Œuvre” — naïve\tcafé, 日本, 🦉 \\n "quoted" &amp; <b>'
        await speak_whole(provider, text)
        assert server.requests[0].text == text

    @pytest.mark.parametrize("name", FAULT_ERRORS)
    async def test_a_fault_is_told_by_its_kind_and_never_retried(
        self, name: str, provider: Provider, server: FakeServer
    ) -> None:
        server.fail(server.faults[name])
        with pytest.raises(SpeechError) as caught:
            await speak_whole(provider, TEXT)
        assert type(caught.value) is self.fault_errors[name]
        assert len(server.requests) == 1
        _assert_discreet(caught.value)
        server.recover()
        assert (await speak_whole(provider, TEXT)).data

    @pytest.mark.parametrize(("name", "kind"), [("429", RateLimited), ("503", Unavailable)])
    async def test_the_wait_that_the_service_names_is_kept(
        self, name: str, kind: type[AttemptError], provider: Provider, server: FakeServer
    ) -> None:
        server.fail(replace(server.faults[name], headers={"Retry-After": "17"}))
        with pytest.raises(kind) as caught:
            await speak_whole(provider, TEXT)
        assert isinstance(caught.value, RateLimited | Unavailable)
        assert caught.value.retry_after_s == 17

    async def test_a_service_that_repeats_text_and_key_is_not_quoted(
        self, provider: Provider, server: FakeServer
    ) -> None:
        server.fail(refusal(400, "oops", f"Cannot say: {TEXT} with the key {KEY}", about="text"))
        with pytest.raises(Rejected) as caught:
            await speak_whole(provider, TEXT)
        _assert_discreet(caught.value)

    async def test_an_abandoned_answer_closes_its_connection(
        self, provider: Provider, server: FakeServer
    ) -> None:
        server.fail(server.faults["stall"])
        await abandon(provider, TEXT)
        async with asyncio.timeout(2.0):
            await server.quiet()

    async def test_a_wrong_key_is_found_out_by_the_first_call(
        self, server: FakeServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(self.key_variable, "sk-of-somebody-else")
        async with self.create(server.url) as provider:
            with pytest.raises(BadKey) as caught:
                await speak_whole(provider, TEXT)
        assert "somebody-else" not in _everything_said(caught.value)
        assert server.billed_characters == 0

    async def test_an_unknown_voice_is_refused_unspoken(self, provider: Provider, server: FakeServer) -> None:
        with pytest.raises(UnknownVoice):
            await _collect(provider, replace(request_for(provider, TEXT), voice="nobody"))
        assert server.billed_characters == 0

    async def test_a_closed_port_is_no_connection(self) -> None:
        async with self.create_server() as gone:
            pass
        async with self.create(gone.url) as provider:
            with pytest.raises(Unreachable):
                await provider.check()
            with pytest.raises(Unavailable) as caught:
                await speak_whole(provider, TEXT)
            assert not caught.value.connected

    async def test_a_redirect_takes_neither_key_nor_text_along(
        self, provider: Provider, server: FakeServer
    ) -> None:
        async with self.create_server() as elsewhere:
            location = {"Location": f"{elsewhere.url}/v1/audio/speech"}
            server.fail(Fault(status=307, headers=location, body=b""))
            with pytest.raises(SpeechError):
                await speak_whole(provider, TEXT)
            assert elsewhere.requests == []

    async def test_the_key_is_nowhere_to_be_read(self, provider: Provider) -> None:
        assert KEY not in repr(provider)
        assert KEY not in provider.account
        assert KEY not in str(provider.capabilities)


def _assert_discreet(error: SpeechError) -> None:
    said = _everything_said(error)
    assert KEY not in said
    assert not any(TEXT[start : start + 20] in said for start in range(len(TEXT) - 20)), said


def _everything_said(error: BaseException) -> str:
    """What a traceback prints of an error and of all that led to it, without the source lines."""
    said: list[str] = []
    link: BaseException | None = error
    while link is not None:
        said += [str(link), repr(link)]
        link = link.__cause__ or link.__context__
    return "\n".join(said)
