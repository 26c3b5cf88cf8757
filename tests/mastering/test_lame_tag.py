"""The Info frame, held against the one of the `lame` program, and what it says of large and of many frames."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.audio.mpeg import KBPS, FrameHeader, FrameWalk, InfoTag, version_of
from narrator.mastering.crc16 import crc16
from narrator.mastering.lame_tag import LameSettings, Music, SeekTable, blank_info_frame, info_frame
from narrator.mastering.mp3 import Mp3Encoder
from narrator.mastering.wav import WavEncoder
from tests.audio.signals import babble
from tests.mastering.test_encoders import LAME_RATES

LAME_AT = 120
UNWISE = 0x20  # what LAME says of every source of 32 kHz or less


def frame_of(path: Path) -> tuple[FrameHeader, bytes]:
    data = path.read_bytes()
    header = FrameHeader.parse(data)
    assert header
    return header, data[: header.size]


def fields(path: Path) -> dict[str, object]:
    """What a file says of itself, but for the gain to one loudness, and what differs as the sound does."""
    header, frame = frame_of(path)
    at, lame = header.info_offset, header.info_offset + LAME_AT
    return {
        "header": frame[:4].hex(),
        "name": frame[at : at + 4],
        "flags": frame[at + 4 : at + 8],
        "frames": int.from_bytes(frame[at + 8 : at + 12], "big"),
        "is all of the file": int.from_bytes(frame[at + 12 : at + 16], "big") == path.stat().st_size,
        "quality": frame[lame - 1],
        "encoder": frame[lame : lame + 9],
        "method": frame[lame + 9],
        "low-pass": frame[lame + 10],
        "encoding": frame[lame + 19],
        "kbps": frame[lame + 20],
        "delay and padding": frame[lame + 21 : lame + 24].hex(),
        "noise shaping, source": frame[lame + 24] & ~UNWISE,
        "gain, preset": frame[lame + 25 : lame + 28].hex(),
        "is all music": int.from_bytes(frame[lame + 28 : lame + 32], "big") == path.stat().st_size,
        "is the crc of the music": frame[lame + 32 : lame + 34]
        == crc16(path.read_bytes()[header.size :]).to_bytes(2, "big"),
        "is the crc of the tag": frame[lame + 34 : lame + 36] == crc16(frame[: lame + 34]).to_bytes(2, "big"),
    }


WAYS: list[tuple[int, dict[str, Any], str]] = [
    (24_000, {"kbps": 64}, "-b 64 -q 5"),
    (24_000, {"kbps": 64, "quality": "best"}, "-b 64 -q 2"),
    (24_000, {"kbps": 64, "quality": "fast"}, "-b 64 -q 7"),
    (24_000, {"kbps": 160}, "-b 160 -q 5"),
    (32_000, {"kbps": 48}, "-b 48 -q 5"),
    (44_100, {"kbps": 80}, "-b 80 -q 5"),
    (44_100, {"kbps": 192}, "-b 192 -q 5"),
    (48_000, {"kbps": 320, "quality": "fast"}, "-b 320 -q 7"),
    (8_000, {"kbps": 64, "mode": "vbr"}, "-V 4 -q 5"),
    *(
        (rate_hz, {"kbps": 64, "mode": "vbr", "vbr_quality": quality}, f"-V {quality} -q 5")
        for rate_hz in (24_000, 44_100)
        for quality in range(10)
    ),
]


@pytest.mark.skipif(not shutil.which("lame"), reason="the lame program is not installed")
@pytest.mark.parametrize(("rate_hz", "way", "options"), WAYS)
def test_it_says_what_lame_says(tmp_path: Path, rate_hz: int, way: dict[str, Any], options: str) -> None:
    ours, theirs, wav = tmp_path / "ours.mp3", tmp_path / "theirs.mp3", tmp_path / "master.wav"
    for encoder in (Mp3Encoder(ours, rate_hz, **way), WavEncoder(wav, rate_hz)):
        encoder.write(babble(0.7, rate_hz))
        encoder.close()
    rate = str(rate_hz / 1000)
    command = ["lame", "--quiet", "-m", "m", "--resample", rate, *options.split(), str(wav), str(theirs)]
    subprocess.run(command, check=True)
    assert fields(ours) == fields(theirs)


@pytest.mark.parametrize("rate_hz", LAME_RATES)
def test_there_is_room_for_it_at_every_bitrate(rate_hz: int) -> None:
    for kbps in KBPS[version_of(rate_hz)]:
        frame = blank_info_frame(LameSettings(rate_hz, kbps, 5))
        header = FrameHeader.parse(frame)
        assert header
        assert (len(frame), header.rate_hz) == (header.size, rate_hz)
        assert header.kbps >= kbps
        assert InfoTag.parse(frame, header) == InfoTag(0, 576, 0, gapless=True)


def test_a_size_that_its_field_cannot_hold_is_not_said() -> None:
    frames = SeekTable()
    frames.add([1_000_000] * 4_294)
    blank = blank_info_frame(LameSettings(44_100, 320, 5))
    header = FrameHeader.parse(blank)
    assert header
    at = header.info_offset
    small = info_frame(blank, Music(frames, crc=1, padding=700))
    frames.add([1_000_000])
    large = info_frame(small, Music(frames, crc=2, padding=800))
    assert (small[at + 7], large[at + 7]) == (0xF, 0xD)
    assert int.from_bytes(small[at + 12 : at + 16], "big") == 4_294_000_000 + header.size
    assert InfoTag.parse(small, header) == InfoTag(4_294, 576, 700, gapless=True)
    assert InfoTag.parse(large, header) == InfoTag(4_295, 576, 800, gapless=True)
    assert len(large) == header.size
    assert list(large[at + 12 : at + 112]) == pytest.approx(list(small[at + 16 : at + 116]), abs=1)
    lame = large[at + LAME_AT - 4 :]
    assert (lame[:9], lame[28:34]) == (b"LAME3.100", bytes(5) + b"\2")
    assert info_frame(large, Music(SeekTable(), 0, 0)) == info_frame(blank, Music(SeekTable(), 0, 0))


@given(st.lists(st.integers(24, 1_441), min_size=1, max_size=400), st.integers(2, 40))
def test_a_table_that_forgets_frames_knows_about_where_they_begin(sizes: list[int], most: int) -> None:
    every, few = SeekTable(), SeekTable(most)
    for size in sizes:
        every.add([size])
        few.add([size])
    assert (few.frames, few.size) == (every.frames, every.size) == (len(sizes), sum(sizes))
    step = 2 * max(1, len(sizes) // most) * max(sizes)
    for frame in range(len(sizes)):
        assert every.begin_of(frame) == sum(sizes[:frame])
        assert abs(few.begin_of(frame) - every.begin_of(frame)) <= 2 * step


@given(st.lists(st.tuples(st.sampled_from(KBPS[2]), st.booleans()), max_size=20), st.data())
def test_frames_are_found_however_the_stream_is_cut(kinds: list[tuple[int, bool]], data: st.DataObject) -> None:
    headers = [FrameHeader(2, kbps, 22_050, 1, padded) for kbps, padded in kinds]
    stream = b"".join(each.to_bytes().ljust(each.size, b"\xff") for each in headers)
    walk = FrameWalk(FrameHeader(2, 64, 22_050, 1))
    found = []
    while stream:
        cut = data.draw(st.integers(1, 700))
        found += walk.sizes(stream[:cut])
        stream = stream[cut:]
    assert found == [each.size for each in headers]
    assert walk.is_whole


def test_what_is_no_frame_of_the_stream_is_not_taken_for_one() -> None:
    walk = FrameWalk(FrameHeader(2, 64, 24_000, 1))
    assert walk.sizes(FrameHeader(2, 8, 24_000, 1).to_bytes()) == [24]
    assert not walk.is_whole
    with pytest.raises(ValueError, match="no frame begins 4 bytes before"):
        walk.sizes(bytes(20) + FrameHeader(2, 64, 22_050, 1).to_bytes())
