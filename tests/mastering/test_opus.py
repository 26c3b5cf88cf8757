from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrator.audio.peaks import true_peak
from narrator.errors import ConfigError, DiskError
from narrator.mastering.opus import OpusEncoder
from tests.audio.signals import Sound, chirp, ebur128_lufs, jumping
from tests.end_to_end.sound import decode

RATE = 48_000


@pytest.fixture(scope="module")
def speech_48k(speech: tuple[Sound, ...]) -> Sound:
    """The embedded voice at -20 LUFS, whose highest peaks are cut off at -4 dBFS as a limiter would."""
    whole = soxr.resample(np.concatenate(speech)[: 20 * 24_000], 24_000, RATE)
    level = 10 ** ((-20 - ebur128_lufs(whole, RATE)) / 20)
    limited: Sound = np.clip(whole * level, -0.63, 0.63).astype(np.float32)
    return limited


def encode(path: Path, sound: Sound, kbps: int = 32, block: int = 7_777, **wish: Any) -> OpusEncoder:
    encoder = OpusEncoder(path, RATE, kbps, **wish)
    for at in range(0, len(sound), block):
        encoder.write(sound[at : at + block])
    encoder.close()
    encoder.close()
    return encoder


def decoded_by_libopus(path: Path) -> Sound:
    """All that is in the packets, with what goes before the sound."""
    codec = av.CodecContext.create("libopus", "r")
    codec.sample_rate, codec.layout, codec.options = RATE, "mono", {"request_sample_fmt": "flt"}
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]
    blocks = [frame.to_ndarray()[0] for packet in packets for frame in codec.decode(av.Packet(packet))]
    whole: Sound = np.concatenate(blocks)
    return whole


def by_ffmpeg(path: Path) -> Sound:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    told = subprocess.run(command, capture_output=True, check=True)
    assert not told.stderr
    return np.frombuffer(told.stdout, np.float32)


def by_opusdec(path: Path) -> Sound:
    raw = path.with_suffix(".raw")
    command = ["opusdec", "--quiet", "--no-dither", "--rate", str(RATE), str(path), str(raw)]
    told = subprocess.run(command, capture_output=True, check=True, text=True)
    assert "WARNING" not in told.stderr
    return np.frombuffer(raw.read_bytes(), "<i2").astype(np.float32) / np.float32(32768)


def lag(heard: npt.NDArray[np.float32], sound: npt.NDArray[np.float32]) -> int:
    size = 1 << (len(heard) + len(sound)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound, size)))
    at = int(np.argmax(match))
    return at if at < size // 2 else at - size


def readers() -> list[Any]:
    def needs(program: str) -> Any:
        return pytest.mark.skipif(not shutil.which(program), reason=f"there is no {program}")

    return [
        pytest.param(lambda path: decode(path).samples, id="PyAV"),
        pytest.param(by_ffmpeg, id="ffmpeg", marks=needs("ffmpeg")),
        pytest.param(by_opusdec, id="opusdec", marks=needs("opusdec")),
    ]


@pytest.mark.parametrize("read", readers())
@pytest.mark.parametrize("kbps", [24, 64])
def test_a_chirp_is_heard_where_it_was_and_nothing_after_it(tmp_path: Path, kbps: int, read: Any) -> None:
    quiet = np.zeros(12_345, np.float32)
    sound = np.concatenate([quiet, chirp(2, RATE), quiet])
    path = tmp_path / "chirp.opus"
    encoder = encode(path, sound, kbps)
    heard = read(path)
    assert len(heard) == len(sound) == encoder.frames
    assert abs(lag(heard, sound)) <= 1  # where libopus codes speech its delay is no whole number of samples


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.one_of(st.integers(1, 3_000), st.sampled_from([648, 649, 48_000, 65_536, 131_072])))
def test_every_length_comes_back_from_opus(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "any.opus"
    encode(path, chirp(3, RATE)[:frames], block=65_536)
    assert len(decode(path).samples) == frames


def test_a_file_of_nothing_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "nothing.opus"
    assert encode(path, np.zeros(0, np.float32)).frames == 0
    pages = path.read_bytes().split(b"OggS")[1:]
    assert [page[1] for page in pages] == [2, 0, 4]  # the first, and the last


def test_pages_are_seconds_and_hold_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "chirp.opus"
    encode(path, chirp(3.5, RATE), kbps=256)
    data, at, granules = path.read_bytes(), 0, []
    while at < len(data):
        laces = data[at + 26]
        assert data[at : at + 5] == b"OggS\0"
        granules.append(int.from_bytes(data[at + 6 : at + 14], "little"))
        at += 27 + laces + sum(data[at + 27 : at + 27 + laces])
    assert granules == [0, 0, RATE, 2 * RATE, 3 * RATE, 312 + round(3.5 * RATE)]


@pytest.mark.skipif(not shutil.which("opusinfo"), reason="there is no opusinfo")
def test_opusinfo_has_nothing_to_warn_of(tmp_path: Path) -> None:
    path = tmp_path / "chirp.opus"
    encode(path, chirp(3.5, RATE))
    told = subprocess.run(["opusinfo", path], capture_output=True, text=True, check=True)
    assert "WARNING" not in told.stdout
    assert "Playback length: 0m:03.5" in told.stdout


@pytest.mark.parametrize(("kbps", "within_lu"), [(24, 0.2), (32, 0.2), (64, 0.05)])
def test_speech_is_as_loud_and_peaks_as_the_encoder_says(
    speech_48k: Sound, tmp_path: Path, kbps: int, within_lu: float
) -> None:
    path = tmp_path / "speech.opus"
    encoder = encode(path, speech_48k, kbps)
    heard = decoded_by_libopus(path)
    loudness = ebur128_lufs(heard[312 : 312 + len(speech_48k)], RATE)
    assert loudness == pytest.approx(ebur128_lufs(speech_48k, RATE), abs=within_lu)
    peak_dbtp = 20 * math.log10(true_peak(heard))
    assert encoder.true_peak_dbtp == pytest.approx(peak_dbtp, abs=0.03)
    assert peak_dbtp <= 20 * math.log10(true_peak(speech_48k)) + encoder.headroom_db


def test_no_peak_that_coding_raises_above_the_rest_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "noise.opus"
    encoder = encode(path, jumping(12_206), 16)
    assert encoder.true_peak_dbtp == pytest.approx(
        20 * math.log10(true_peak(decoded_by_libopus(path))), abs=0.03
    )


def test_where_nothing_can_pass_the_mark_nothing_is_listened_to(tmp_path: Path) -> None:
    encoder = OpusEncoder(tmp_path / "quiet.opus", RATE, 32)
    encoder.listen_above(-3.0)
    encoder.write(chirp(2, RATE, level=0.1))
    encoder.close()
    assert encoder.true_peak_dbtp < -80


def test_fast_is_another_file_and_best_is_no_worse_than_balanced(tmp_path: Path, speech_48k: Sound) -> None:
    files = {wish: tmp_path / f"{wish}.opus" for wish in ("fast", "balanced", "best")}
    for wish, path in files.items():
        encode(path, speech_48k[: 4 * RATE], quality=wish)
    assert files["fast"].read_bytes() != files["balanced"].read_bytes()
    assert files["best"].stat().st_size == pytest.approx(files["balanced"].stat().st_size, rel=0.02)


def test_equal_sound_is_an_equal_opus(tmp_path: Path) -> None:
    one, other = tmp_path / "one.opus", tmp_path / "other.opus"
    encode(one, chirp(1, RATE))
    encode(other, chirp(1, RATE), block=100)
    assert one.read_bytes() == other.read_bytes()


def test_opus_of_another_rate_or_bitrate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="24000 Hz"):
        OpusEncoder(tmp_path / "no.opus", 24_000, 32)
    with pytest.raises(ConfigError, match=r"opus_kbps.* 300 kbit/s; it has 6 to 256"):
        OpusEncoder(tmp_path / "no.opus", RATE, 300)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_fills_while_opus_is_made_is_a_disk_error() -> None:
    encoder = OpusEncoder(Path("/dev/full"), RATE, 64)
    with pytest.raises(DiskError, match="No space left"):
        encoder.write(chirp(20, RATE))
    with pytest.raises(DiskError):
        encoder.close()
    encoder.close()
