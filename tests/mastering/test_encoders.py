from __future__ import annotations

import errno
import wave
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.mp3 import BitrateMode

from narrator.audio.decode import PcmDecoder
from narrator.audio.mpeg import FrameHeader, InfoTag
from narrator.errors import ConfigError, DiskError
from narrator.mastering.chapter import assemble_chapter
from narrator.mastering.crc16 import Crc16, crc16, crc16_of_both
from narrator.mastering.mp3 import Mp3Encoder
from narrator.mastering.mp3_rates import mp3_rate_hz
from narrator.mastering.timeline import Part
from narrator.mastering.wav import WavEncoder
from narrator.model import AudioChunk, AudioFormat, Container
from narrator.sections import Levels
from tests.audio.signals import Sound, babble, chirp, pcm_of
from tests.end_to_end.sound import decode, read_mp3
from tests.mastering.takes import take_of

RATE = 24_000
LAME_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def encode(
    path: Path, sound: Sound, rate_hz: int = RATE, kbps: int = 64, block: int = 5_000, **settings: Any
) -> Mp3Encoder:
    encoder = Mp3Encoder(path, rate_hz, kbps, **settings)
    for at in range(0, len(sound), block):
        encoder.write(sound[at : at + block])
    encoder.close()
    return encoder


@pytest.mark.parametrize("mode", ["cbr", "vbr"])
@pytest.mark.parametrize("rate_hz", LAME_RATES)
def test_the_decoded_file_is_the_sound_to_the_frame(tmp_path: Path, rate_hz: int, mode: str) -> None:
    sound = chirp(1.3, rate_hz)
    path = tmp_path / "chirp.mp3"
    encoder = encode(path, sound, rate_hz, mode=mode, vbr_quality=0)
    heard = decode(path)
    assert (heard.rate_hz, len(heard.samples)) == (rate_hz, len(sound)) == (encoder.rate_hz, encoder.frames)
    assert np.abs(heard.samples - sound)[rate_hz // 10 : -rate_hz // 10].max() < 0.03


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.integers(0, 6_000),
    settings=st.sampled_from(
        [
            *({"kbps": kbps} for kbps in (32, 40, 64, 128, 160)),
            {"mode": "vbr"},
            {"mode": "vbr", "vbr_quality": 9},
        ]
    ),
)
def test_every_length_comes_back(tmp_path: Path, frames: int, settings: dict[str, Any]) -> None:
    path = tmp_path / "any.mp3"
    encode(path, chirp(1, RATE)[:frames], block=999, **settings)
    if frames:
        decoder = PcmDecoder(RATE)
        pcm = decoder.feed(AudioChunk(path.read_bytes(), AudioFormat(Container.MP3, RATE))) + decoder.finish()
        assert len(pcm) == 2 * frames
    if frames >= 1152:  # of less, FFmpeg misses the end, or does not see what it is
        assert len(decode(path).samples) == frames
    assert read_mp3(path).info.length == pytest.approx(frames / RATE, abs=1e-6)


@pytest.mark.parametrize("kbps", [32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160])
def test_the_file_says_that_it_is_constant_and_from_lame(tmp_path: Path, kbps: int) -> None:
    path = tmp_path / "chirp.mp3"
    encode(path, chirp(2, RATE), kbps=kbps)
    info = read_mp3(path).info
    assert (info.bitrate_mode, info.sample_rate, info.channels) == (BitrateMode.CBR, RATE, 1)
    assert info.encoder_info.startswith("LAME 3.100")
    assert info.length == 2.0


@pytest.mark.parametrize("kbps", [192, 224, 256, 320])
@pytest.mark.parametrize("rate_hz", [32_000, 44_100, 48_000])
def test_the_high_bitrates_are_there_where_mp3_has_them(tmp_path: Path, rate_hz: int, kbps: int) -> None:
    path = tmp_path / "chirp.mp3"
    encode(path, chirp(1, rate_hz), rate_hz, kbps)
    info = read_mp3(path).info
    assert (info.bitrate_mode, info.sample_rate) == (BitrateMode.CBR, rate_hz)
    assert info.bitrate == pytest.approx(kbps * 1000, rel=1e-4)
    assert len(decode(path).samples) == rate_hz


@pytest.mark.parametrize("quality", range(10))
def test_a_variable_bitrate_is_smaller_the_worse_it_may_be_and_says_so(tmp_path: Path, quality: int) -> None:
    path, worse = tmp_path / "chirp.mp3", tmp_path / "worse.mp3"
    sound = babble(3, RATE)
    encode(path, sound, mode="vbr", vbr_quality=quality)
    info = read_mp3(path).info
    assert (info.bitrate_mode, info.sample_rate, info.length) == (BitrateMode.VBR, RATE, 3.0)
    assert info.encoder_settings == f"-V {quality}"
    if quality < 9:
        encode(worse, sound, mode="vbr", vbr_quality=quality + 1)
        assert worse.stat().st_size < path.stat().st_size


def test_a_better_encoding_is_another(tmp_path: Path) -> None:
    sounds = set()
    for quality in ("fast", "balanced", "best"):
        path = tmp_path / f"{quality}.mp3"
        encode(path, babble(2, RATE), quality=quality)
        assert len(decode(path).samples) == 2 * RATE
        sounds.add(decode(path).samples.tobytes())
    assert len(sounds) == 3


def test_the_level_of_the_sound_is_kept_against_lames_own_scale(tmp_path: Path) -> None:
    t = np.arange(2 * 44_100) / 44_100
    tone = (0.5 * np.sin(2 * np.pi * 1_000 * t)).astype(np.float32)
    ways: list[dict[str, Any]] = [{"kbps": kbps} for kbps in (64, 160, 192, 224, 256, 320)]
    for way in [*ways, {"mode": "vbr", "vbr_quality": 0}]:
        path = tmp_path / "tone.mp3"
        encode(path, tone, 44_100, **way)
        assert np.abs(decode(path).samples[9_000:-9_000]).max() == pytest.approx(0.5, rel=0.003), way


@pytest.mark.parametrize("mode", ["cbr", "vbr"])
def test_the_info_frame_tells_the_truth(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "chirp.mp3"
    encode(path, chirp(3.3, RATE), kbps=48, mode=mode)
    data = path.read_bytes()
    header = FrameHeader.parse(data)
    assert header
    info, music = data[: header.size], data[header.size :]
    at = header.info_offset
    tag = InfoTag.parse(info, header)
    assert tag == InfoTag(_frames(music), 576, tag.padding if tag else 0, gapless=True)
    assert int.from_bytes(info[at + 12 : at + 16], "big") == len(data)
    lame = at + 120
    assert int.from_bytes(info[lame + 28 : lame + 32], "big") == len(data)
    assert int.from_bytes(info[lame + 32 : lame + 34], "big") == crc16(music)
    assert int.from_bytes(info[lame + 34 : lame + 36], "big") == crc16(info[: lame + 34])


@pytest.mark.parametrize("mode", ["cbr", "vbr"])
def test_the_table_of_contents_leads_to_the_right_moment(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "half.mp3"
    sound = np.concatenate([babble(30, RATE), 0.001 * babble(50, RATE)])  # a half that needs fewer bits
    encode(path, sound, mode=mode)
    data = path.read_bytes()
    table = data[13 + 16 : 13 + 116]
    begins = _begins(data)
    for share in range(100):
        moment = np.searchsorted(begins[1:], table[share] / 256 * len(data), side="right") / (len(begins) - 1)
        assert moment * 100 == pytest.approx(share, abs=2.0)
    assert (begins[len(begins) // 2] / len(data) > 0.55) == (mode == "vbr")


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=3_000), max_size=6))
def test_the_crc_of_pieces_is_that_of_the_whole(pieces: list[bytes]) -> None:
    crc = Crc16()
    for piece in pieces:
        crc.update(piece)
    assert crc.value == crc16(b"".join(pieces))
    assert crc16(b"123456789") == 0xBB3D  # the check value of CRC-16/ARC


def test_the_crc_of_two_is_that_of_one_after_the_other() -> None:
    data = bytes(range(256)) * 30
    for at in (0, 1, 255, 7_000, len(data)):
        assert crc16_of_both(crc16(data[:at]), crc16(data[at:]), len(data) - at) == crc16(data)


def test_rates_that_mp3_lacks_become_the_next(tmp_path: Path) -> None:
    assert [mp3_rate_hz(rate, 64) for rate in (8_000, 9_000, 24_000, 28_000, 47_000, 96_000)] == [
        8_000,
        11_025,
        24_000,
        32_000,
        48_000,
        48_000,
    ]
    with pytest.raises(ValueError, match="28000"):
        Mp3Encoder(tmp_path / "odd.mp3", 28_000, 64)


def test_a_variable_bitrate_asks_for_none(tmp_path: Path) -> None:
    assert mp3_rate_hz(24_000, 320, mode="vbr") == 24_000
    encode(tmp_path / "chirp.mp3", chirp(1, RATE), kbps=320, mode="vbr")


@pytest.mark.parametrize(
    ("rate_hz", "kbps"), [(24_000, 192), (8_000, 96), (12_000, 160), (44_100, 24), (24_000, 63)]
)
def test_a_bitrate_that_the_rate_does_not_have_is_a_mistake_of_configuration(
    tmp_path: Path, rate_hz: int, kbps: int
) -> None:
    with pytest.raises(ConfigError, match=f"delivery.mp3_kbps.* {rate_hz} Hz.* {kbps} kbit/s"):
        Mp3Encoder(tmp_path / "no.mp3", rate_hz, kbps)
    assert not list(tmp_path.iterdir())


def test_a_mistake_is_told_with_what_would_be_right() -> None:
    with pytest.raises(ConfigError) as caught:
        mp3_rate_hz(24_000, 192)
    assert "144, 160" in caught.value.what
    assert "delivery.rate_hz" in caught.value.advice
    assert caught.value.advice.endswith("192: 32000, 44100, 48000.")


@pytest.mark.parametrize(
    "way",
    [
        *({"kbps": kbps} for kbps in (32, 40, 48, 64, 96, 160)),
        *({"kbps": 64, "mode": "vbr", "vbr_quality": quality} for quality in (0, 2, 4, 6)),
    ],
)
def test_the_decoded_embedded_voice_keeps_what_was_promised(
    speech: tuple[Sound, ...], tmp_path: Path, way: dict[str, Any]
) -> None:
    path = tmp_path / "chapter.mp3"
    encoder = Mp3Encoder(path, RATE, **way)
    levels = Levels()
    assemble_chapter(
        [Part(take_of(tmp_path, sound), 600) for sound in speech],
        head_ms=600,
        tail_ms=1_500,
        levels=levels,
        ceiling_dbfs=levels.true_peak_dbtp - encoder.headroom_db,
        encoders=[encoder],
    )
    encoder.close()
    heard = decode(path)
    assert heard.loudness_lufs == pytest.approx(-20, abs=0.1 if way["kbps"] > 32 else 0.3)
    assert heard.true_peak_dbtp <= -3


def test_equal_sound_is_equal_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one.mp3", tmp_path / "other.mp3"
    encode(one, chirp(1, RATE))
    encode(other, chirp(1, RATE))
    assert one.read_bytes() == other.read_bytes()


def test_a_wav_is_the_master_in_16_bits(tmp_path: Path) -> None:
    path = tmp_path / "chirp.wav"
    encoder = WavEncoder(path, RATE)
    encoder.write(chirp(1, RATE)[:10_000])
    encoder.write(chirp(1, RATE)[10_000:])
    encoder.close()
    encoder.close()
    with wave.open(str(path)) as file:
        assert file.readframes(file.getnframes()) == pcm_of(chirp(1, RATE))
    assert encoder.frames == RATE


@pytest.mark.parametrize("make", [lambda path: Mp3Encoder(path, RATE, 64), lambda path: WavEncoder(path, RATE)])
def test_a_file_that_cannot_be_made_is_a_disk_error_that_names_it(tmp_path: Path, make: object) -> None:
    assert callable(make)
    with pytest.raises(DiskError, match=r"gone.*chapter"):
        make(tmp_path / "gone" / "chapter")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("make", [lambda path: Mp3Encoder(path, RATE, 64), lambda path: WavEncoder(path, RATE)])
def test_a_full_disk_is_a_disk_error(make: object) -> None:
    assert callable(make)
    with pytest.raises(DiskError) as caught, closing(make(Path("/dev/full"))) as encoder:
        encoder.write(chirp(10, RATE))
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC


def _begins(data: bytes) -> list[int]:
    """Where the frames of sound begin, and the end of the last."""
    at, begins = 0, []
    while at < len(data):
        begins.append(at)
        header = FrameHeader.parse(data[at:])
        assert header
        at += header.size
    return [*begins[1:], at]


def _frames(music: bytes) -> int:
    return len(_begins(music))
