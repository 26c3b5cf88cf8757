"""How long the first sound of `narrator speak` takes from the provider's first sound to our standard output.

    python benchmarks/first_audio.py [--rounds 10]

Words are piped in one by one, as a language model gives them, and the pipe stays open until the first sound was
read. The provider is a fake on this machine that notes when it has made its first sound, by HTTP and by an
incremental WebSocket. The exit code is 1 where the median of a round is over the limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.fake_server import serving
from narrator.testing.openai_server import FakeSpeechServer

MOST_MS = 50.0
WORDS = "The lamp was lit at dusk. Nobody knew who had done it, and nobody asked for his name"
WORD_S = 0.02
_COMMAND = Path(sysconfig.get_path("scripts"), "narrator")
_HEADER_BYTES = 44


class TimedHttp(FakeSpeechServer):
    """Notes when it made its first sound, just before it is sent."""

    made_s = 0.0

    def pcm(self, *arguments: Any, **settings: Any) -> bytes:
        pcm = super().pcm(*arguments, **settings)
        self.made_s = self.made_s or time.monotonic()
        return pcm


class TimedSocket(FakeElevenLabs):
    """The same of the WebSocket."""

    made_s = 0.0

    def utterance(self, *arguments: Any, **settings: Any) -> Any:
        utterance = super().utterance(*arguments, **settings)
        self.made_s = self.made_s or time.monotonic()
        return utterance


def first_audio_ms(kind: type[TimedHttp | TimedSocket], *voice: str) -> float:
    """Speak once, with a new server and a new process."""
    with serving(kind()) as server:
        command = [str(_COMMAND), "speak", *voice, "--base-url", server.url]
        environment = {**os.environ, "ELEVENLABS_API_KEY": "none", "OPENAI_API_KEY": "none"}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment
        ) as process:
            assert process.stdin  # noqa: S101 - it has pipes
            assert process.stdout  # noqa: S101 - as above
            for word in WORDS.split():
                process.stdin.write(f"{word} ".encode())
                time.sleep(WORD_S)
            read = 0
            while read <= _HEADER_BYTES:
                read += len(process.stdout.read(65_536))
            took_s = time.monotonic() - server.made_s
            process.stdin.close()
            process.stdout.read()
    return 1000 * took_s


def main() -> int:
    """Measure both ways."""
    parser = argparse.ArgumentParser(description="Measure how soon the first sound leaves.")
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    ways: dict[str, tuple[type[TimedHttp | TimedSocket], tuple[str, ...]]] = {
        "HTTP": (TimedHttp, ("--provider", "openai")),
        "WebSocket": (TimedSocket, ("--provider", "elevenlabs")),
    }
    is_met = True
    for name, (kind, voice) in ways.items():
        took_ms = [first_audio_ms(kind, *voice) for _ in range(rounds)]
        median = statistics.median(took_ms)
        is_met = is_met and median <= MOST_MS
        verdict = "pass" if median <= MOST_MS else "FAIL"
        print(
            f"{verdict}  {name:10} median {median:.1f} ms, most {max(took_ms):.1f} ms (limit {MOST_MS:.0f} ms)"
        )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
