"""LAME in pieces: as LAME in one, to the ear and to other decoders, however the pieces fall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import av
import lameenc
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.audio.mpeg import DECODER_DELAY, FrameHeader
from narrator.mastering.lame_tag import ENCODER_DELAY
from narrator.mastering.mp3 import Mp3Encoder
from narrator.mastering.mp3_pieces import Lame, LamePieces
from tests.audio.signals import Sound, babble, pcm_of, samples_of
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


def noise_db(heard: Sound, sound: Sound) -> float:
    """The tenth of a second in which what is heard is furthest from the sound."""
    size = len(sound) // 2_400 * 2_400
    off = heard[ENCODER_DELAY + DECODER_DELAY :][:size] - sound[:size]
    return 10 * float(np.log10(np.square(off).reshape(-1, 2_400).mean(axis=1).max()))


@pytest.fixture(scope="module")
def tale(speech: tuple[Sound, ...]) -> Sound:
    """Half a minute of the embedded voice."""
    return np.concatenate(speech)


@pytest.mark.parametrize(("rate_hz", "kbps", "vbr_quality"), WAYS)
def test_nothing_is_heard_of_the_seams(tale: Sound, rate_hz: int, kbps: int, vbr_quality: int | None) -> None:
    make = partial(lame, rate_hz, kbps, vbr_quality)
    stream = FrameHeader.parse(in_one(bytes(20_000), make))
    assert stream
    sound = samples_of(pcm_of(tale)).astype(np.float32)
    whole, frames = in_one(pcm_of(tale), make), in_pieces(pcm_of(tale), stream, make, piece_s=1.5)
    scale = 1.0 if vbr_quality is not None else {192: 0.97}.get(kbps, 0.95)
    one, many = decoded(whole), decoded(b"".join(frames))
    assert len(many) == len(one)
    assert noise_db(many, sound * scale) <= noise_db(one, sound * scale) + 0.2


def test_what_is_shorter_than_a_piece_is_the_stream_of_one_encoder(tale: Sound) -> None:
    make = partial(lame, RATE, 64, None)
    stream = FrameHeader.parse(in_one(bytes(20_000), make))
    assert stream
    assert b"".join(in_pieces(pcm_of(tale), stream, make, piece_s=60)) == in_one(pcm_of(tale), make)


def test_the_file_is_the_same_however_the_sound_comes(tmp_path: Path) -> None:
    sound = babble(200, RATE)
    for name, block in (("blocks", 5_000), ("lumps", 900_000)):
        encoder = Mp3Encoder(tmp_path / name, RATE, 64)
        for at in range(0, len(sound), block):
            encoder.write(sound[at : at + block])
        encoder.close()
    assert (tmp_path / "blocks").read_bytes() == (tmp_path / "lumps").read_bytes()


@pytest.mark.parametrize("decoder", [by_mpg123, by_lame])
@pytest.mark.parametrize("way", [{"kbps": 64}, {"kbps": 32}, {"kbps": 64, "mode": "vbr"}])
def test_other_decoders_find_every_sample(
    tmp_path: Path, tale: Sound, way: dict[str, Any], decoder: Callable[[Path, int], Sound]
) -> None:
    sound, path = np.tile(tale, 6), tmp_path / "long.mp3"
    encoder = Mp3Encoder(path, RATE, **{"kbps": 64, **way})
    encoder.write(sound)
    encoder.close()
    heard = decoder(path, RATE)
    assert len(decode(path).samples) == len(sound)
    assert np.abs(heard[: len(sound)] - decode(path).samples[: len(heard)]).max() < 0.001


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
                side[0] = min(100, 179 * made)
            elif made < self._learns_after:
                side[5:7] = b"\x01\x80"
            yield self.stream.to_bytes() + bytes(side) + int(number).to_bytes(2, "big") + bytes(177)


@given(
    count=st.integers(0, 3_000),
    piece=st.integers(30, 700),
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
