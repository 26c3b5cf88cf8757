"""LAME in pieces: as LAME in one, to the ear and to other decoders, however the pieces fall."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

import av
import lameenc
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.audio.mpeg import FrameHeader
from narrator.audio.pcm import BYTES_PER_FRAME
from narrator.mastering.mp3 import Mp3Encoder
from narrator.mastering.mp3_pieces import PIECE_S, Lame, LamePieces
from tests.audio.signals import Sound, babble, pcm_of
from tests.end_to_end.sound import decode
from tests.mastering.test_mp3_join import by_lame, by_mpg123

RATE = 24_000
WAYS = [(24_000, 64, None), (24_000, 32, None), (24_000, 8, None), (44_100, 192, None), (22_050, 64, None),
        (24_000, 0, 4), (48_000, 0, 0)]  # fmt: skip


def lame(rate_hz: int, kbps: int, vbr_quality: int | None) -> lameenc.Encoder:
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_out_sample_rate(rate_hz)
    if vbr_quality is None:
        encoder.set_bit_rate(kbps)
    else:
        encoder.set_vbr(4)
        encoder.set_vbr_quality(vbr_quality)
    encoder.set_quality(7)
    return encoder


def in_one(pcm: bytes, make: Callable[[], Lame]) -> bytes:
    encoder = make()
    return bytes(encoder.encode(pcm) + encoder.flush())


def in_pieces(
    pcm: bytes, stream: FrameHeader, make: Callable[[], Lame], piece_s: float, block: int = 1 << 16
) -> list[bytes]:
    frames: list[bytes] = []
    with LamePieces(stream, make, piece_s=piece_s) as pieces:
        for at in range(0, len(pcm), block):
            for piece in pieces.encode(pcm[at : at + block]):
                frames += piece
        for piece in pieces.flush():
            frames += piece
    return frames


def decoded(frames: bytes) -> Sound:
    codec = cast("av.AudioCodecContext", av.CodecContext.create("mp3float", "r"))
    return np.concatenate([frame.to_ndarray()[0] for frame in codec.decode(av.Packet(frames))])


class Recording:
    """LAME, and what it was given and made."""

    made: ClassVar[list[Recording]] = []

    def __init__(self, make: Callable[[], Lame]) -> None:
        self._lame = make()
        self.pcm = bytearray()
        self.stream = bytearray()
        self.made.append(self)

    def encode(self, pcm: bytes) -> bytearray:
        self.pcm += pcm
        self.stream += (given := self._lame.encode(pcm))
        return given

    def flush(self) -> bytearray:
        self.stream += (given := self._lame.flush())
        return given


SHORT_S = 15
"""Of pieces, where it does not matter that real ones are four times as long."""


@contextmanager
def in_short_pieces() -> Iterator[None]:
    """Files are encoded in short pieces, so that a minute has as many seams as else four have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("narrator.mastering.mp3.LamePieces", partial(LamePieces, piece_s=SHORT_S))
        yield


@pytest.fixture
def short_pieces() -> Iterator[None]:
    with in_short_pieces():
        yield


@pytest.fixture(scope="module")
def tale(speech: tuple[Sound, ...]) -> Sound:
    """Half a minute of the embedded voice."""
    return np.concatenate(speech)


@pytest.mark.parametrize(("rate_hz", "kbps", "vbr_quality"), WAYS)
def test_each_frame_decodes_as_in_a_stream_that_was_not_cut(
    tale: Sound, rate_hz: int, kbps: int, vbr_quality: int | None
) -> None:
    """To the bit, but for two frames at a seam, where one stream goes over into the other."""
    make = partial(lame, rate_hz, kbps, vbr_quality)
    stream = FrameHeader.parse(in_one(bytes(20_000), make))
    assert stream
    Recording.made.clear()
    pcm = pcm_of(tale)
    heard = decoded(b"".join(in_pieces(pcm, stream, partial(Recording, make), piece_s=3)))
    heard = heard.reshape(-1, stream.samples)
    known = np.zeros(len(heard), np.bool_)
    for encoder in Recording.made:
        first = pcm.index(encoder.pcm[: len(encoder.pcm) // 2]) // 2 // stream.samples
        frames = decoded(bytes(encoder.stream)).reshape(-1, stream.samples)[: len(heard) - first]
        known[first : first + len(frames)] |= (heard[first : first + len(frames)] == frames).all(axis=1)
    assert len(heard) == len(decoded(in_one(pcm, make))) // stream.samples
    assert len(Recording.made) > 4
    assert (~known).sum() <= 2 * (len(Recording.made) - 1)


def test_what_is_shorter_than_a_piece_is_the_stream_of_one_encoder(tale: Sound) -> None:
    make = partial(lame, RATE, 64, None)
    stream = FrameHeader.parse(in_one(bytes(20_000), make))
    assert stream
    assert b"".join(in_pieces(pcm_of(tale), stream, make, piece_s=60)) == in_one(pcm_of(tale), make)


@pytest.mark.usefixtures("short_pieces")
def test_the_file_is_the_same_however_the_sound_comes(tmp_path: Path) -> None:
    sound = babble(50, RATE)
    for name, block in (("blocks", 5_000), ("lumps", 900_000)):
        encoder = Mp3Encoder(tmp_path / name, RATE, 64)
        for at in range(0, len(sound), block):
            encoder.write(sound[at : at + block])
        encoder.close()
    assert (tmp_path / "blocks").read_bytes() == (tmp_path / "lumps").read_bytes()


@pytest.fixture(scope="module", params=[{"kbps": 64}, {"kbps": 32}, {"kbps": 64, "mode": "vbr"}])
def of_pieces(
    request: pytest.FixtureRequest, tale: Sound, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Sound, Sound]:
    """A file of several pieces, what went into it, and what is decoded of it."""
    sound, path = np.tile(tale, 2), tmp_path_factory.mktemp("pieces") / "long.mp3"
    assert len(sound) > 3 * SHORT_S * RATE
    with in_short_pieces():
        encoder = Mp3Encoder(path, RATE, **{"kbps": 64, **request.param})
        encoder.write(sound)
        encoder.close()
    return path, sound, decode(path).samples


@pytest.mark.parametrize("decoder", [by_mpg123, by_lame])
def test_other_decoders_find_every_sample(
    of_pieces: tuple[Path, Sound, Sound], decoder: Callable[[Path, int], Sound]
) -> None:
    path, sound, decoded_here = of_pieces
    heard = decoder(path, RATE)
    assert len(decoded_here) == len(sound)
    assert np.abs(heard[: len(sound)] - decoded_here[: len(heard)]).max() < 0.001


def lame_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("lame")]


def test_no_thread_is_left(tmp_path: Path) -> None:
    encoder = Mp3Encoder(tmp_path / "long.mp3", RATE, 64)
    encoder.write(babble(PIECE_S + 5, RATE))
    assert lame_threads()
    encoder.close()
    assert not lame_threads()


class Broken:
    """An encoder that fails."""

    def encode(self, pcm: bytes) -> bytearray:
        raise RuntimeError(f"no {len(pcm)} bytes more")

    flush = None  # it does not come to that


def test_what_fails_in_a_piece_fails_for_good() -> None:
    """Nobody can close a file as if it were whole."""
    pieces = LamePieces(Numbered.stream, cast("Callable[[], Lame]", Broken), piece_s=3)
    with pieces:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="bytes more"):
                list(pieces.encode(bytes(20 * RATE * BYTES_PER_FRAME)))
        with pytest.raises(RuntimeError, match="bytes more"):
            list(pieces.flush())
    assert not lame_threads()


@pytest.mark.usefixtures("short_pieces")
def test_a_system_that_refuses_to_be_nicer_gets_its_mp3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(by: int) -> int:
        raise PermissionError(errno.EPERM, f"not by {by}")

    monkeypatch.setattr(os, "nice", refuse)
    encoder = Mp3Encoder(tmp_path / "long.mp3", RATE, 64)
    encoder.write(babble(50, RATE))
    encoder.close()
    assert len(decode(tmp_path / "long.mp3").samples) == 50 * RATE


class Numbered:
    """An encoder whose frames have the number of their sound.

    Before it made `learns_after` of them, each has bits in the one before, or the window of a sudden sound: so
    nobody can go over to it from one that made so many.
    """

    stream = FrameHeader(version=2, kbps=64, rate_hz=RATE, channels=1)

    def __init__(self, learns_after: int, lacks: str) -> None:
        self._learns_after = learns_after
        self._lacks = lacks
        self._pcm = bytearray()

    def encode(self, pcm: bytes) -> bytearray:
        self._pcm += pcm
        return bytearray()

    def flush(self) -> bytearray:
        return bytearray().join(self._frames())

    def _frames(self) -> Iterator[bytes]:
        for made, number in enumerate(np.frombuffer(self._pcm, "<u2")[::576]):
            side = bytearray(9)
            if made < self._learns_after and self._lacks == "room":
                side[0] = min(1, made)
            elif made < self._learns_after:
                side[5:7] = b"\x01\x80"
            yield self.stream.to_bytes() + bytes(side) + int(number).to_bytes(2, "big") + bytes(177)


@given(
    count=st.integers(0, 3_000),
    piece=st.integers(120, 700),
    learns_after=st.integers(0, 4_000),
    lacks=st.sampled_from(["room", "window"]),
)
def test_nobody_goes_over_to_an_encoder_that_is_not_as_far(
    count: int, piece: int, learns_after: int, lacks: str
) -> None:
    pcm = np.repeat(np.arange(count, dtype="<u2"), 576).tobytes()
    make = partial(Numbered, learns_after, lacks)
    frames = in_pieces(pcm, Numbered.stream, make, piece_s=piece * 576 / RATE)
    assert [int.from_bytes(frame[13:15], "big") for frame in frames] == list(range(count))
    has_learned = [not any(frame[4:13]) for frame in frames[1:]]
    assert has_learned == sorted(has_learned)
