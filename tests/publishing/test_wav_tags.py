from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutagen.wave import WAVE

from narrator.audio.wav import WavWriter, put_length, rate_and_bytes
from narrator.publishing.tags import ChapterMark, Tags
from narrator.publishing.wav_tags import tag_wav
from tests.end_to_end.sound import decode

TAGS = Tags(
    title="One 🐚", album="The Ferry", authors=("A. N. Author",), narrator="hibari heart", track=1, tracks=2,
    language="en", cover=None, chapters=(ChapterMark("A", 0.0, 0.5), ChapterMark("B", 0.5, 1.0)),
)  # fmt: skip


@pytest.fixture(params=[1 << 40, 0], ids=["RIFF", "RF64"])
def wav(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "one.wav"
    with path.open("wb") as file:
        writer = WavWriter(file, 24_000, largest=min(request.param, 0xFFFFFFFF))
        writer.write((np.arange(24_000) % 1000).astype("<i2").tobytes())
        writer.close()
    return path


def test_the_sound_is_as_it_was_and_the_tags_can_be_changed(wav: Path) -> None:
    before = decode(wav).samples
    tag_wav(wav, TAGS)
    once = wav.read_bytes()
    tag_wav(wav, TAGS)
    assert wav.read_bytes() == once, "equal tags, equal bytes"
    assert np.array_equal(decode(wav).samples, before)
    assert rate_and_bytes(once[:80]) == (24_000, 48_000)


def test_others_read_title_and_who_reads(tmp_path: Path) -> None:
    path = tmp_path / "one.wav"
    with path.open("wb") as file:
        writer = WavWriter(file, 24_000)
        writer.write(bytes(48_000))
        writer.close()
    tag_wav(path, TAGS)
    read: Any = WAVE(path)  # type: ignore[no-untyped-call]  # mutagen is typed in part only
    assert str(read.tags["TIT2"]) == "One 🐚"
    assert "synthetic voice" in str(read.tags["TCOM"])
    assert [str(chapter.sub_frames["TIT2"]) for chapter in read.tags.getall("CHAP")] == ["A", "B"]
    assert read.info.length == 1.0


def test_tags_that_would_pass_the_size_of_a_wav_are_left_out() -> None:
    assert put_length(b"RIFF" + bytes(76), 1 << 32) is None
