from __future__ import annotations

import errno
import wave
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.mp3 import BitrateMode

from narrator.audio.decode import PcmDecoder
from narrator.audio.mpeg import FrameHeader, InfoTag
from narrator.config import Levels
from narrator.errors import ConfigError, DiskError
from narrator.mastering.chapter import assemble_chapter
from narrator.mastering.crc16 import Crc16, crc16
from narrator.mastering.mp3 import Mp3Encoder
from narrator.mastering.mp3_rates import mp3_rate_hz
from narrator.mastering.timeline import Part
from narrator.mastering.wav import WavEncoder
from narrator.model import AudioChunk, AudioFormat, Container
from tests.audio.signals import Sound, chirp, pcm_of
from tests.end_to_end.sound import decode, read_mp3
from tests.mastering.takes import take_of

RATE = 24_000
LAME_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def encode(path: Path, sound: Sound, rate_hz: int = RATE, kbps: int = 64, block: int = 5_000) -> Mp3Encoder:
    encoder = Mp3Encoder(path, rate_hz, kbps)
    for at in range(0, len(sound), block):
        encoder.write(sound[at : at + block])
    encoder.close()
    return encoder


@pytest.mark.parametrize("rate_hz", LAME_RATES)
def test_the_decoded_file_is_the_sound_to_the_frame(tmp_path: Path, rate_hz: int) -> None:
    sound = chirp(1.3, rate_hz)
    path = tmp_path / "chirp.mp3"
    encoder = encode(path, sound, rate_hz)
    heard = decode(path)
    assert (heard.rate_hz, len(heard.samples)) == (rate_hz, len(sound)) == (encoder.rate_hz, encoder.frames)
    middle = slice(rate_hz // 10, -rate_hz // 10)
    assert heard.samples[middle] == pytest.approx(sound[middle], abs=0.03)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.integers(0, 6_000), kbps=st.sampled_from([32, 40, 64, 128, 160]))
def test_every_length_comes_back(tmp_path: Path, frames: int, kbps: int) -> None:
    path = tmp_path / "any.mp3"
    encode(path, chirp(1, RATE)[:frames], kbps=kbps, block=999)
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


def test_the_level_of_the_sound_is_kept_against_lames_own_scale(tmp_path: Path) -> None:
    t = np.arange(2 * 44_100) / 44_100
    tone = (0.5 * np.sin(2 * np.pi * 1_000 * t)).astype(np.float32)
    for kbps in (64, 160, 192, 224, 256, 320):
        path = tmp_path / f"{kbps}.mp3"
        encode(path, tone, 44_100, kbps)
        assert np.abs(decode(path).samples[9_000:-9_000]).max() == pytest.approx(0.5, rel=0.003)


def test_the_info_frame_tells_the_truth(tmp_path: Path) -> None:
    path = tmp_path / "chirp.mp3"
    encode(path, chirp(3.3, RATE), kbps=48)
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


def test_the_table_of_contents_leads_to_the_right_moment(tmp_path: Path) -> None:
    path = tmp_path / "chirp.mp3"
    encode(path, chirp(20, RATE))
    data = path.read_bytes()
    table = data[13 + 16 : 13 + 116]
    for share in range(0, 100, 9):
        offset = table[share] / 256 * len(data)
        assert (offset - 192) / (len(data) - 192) * 100 == pytest.approx(share, abs=0.6)


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=3_000), max_size=6))
def test_the_crc_of_pieces_is_that_of_the_whole(pieces: list[bytes]) -> None:
    crc = Crc16()
    for piece in pieces:
        crc.update(piece)
    assert crc.value == crc16(b"".join(pieces))
    assert crc16(b"123456789") == 0xBB3D  # the check value of CRC-16/ARC


def test_another_rate_is_delivered_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "chirp.mp3"
    encoder = Mp3Encoder(path, RATE, 192, delivered_rate_hz=44_100)
    sound = chirp(1.7, RATE)
    for at in range(0, len(sound), 7_777):
        encoder.write(sound[at : at + 7_777])
    encoder.close()
    heard = decode(path)
    assert heard.rate_hz == encoder.rate_hz == 44_100
    assert len(heard.samples) == encoder.frames == round(1.7 * 44_100)
    assert heard.samples[4_000:-4_000] == pytest.approx(chirp(1.7, 44_100)[4_000:-4_000], abs=0.05)


def test_rates_that_mp3_lacks_become_the_next(tmp_path: Path) -> None:
    assert [mp3_rate_hz(rate, 64) for rate in (8_000, 9_000, 24_000, 28_000, 47_000, 96_000)] == [
        8_000,
        11_025,
        24_000,
        32_000,
        48_000,
        48_000,
    ]
    path = tmp_path / "odd.mp3"
    assert encode(path, chirp(1, 28_000), 28_000).frames == len(decode(path).samples) == 32_000


@pytest.mark.parametrize(
    ("rate_hz", "kbps"), [(24_000, 192), (8_000, 96), (12_000, 160), (44_100, 24), (24_000, 63)]
)
def test_a_bitrate_that_the_rate_does_not_have_is_a_mistake_of_configuration(
    tmp_path: Path, rate_hz: int, kbps: int
) -> None:
    with pytest.raises(ConfigError, match=f"mp3_kbps.* {rate_hz} Hz.* {kbps} kbit/s"):
        Mp3Encoder(tmp_path / "no.mp3", rate_hz, kbps)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kbps", [32, 40, 48, 64, 96, 160])
def test_the_decoded_embedded_voice_keeps_what_was_promised(
    speech: tuple[Sound, ...], tmp_path: Path, kbps: int
) -> None:
    path = tmp_path / "chapter.mp3"
    encoder = Mp3Encoder(path, RATE, kbps)
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
    assert heard.loudness_lufs == pytest.approx(-20, abs=0.1 if kbps > 32 else 0.3)
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


def _frames(music: bytes) -> int:
    count = 0
    while music:
        header = FrameHeader.parse(music)
        assert header
        music = music[header.size :]
        count += 1
    return count
