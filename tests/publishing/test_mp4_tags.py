from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from mutagen.mp4 import MP4

from narrator.errors import DiskError
from narrator.mastering.aac import AacEncoder
from narrator.mastering.m4b import join_m4b
from narrator.model import Cover
from narrator.publishing.mp4_tags import tag_m4b
from narrator.publishing.tags import Tags
from tests.audio.signals import chirp
from tests.end_to_end.sound import decode

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
TAGS = Tags(
    title="Глава I: 吾輩は猫である\n(ünï) 🐈",
    album="The Cat, and Other Tales",
    authors=("Natsume Sōseki", "Strunk, Jr."),
    narrator="hibari heart",
    track=2,
    tracks=3,
    language="de-AT",
    cover=Cover("image/png", PNG),
    date="1905-10-06",
    series="Cats\nof Meiji 🐈",
    part="1.5",
    isbn="9783161484100",
    publisher="Ōkura & Co.",
    description="A cat\twatches.\nPeople  laugh.",
)
BARE = Tags("Alone", "Alone", (), "hibari", 0, 0, "", None)
CHAPTERS = ["One", "Zwei 🐈"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pieces = [tmp_path / "1.m4a", tmp_path / "2.m4a"]
    for piece in pieces:
        encoder = AacEncoder(piece, 24_000, 64)
        encoder.write(chirp(0.6, 24_000))
        encoder.close()
    path = tmp_path / "book.m4b"
    join_m4b(pieces, path, CHAPTERS, lambda: False)
    return path


def read(path: Path) -> Any:
    """The file as mutagen reads it; it is typed in part only."""
    return MP4(path)  # type: ignore[no-untyped-call]  # as above


def test_mutagen_reads_every_item(path: Path) -> None:
    tag_m4b(path, TAGS)
    items = dict(read(path).tags)
    (picture,) = items.pop("covr")
    assert (bytes(picture), picture.imageformat) == (PNG, picture.FORMAT_PNG)
    own = {name.rpartition(":")[2]: bytes(items.pop(name)[0]).decode() for name in list(items) if ":" in name}
    assert own.pop("iTunSMPB").split()[1] == "00000400"
    assert own == {
        "SERIES": "Cats of Meiji 🐈",
        "SERIES-PART": "1.5",
        "ISBN": "9783161484100",
        "LANGUAGE": "deu",
        "PUBLISHER": "Ōkura & Co.",
    }
    assert items == {
        "\xa9nam": ["Глава I: 吾輩は猫である (ünï) 🐈"],
        "\xa9alb": ["The Cat, and Other Tales"],
        "\xa9ART": ["Natsume Sōseki; Strunk, Jr."],
        "aART": ["Natsume Sōseki; Strunk, Jr."],
        "\xa9wrt": ["hibari heart (synthetic voice)"],
        "\xa9nrt": ["hibari heart (synthetic voice)"],
        "\xa9gen": ["Audiobook"],
        "\xa9day": ["1905-10-06"],
        "\xa9cmt": ["Read by a synthetic voice: hibari heart."],
        "desc": ["A cat watches.\nPeople laugh."],
        "ldes": ["A cat watches.\nPeople laugh."],
        "trkn": [(2, 3)],
        "disk": [(1, 1)],
        "stik": [2],
        "pgap": True,
    }


def test_what_is_not_known_is_not_written(path: Path) -> None:
    tag_m4b(path, BARE)
    names = {name.rpartition(":")[2] for name in read(path).tags}
    texts = {"\xa9nam", "\xa9alb", "\xa9wrt", "\xa9nrt", "\xa9gen", "\xa9cmt"}
    assert names == {*texts, "stik", "pgap", "iTunSMPB"}


# What Audiobookshelf looks for, by the names that FFmpeg gives it: server/utils/prober.js.
SOUGHT = {
    "title": "Глава I: 吾輩は猫である (ünï) 🐈",
    "album": "The Cat, and Other Tales",
    "artist": "Natsume Sōseki; Strunk, Jr.",
    "album_artist": "Natsume Sōseki; Strunk, Jr.",
    "composer": "hibari heart (synthetic voice)",
    "genre": "Audiobook",
    "track": "2/3",
    "disc": "1/1",
    "date": "1905-10-06",
    "comment": "Read by a synthetic voice: hibari heart.",
    "description": "A cat watches.\nPeople laugh.",
    "PUBLISHER": "Ōkura & Co.",
    "SERIES": "Cats of Meiji 🐈",
    "SERIES-PART": "1.5",
    "ISBN": "9783161484100",
    "LANGUAGE": "deu",
}


def test_ffmpeg_reads_what_audiobookshelf_looks_for(path: Path) -> None:
    tag_m4b(path, TAGS)
    with av.open(str(path)) as container:
        seen = dict(container.metadata)
    assert {name: seen.get(name) for name in SOUGHT} == SOUGHT
    assert (seen["media_type"], seen["gapless_playback"]) == ("2", "1")


def test_ffprobe_sees_the_title_the_chapters_and_the_cover(path: Path) -> None:
    if not shutil.which("ffprobe"):
        pytest.skip("ffprobe is not installed")
    tag_m4b(path, TAGS)
    command = [
        "ffprobe",
        "-v",
        "error",
        "-show_format",
        "-show_chapters",
        "-show_streams",
        "-of",
        "json",
        str(path),
    ]
    seen = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert SOUGHT.items() <= seen["format"]["tags"].items()
    assert [each["tags"]["title"] for each in seen["chapters"]] == CHAPTERS
    (picture,) = (each for each in seen["streams"] if each["disposition"]["attached_pic"])
    assert picture["codec_name"] == "png"


def test_neither_the_sound_nor_the_chapters_change(path: Path) -> None:
    before, sound = path.read_bytes(), decode(path).samples
    for tags in (TAGS, BARE, replace(TAGS, cover=Cover("image/jpeg", b"\xff\xd8\xff" + bytes(900_000)))):
        tag_m4b(path, tags)
        assert path.read_bytes().endswith(before[before.index(b"mdat") :]), "and it is still at the end"
        assert np.array_equal(decode(path).samples, sound)
        assert [each.title for each in read(path).chapters] == CHAPTERS
        with av.open(str(path)) as container:
            assert [each["metadata"]["title"] for each in container.chapters()] == CHAPTERS


def test_tagging_again_replaces_and_gives_equal_bytes(path: Path) -> None:
    tag_m4b(path, TAGS)
    once = path.read_bytes()
    tag_m4b(path, BARE)
    assert path.read_bytes() != once
    tag_m4b(path, TAGS)
    assert path.read_bytes() == once


def test_long_titles_and_characters_that_no_file_has_are_written(path: Path) -> None:
    tag_m4b(path, replace(TAGS, title="/🐈" * 250, album="half \ud800\0of one"))
    tags = read(path).tags
    assert tags["\xa9nam"] == ["/🐈" * 250]
    assert tags["\xa9alb"] == ["half � of one"]


@pytest.mark.parametrize(
    ("language", "code"), [("en-GB", b"eng"), ("zh-Hant", b"zho"), ("", None), ("x-klingon", None)]
)
def test_a_language_is_written_by_three_letters_or_not_at_all(
    path: Path, language: str, code: bytes | None
) -> None:
    tag_m4b(path, replace(TAGS, language=language))
    (written,) = read(path).tags.get("----:com.apple.iTunes:LANGUAGE", [None])
    assert written == code


def test_a_file_that_is_not_there_or_no_m4b_is_a_disk_error_that_names_it(tmp_path: Path) -> None:
    other = tmp_path / "other.m4b"
    other.write_bytes(b"RIFF" * 99)
    for path in (tmp_path / "gone.m4b", other):
        with pytest.raises(DiskError, match=path.name):
            tag_m4b(path, TAGS)
