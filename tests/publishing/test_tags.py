from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from mutagen.id3 import ID3

from narrator.errors import DiskError
from narrator.mastering.mp3 import Mp3Encoder
from narrator.model import Cover
from narrator.publishing.tags import Tags, tag_mp3
from tests.audio.signals import chirp
from tests.end_to_end.sound import decode, read_mp3

TAGS = Tags(
    title="Глава I: 吾輩は猫である\n(ünï) 🐈",
    album="The Cat, and Other Tales",
    authors=("Natsume Sōseki", "Strunk, Jr."),
    narrator="hibari heart",
    track=3,
    tracks=12,
    language="de-AT",
    cover=Cover("image/jpeg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20),
)
DATED = replace(TAGS, cover=None, date="1905-10-06", series="Cats\nof Meiji 🐈", part="1.5")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "chapter.mp3"
    encoder = Mp3Encoder(path, 24_000, 64)
    encoder.write(chirp(1.1, 24_000))
    encoder.close()
    return path


def test_mutagen_reads_every_tag_as_id3_2_3(path: Path) -> None:
    tag_mp3(path, TAGS)
    tags = read_mp3(path).tags
    assert tags.version == (2, 3, 0)
    texts = {
        name: tags[name].text[0] for name in ("TIT2", "TALB", "TPE1", "TPE2", "TCOM", "TCON", "TRCK", "TLAN")
    }
    assert texts == {
        "TIT2": "Глава I: 吾輩は猫である (ünï) 🐈",
        "TALB": "The Cat, and Other Tales",
        "TPE1": "Natsume Sōseki; Strunk, Jr.",
        "TPE2": "Natsume Sōseki; Strunk, Jr.",
        "TCOM": "hibari heart (synthetic voice)",
        "TCON": "Audiobook",
        "TRCK": "3/12",
        "TLAN": "deu",
    }
    (picture,) = tags.getall("APIC")
    assert TAGS.cover
    assert (picture.mime, picture.type, picture.data) == ("image/jpeg", 3, TAGS.cover.data)
    assert "synthetic voice" in tags.getall("COMM")[0].text[0]
    assert {name[:4] for name in tags} == {*texts, "APIC", "COMM"}, "and no time of making, no length"


@pytest.mark.parametrize(
    ("date", "frames"),
    [
        ("1905-10-06", {"TYER": "1905", "TDAT": "0610"}),
        ("1905-10", {"TYER": "1905"}),
        ("1905", {"TYER": "1905"}),
        ("", {}),
    ],
)
def test_the_day_of_the_book_is_written_as_far_as_it_is_known(
    path: Path, date: str, frames: dict[str, str]
) -> None:
    tag_mp3(path, replace(TAGS, date=date))
    tags: Any = ID3(path, translate=False)  # type: ignore[no-untyped-call]  # mutagen is typed in part only
    assert tags.version == (2, 3, 0)
    assert {name: tags[name].text[0] for name in ("TYER", "TDAT", "TDRC", "TORY") if name in tags} == frames


def test_a_series_is_written_where_audiobookshelf_looks_for_it(path: Path) -> None:
    tag_mp3(path, DATED)
    tags = read_mp3(path).tags
    own = {frame.desc: frame.text for frame in tags.getall("TXXX")}
    assert own == {"SERIES": ["Cats of Meiji 🐈"], "SERIES-PART": ["1.5"]}
    tag_mp3(path, replace(DATED, part=""))
    assert [frame.desc for frame in read_mp3(path).tags.getall("TXXX")] == ["SERIES"]


def test_ffmpeg_reads_the_same(path: Path) -> None:
    tag_mp3(path, DATED)
    tags = read_mp3(path).tags
    with av.open(str(path)) as container:
        seen = dict(container.metadata)
    assert seen == {
        "title": tags["TIT2"].text[0],
        "album": tags["TALB"].text[0],
        "artist": tags["TPE1"].text[0],
        "album_artist": tags["TPE2"].text[0],
        "composer": tags["TCOM"].text[0],
        "genre": tags["TCON"].text[0],
        "track": tags["TRCK"].text[0],
        "language": tags["TLAN"].text[0],
        "comment": tags.getall("COMM")[0].text[0],
        "date": "1905-10-06",
        "SERIES": "Cats of Meiji 🐈",
        "SERIES-PART": "1.5",
    }


def test_the_sound_is_not_touched(path: Path) -> None:
    before, heard = path.read_bytes(), decode(path)
    tag_mp3(path, TAGS)
    assert path.read_bytes().endswith(before)
    assert np.array_equal(decode(path).samples, heard.samples)
    assert read_mp3(path).info.length == pytest.approx(1.1)


def test_tagging_again_replaces_and_gives_equal_bytes(path: Path) -> None:
    tag_mp3(path, replace(TAGS, title="Another, which is longer than the one that will take its place"))
    tag_mp3(path, DATED)
    once = path.read_bytes()
    tag_mp3(path, TAGS)
    assert path.read_bytes() != once
    tag_mp3(path, DATED)
    assert path.read_bytes() == once


@pytest.mark.parametrize(
    ("language", "code"),
    [("en-GB", "eng"), ("fr", "fra"), ("zh-Hant", "zho"), ("sr-Latn", "srp"), ("", None), ("x-klingon", None)],
)
def test_a_language_is_written_by_three_letters_or_not_at_all(
    path: Path, language: str, code: str | None
) -> None:
    tag_mp3(path, replace(TAGS, language=language, authors=()))
    tags = read_mp3(path).tags
    assert (tags["TLAN"].text[0] if "TLAN" in tags else None) == code
    assert "TPE1" not in tags


def test_a_file_that_cannot_be_written_is_a_disk_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"gone\.mp3"):
        tag_mp3(tmp_path / "no folder" / "gone.mp3", TAGS)
