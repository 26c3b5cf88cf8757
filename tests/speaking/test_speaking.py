from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from itertools import pairwise
from typing import ClassVar

import pytest

import narrator
from narrator.errors import (
    BadKey,
    ConfigError,
    LanguageUnspoken,
    RateLimited,
    Rejected,
    SpeechError,
    StreamBroken,
    TriesUsedUp,
    Unavailable,
    UnknownVoice,
    UsageError,
)
from narrator.providers.catalog import PROVIDERS, Listing
from narrator.rendering import aloud
from narrator.sections import Pauses
from narrator.speaking import recital
from narrator.speaking.arrivals import Text
from narrator.speaking.stream import BlockingSpeaking, Speaking
from narrator.testing.faults import FAULTS, Fault
from narrator.testing.openai_server import FakeSpeechServer, served
from narrator.testing.speechlike import frames_for, speech_pcm
from tests.live_voice import LiveVoice, word_pcm

RATE_HZ = 24_000
STORY = (
    "The lamp was lit at dusk. Nobody knew who had done it, and nobody asked.\n\n"
    "In the morning it was cold. The glass was still warm."
)
SENTENCES = (
    "The lamp was lit at dusk.",
    "Nobody knew who had done it, and nobody asked.",
    "In the morning it was cold.",
    "The glass was still warm.",
)


@pytest.fixture
async def server() -> AsyncIterator[FakeSpeechServer]:
    async with FakeSpeechServer() as running:
        yield running


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> type[LiveVoice]:
    """A voice that takes a text as it arrives, known by the name 'live'."""

    class Voice(LiveVoice):
        heard: ClassVar[list[tuple[str, str]]] = []

    monkeypatch.setitem(PROVIDERS, "live", Listing("live", "tests.live_voice:Voice", "here", "nothing"))
    monkeypatch.setattr("tests.live_voice.Voice", Voice, raising=False)
    return Voice


def speaking(text: Text, server: FakeSpeechServer, **options: object) -> Speaking:
    asked = {"provider": "openai", "base_url": server.url, "options": {"response_format": "pcm"}, **options}
    return narrator.speak(text, **asked)  # type: ignore[arg-type] # these are the options


def spoken(text: str) -> bytes:
    """How the fake server's voice speaks a text."""
    return speech_pcm(text, RATE_HZ, frames_for(text, RATE_HZ))


async def sound_of(text: Speaking) -> bytes:
    async with asyncio.timeout(20):
        return b"".join([pcm async for pcm in text])


async def listen(text: Speaking, heard: list[bytes]) -> None:
    async for pcm in text:
        heard.append(pcm)  # noqa: PERF401 - what was heard before an error counts


def texts(server: FakeSpeechServer) -> list[str]:
    return [request.text for request in server.requests]


class Typist:
    """Gives a text word by word, and its last part only once somebody has `heard` something."""

    def __init__(self, text: str, rest: str) -> None:
        self.heard = asyncio.Event()
        self.has_ended = False
        self._text = text
        self._rest = rest

    async def words(self) -> AsyncGenerator[str, None]:
        for word in self._text.split(" "):
            yield f"{word} "
        await self.heard.wait()
        yield self._rest
        self.has_ended = True


# --- order, pauses, time --------------------------------------------------------------------------------


async def test_every_sentence_is_spoken_once_and_heard_in_order(server: FakeSpeechServer) -> None:
    text = speaking(STORY, server)
    sound = await sound_of(text)
    assert sorted(texts(server)) == sorted(SENTENCES)
    places = [sound.find(spoken(sentence)) for sentence in SENTENCES]
    assert -1 not in places
    assert places == sorted(places)
    assert text.characters == text.billed_characters == sum(map(len, SENTENCES))
    assert text.seconds == len(sound) / 2 / RATE_HZ


async def test_between_sentences_it_is_silent_for_as_long_as_in_a_book(server: FakeSpeechServer) -> None:
    sound = await sound_of(speaking(STORY, server))
    places = [sound.find(spoken(sentence)) for sentence in SENTENCES]
    ends = [place + len(spoken(sentence)) for place, sentence in zip(places, SENTENCES, strict=True)]
    gaps_ms = [
        (start - end) / 2 / RATE_HZ * 1000 for end, (_, start) in zip(ends, pairwise(places), strict=False)
    ]
    sentence, paragraph = Pauses().sentence, Pauses().paragraph
    # The voice's own silence at the end of a sentence counts.
    assert all(
        asked - 100 <= gap <= asked for gap, asked in zip(gaps_ms, (sentence, paragraph, sentence), strict=True)
    )


async def test_text_is_spoken_before_it_has_ended(server: FakeSpeechServer) -> None:
    typist = Typist("Somebody types this word by word. And then he", "thinks.")
    async with asyncio.timeout(20), speaking(typist.words(), server) as text:
        first = await anext(text)
        assert spoken("Somebody types this word by word.").startswith(first)
        assert not typist.has_ended
        typist.heard.set()
        assert len(b"".join([pcm async for pcm in text])) > 0
    assert texts(server)[-1] == "And then he thinks."


async def test_a_sentence_after_which_nothing_comes_is_spoken_after_a_while(
    server: FakeSpeechServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recital, "QUIET_S", 0.05)
    typist = Typist("Is anybody listening to this?", "")
    async with asyncio.timeout(20), speaking(typist.words(), server) as text:
        assert await anext(text)
        assert not typist.has_ended


async def test_sound_is_handed_on_while_its_answer_still_comes(server: FakeSpeechServer) -> None:
    server.fail(FAULTS["stall"])
    async with asyncio.timeout(20), speaking(SENTENCES[0], server) as text:
        assert spoken(SENTENCES[0]).startswith(await anext(text))
        assert not server.requests[0].finished


async def test_a_few_sentences_are_spoken_ahead_and_no_more(server: FakeSpeechServer) -> None:
    text = speaking(" ".join(f"This is the sentence of number {number}." for number in range(9)), server)
    async with asyncio.timeout(20), text:
        await anext(text)
        while len(server.requests) < 1 + recital.AHEAD:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0)
        await server.quiet()
        assert len(server.requests) == 1 + recital.AHEAD
    await server.quiet()
    assert len(server.requests) == 1 + recital.AHEAD


async def test_two_texts_at_once_never_go_over_what_the_account_allows() -> None:
    async with FakeSpeechServer(latency_s=0.02) as server:
        both = [speaking(STORY, server, concurrency=1) for _ in range(2)]
        await asyncio.gather(*map(sound_of, both))
        assert len(server.requests) == 8
        assert server.peak_in_flight == 1


# --- what goes wrong ------------------------------------------------------------------------------------


async def test_what_fails_before_it_is_heard_is_tried_again(server: FakeSpeechServer) -> None:
    server.fail(FAULTS["500"], text=lambda text: text == SENTENCES[0], times=1)
    sound = await sound_of(speaking(STORY, server))
    assert sound.startswith(spoken(SENTENCES[0]))
    assert sorted(texts(server)) == sorted([*SENTENCES, SENTENCES[0]])


async def test_what_fails_after_it_was_heard_is_not_paid_twice(server: FakeSpeechServer) -> None:
    server.fail(Fault(cut_after=20_000, chunked=True), text=lambda text: text == SENTENCES[1])
    pieces: list[bytes] = []
    with pytest.raises(StreamBroken):
        await listen(speaking(STORY, server), pieces)
    heard = b"".join(pieces)
    assert heard.startswith(spoken(SENTENCES[0]))
    assert spoken(SENTENCES[1])[:10_000] in heard
    assert spoken(SENTENCES[2]) not in heard
    assert len(set(texts(server))) == len(texts(server))


@pytest.mark.parametrize(("fault", "kind"), [("400", Rejected), ("401", BadKey)])
async def test_a_refusal_is_told_and_not_repeated(
    fault: str, kind: type[SpeechError], server: FakeSpeechServer
) -> None:
    server.fail(FAULTS[fault], text=lambda text: text == SENTENCES[1])
    pieces: list[bytes] = []
    with pytest.raises(kind):
        await listen(speaking(STORY, server), pieces)
    heard = b"".join(pieces)
    assert heard.startswith(spoken(SENTENCES[0]))
    assert texts(server).count(SENTENCES[1]) == 1


async def test_after_some_tries_it_is_given_up(
    server: FakeSpeechServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aloud, "WAIT_BASE_S", 0.001)
    server.fail(FAULTS["500"])
    with pytest.raises(TriesUsedUp, match="after 5 attempts"):
        await sound_of(speaking(SENTENCES[0], server))
    assert len(server.requests) == 5


async def test_an_unknown_voice_is_refused_before_any_text_is_sent(server: FakeSpeechServer) -> None:
    with pytest.raises(UnknownVoice):
        await sound_of(speaking(STORY, server, voice="nobody"))
    assert server.requests == []


@pytest.mark.parametrize("text", ["", "\n\n", "***"])
async def test_nothing_to_speak_is_an_error(text: str, server: FakeSpeechServer) -> None:
    with pytest.raises(UsageError, match="nothing to speak"):
        await sound_of(speaking(text, server))


def test_what_cannot_be_wished_is_refused_at_once() -> None:
    with pytest.raises(ConfigError):
        narrator.speak("Hello.", provider="openai", options={"pitch": "3"})
    with pytest.raises(UsageError, match="no provider"):
        narrator.speak("Hello.", provider="nobody")
    with pytest.raises(UsageError, match="no option 'chapters'"):
        narrator.speak("Hello.", chapters="1")  # type: ignore[call-arg] # a render has it
    with pytest.raises(LanguageUnspoken):
        narrator.speak("Guten Tag.", language="de")


async def test_a_text_that_breaks_off_is_heard_as_far_as_it_came(server: FakeSpeechServer) -> None:
    async def broken() -> AsyncGenerator[str, None]:
        yield "This came in whole. And this is"
        raise ConnectionResetError("the model is gone")

    pieces: list[bytes] = []
    with pytest.raises(ConnectionResetError, match="the model is gone"):
        await listen(speaking(broken(), server), pieces)
    heard = b"".join(pieces)
    assert texts(server) == ["This came in whole.", "And this is"]
    assert heard.endswith(spoken("And this is"))


async def test_who_stops_listening_breaks_off_what_is_spoken_and_the_text(server: FakeSpeechServer) -> None:
    is_closed = False

    async def endless() -> AsyncGenerator[str, None]:
        nonlocal is_closed
        try:
            while True:
                yield "This goes on and on without any end. "
        finally:
            is_closed = True

    async with asyncio.timeout(20), aclosing(speaking(endless(), server)) as text:
        await anext(text)
    assert is_closed
    await server.quiet()
    assert not [task for task in asyncio.all_tasks() if "Recital" in repr(task)]


# --- over an incremental transport ----------------------------------------------------------------------


async def test_words_are_sent_as_they_come_where_the_voice_takes_them(live: type[LiveVoice]) -> None:
    typist = Typist("no sentence ends anywhere in", "here")
    async with asyncio.timeout(20), narrator.speak(typist.words(), provider="live") as text:
        assert await anext(text) == word_pcm("no")
        assert not typist.has_ended
        typist.heard.set()
        assert b"".join([pcm async for pcm in text]).endswith(word_pcm("here"))
    assert live.heard == [("live", "no sentence ends anywhere in here")]
    assert text.billed_characters == 7


async def test_each_paragraph_is_a_request_and_has_its_pause(live: type[LiveVoice]) -> None:
    sound = await sound_of(narrator.speak(STORY, provider="live"))
    assert live.heard == [("live", part) for part in STORY.split("\n\n")]
    assert bytes(2 * RATE_HZ // 2) in sound


async def test_a_request_ends_where_nothing_comes_after_a_sentence(
    live: type[LiveVoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recital, "QUIET_S", 0.05)
    typist = Typist("The last word comes only when all is said.", "")
    async with asyncio.timeout(20), narrator.speak(typist.words(), provider="live") as text:
        heard = b""
        while not heard.endswith(word_pcm("said.")):
            heard += await anext(text)
        assert not typist.has_ended


async def test_a_long_paragraph_is_several_requests_cut_between_sentences(live: type[LiveVoice]) -> None:
    await sound_of(narrator.speak("This sentence has forty characters in it. " * 60, provider="live"))
    assert len(live.heard) > 1
    assert all(len(text) <= recital.LONGEST_LIVE and text.strip().endswith(".") for _, text in live.heard)


async def test_where_it_fails_on_the_way_the_text_is_spoken_by_sentence(live: type[LiveVoice]) -> None:
    live.failing = Unavailable("the socket is blocked")
    sound = await sound_of(narrator.speak(STORY, provider="live"))
    assert [kind for kind, _ in live.heard].count("live") <= 2
    assert [text for kind, text in live.heard if kind == "whole"] == list(SENTENCES)
    assert sound.endswith(word_pcm("warm."))


async def test_a_busy_account_is_asked_again_from_the_beginning(live: type[LiveVoice]) -> None:
    live.failing, live.failures = RateLimited("too many at once", retry_after_s=0.01), 1
    sound = await sound_of(narrator.speak("All of it comes again.", provider="live"))
    assert [kind for kind, _ in live.heard] == ["live", "live"]
    assert sound.startswith(word_pcm("All"))


async def test_what_was_heard_of_it_is_not_spoken_again(live: type[LiveVoice]) -> None:
    live.failing, live.fails_after_words = StreamBroken("it broke off"), 3
    with pytest.raises(StreamBroken):
        await sound_of(narrator.speak(STORY, provider="live"))
    assert {kind for kind, _ in live.heard} == {"live"}


async def test_who_asks_for_another_transport_gets_it(live: type[LiveVoice]) -> None:
    await sound_of(narrator.speak(STORY, provider="live", options={"transport": "http"}))
    assert [kind for kind, _ in live.heard] == ["whole"] * 4


# --- without coroutines ---------------------------------------------------------------------------------


@pytest.fixture
def served_voice() -> Iterator[FakeSpeechServer]:
    with served() as running:
        yield running


def blocking(text: object, server: FakeSpeechServer) -> BlockingSpeaking:
    return narrator.speak_blocking(
        text,  # type: ignore[arg-type] # tests give what they like
        provider="openai",
        base_url=server.url,
        options={"response_format": "pcm"},
    )


def test_the_blocking_twin_gives_the_same_sound(served_voice: FakeSpeechServer) -> None:
    with blocking((f"{word} " for word in STORY.split(" ")), served_voice) as text:
        twin = b"".join(text)
        assert text.rate_hz == RATE_HZ
    assert twin == asyncio.run(sound_of(speaking(STORY, served_voice)))
    assert not [thread for thread in threading.enumerate() if thread.name in {"speaking", "text"}]


def test_the_blocking_twin_raises_what_went_wrong_and_ends(served_voice: FakeSpeechServer) -> None:
    served_voice.fail(FAULTS["401"])
    text = blocking(STORY, served_voice)
    with pytest.raises(BadKey):
        list(text)
    assert list(text) == []
    assert "speaking" not in [thread.name for thread in threading.enumerate()]


def test_the_blocking_twin_can_be_left_early(served_voice: FakeSpeechServer) -> None:
    served_voice.fail(FAULTS["stall"])
    with blocking(STORY, served_voice) as text:
        assert next(text)
    assert "speaking" not in [thread.name for thread in threading.enumerate()]


def test_the_blocking_twin_ends_where_it_is_forgotten(served_voice: FakeSpeechServer) -> None:
    served_voice.fail(FAULTS["stall"])
    for pcm in blocking(STORY, served_voice):
        assert pcm
        break
    for thread in threading.enumerate():
        if thread.name == "speaking":
            thread.join(timeout=10)
    assert "speaking" not in [thread.name for thread in threading.enumerate()]


def test_an_error_of_the_pieces_themselves_is_raised(served_voice: FakeSpeechServer) -> None:
    def broken() -> Iterator[str]:
        yield "This came in whole. "
        raise ZeroDivisionError

    with blocking(broken(), served_voice) as text, pytest.raises(ZeroDivisionError):
        list(text)
    assert texts(served_voice) == ["This came in whole."]
