"""Speaking while the text is written, over the services' own WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

import narrator
from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.fake_server import FakeServer
from narrator.testing.smallest_server import FakeSmallestServer
from narrator.testing.wyoming_server import FakeWyomingServer

pytestmark = pytest.mark.usefixtures("skipped_waits")

STORY = (
    "The lamp was lit at dusk, as it had been on every evening of that long and quiet summer. Nobody knew who "
    "had done it, and nobody asked.\n\nIn the morning it was cold. The glass was"
)
SERVICES: dict[str, Callable[[], FakeServer]] = {
    "elevenlabs": FakeElevenLabs,
    "smallest": lambda: FakeSmallestServer(concurrency=1),
    "wyoming": FakeWyomingServer,
}


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ELEVENLABS_API_KEY", "SMALLEST_API_KEY"):
        monkeypatch.setenv(name, "sk-none")


@pytest.mark.parametrize("name", SERVICES)
async def test_words_are_heard_before_the_last_one_is_written(name: str) -> None:
    heard, has_ended = asyncio.Event(), False

    async def written() -> AsyncGenerator[str, None]:
        nonlocal has_ended
        for word in STORY.split(" "):
            yield f"{word} "
        await heard.wait()
        yield "still warm."
        has_ended = True

    async with (
        asyncio.timeout(20),
        SERVICES[name]() as server,
        narrator.speak(written(), provider=name, base_url=server.url) as speaking,
    ):
        assert await anext(speaking)
        assert not has_ended
        heard.set()
        async for _ in speaking:
            pass
        assert speaking.seconds > len(STORY) / 20
    said = [request.text for request in server.requests]
    assert letters("".join(said)) == letters(f"{STORY} still warm.")
