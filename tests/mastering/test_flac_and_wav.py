from __future__ import annotations

import hashlib
import math
import shutil
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC

from narrator.audio.decode import PcmDecoder
from narrator.audio.wav import HEADER_BYTES, WavWriter
from narrator.errors import ConfigError, DiskError, Interrupted
from narrator.mastering.flac import FlacEncoder
from narrator.mastering.joined import Joined
from narrator.mastering.other_rates import flac_rate_hz, opus_rate_hz, wav_rate_hz
from narrator.mastering.wav import WavEncoder
from narrator.mastering.wav_join import join_wav
from narrator.model import AudioChunk, AudioFormat, Container
from tests.audio.signals import Sound, chirp, pcm_of
from tests.end_to_end.sound import decode

RATE = 24_000


def encode(encoder: FlacEncoder | WavEncoder, sound: Sound, block: int = 7_777) -> None:
    for at in range(0, len(sound), block):
        encoder.write(sound[at : at + block])
    encoder.close()
    encoder.close()


def never() -> bool:
    return False


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_a_flac_gives_the_master_back_bit_by_bit(tmp_path: Path, rate_hz: int) -> None:
    sound = chirp(1.3, rate_hz)
    path = tmp_path / "chirp.flac"
    encoder = FlacEncoder(path, rate_hz)
    encode(encoder, sound)
    heard = decode(path)
    assert heard.rate_hz == rate_hz
    assert pcm_of(heard.samples) == pcm_of(sound)
    assert encoder.frames == len(sound)
    assert encoder.true_peak_dbtp == -math.inf


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.integers(0, 10_000))
def test_the_header_of_a_flac_tells_its_length_and_its_md5(tmp_path: Path, frames: int) -> None:
    sound = chirp(1, RATE)[:frames]
    path = tmp_path / "any.flac"
    encode(FlacEncoder(path, RATE), sound)
    info = FLAC(path).info  # type: ignore[no-untyped-call]  # mutagen is typed in part only
    assert (info.total_samples, info.sample_rate, info.channels, info.bits_per_sample) == (frames, RATE, 1, 16)
    if frames:
        assert info.md5_signature == int(hashlib.md5(pcm_of(sound)).hexdigest(), 16)  # noqa: S324 - FLAC's own


@pytest.mark.skipif(not shutil.which("flac"), reason="there is no flac")
def test_the_reference_decoder_finds_nothing_wrong(tmp_path: Path) -> None:
    path = tmp_path / "noise.flac"
    encode(FlacEncoder(path, RATE), np.random.default_rng(1).normal(0, 0.2, 50_000).astype(np.float32))
    told = subprocess.run(["flac", "--test", "--silent", path], capture_output=True, text=True, check=True)
    assert not told.stderr


@pytest.mark.parametrize("make", [FlacEncoder, WavEncoder])
def test_equal_sound_is_equal_bytes_without_loss(tmp_path: Path, make: Any) -> None:
    encode(make(tmp_path / "one", RATE), chirp(1, RATE))
    encode(make(tmp_path / "other", RATE), chirp(1, RATE), block=100)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_fills_while_flac_is_made_is_a_disk_error() -> None:
    encoder = FlacEncoder(Path("/dev/full"), RATE)
    noise = np.random.default_rng(1).normal(0, 0.2, 500_000).astype(np.float32)
    with pytest.raises(DiskError, match="No space left"):
        encoder.write(noise)
    with pytest.raises(DiskError):
        encoder.close()


def test_what_a_format_cannot_do_is_told_by_its_key() -> None:
    assert (opus_rate_hz(32), flac_rate_hz(22_050), wav_rate_hz(96_000)) == (48_000, 22_050, 96_000)
    with pytest.raises(ConfigError, match=r"delivery\.opus_kbps: .* 5 kbit/s; it has 6 to 256"):
        opus_rate_hz(5)
    with pytest.raises(ConfigError, match=r"delivery\.rate_hz: FLAC has no 2000000 Hz"):
        flac_rate_hz(2_000_000)
    with pytest.raises(ConfigError, match=r"delivery\.rate_hz: WAV has no 0 Hz"):
        wav_rate_hz(0)


def pieces_of(folder: Path, *lengths: int) -> tuple[list[Path], list[Sound]]:
    sounds = [chirp(1, RATE, level=0.2 + 0.1 * number)[:length] for number, length in enumerate(lengths)]
    paths = [folder / f"{number}.wav" for number in range(len(lengths))]
    for path, sound in zip(paths, sounds, strict=True):
        encode(WavEncoder(path, RATE), sound)
    return paths, sounds


def test_chapters_lie_in_one_wav_one_after_the_other(tmp_path: Path) -> None:
    pieces, sounds = pieces_of(tmp_path, 24_000, 1, 0, 7_777)
    book = tmp_path / "book.wav"
    joined = join_wav(pieces, book, never)
    assert joined == Joined(RATE, 31_778, ((0, 24_000), (24_000, 24_001), (24_001, 24_001), (24_001, 31_778)))
    with wave.open(str(book)) as file:
        assert file.readframes(file.getnframes()) == b"".join(map(pcm_of, sounds))
    assert book.stat().st_size == HEADER_BYTES + 2 * joined.frames


def test_a_piece_that_is_itself_rf64_is_joined_whole(tmp_path: Path) -> None:
    piece = tmp_path / "piece.wav"
    with piece.open("wb") as file:
        writer = WavWriter(file, RATE, largest=100)
        writer.write(bytes(range(200)))
        writer.close()
    assert piece.read_bytes().startswith(b"RF64")
    assert join_wav([piece], tmp_path / "book.wav", never).frames == 100
    assert (tmp_path / "book.wav").read_bytes()[HEADER_BYTES:] == bytes(range(200))


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-2],
        lambda data: data + b"xx",
        lambda data: b"",
        lambda data: data[:60],
        lambda data: data[:70] + b"\x02" + data[71:],
        lambda data: data[:76] + b"\xff\xff\xff\xff" + data[80:],
    ],
    ids=["short", "long", "empty", "no header", "another format", "never closed"],
)
def test_a_piece_that_is_not_whole_is_told(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    (piece,), _ = pieces_of(tmp_path, 1_000)
    piece.write_bytes(harm(piece.read_bytes()))
    with pytest.raises(DiskError, match=r"0\.wav is not what was written there") as caught:
        join_wav([piece], tmp_path / "book.wav", never)
    assert "made anew" in caught.value.advice
    assert not (tmp_path / "book.wav").exists()


def test_pieces_of_two_rates_or_none_are_not_joined(tmp_path: Path) -> None:
    (piece,), _ = pieces_of(tmp_path, 1_000)
    encode(WavEncoder(tmp_path / "other.wav", 44_100), chirp(1, 44_100))
    for pieces in ([], [piece, tmp_path / "other.wav"]):
        with pytest.raises(ValueError, match="pieces of one rate"):
            join_wav(pieces, tmp_path / "book.wav", never)


def test_joining_can_be_stopped(tmp_path: Path) -> None:
    pieces, _ = pieces_of(tmp_path, 1_000)
    with pytest.raises(Interrupted, match="the chapters were joined"):
        join_wav(pieces, tmp_path / "book.wav", lambda: True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_fills_while_joining_is_a_disk_error(tmp_path: Path) -> None:
    pieces, _ = pieces_of(tmp_path, 24_000, 24_000)
    with pytest.raises(DiskError, match="No space left"):
        join_wav(pieces, Path("/dev/full"), never)


def test_a_wav_and_a_flac_are_read_by_our_own_decoder(tmp_path: Path) -> None:
    for make, container in ((FlacEncoder, Container.FLAC), (WavEncoder, Container.WAV)):
        path = tmp_path / "sound"
        encode(make(path, RATE), chirp(0.5, RATE))
        decoder = PcmDecoder(RATE)
        pcm = decoder.feed(AudioChunk(path.read_bytes(), AudioFormat(container, RATE))) + decoder.finish()
        assert pcm == pcm_of(chirp(0.5, RATE))
