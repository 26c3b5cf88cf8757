from __future__ import annotations

import asyncio
import base64
import binascii
import http.client
import io
import json
import re
import signal
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import av
import numpy as np
import pytest
from click.testing import CliRunner

from narrator.testing.__main__ import PROTOCOLS, FaultRule, main, server_class
from narrator.testing.faults import FAULTS, Fault
from narrator.testing.openai_server import FakeSpeechServer, served

TEXT = "The owl watched the lamplighter go from door to door."


@pytest.fixture
async def server() -> AsyncIterator[FakeSpeechServer]:
    async with FakeSpeechServer() as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session


def wish(text: str = TEXT, **more: Any) -> dict[str, Any]:
    return {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm", **more}


async def ask(
    session: aiohttp.ClientSession, server: FakeSpeechServer, text: str = TEXT, **more: Any
) -> tuple[int, bytes]:
    async with session.post(f"{server.url}/v1/audio/speech", json=wish(text, **more)) as answer:
        return answer.status, await answer.read()


async def test_a_text_is_as_long_as_it_takes_to_read_it(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    for text in (TEXT, TEXT * 20, TEXT * 75):
        _, pcm = await ask(session, server, text)
        assert len(pcm) / 48_000 == pytest.approx(len(text) / 15, abs=0.01)


async def test_sound_is_the_same_for_the_same_text_only(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    first, again, other = [(await ask(session, server, text))[1] for text in ("one", "one", "two")]
    assert first == again != other


async def test_sound_is_like_speech(session: aiohttp.ClientSession, server: FakeSpeechServer) -> None:
    _, pcm = await ask(session, server, TEXT * 20)
    samples = np.frombuffer(pcm, "<i2") / 32768
    hops = np.sqrt(np.mean(samples[: len(samples) // 480 * 480].reshape(-1, 480) ** 2, axis=1))
    assert 0.3 < np.abs(samples).max() <= 0.51
    assert -30 < 20 * np.log10(np.sqrt(np.mean(samples**2))) < -12
    assert 0.05 < np.mean(hops < 0.003) < 0.4, "there are gaps"
    half = len(hops) // 2
    likeness = [np.corrcoef(hops[: half // 2], hops[lag : lag + half // 2])[0, 1] for lag in range(20, half)]
    assert max(likeness) < 0.6, "nothing repeats"


async def test_each_format_holds_the_same_sound(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    _, pcm = await ask(session, server)
    _, wav = await ask(session, server, response_format="wav")
    _, mp3 = await ask(session, server, response_format="mp3")
    _, flac = await ask(session, server, response_format="flac")
    assert b"LIST" in wav[:60]
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.readframes(file.getnframes()) == pcm
    with av.open(io.BytesIO(mp3), "r") as container:
        frames = sum(int(frame.samples) for frame in container.decode(audio=0))
    assert frames == pytest.approx(len(pcm) / 2, abs=3000)
    with av.open(io.BytesIO(flac), "r") as container:
        assert b"".join(frame.to_ndarray().tobytes() for frame in container.decode(audio=0)) == pcm


def sound_in(events: bytes) -> bytes:
    said = [json.loads(line.removeprefix(b"data: ")) for line in events.splitlines() if line[:5] == b"data:"]
    return b"".join(base64.b64decode(each["audio"]) for each in said if "audio" in each)


async def test_events_hold_the_same_sound_and_end_with_one_of_their_own(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    _, pcm = await ask(session, server)
    _, events = await ask(session, server, stream_format="sse")
    assert sound_in(events) == pcm
    assert b"speech.audio.done" in events.splitlines()[-2]
    assert [request.transport for request in server.requests] == ["http", "sse"]


async def test_events_go_wrong_in_ways_of_their_own(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    _, pcm = await ask(session, server)
    server.fail(FAULTS["unended"], times=1)
    _, unended = await ask(session, server, stream_format="sse")
    assert sound_in(unended) == pcm
    assert b"speech.audio.done" not in unended
    server.fail(FAULTS["garbled"], times=1)
    with pytest.raises(binascii.Error):
        sound_in((await ask(session, server, stream_format="sse"))[1])
    server.fail(FAULTS["error-midway"], times=1)
    _, failed = await ask(session, server, stream_format="sse")
    assert len(sound_in(failed)) == pytest.approx(len(pcm) / 2, abs=2)
    assert b"speech.audio.error" in failed.splitlines()[-2]
    server.fail(FAULTS["unended"])
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(session, server)


async def test_an_open_ended_answer_is_cut_as_if_it_ended(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    _, pcm = await ask(session, server)
    server.fail(FAULTS["cut-open"])
    assert await ask(session, server) == (200, pcm[:2000])


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": "tts-9"}, "model"),
        ({"voice": "nobody"}, "voice"),
        ({"response_format": "ogg"}, "response_format"),
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
    ],
)
async def test_wrong_wishes_are_refused_in_openai_s_shape(
    session: aiohttp.ClientSession, server: FakeSpeechServer, change: dict[str, str], param: str
) -> None:
    async with session.post(f"{server.url}/v1/audio/speech", json={**wish(), **change}) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["param"] == param
    assert server.billed_characters == 0


async def test_a_key_is_asked_for_everywhere(session: aiohttp.ClientSession) -> None:
    async with FakeSpeechServer(key="sk-right") as server:
        for path in ("models", "audio/voices"):
            async with session.get(f"{server.url}/v1/{path}") as answer:
                assert answer.status == 401
        assert (await ask(session, server))[0] == 401
        session.headers["Authorization"] = "Bearer sk-right"
        assert (await ask(session, server))[0] == 200


async def test_it_counts_what_was_asked_and_what_it_would_bill(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    server.fail(FAULTS["500"], requests={2})
    server.fail(FAULTS["cut"], requests={3})
    await ask(session, server, "one")
    await ask(session, server, "three")
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(session, server, "seven")
    assert [(request.text, request.billed, request.finished) for request in server.requests] == [
        ("one", 3, True),
        ("three", 0, True),
        ("seven", 5, False),
    ]
    assert server.billed_characters == 8


async def test_it_counts_what_is_in_flight_at_once(session: aiohttp.ClientSession) -> None:
    async with FakeSpeechServer(latency_s=0.05) as server:
        await asyncio.gather(*(ask(session, server, f"text {number}") for number in range(5)))
        assert server.peak_in_flight == 5
        assert sorted(request.in_flight for request in server.requests) == [1, 2, 3, 4, 5]


async def test_faults_happen_by_number_text_and_count(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    server.fail(FAULTS["500"], requests=range(1, 3))
    server.fail(FAULTS["429"], text=lambda text: "owl" in text, times=1)
    texts = ("owl", "owl", "owl", "owl", "lamp")
    assert [(await ask(session, server, text))[0] for text in texts] == [500, 500, 429, 200, 200]
    server.fail(FAULTS["500"])
    server.recover()
    assert (await ask(session, server))[0] == 200


async def test_faults_by_chance_repeat_with_their_seed(session: aiohttp.ClientSession) -> None:
    async def statuses(seed: int) -> list[int]:
        async with FakeSpeechServer(seed=seed) as server:
            server.fail(FAULTS["500"], probability=0.3)
            return [(await ask(session, server, "x"))[0] for _ in range(60)]

    first, again, other = [await statuses(seed) for seed in (1, 1, 2)]
    assert first == again != other
    assert 8 <= first.count(500) <= 28


async def test_half_an_answer_is_declared_as_if_it_were_whole(
    session: aiohttp.ClientSession, server: FakeSpeechServer
) -> None:
    _, whole = await ask(session, server)
    server.fail(FAULTS["half"])
    _, half = await ask(session, server)
    assert len(half) == pytest.approx(len(whole) / 2, abs=2)


async def test_wav_headers_can_lie(session: aiohttp.ClientSession, server: FakeSpeechServer) -> None:
    server.fail(FAULTS["wrong-rate"], times=1)
    server.fail(FAULTS["unknown-sizes"])
    _, wrong = await ask(session, server, response_format="wav")
    _, unknown = await ask(session, server, response_format="wav")
    with wave.open(io.BytesIO(wrong)) as file:
        assert file.getframerate() == 8_000
    assert unknown[4:8] == (0x7FFFFFDB).to_bytes(4, "little")
    assert b"data\xff\xff\xff\xff" in unknown[:100]


@pytest.mark.parametrize("fault", [Fault(stall_after=100), Fault(latency_s=900.0), Fault(bytes_per_s=10)])
async def test_what_never_ends_ends_with_the_client_or_the_server(
    session: aiohttp.ClientSession, server: FakeSpeechServer, fault: Fault
) -> None:
    server.fail(fault)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await ask(session, server)
    async with asyncio.timeout(2.0):
        await server.quiet()
    arrived = asyncio.Event()

    def notices(_text: str) -> bool:
        arrived.set()
        return True

    server.recover()
    server.fail(fault, text=notices)
    call = asyncio.create_task(ask(session, server))
    await arrived.wait()
    begun = time.monotonic()
    await server.__aexit__(None, None, None)
    assert time.monotonic() - begun < 2.0
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)


def test_it_runs_in_a_thread_for_synchronous_code() -> None:
    with served(FakeSpeechServer(voices=["ann"])) as server:
        status, said = fetch(server.url, "GET", "/v1/audio/voices")
        assert (status, json.loads(said)) == (200, {"voices": ["ann"]})
    with pytest.raises(ConnectionRefusedError):
        fetch(server.url, "GET", "/v1/audio/voices")


def test_a_server_that_cannot_start_says_so_in_a_thread_too() -> None:
    with served() as server:
        taken = served(FakeSpeechServer(port=int(server.url.rpartition(":")[2])))
        with pytest.raises(OSError, match="address already in use"):
            taken.__enter__()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_each_protocol_can_be_tried_by_hand(protocol: str) -> None:
    async with server_class(protocol)(port=0, latency_s=0.0, seed=1) as server:
        assert re.fullmatch(r"(http|tcp)://127\.0\.0\.1:\d+", server.url)
    for fault in ("503", "unended@3", "mute@10%"):
        with CliRunner().isolation():
            context = main.make_context("testing", ["--fault", fault, "--protocol", protocol])
        assert context.params["rules"][0].fault is server.faults[fault.partition("@")[0]]


def test_it_runs_as_a_program_until_interrupted() -> None:
    command = [sys.executable, "-m", "narrator.testing", "--fault", "500@1", "--fault", "429@3-4", "--key", "k"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        url = program.stdout.readline().strip()
        assert [speak_status(url) for _ in range(5)] == [500, 200, 429, 429, 200]
        program.send_signal(signal.SIGINT)
        assert re.match(r"5 requests, 106 characters billed", program.stderr.read())
    assert program.returncode == 0


@pytest.mark.parametrize("fault", ["teapot", "500@", "500@x", "500@10%%"])
def test_a_fault_that_there_is_not_is_told(fault: str) -> None:
    done = CliRunner().invoke(main, ["--fault", fault])
    assert done.exit_code == 2
    assert "is not one of 400, 401" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("written", "requests", "probability"),
    [
        ("500", None, 1.0),
        ("cut@2", range(2, 3), 1.0),
        ("html@3-7", range(3, 8), 1.0),
        ("429@2.5%", None, 0.025),
    ],
)
def test_a_fault_is_written_with_when_it_happens(
    written: str, requests: range | None, probability: float
) -> None:
    rule = FaultRule().convert(written, None, None)
    assert rule.fault is FAULTS[written.partition("@")[0]]
    assert (rule.requests, rule.probability) == (requests, probability)


def fetch(url: str, method: str, path: str, **more: Any) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    try:
        connection.request(method, path, **more)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def speak_status(url: str) -> int:
    headers = {"Authorization": "Bearer k"}
    return fetch(url, "POST", "/v1/audio/speech", body=json.dumps(wish()).encode(), headers=headers)[0]
