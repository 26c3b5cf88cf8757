"""`narrator speak` as a person or a program uses it: pipes, files, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from narrator.testing.faults import Fault
from narrator.testing.openai_server import FakeSpeechServer, served
from narrator.testing.speechlike import frames_for, speech_pcm
from tests.end_to_end.command import COMMAND, here

KEY = "sk-canary-5d0c93"
RATE_HZ = 24_000
FIRST, SECOND = "The first of them was long and red.", "The second one was short and green."


def spoken(text: str) -> bytes:
    return speech_pcm(text, RATE_HZ, frames_for(text, RATE_HZ))


def voice(server: FakeSpeechServer) -> tuple[str, ...]:
    return ("--provider", "openai", "--base-url", server.url, "--option", "response_format=pcm")


def frames_in(path: Path) -> int:
    with wave.open(str(path)) as sound:
        assert sound.getparams()[:3] == (1, 2, RATE_HZ)
        frames: int = sound.getnframes()
        return frames


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the command with pipes; it is killed if it does not end."""
    with subprocess.Popen(
        [COMMAND, "speak", *arguments],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        watchdog = threading.Timer(30, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def read(process: subprocess.Popen[bytes], size: int) -> bytes:
    assert process.stdout
    data = b""
    while len(data) < size and (more := process.stdout.read(size - len(data))):
        data += more
    return data


def test_words_that_are_piped_in_are_heard_before_the_pipe_closes() -> None:
    with served() as server, started(*voice(server), "--format", "pcm") as process:
        assert process.stdin
        for word in f"{FIRST} And then".split(" "):
            process.stdin.write(f"{word} ".encode())
        assert read(process, len(spoken(FIRST))) == spoken(FIRST)
        process.stdin.write("was silence…".encode()[:-1])  # a pipe may cut anywhere, also inside a character
        process.stdin.write("was silence…".encode()[-1:])
        rest, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (0, b"")
        assert rest.endswith(spoken("And then was silence…"))


def test_ctrl_c_keeps_what_was_spoken(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with served() as server, started(*voice(server), "-o", str(path)) as process:
        assert process.stdin
        process.stdin.write(f"{FIRST} {SECOND} And".encode())
        while not path.exists() or path.stat().st_size < len(spoken(FIRST) + spoken(SECOND)):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        found = re.fullmatch(rb"narrator: Stopped\.\n0:(\d\d) of sound is in .*speech\.wav\.\n", said)
        assert found
        assert int(found[1]) == pytest.approx(frames_in(path) / RATE_HZ, abs=1)
        assert frames_in(path) > frames_for(FIRST, RATE_HZ) + frames_for(SECOND, RATE_HZ)


def test_who_has_heard_enough_ends_it_quietly() -> None:
    with served() as server, started(*voice(server), f"{FIRST} {SECOND}") as process:
        assert process.stdin
        assert process.stdout
        assert read(process, 4) == b"RIFF"
        process.stdout.close()
        process.wait(timeout=30)
        assert process.stderr
        assert process.stderr.read() == b""


def test_a_file_holds_all_and_a_program_is_told_what_it_is(tmp_path: Path) -> None:
    source, path = tmp_path / "text.txt", tmp_path / "speech.wav"
    source.write_text(f"\ufeff{FIRST}\n\n{SECOND}\n", encoding="utf-8")
    with served() as server:
        ended = here("speak", *voice(server), "-f", source, "-o", path, "--json")
    assert (ended.exit_code, ended.err) == (0, "")
    result = ended.result
    frames = frames_in(path)
    assert frames > frames_for(FIRST, RATE_HZ) + frames_for(SECOND, RATE_HZ)
    assert result["files"] == [
        {"path": str(path), "format": "wav", "duration_s": pytest.approx(frames / RATE_HZ, abs=0.001)}
    ]
    assert result["billed_characters"] == len(FIRST + SECOND)


def test_a_failure_in_the_middle_keeps_what_was_spoken_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with served() as server:
        server.fail(Fault(cut_after=9000, chunked=True), text=lambda text: text == SECOND)
        ended = here("speak", *voice(server), f"{FIRST} {SECOND}", "-o", path, "--json")
        told = here("speak", *voice(server), f"{FIRST} {SECOND}", "-o", path)
    assert told.err.startswith("0:")
    assert "of sound is in" in told.err.splitlines()[0]
    assert ended.exit_code == ended.result["exit_code"] == 3
    assert "broke off" in ended.err
    assert "broke off" in ended.result["error"]
    assert frames_for(FIRST, RATE_HZ) < frames_in(path) < frames_for(FIRST + SECOND, RATE_HZ)


def test_a_refused_key_is_refused_and_shown_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(b"of before")
    with served(FakeSpeechServer(key="another")) as server:
        ended = here("speak", *voice(server), "Hello.", "-o", path, "-v", env={"OPENAI_API_KEY": KEY})
    assert ended.exit_code == 4
    assert KEY not in ended.out + ended.err
    assert path.read_bytes() == b"of before"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Hello.", "-f", "text.txt"), "a text and a file"),
        (("-f", "nowhere.txt"), "no file"),
        (("Hello.", "-o", "speech.mp3"), "WAV and bare PCM"),
        (("Hello.", "-o", "nowhere/speech.wav"), "no folder"),
        (("Hello.", "--json"), "Name a file"),
        (("Hello.", "--option", "pitch"), "says nothing"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_spoken(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from narrator.__main__ import run  # noqa: PLC0415 - a process for each would take a second

    errors: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("narrator.cli.streams.complain", errors.append)
    assert run(["speak", *arguments]) == 2
    assert said in "".join(errors)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals like these")
@pytest.mark.parametrize(
    ("typed", "exit_code", "said"),
    [(f"{KEY}\n".encode(), 2, b"does not keep"), (b"\x04", 130, b"narrator: Stopped.\r\n")],
    ids=["key", "Ctrl-D"],
)
def test_a_typed_key_is_not_shown(typed: bytes, exit_code: int, said: bytes) -> None:
    import pty  # noqa: PLC0415 - Windows has none

    leader, follower = pty.openpty()
    environment = {
        **os.environ,
        "PYTHON_KEYRING_BACKEND": "tests.providers.test_keys.Forgetful",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    with subprocess.Popen(
        [COMMAND, "keys", "set", "openai"], stdin=follower, stdout=follower, stderr=follower, env=environment,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(follower)
        shown = b""
        while b"not shown" not in shown:
            shown += os.read(leader, 1000)
        os.write(leader, typed)
        assert process.wait(timeout=30) == exit_code
        shown += os.read(leader, 10_000)
    os.close(leader)
    assert said in shown
    assert KEY.encode() not in shown
