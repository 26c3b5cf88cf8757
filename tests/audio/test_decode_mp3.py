from __future__ import annotations

import io
import struct
from typing import Any

import av
import lameenc
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.audio.decode import PcmDecoder
from narrator.audio.mpeg import FrameHeader, version_of
from narrator.errors import BadTake, StreamBroken
from narrator.mastering.mp3 import Mp3Encoder
from narrator.model import AudioChunk, AudioFormat, Container
from tests.audio.signals import chirp, pcm_of, samples_of

RATE = 24_000
ID3 = b"ID3\x03\x00\x00\x00\x00\x07\x76" + b"\xff\xfb\x90\x44" * 253 + bytes(10)


def bare(sound: npt.NDArray[np.float32], rate_hz: int = RATE, kbps: int = 64, channels: int = 1) -> bytes:
    """LAME's frames with no Info frame before them."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(kbps)
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_out_sample_rate(rate_hz)
    encoder.set_channels(channels)
    return bytes(encoder.encode(pcm_of(sound)) + encoder.flush())


@pytest.fixture(scope="module")
def gapless(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second and a bit of a chirp with its Info frame."""
    path = tmp_path_factory.mktemp("mp3") / "chirp.mp3"
    encoder = Mp3Encoder(path, RATE, 64)
    encoder.write(chirp(1.234, RATE))
    encoder.close()
    return path.read_bytes()


def decoded(
    data: bytes, container: Container = Container.MP3, *, piece: int = 1_000, rate_hz: int = RATE
) -> bytes:
    decoder = PcmDecoder(rate_hz)
    declared = AudioFormat(container, RATE)
    parts = [decoder.feed(AudioChunk(data[at : at + piece], declared)) for at in range(0, len(data), piece)]
    return b"".join([*parts, decoder.finish()])


def ffmpeg(data: bytes) -> npt.NDArray[Any]:
    with av.open(io.BytesIO(data), "r") as container:
        return np.concatenate([frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)])


@pytest.mark.parametrize("container", [Container.MP3, Container.PCM, Container.WAV])
def test_an_info_frame_makes_the_sound_exact_whatever_was_declared(
    gapless: bytes, container: Container
) -> None:
    heard = samples_of(decoded(gapless, container))
    original = chirp(1.234, RATE)
    assert len(heard) == len(original)
    assert heard[:-500] == pytest.approx(original[:-500], abs=0.02)


@settings(max_examples=15)
@given(piece=st.integers(1, 600))
def test_pieces_of_any_size_are_the_same_sound(gapless: bytes, piece: int) -> None:
    assert decoded(gapless, piece=piece) == decoded(gapless, piece=10**6)


@pytest.mark.parametrize(("rate_hz", "kbps", "channels"), [(44_100, 128, 2), (16_000, 32, 1), (48_000, 64, 1)])
def test_frames_without_a_tag_are_decoded_as_ffmpeg_does(rate_hz: int, kbps: int, channels: int) -> None:
    sound = np.repeat(chirp(0.7, rate_hz), channels)
    data = bare(sound, rate_hz, kbps, channels)
    heard = samples_of(decoded(data, rate_hz=rate_hz))
    assert heard == pytest.approx(ffmpeg(data), abs=2 / 32768)


def test_what_ffmpeg_muxed_is_as_long_as_what_went_in() -> None:
    sound = chirp(0.9, 44_100)
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=44_100, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate = 44_100
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    data = file.getvalue()
    heard = samples_of(decoded(data, rate_hz=44_100))
    assert len(heard) == len(sound)
    assert heard == pytest.approx(ffmpeg(data), abs=2 / 32768)


def test_tags_around_and_between_are_not_heard(gapless: bytes) -> None:
    tag_v1 = b"TAG" + bytes(125)
    ape = struct.pack("<8sIIIIQ", b"APETAGEX", 2000, 32 + 20, 1, 0xA0000000, 0) + bytes(20)
    ape += struct.pack("<8sIIIIQ", b"APETAGEX", 2000, 32 + 20, 1, 0x80000000, 0)
    once = decoded(gapless)
    assert decoded(ID3 + gapless + ape + tag_v1 + bytes(100)) == once
    assert decoded(gapless + ID3 + gapless) == once + once


def test_a_cut_file_is_a_broken_stream(gapless: bytes) -> None:
    with pytest.raises(StreamBroken, match="inside a frame"):
        decoded(gapless[:-50])
    with pytest.raises(StreamBroken, match="2 frames before"):
        decoded(gapless[: -2 * 192])
    with pytest.raises(StreamBroken, match="inside a frame"):
        decoded(bare(chirp(0.5, RATE))[:-1])


def test_broken_bytes_between_frames_are_a_bad_take(gapless: bytes) -> None:
    with pytest.raises(BadTake, match="between its frames"):
        decoded(gapless[:3_000] + gapless[3_001:])
    with pytest.raises(BadTake, match="between its frames"):
        decoded(gapless + b"\n<html>Bad gateway</html>, and so on, and so on")


def test_an_info_frame_alone_has_no_audio(gapless: bytes) -> None:
    info = bytearray(gapless[:192])
    info[13 + 8 : 13 + 12] = bytes(4)
    with pytest.raises(BadTake, match="no audio"):
        decoded(bytes(info))


def test_a_change_of_rate_is_a_bad_take() -> None:
    with pytest.raises(BadTake, match="from 24000 to 16000 Hz"):
        decoded(bare(chirp(0.3, 24_000)) + bare(chirp(0.3, 16_000), 16_000))


@given(st.binary(min_size=4, max_size=4))
def test_a_header_is_read_or_refused_and_written_as_it_was(data: bytes) -> None:
    header = FrameHeader.parse(data)
    if header:
        again = FrameHeader.parse(header.to_bytes() if not header.padded else data)
        assert again == header
        assert 20 < header.size < 1_500


def test_a_frame_that_cannot_be_decoded_is_a_bad_take(gapless: bytes) -> None:
    data = bytearray(gapless)
    for at in range(192 * 5, 192 * 20):
        if at % 192 >= 4:
            data[at] = 0xFF
    with pytest.raises(BadTake, match="cannot be decoded"):
        decoded(bytes(data))


def test_frames_beyond_the_declared_ones_are_heard_too(gapless: bytes) -> None:
    exact = samples_of(decoded(gapless))
    longer = samples_of(decoded(gapless + gapless[192 : 4 * 192]))
    assert len(longer) == len(exact) + 3 * 576


def test_an_info_frame_with_no_delays_is_not_heard(gapless: bytes) -> None:
    plain = bytearray(gapless[:192])
    plain[13 + 120 : 13 + 124] = bytes(4)
    heard = samples_of(decoded(bytes(plain) + gapless[192:]))
    assert len(heard) == (len(gapless) // 192 - 1) * 576


def test_only_rates_of_mpeg_audio_have_a_version() -> None:
    with pytest.raises(ValueError, match="96000 Hz"):
        version_of(96_000)
