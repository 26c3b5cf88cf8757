from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.audio.decode import PcmDecoder
from narrator.errors import BadTake, StreamBroken
from narrator.model import AudioChunk, AudioFormat, Container
from tests.audio.signals import chirp, pcm_of, samples_of

RATE = 24_000
SOUND = chirp(0.25, RATE)
PCM = pcm_of(SOUND)
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT\x0e\x00\x00\x00Lavf58.76.100\x00"


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + bytes(len(body) % 2)


def fmt(tag: int = 1, channels: int = 1, bits: int = 16, rate_hz: int = RATE, extra: bytes = b"") -> bytes:
    frame = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * frame, frame, bits) + extra)


def riff(*chunks: bytes, size: int = 0x7FFFFFDB) -> bytes:
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + b"".join(chunks)


def decoded(data: bytes, *, piece: int = 100, rate_hz: int = RATE) -> bytes:
    decoder = PcmDecoder(rate_hz)
    declared = AudioFormat(Container.PCM, 8_000)  # wrong on purpose
    parts = [decoder.feed(AudioChunk(data[at : at + piece], declared)) for at in range(0, len(data), piece)]
    return b"".join([*parts, decoder.finish()])


@given(st.integers(1, 300))
def test_the_header_may_come_in_pieces_and_is_never_heard(piece: int) -> None:
    assert decoded(riff(fmt(), LIST, chunk(b"data", PCM)), piece=piece) == PCM


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFFFDB - 36, 0xFFFFFFFF - 44])
def test_an_unknown_size_means_until_the_end(size: int) -> None:
    assert decoded(riff(fmt(), chunk(b"data", PCM, size))) == PCM


def test_chunks_around_the_data_are_skipped() -> None:
    data = riff(chunk(b"bext", bytes(601)), fmt(), LIST, chunk(b"fact", bytes(4)), chunk(b"data", PCM), LIST)
    assert decoded(data) == PCM


def test_what_follows_the_data_and_is_no_chunk_is_refused() -> None:
    with pytest.raises(BadTake, match="chunk"):
        decoded(riff(fmt(), chunk(b"data", PCM[:2_000], 1_000)))
    with pytest.raises(BadTake, match="no part of it"):
        decoded(riff(fmt(), chunk(b"data", PCM), b"\x01\x02"))
    assert decoded(riff(fmt(), chunk(b"data", PCM), bytes(3))) == PCM


def test_less_than_the_declared_data_is_a_broken_stream() -> None:
    with pytest.raises(StreamBroken, match="5000 bytes before"):
        decoded(riff(fmt(), chunk(b"data", PCM[:-5_000], len(PCM))))
    with pytest.raises(StreamBroken, match="inside a sample"):
        decoded(riff(fmt(), chunk(b"data", PCM, 0xFFFFFFFF))[:-1])


@pytest.mark.parametrize("end", [10, 20, 40, 44])
def test_an_end_inside_the_header_is_a_failed_attempt(end: int) -> None:
    with pytest.raises((StreamBroken, BadTake)):
        decoded(riff(fmt(), chunk(b"data", PCM))[:end])


def test_a_header_alone_has_no_audio() -> None:
    with pytest.raises(BadTake, match="no audio"):
        decoded(riff(fmt(), chunk(b"data", b"", 0xFFFFFFFF)))


@pytest.mark.parametrize(
    ("tag", "bits", "body"),
    [
        (1, 8, (np.rint(SOUND * 127) + 128).astype("<u1").tobytes()),
        (1, 24, (np.rint(SOUND * 2**23).astype("<i4")).view("<u1").reshape(-1, 4)[:, :3].tobytes()),
        (1, 32, (np.rint(SOUND.astype("f8") * 2**31)).astype("<i4").tobytes()),
        (3, 32, SOUND.astype("<f4").tobytes()),
        (3, 64, SOUND.astype("<f8").tobytes()),
    ],
)
@pytest.mark.parametrize("piece", [7, 5_000])
def test_every_width_is_the_same_sound(tag: int, bits: int, body: bytes, piece: int) -> None:
    heard = samples_of(decoded(riff(fmt(tag, bits=bits), chunk(b"data", body)), piece=piece))
    assert heard == pytest.approx(SOUND, abs=(1.1 / 128 if bits == 8 else 1.1 / 32768))


@pytest.mark.parametrize(("tag", "codec"), [(6, "pcm_alaw"), (7, "pcm_mulaw")])
def test_telephone_codes_are_those_of_ffmpeg(tag: int, codec: str) -> None:
    import av  # noqa: PLC0415  # an oracle of this test alone

    codes = bytes(range(256))
    context = av.CodecContext.create(codec, "r")
    context.sample_rate, context.layout = RATE, "mono"  # type: ignore[attr-defined]  # it is an audio codec
    theirs = context.decode(av.Packet(codes))[0].to_ndarray().ravel()  # type: ignore[attr-defined]  # as above
    ours = np.frombuffer(decoded(riff(fmt(tag, bits=8), chunk(b"data", codes))), "<i2")
    assert ours.tolist() == theirs.tolist()


def test_extensible_and_stereo_and_another_rate() -> None:
    guid = struct.pack("<HHIH", 22, 16, 4, 1) + b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x008\x9bq"
    sound = chirp(0.5, 48_000)
    both = np.repeat(sound, 2)
    data = riff(fmt(0xFFFE, 2, 16, 48_000, guid), chunk(b"data", pcm_of(both)))
    heard = samples_of(decoded(data))
    assert heard == pytest.approx(chirp(0.5, RATE)[: len(heard)], abs=0.05)
    assert len(heard) == RATE // 2


def test_floats_beyond_full_scale_are_clipped_and_no_number_is_silence() -> None:
    body = np.array([2.0, -np.inf, np.nan, 0.5] * 40, "<f4").tobytes()
    heard = samples_of(decoded(riff(fmt(3, bits=32), chunk(b"data", body))))
    assert heard[:4] == pytest.approx([1, -1, 0, 0.5], abs=1e-4)


def test_rf64_has_its_size_elsewhere() -> None:
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, len(PCM), len(PCM) // 2, 0))
    data = b"RF64\xff\xff\xff\xffWAVE" + ds64 + fmt() + chunk(b"data", PCM, 0xFFFFFFFF) + LIST
    assert decoded(data) == PCM
    with pytest.raises(StreamBroken):
        decoded(data[: -len(LIST) - 10])


def test_wav_after_wav_is_one_sound() -> None:
    one = riff(fmt(), LIST, chunk(b"data", PCM))
    assert decoded(one + one) == PCM + PCM
    with pytest.raises(BadTake, match="different formats"):
        decoded(one + riff(fmt(channels=2), chunk(b"data", PCM)))


@pytest.mark.parametrize(
    "chunks",
    [
        [fmt(tag=0x55), chunk(b"data", PCM)],
        [fmt(bits=12), chunk(b"data", PCM)],
        [fmt(channels=0), chunk(b"data", PCM)],
        [fmt(channels=500), chunk(b"data", PCM)],
        [fmt(rate_hz=0), chunk(b"data", PCM)],
        [chunk(b"fmt ", bytes(4)), chunk(b"data", PCM)],
        [chunk(b"fmt ", b"", 0x7000_0000), PCM],
        [chunk(b"data", PCM)],
    ],
)
def test_a_wav_that_makes_no_sense_is_a_bad_take(chunks: list[bytes]) -> None:
    with pytest.raises(BadTake):
        decoded(riff(*chunks))


@given(st.binary(max_size=400))
def test_no_header_makes_anything_but_audio_or_our_errors(junk: bytes) -> None:
    with contextlib.suppress(BadTake, StreamBroken):
        decoded(riff(junk, fmt(), chunk(b"data", PCM)))
