from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.errors import BadTake, LanguageUnspoken, Rejected, RunError, SpeechError
from narrator.providers.frames import DONE, ERROR, SAY, SOUND, pack_error, read_frame, unpack_error, write_frame
from narrator.providers.worker_main import serve


class Stepwise:
    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        yield b"one"
        if request["text"] == "refuse":
            raise Rejected("No.")
        yield b"two"


def frames_of(text: str) -> list[tuple[bytes, bytes]]:
    pipe = io.BytesIO()
    serve(Stepwise(), {"text": text}, pipe)
    pipe.seek(0)
    return list(iter(lambda: read_frame(pipe), None))


def test_a_spoken_request_ends_with_done() -> None:
    assert frames_of("say") == [(SOUND, b"one"), (SOUND, b"two"), (DONE, b"")]


def test_a_refused_request_ends_with_its_error() -> None:
    frames = frames_of("refuse")
    assert [kind for kind, _ in frames] == [SOUND, ERROR]
    assert unpack_error(frames[1][1]).what == "No."


@given(st.lists(st.tuples(st.sampled_from([SAY, SOUND]), st.binary(max_size=50))), st.integers(1, 40))
def test_frames_come_out_as_they_went_in_and_a_cut_one_not_at_all(
    frames: list[tuple[bytes, bytes]], missing: int
) -> None:
    pipe = io.BytesIO()
    for kind, payload in frames:
        write_frame(pipe, kind, payload)
    whole = pipe.getvalue()
    pipe = io.BytesIO(whole)
    assert list(iter(lambda: read_frame(pipe), None)) == frames
    pipe = io.BytesIO(whole[:-missing])
    rest = list(iter(lambda: read_frame(pipe), None))
    assert rest == frames[: len(rest)]
    assert len(rest) < len(frames) or not frames


@pytest.mark.parametrize(
    ("error", "arrives_as"),
    [(Rejected("a", advice="b"), Rejected), (BadTake("a"), BadTake), (LanguageUnspoken("a"), RunError)],
)
def test_errors_cross_the_pipe_by_their_scope(error: SpeechError, arrives_as: type[SpeechError]) -> None:
    arrived = unpack_error(pack_error(error))
    assert type(arrived) is arrives_as
    assert (arrived.what, arrived.advice) == (error.what, error.advice)
