from __future__ import annotations

import random
from typing import cast

import av
import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from narrator.audio.decode import PcmDecoder
from narrator.errors import BadTake, StreamBroken
from narrator.model import AudioChunk, AudioFormat, Container
from tests.audio.signals import chirp, pcm_of, samples_of

RATE = 24_000
PCM = AudioFormat(Container.PCM, RATE)
WAV = AudioFormat(Container.WAV, RATE)
MP3 = AudioFormat(Container.MP3, RATE)
FLAC = AudioFormat(Container.FLAC, RATE)
ULAW = AudioFormat(Container.ULAW, RATE)
ALAW = AudioFormat(Container.ALAW, RATE)
TONE = pcm_of(chirp(1, RATE))


def decoded(data: bytes, declared: AudioFormat = PCM, *, rate_hz: int = RATE, piece: int = 4_000) -> bytes:
    decoder = PcmDecoder(rate_hz)
    parts = [decoder.feed(AudioChunk(data[at : at + piece], declared)) for at in range(0, len(data), piece)]
    return b"".join([*parts, decoder.finish()])


@given(st.lists(st.integers(0, 3_000), max_size=20))
def test_pcm_cut_anywhere_comes_out_whole(cuts: list[int]) -> None:
    decoder = PcmDecoder(RATE)
    data, got = TONE[:6_000], b""
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        got += decoder.feed(AudioChunk(data[start:end], PCM))
    assert got + decoder.finish() == data


def test_half_a_sample_at_the_end_is_a_broken_stream() -> None:
    with pytest.raises(StreamBroken, match="inside a sample"):
        decoded(TONE[:-1])


def test_stereo_is_averaged() -> None:
    left, right = chirp(0.5, RATE), np.zeros(RATE // 2, np.float32)
    both = np.stack([left, right], axis=1).ravel()
    mono = decoded(pcm_of(both), AudioFormat(Container.PCM, RATE, channels=2), piece=777)
    assert samples_of(mono) == pytest.approx(left / 2, abs=2 / 32768)


@pytest.mark.parametrize(("source_hz", "rate_hz"), [(44_100, 24_000), (16_000, 24_000), (22_050, 48_000)])
def test_another_rate_is_resampled_as_one_stream(source_hz: int, rate_hz: int) -> None:
    sound = chirp(1, source_hz)
    whole = soxr.resample(sound, source_hz, rate_hz)
    pieces = samples_of(
        decoded(pcm_of(sound), AudioFormat(Container.PCM, source_hz), rate_hz=rate_hz, piece=501)
    )
    assert len(pieces) == rate_hz
    assert pieces == pytest.approx(whole, abs=1e-3)


@pytest.mark.parametrize("declared", [PCM, WAV, MP3, FLAC, ULAW, ALAW])
@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"<!DOCTYPE html>\n<html><body>Welcome</body></html>", "an HTML page"),
        (b"\xef\xbb\xbf \n<html lang='en'>", "an HTML page"),
        (b'{"error": {"message": "model not loaded", "type": "model_error"}}', "JSON"),
        (b'[{"detail": "no"}]', "JSON"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>" * 3, "XML"),
        ("upstream n’a pas répondu; réessayez plus tard".encode(), "text"),
        (b"OggS\x00\x02" + bytes(200), "Ogg audio"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(200), "MP4 audio"),
        (b"FORM\x00\x00\x10\x00AIFF" + bytes(200), "AIFF audio"),
    ],
)
def test_what_is_no_audio_of_ours_is_named(declared: AudioFormat, data: bytes, named: str) -> None:
    with pytest.raises(BadTake, match=named):
        decoded(data, declared, piece=10)


@pytest.mark.parametrize("declared", [PCM, WAV, MP3, FLAC, ULAW, ALAW])
def test_an_empty_answer_is_a_bad_take(declared: AudioFormat) -> None:
    with pytest.raises(BadTake, match="no audio"):
        PcmDecoder(RATE).finish()
    with pytest.raises(BadTake, match="no audio"):
        decoded(b"", declared)


@pytest.mark.parametrize("declared", [WAV, MP3, FLAC])
def test_noise_is_audio_only_where_pcm_was_declared(declared: AudioFormat) -> None:
    noise = random.Random(1).randbytes(5_000)
    with pytest.raises(BadTake, match="begins with the bytes"):
        decoded(noise, declared)
    assert decoded(noise, PCM) == noise


@pytest.mark.parametrize("declared", [ULAW, ALAW])
@pytest.mark.parametrize("piece", [1, 777])
def test_telephone_codes_need_no_header(declared: AudioFormat, piece: int) -> None:
    codes = bytes(range(256)) * 20
    pcm = decoded(codes, declared, piece=piece)
    codec = "pcm_mulaw" if declared is ULAW else "pcm_alaw"
    context = cast("av.AudioCodecContext", av.CodecContext.create(codec, "r"))
    context.sample_rate, context.layout = RATE, "mono"
    [frame] = context.decode(av.Packet(codes))
    assert pcm == frame.to_ndarray().tobytes()


@pytest.mark.parametrize(("declared", "hush"), [(ULAW, b"~}|{"), (ALAW, b"UTWV")])
def test_telephone_codes_of_a_quiet_beginning_are_no_text(declared: AudioFormat, hush: bytes) -> None:
    assert np.abs(samples_of(decoded(hush * 500, declared))).max() < 0.002


def test_pcm_that_begins_like_an_mp3_frame_is_pcm() -> None:
    data = b"\xff\xf3\x84\xc4" + TONE
    assert decoded(data, PCM, piece=3) == data


def test_the_answers_text_is_not_repeated_in_the_error() -> None:
    with pytest.raises(BadTake) as caught:
        decoded(b'{"detail": "no such voice for: It was a dark and stormy night"}' * 2)
    assert "stormy" not in str(caught.value)
