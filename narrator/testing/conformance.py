"""What every provider adapter must hold, as tests that its author runs by deriving a class from one here.

    from narrator.testing.conformance import RemoteContract

    class TestMyService(RemoteContract):
        key_variable = "MY_SERVICE_KEY"

        def create(self, base_url: str) -> Provider:
            return MyService(Speech(provider="mine", base_url=base_url), Rendering(timeout_s=self.timeout_s))

`LocalContract` is for voices that compute on this machine. pytest-asyncio must run in auto mode
(`asyncio_mode = "auto"`). An adapter of another protocol than OpenAI's also overrides `create_server`, by a
fake derived from `fake_server.FakeServer`, and `fault_errors` where its faults mean something else. One with
several transports has a class for each. For full reports of failed asserts, conftest.py says
`pytest.register_assert_rewrite("narrator.testing.conformance")`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from narrator.audio.decode import PcmDecoder
from narrator.errors import (
    AttemptError,
    BadKey,
    BadTake,
    QuotaUsedUp,
    RateLimited,
    Refused,
    Rejected,
    SpeechError,
    StreamBroken,
    Unavailable,
    UnknownVoice,
    Unreachable,
)
from narrator.model import AudioChunk, AudioFormat, SpeechReceipt, SpeechRequest
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
    "unended": StreamBroken,
}
"""What each fault on the wire must become. Faults of the sound alone are for the checks of takes to find."""

MESSAGE_FAULT_ERRORS: dict[str, type[SpeechError]] = {
    **FAULT_ERRORS,
    "garbled": BadTake,
    "error-midway": StreamBroken,
}
"""The same for a transport whose messages carry the sound in base64: server-sent events, WebSockets."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A whole answer: its bytes as they came, their format, and the receipt."""

    data: bytes
    format: AudioFormat
    receipt: SpeechReceipt | None

    def pcm(self, rate_hz: int) -> bytes:
        """The sound, as a render makes it of such an answer."""
        decoder = PcmDecoder(rate_hz)
        return decoder.feed(AudioChunk(self.data, self.format)) + decoder.finish()


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


async def speak_whole(provider: Provider, text: str, transport: str = "") -> Spoken:
    """Speak a text to its end."""
    return await _collect(provider, request_for(provider, text), transport)


async def abandon(provider: Provider, text: str) -> None:
    """Take the first chunk of an answer, and close it."""
    events = provider.speak(request_for(provider, text))
    async with contextlib.aclosing(events) as open_events:
        async for event in open_events:
            if isinstance(event, AudioChunk):
                return


async def _collect(provider: Provider, request: SpeechRequest, transport: str = "") -> Spoken:
    events = [event async for event in provider.speak(request, transport)]
    chunks = [event for event in events if isinstance(event, AudioChunk)]
    receipts = [event for event in events if isinstance(event, SpeechReceipt)]
    assert chunks, "an answer that ends well has sound"
    assert len({chunk.format for chunk in chunks}) == 1, "the format stays the same throughout an answer"
    assert len(receipts) <= 1, "there is at most one receipt"
    return Spoken(b"".join(chunk.data for chunk in chunks), chunks[0].format, receipts[0] if receipts else None)


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
        assert "transport" not in unentered.sound_options, "by which way sound comes does not change it"

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
    """For a service behind a network; a fake of it fails in every way it can.

    `key_variable` is '' for a service that has no keys, and `is_free` whether it bills nothing. `transport` is
    the one that `create` asks for, '' where there is only one. `tells_of_keys` is whether the service says of a
    key that it is wrong without being sent a text.
    """

    key_variable = ""
    is_free = False
    tells_of_keys = True
    transport = ""
    timeout_s = 1.0
    fault_errors: ClassVar[Mapping[str, type[SpeechError]]] = FAULT_ERRORS

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Called by pytest, for each test: a test that names a fault is run with each of the class's own."""
        if "name_of_fault" in metafunc.fixturenames:
            metafunc.parametrize("name_of_fault", self.fault_errors)

    def create(self, base_url: str) -> Provider:
        raise NotImplementedError

    def create_server(self, key: str = "") -> FakeServer:
        return FakeSpeechServer(key=key)

    @pytest.fixture
    async def server(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeServer]:
        if self.key_variable:
            monkeypatch.setenv(self.key_variable, KEY)
        async with self.create_server(KEY if self.key_variable else "") as server:
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
        assert spoken.receipt.characters_billed == (0 if self.is_free else len(TEXT))
        assert server.billed_characters == len(TEXT)
        assert [request.text for request in server.requests] == [TEXT]

    async def test_says_the_text_letter_by_letter(self, provider: Provider, server: FakeServer) -> None:
        text = '“Œuvre” — naïve\tcafé, 日本, 🦉 \\n "quoted" &amp; <b>'
        await speak_whole(provider, text)
        assert server.requests[0].text == text

    async def test_every_transport_gives_the_same_sound(self, provider: Provider, server: FakeServer) -> None:
        transports = provider.capabilities.transports or ("",)
        if self.transport:
            assert transports[0] == self.transport, "the one that was asked for is the preferred one"
        rate_hz = provider.capabilities.rate_hz
        preferred = (await speak_whole(provider, TEXT)).pcm(rate_hz)
        for transport in transports:
            assert (await speak_whole(provider, TEXT, transport)).pcm(rate_hz) == preferred
        came = [request.transport for request in server.requests[1:]]
        assert not provider.capabilities.transports or came == list(transports)

    async def test_sound_that_comes_in_odd_pieces_is_the_same(
        self, provider: Provider, server: FakeServer
    ) -> None:
        rate_hz = provider.capabilities.rate_hz
        expected = await speak_whole(provider, TEXT)
        server.fail(Fault(piece_bytes=1001, chunked=True))
        assert (await speak_whole(provider, TEXT)).pcm(rate_hz) == expected.pcm(rate_hz)

    async def test_each_call_is_one_request_at_once(self, provider: Provider, server: FakeServer) -> None:
        texts = self.texts[:3]
        await asyncio.gather(*(speak_whole(provider, text) for text in texts))
        assert sorted(request.text for request in server.requests) == sorted(texts)
        assert server.peak_in_flight <= len(texts)

    async def test_a_fault_is_told_by_its_kind_and_never_retried(
        self, name_of_fault: str, provider: Provider, server: FakeServer
    ) -> None:
        server.fail(server.faults[name_of_fault])
        # The shorter the text, the sooner there is more sound than it can need.
        text = "Hush." if server.faults[name_of_fault].sound == "endless noise" else TEXT
        with pytest.raises(SpeechError) as caught:
            await speak_whole(provider, text)
        assert type(caught.value) is self.fault_errors[name_of_fault]
        assert len(server.requests) == 1
        _assert_discreet(caught.value)
        server.recover()
        assert (await speak_whole(provider, TEXT)).data

    async def test_an_answer_that_just_closes_is_not_taken_for_whole(
        self, provider: Provider, server: FakeServer
    ) -> None:
        server.fail(server.faults["cut-open"])
        with pytest.raises((AttemptError, Refused)):
            await speak_whole(provider, TEXT)
        assert len(server.requests) == 1

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
        secret = KEY if self.key_variable else "none"
        server.fail(refusal(400, "oops", f"Cannot say: {TEXT} with the key {secret}", about="text"))
        with pytest.raises(Rejected) as caught:
            await speak_whole(provider, TEXT)
        _assert_discreet(caught.value)

    async def test_an_abandoned_answer_closes_its_connection(
        self, provider: Provider, server: FakeServer
    ) -> None:
        server.fail(server.faults["stall"])
        with contextlib.suppress(AttemptError):  # of an answer that comes in one piece there is no beginning
            await abandon(provider, TEXT)
        async with asyncio.timeout(2.0):
            await server.quiet()

    async def test_a_wrong_key_is_found_out_by_the_first_call(
        self, server: FakeServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not self.key_variable:
            pytest.skip("a service without keys refuses none")
        monkeypatch.setenv(self.key_variable, "sk-of-somebody-else")
        async with self.create(server.url) as provider:
            with pytest.raises(BadKey) as caught:
                await speak_whole(provider, TEXT)
        assert "somebody-else" not in _everything_said(caught.value)
        assert server.billed_characters == 0

    @pytest.mark.parametrize("key", ["", "sk-of-somebody-else"], ids=["no key", "a wrong key"])
    async def test_check_finds_out_a_key_that_is_not_taken(
        self, key: str, server: FakeServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not self.key_variable or (key and not self.tells_of_keys):
            pytest.skip("a service without keys refuses none, and some refuse them with the first text alone")
        monkeypatch.setenv(self.key_variable, key)
        async with self.create(server.url) as provider:
            with pytest.raises(BadKey) as caught:
                await provider.check()
        assert "somebody-else" not in _everything_said(caught.value)
        assert server.requests == [], "no text is sent to find it out"

    async def test_check_finds_out_a_voice_that_is_not_listed(
        self, provider: Provider, server: FakeServer
    ) -> None:
        if not await provider.voices():
            pytest.skip("a service that lists no voices is not asked for them")
        with pytest.raises(UnknownVoice):
            await provider.check(["nobody"])
        assert server.requests == []

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
        await speak_whole(provider, TEXT)
        async with self.create_server() as elsewhere:
            location = {"Location": f"{elsewhere.url}{server.requests[0].path}"}
            server.fail(Fault(status=307, headers=location, body=b""))
            with pytest.raises(SpeechError):
                await speak_whole(provider, TEXT)
            assert elsewhere.requests == []

    async def test_the_key_is_nowhere_to_be_read(
        self, provider: Provider, server: FakeServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        await speak_whole(provider, TEXT)
        server.fail(server.faults["500"])
        with pytest.raises(SpeechError):
            await speak_whole(provider, TEXT)
        said = (repr(provider), provider.account, provider.capabilities, provider.sound_options, caplog.text)
        assert not any(KEY in str(each) for each in said)


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
