from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, ClassVar

import pytest

from narrator.audio.loudspeaker import Loudspeaker
from narrator.errors import UsageError


class PortAudioError(Exception):
    pass


class FakeStream:
    """What sounddevice's RawOutputStream does, without a loudspeaker: machines that test have none."""

    done: ClassVar[list[Any]]
    error: Exception | None = None

    def __init__(self, **settings: Any) -> None:
        self.done.append(settings)
        if self.error:
            raise self.error

    def start(self) -> None:
        self.done.append("start")

    def write(self, pcm: bytes) -> None:
        self.done.append(pcm)

    def stop(self) -> None:
        self.done.append("stop")

    def abort(self) -> None:
        self.done.append("abort")

    def close(self) -> None:
        self.done.append("close")


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> type[FakeStream]:
    class Stream(FakeStream):
        done: ClassVar[list[Any]] = []

    module = ModuleType("sounddevice")
    module.__dict__.update(RawOutputStream=Stream, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return Stream


def test_sound_is_played_to_its_end(stream: type[FakeStream]) -> None:
    with Loudspeaker(24_000) as loudspeaker:
        loudspeaker.write(b"12")
        loudspeaker.write(b"34")
    wanted = {"samplerate": 24_000, "channels": 1, "dtype": "int16"}
    assert stream.done == [wanted, "start", b"12", b"34", "stop", "close"]


def test_a_long_piece_is_played_in_short_ones_so_that_ctrl_c_is_heard(stream: type[FakeStream]) -> None:
    with Loudspeaker(24_000) as loudspeaker:
        loudspeaker.write(bytes(24_000))
    played = [each for each in stream.done if isinstance(each, bytes)]
    assert b"".join(played) == bytes(24_000)
    assert max(map(len, played)) <= 4800


def test_an_error_lets_what_was_spoken_be_heard(stream: type[FakeStream]) -> None:
    with pytest.raises(UsageError), Loudspeaker(24_000):
        raise UsageError("the provider failed")
    assert stream.done[-2:] == ["stop", "close"]


def test_ctrl_c_silences_it_at_once(stream: type[FakeStream]) -> None:
    with pytest.raises(KeyboardInterrupt), Loudspeaker(24_000):
        raise KeyboardInterrupt
    assert stream.done[-2:] == ["abort", "close"]


def test_without_a_loudspeaker_it_is_said_what_to_do(stream: type[FakeStream]) -> None:
    stream.error = PortAudioError("Error querying device -1")
    with pytest.raises(UsageError, match="Error querying device") as caught:
        Loudspeaker(24_000)
    assert "-o speech.wav" in caught.value.advice


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UsageError, match="sounddevice") as caught:
        Loudspeaker(24_000)
    assert "narrator[play]" in caught.value.advice
