from __future__ import annotations

import io
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.audio.decode import PcmDecoder
from narrator.errors import BadTake, StreamBroken
from narrator.model import AudioChunk, AudioFormat, Container
from tests.audio.signals import chirp, pcm_of

RATE = 24_000
SOUND = np.frombuffer(pcm_of(chirp(1.5, RATE)), "<i2")
FIRST_FRAME = 8_300
"""Where ffmpeg's metadata ends: its last block is padding."""


class _Pipe(io.BytesIO):
    """What a server writes to that streams: nothing can be put right at the start any more."""

    def seekable(self) -> bool:
        return False


def flac(
    samples: npt.NDArray[Any],
    *,
    rate_hz: int = RATE,
    layout: Literal["mono", "stereo"] = "mono",
    file: io.BytesIO | None = None,
) -> bytes:
    """Packed samples, int16 or int32, as FFmpeg writes them; with their number unless `file` is a pipe."""
    file = file or io.BytesIO()
    kind = "s16" if samples.dtype == np.int16 else "s32"
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate_hz, layout=layout)
        stream.format = kind
        frame = av.AudioFrame.from_ndarray(samples[None], format=kind, layout=layout)
        frame.sample_rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()


WHOLE = flac(SOUND)
STREAMED = flac(SOUND, file=_Pipe())


def decoded(data: bytes, *, piece: int = 1_000, rate_hz: int = RATE, declared: str = "flac") -> bytes:
    decoder = PcmDecoder(rate_hz)
    declares = AudioFormat(Container(declared), RATE)
    parts = [decoder.feed(AudioChunk(data[at : at + piece], declares)) for at in range(0, len(data), piece)]
    return b"".join([*parts, decoder.finish()])


@pytest.mark.parametrize("declared", ["flac", "wav", "pcm", "mp3"])
@pytest.mark.parametrize("data", [WHOLE, STREAMED], ids=["whole", "streamed"])
def test_it_is_the_sound_to_the_sample_whatever_was_declared(data: bytes, declared: str) -> None:
    assert decoded(data, declared=declared) == SOUND.tobytes()


@settings(max_examples=20)
@given(piece=st.integers(1, 3_000))
def test_flac_in_pieces_of_any_size_is_the_same_sound(piece: int) -> None:
    assert decoded(STREAMED, piece=piece) == SOUND.tobytes()


def test_sound_comes_before_the_end() -> None:
    decoder = PcmDecoder(RATE)
    early = decoder.feed(AudioChunk(STREAMED[: len(STREAMED) // 2], AudioFormat(Container.FLAC, RATE)))
    assert len(early) > len(SOUND) // 2


def test_silence_whose_frames_are_as_short_as_their_headers_is_whole() -> None:
    silence = np.zeros(100_000, np.int16)
    assert decoded(flac(silence, file=_Pipe()), piece=3) == silence.tobytes()


def test_hours_of_silence_in_a_few_bytes_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrator.audio.flac._MOST_SAMPLES", 50_000)
    with pytest.raises(BadTake, match="goes on and on"):
        decoded(flac(np.zeros(100_000, np.int16)), piece=10**6)


def test_stereo_is_averaged_and_24_bits_are_rounded() -> None:
    both = np.stack([SOUND, np.zeros_like(SOUND)], axis=1).ravel()
    halved = np.frombuffer(decoded(flac(both, layout="stereo")), "<i2")
    assert np.abs(halved - SOUND / 2).max() <= 0.5
    assert decoded(flac(SOUND.astype(np.int32) << 16)) == SOUND.tobytes()


def test_another_rate_is_resampled() -> None:
    assert len(decoded(flac(SOUND, rate_hz=48_000))) == pytest.approx(len(SOUND.tobytes()) / 2, abs=4)


@pytest.mark.parametrize("data", [WHOLE, STREAMED], ids=["whole", "streamed"])
@settings(max_examples=40)
@given(st.data())
def test_a_flac_that_is_cut_is_never_whole(data: bytes, draw: st.DataObject) -> None:
    end = draw.draw(st.integers(70, len(data) - 1))
    try:
        pcm = decoded(data[:end])
    except (StreamBroken, BadTake):
        return
    # Nothing tells a stream of no declared length, cut between two frames, from one that ends there.
    assert data is STREAMED
    assert SOUND.tobytes().startswith(pcm)
    assert len(pcm) % (2 * 1152) == 0


@pytest.mark.parametrize("lost", [1, 500])
def test_a_cut_inside_a_frame_is_a_broken_stream(lost: int) -> None:
    for data in (WHOLE, STREAMED):
        with pytest.raises(StreamBroken, match="inside a frame"):
            decoded(data[:-lost])


def test_less_than_the_declared_samples_is_a_broken_stream() -> None:
    declared = bytearray(WHOLE)
    declared[22:26] = (2 * len(SOUND)).to_bytes(4, "big")
    with pytest.raises(StreamBroken, match=f"{len(SOUND)} samples before"):
        decoded(bytes(declared))


def test_an_end_inside_the_metadata_is_a_broken_stream() -> None:
    with pytest.raises(StreamBroken, match="before its sound"):
        decoded(WHOLE[:30])


@pytest.mark.parametrize("at", [9_000, 12_000, 20_000])
def test_a_changed_byte_is_never_sound(at: int) -> None:
    broken = bytearray(WHOLE)
    broken[at] ^= 0x10
    with pytest.raises((BadTake, StreamBroken)):
        decoded(bytes(broken))


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        (b"\x80\x00\x00\x22" + bytes(34), "not read: 0 Hz"),
        (b"\x81\x00\x00\x04" + bytes(4), "does not say"),
        (WHOLE[4:42].replace(b"\x00", b"\x80", 1) + b"\x00" * 64, "where its first frame should be"),
    ],
)
def test_a_flac_that_makes_no_sense_is_a_bad_take(metadata: bytes, told: str) -> None:
    with pytest.raises(BadTake, match=told):
        decoded(b"fLaC" + metadata + bytes(64))


@given(st.binary(max_size=400))
def test_no_metadata_makes_anything_but_audio_or_our_errors(junk: bytes) -> None:
    for data in (b"fLaC" + junk, WHOLE[:42] + junk, WHOLE[:FIRST_FRAME] + junk):
        try:
            decoded(data)
        except (BadTake, StreamBroken):
            continue
