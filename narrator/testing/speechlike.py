"""Sound that passes for speech: deterministic, different for each text, quick to make.

Syllables of harmonics whose pitch and colour change, with gaps as between words and phrases. A minute of it
is made once a process; a text gets slices of that minute, chosen by its hash.
"""

from __future__ import annotations

import functools
import hashlib
import io
import struct
from collections.abc import Iterator

import av
import lameenc
import numpy as np
import numpy.typing as npt

CHARACTERS_PER_SECOND = 15
"""How fast the fake voice reads."""

_BANK_S = 60
_PEAK = 0.5
_HARMONICS = 12


def frames_for(text: str, rate_hz: int, speed: float = 1.0) -> int:
    """How many frames the fake voice speaks for a text; at least a tenth of a second."""
    return max(rate_hz // 10, round(len(text) / CHARACTERS_PER_SECOND / speed * rate_hz))


def speech_pcm(text: str, rate_hz: int, frames: int) -> bytes:
    """`frames` frames of s16le mono speech-like sound, always the same for the same text."""
    bank = _bank(rate_hz)
    longest = len(bank) // 4
    pieces: list[bytes] = []
    for number, done in enumerate(range(0, frames, longest)):
        length = min(longest, frames - done)
        start = _offset(text, number, len(bank) - length)
        pieces.append(bank[start : start + length].tobytes())
    return b"".join(pieces)


def prepare(rate_hz: int) -> None:
    """Make the minute of sound now rather than at the first request."""
    _bank(rate_hz)


def noise_pcm(rate_hz: int) -> Iterator[bytes]:
    """White noise for ever, in pieces of a tenth of a second."""
    rng = np.random.default_rng(0)
    while True:
        yield rng.integers(-8000, 8000, rate_hz // 10, dtype=np.int16).astype("<i2").tobytes()


def wav(pcm: bytes, rate_hz: int, *, sizes_known: bool = True, with_list: bool = False) -> bytes:
    """A WAV file around s16le mono PCM; `with_list` puts a LIST/INFO chunk before the data.

    With unknown sizes the header says 0x7FFFFFDB and 0xFFFFFFFF, as servers do that stream.
    """
    info = b"INFOISFT" + struct.pack("<I", 14) + b"narrator fake\0"
    extra = b"LIST" + struct.pack("<I", len(info)) + info if with_list else b""
    data_size = len(pcm) if sizes_known else 0xFFFFFFFF
    riff_size = 36 + len(extra) + len(pcm) if sizes_known else 0x7FFFFFDB
    fmt = struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16)
    header = b"RIFF" + struct.pack("<I", riff_size) + b"WAVEfmt " + fmt + extra
    return header + b"data" + struct.pack("<I", data_size) + pcm


@functools.lru_cache(maxsize=64)
def mp3(pcm: bytes, rate_hz: int) -> bytes:
    """64 kbit/s CBR mono, by LAME at its fastest."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_channels(1)
    encoder.set_bit_rate(64)
    encoder.set_quality(9)
    return bytes(encoder.encode(pcm) + encoder.flush())


@functools.lru_cache(maxsize=64)
def flac(pcm: bytes, rate_hz: int) -> bytes:
    """s16le mono PCM as a FLAC file, by FFmpeg."""
    file = io.BytesIO()
    frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2")[None], format="s16", layout="mono")
    frame.sample_rate = rate_hz
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate_hz, layout="mono")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()


def ulaw(pcm: bytes) -> bytes:
    """G.711 µ-law of s16le samples, by the segments of the standard."""
    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    size = np.minimum(np.abs(samples), 32_635) + 0x84
    segment = np.floor(np.log2(size)).astype(np.int32) - 7
    code = (samples < 0) * 0x80 | segment << 4 | size >> (segment + 3) & 0x0F
    return bytes((~code & 0xFF).astype(np.uint8))


def alaw(pcm: bytes) -> bytes:
    """G.711 A-law of s16le samples, by the segments of the standard."""
    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    size = np.where(samples < 0, ~samples, samples) >> 4
    segment = np.maximum(np.floor(np.log2(np.maximum(size, 1))).astype(np.int32) - 3, 0)
    code = (samples >= 0) * 0x80 | segment << 4 | size >> np.maximum(segment - 1, 0) & 0x0F
    return bytes((code ^ 0x55).astype(np.uint8))


def _offset(text: str, number: int, limit: int) -> int:
    digest = hashlib.sha256(f"{number}:{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % limit


@functools.lru_cache(maxsize=4)
def _bank(rate_hz: int) -> npt.NDArray[np.int16]:
    rng = np.random.default_rng(rate_hz)
    frames = _BANK_S * rate_hz
    syllable_s = rng.uniform(0.12, 0.3, _BANK_S * 5)
    # Every few syllables a word ends, now and then a phrase.
    gap_s = rng.choice([0.0, 0.06, 0.25], _BANK_S * 5, p=[0.6, 0.33, 0.07])
    starts = np.concatenate([[0.0], np.cumsum(syllable_s + gap_s)])[:-1]
    clock = np.arange(frames, dtype=np.float64) / rate_hz
    which = np.searchsorted(starts, clock, side="right") - 1
    inside = (clock - starts[which]) / syllable_s[which]
    loudness = rng.uniform(0.5, 1.0, len(starts))
    envelope = np.where(inside < 1.0, np.sin(np.pi * np.minimum(inside, 1.0)), 0.0) * loudness[which]
    pitch_hz = np.interp(clock, starts, rng.uniform(90.0, 210.0, len(starts)))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / rate_hz
    colours = rng.uniform(0.1, 1.0, (_HARMONICS, len(starts))) / np.arange(1, _HARMONICS + 1)[:, None]
    sound = np.zeros(frames, np.float32)
    for harmonic in range(_HARMONICS):
        sound += np.sin((harmonic + 1) * phase, dtype=np.float32) * colours[harmonic][which]
    sound *= envelope
    return np.asarray(sound * (_PEAK * 32767 / np.abs(sound).max()), dtype="<i2")
