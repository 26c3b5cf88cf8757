from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.oggopus import OggOpus

from narrator.errors import DiskError
from narrator.mastering.flac import FlacEncoder
from narrator.mastering.opus import OpusEncoder
from narrator.model import Cover
from narrator.publishing.tags import ChapterMark, Tags
from narrator.publishing.vorbis_tags import tag_flac, tag_opus
from tests.audio.signals import chirp
from tests.end_to_end.sound import decode
from tests.publishing.pictures_for_tests import noise, saved

RATE = 48_000
LONG = "Ä cat / a dog \N{CAT FACE} " + "and so on " * 48
TAGS = Tags(
    title="One\nand two",
    album="Book",
    authors=("Doe, Jane", "Ω Doe"),
    narrator="Hibari",
    track=3,
    tracks=12,
    language="de-AT",
    cover=Cover("image/jpeg", saved(noise(300, 300), "JPEG", quality=90)),
    date="1905-10-06",
    series="Rivers",
    part="1.5",
    isbn="9783161484100",
    publisher="House & Sons",
    description="First  line.\nSecond line.",
)
FIELDS = {
    "title": ["One and two"],
    "album": ["Book"],
    "artist": ["Doe, Jane", "Ω Doe"],
    "albumartist": ["Doe, Jane", "Ω Doe"],
    "composer": ["Hibari (synthetic voice)"],
    "performer": ["Hibari (synthetic voice)"],
    "narrator": ["Hibari"],
    "genre": ["Audiobook"],
    "date": ["1905-10-06"],
    "tracknumber": ["3"],
    "tracktotal": ["12"],
    "discnumber": ["1"],
    "disctotal": ["1"],
    "language": ["deu"],
    "publisher": ["House & Sons"],
    "isbn": ["9783161484100"],
    "series": ["Rivers"],
    "series-part": ["1.5"],
    "comment": ["Read by a synthetic voice: Hibari."],
    "description": ["First line.\nSecond line."],
}
BARE = Tags("T", "B", (), "V", 0, 0, "", None)
Tagger = Callable[[Path, Tags], None]


@pytest.fixture(params=["flac", "opus"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tag(kind: str) -> Tagger:
    return tag_flac if kind == "flac" else tag_opus


@pytest.fixture
def path(kind: str, tmp_path: Path) -> Path:
    path = tmp_path / f"chapter.{kind}"
    encoder = FlacEncoder(path, RATE) if kind == "flac" else OpusEncoder(path, RATE, 32)
    encoder.write(chirp(3, RATE))
    encoder.close()
    return path


def read(path: Path) -> Any:
    return (FLAC if path.suffix == ".flac" else OggOpus)(path)


def fields_of(path: Path) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in read(path).tags:
        fields.setdefault(name.lower(), []).append(value)
    fields.pop("metadata_block_picture", None)
    return fields


def picture_of(path: Path) -> Any:
    file = read(path)
    if path.suffix == ".flac":
        (picture,) = file.pictures
        return picture
    (text,) = file.tags["METADATA_BLOCK_PICTURE"]
    return Picture(base64.b64decode(text))  # type: ignore[no-untyped-call]  # as above


def probed(path: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters"]
    told = subprocess.run([*command, path], capture_output=True, check=True)
    assert not told.stderr
    facts: dict[str, Any] = json.loads(told.stdout)
    return facts


def test_all_that_is_known_is_in_the_file_and_the_sound_is_as_it_was(path: Path, tag: Tagger) -> None:
    before = decode(path).samples
    tag(path, TAGS)
    assert fields_of(path) == FIELDS
    picture = picture_of(path)
    assert TAGS.cover
    assert (picture.type, picture.mime, picture.data) == (3, "image/jpeg", TAGS.cover.data)
    assert (decode(path).samples == before).all()


def test_what_is_not_known_is_not_said(path: Path, tag: Tagger) -> None:
    tag(path, TAGS)
    tag(path, BARE)
    assert set(fields_of(path)) == {
        "title", "album", "composer", "performer", "narrator", "genre", "comment",
    }  # fmt: skip
    assert not getattr(read(path), "pictures", [])
    assert "METADATA_BLOCK_PICTURE" not in read(path).tags


def test_equal_tags_are_equal_bytes_whatever_was_there_before(path: Path, tag: Tagger) -> None:
    tag(path, TAGS)
    first = path.read_bytes()
    tag(path, TAGS)
    assert path.read_bytes() == first
    tag(path, BARE)
    tag(path, replace(TAGS, title=LONG, cover=None))
    tag(path, TAGS)
    assert path.read_bytes() == first


def test_titles_of_any_length_and_script_are_kept(path: Path, tag: Tagger) -> None:
    tag(path, replace(TAGS, title=LONG, album="lone \ud800 half", authors=("=", "a=b")))
    fields = fields_of(path)
    assert fields["title"] == [LONG.strip()]
    assert fields["album"] == ["lone \N{REPLACEMENT CHARACTER} half"]
    assert fields["artist"] == ["=", "a=b"]


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="there is no ffprobe")
def test_ffprobe_sees_the_same_tags_cover_and_chapters(path: Path, tag: Tagger) -> None:
    marks = (ChapterMark("One", 0.0, 1.25), ChapterMark("Two = 2 \N{CAT FACE}", 1.25, 3.0))
    tag(path, replace(TAGS, chapters=marks))
    facts = probed(path)
    tags = {**facts["format"].get("tags", {}), **facts["streams"][0].get("tags", {})}
    tags = {name.lower(): value for name, value in tags.items()}
    expected = {"title": "One and two", "artist": "Doe, Jane;Ω Doe", "composer": "Hibari (synthetic voice)"}
    assert {name: tags[name] for name in expected} == expected
    assert (tags["track"], tags["series-part"], tags["isbn"]) == ("3", "1.5", "9783161484100")
    picture = facts["streams"][1]
    assert (picture["codec_name"], picture["width"], picture["height"]) == ("mjpeg", 300, 300)
    chapters = [(each["tags"]["title"], each["start_time"]) for each in facts["chapters"]]
    assert chapters == [("One", "0.000000"), ("Two = 2 \N{CAT FACE}", "1.250000")]


def test_chapters_are_told_to_the_millisecond_and_past_a_day(path: Path, tag: Tagger) -> None:
    starts = (0.0, 59.9996, 3599.999, 30 * 3600 + 61.0015)
    tag(path, replace(BARE, chapters=tuple(ChapterMark(f"C{at}", at, at + 1) for at in starts)))
    fields = fields_of(path)
    told = [fields[f"chapter{number:03d}"][0] for number in range(1, 5)]
    assert told == ["00:00:00.000", "00:01:00.000", "00:59:59.999", "30:01:01.002"]
    assert fields["chapter004name"] == ["C108061.0015"]


@pytest.mark.parametrize(
    ("program", "says"), [(("flac", "--test", "--silent"), ""), (("opusinfo",), "Logical stream 1 ended")]
)
def test_the_reference_programs_find_nothing_wrong(
    path: Path, tag: Tagger, program: tuple[str, ...], says: str
) -> None:
    if (path.suffix == ".flac") != (program[0] == "flac") or not shutil.which(program[0]):
        pytest.skip(f"{program[0]} is not there, or not for this file")
    tag(path, TAGS)
    told = subprocess.run([*program, path], capture_output=True, text=True, check=True)
    assert "WARNING" not in told.stdout + told.stderr
    assert says in told.stdout


def test_a_file_that_is_gone_or_none_of_the_kind_is_a_disk_error(tag: Tagger, tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(b"no sound at all")
    for name in ("gone", "words"):
        with pytest.raises(DiskError, match=f"Writing tags to .*{name}") as caught:
            tag(tmp_path / name, TAGS)
        assert caught.value.advice
