from __future__ import annotations

import json
import shutil
import subprocess
import tracemalloc
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
from narrator.publishing import id3_tags
from narrator.publishing.id3_tags import tag_mp3
from narrator.publishing.tags import ChapterMark, Tags
from tests.audio.signals import chirp
from tests.end_to_end.sound import decode, read_mp3
from tests.faults.small_disk import small_disk

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
DESCRIPTION = "A cat, and what he thinks of us.\nHe has no name yet 🐈."
PUBLISHED = replace(TAGS, isbn="9780000000002", publisher="Ōkura & Söhne", description=DESCRIPTION)
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
        name: tags[name].text[0]
        for name in ("TIT2", "TALB", "TPE1", "TPE2", "TCOM", "TCON", "TRCK", "TPOS", "TLAN")
    }
    assert texts == {
        "TIT2": "Глава I: 吾輩は猫である (ünï) 🐈",
        "TALB": "The Cat, and Other Tales",
        "TPE1": "Natsume Sōseki; Strunk, Jr.",
        "TPE2": "Natsume Sōseki; Strunk, Jr.",
        "TCOM": "hibari heart (synthetic voice)",
        "TCON": "Audiobook",
        "TRCK": "3/12",
        "TPOS": "1/1",
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
        "disc": "1/1",
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


def test_what_is_known_of_the_publication_is_written_where_audiobookshelf_reads_it(path: Path) -> None:
    tag_mp3(path, PUBLISHED)
    tags = read_mp3(path).tags
    assert tags["TPUB"].text == ["Ōkura & Söhne"]
    assert tags["TXXX:ISBN"].text == ["9780000000002"]
    assert tags["COMM:description:deu"].text == [DESCRIPTION]
    assert tags["COMM::eng"].text == ["Read by a synthetic voice: hibari heart."]
    with av.open(str(path)) as container:
        seen = dict(container.metadata)
    assert {name: seen[name] for name in ("publisher", "ISBN", "description", "comment")} == {
        "publisher": "Ōkura & Söhne",
        "ISBN": "9780000000002",
        "description": DESCRIPTION,
        "comment": "Read by a synthetic voice: hibari heart.",
    }


def test_a_file_that_is_no_track_has_no_number(path: Path) -> None:
    tag_mp3(path, replace(TAGS, track=0, tracks=0))
    assert not {"TRCK", "TPOS"} & set(read_mp3(path).tags)


def test_texts_that_id3_cannot_hold_are_written_as_far_as_it_can(path: Path) -> None:
    tag_mp3(path, replace(TAGS, title="A\0B \ud83d\udc08 \udcff", description="One\0\n\nTwo"))
    tags = read_mp3(path).tags
    assert tags["TIT2"].text == ["A B 🐈 \ufffd"]
    assert tags["COMM:description:deu"].text == ["One\n\nTwo"]


def marks(count: int) -> tuple[ChapterMark, ...]:
    """Chapters in the file of 1.1 s, the later of which have the shorter titles."""
    each_s = 1.1 / count
    return tuple(
        ChapterMark(
            f"{number} / {count}: 🐈 \\ ünï" + "/long" * ((count - number) % 100),
            (number - 1) * each_s,
            number * each_s,
        )
        for number in range(1, count + 1)
    )


@pytest.mark.parametrize("count", [1, 12, 255])
def test_chapters_are_listed_in_one_table_of_contents(path: Path, count: int) -> None:
    chapters = marks(count)
    tag_mp3(path, replace(PUBLISHED, chapters=chapters))
    tags = read_mp3(path).tags
    (contents,) = tags.getall("CTOC")
    assert contents.flags == 3, "at the top, and in order"
    frames = [tags[f"CHAP:{name}"] for name in contents.child_element_ids]
    assert [frame.sub_frames["TIT2"].text[0] for frame in frames] == [each.title for each in chapters]
    assert [(frame.start_time, frame.end_time) for frame in frames] == [
        (round(each.start_s * 1000), round(each.end_s * 1000)) for each in chapters
    ]
    assert {(frame.start_offset, frame.end_offset) for frame in frames} == {(0xFFFFFFFF, 0xFFFFFFFF)}
    assert len(tags.getall("CHAP")) == count


def test_more_chapters_than_a_table_can_count_are_in_tables_of_their_own(path: Path) -> None:
    chapters = marks(600)
    tag_mp3(path, replace(TAGS, chapters=chapters))
    tags = read_mp3(path).tags
    tables = {frame.element_id: frame for frame in tags.getall("CTOC")}
    (top,) = (frame for frame in tables.values() if frame.flags == 3)
    assert len(top.child_element_ids) == 3
    parts = [tables[name] for name in top.child_element_ids]
    assert {part.flags for part in parts} == {1}, "in order, and not at the top"
    names = [name for part in parts for name in part.child_element_ids]
    assert [tags[f"CHAP:{name}"].sub_frames["TIT2"].text[0] for name in names] == [
        each.title for each in chapters
    ]


def test_there_may_be_more_tables_than_a_table_can_count() -> None:
    names = [str(number) for number in range(255 * 255 + 1)]
    tables = {table.element_id: table.child_element_ids for table in id3_tags._contents(names)}
    assert max(map(len, tables.values())) == 255

    def below(name: str) -> list[str]:
        return [each for child in tables[name] for each in below(child)] if name in tables else [name]

    assert below("toc") == names


@pytest.mark.parametrize("count", [12, 300])
def test_ffmpeg_lists_the_same_chapters_in_their_order(path: Path, count: int) -> None:
    chapters = marks(count)
    tag_mp3(path, replace(TAGS, chapters=chapters))
    with av.open(str(path)) as container:
        heard = container.chapters()
    assert [each["metadata"]["title"] for each in heard] == [each.title for each in chapters]
    assert [float(each["start"] * (each["time_base"] or 0)) for each in heard] == pytest.approx(
        [each.start_s for each in chapters], abs=0.0005
    )


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="the ffprobe program is not installed")
def test_ffprobe_lists_the_same_chapters(path: Path) -> None:
    chapters = marks(12)
    tag_mp3(path, replace(PUBLISHED, chapters=chapters))
    command = ["ffprobe", "-v", "error", "-show_chapters", "-show_format", "-of", "json", str(path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert [each["tags"]["title"] for each in told["chapters"]] == [each.title for each in chapters]
    assert [float(each["end_time"]) for each in told["chapters"]] == pytest.approx(
        [each.end_s for each in chapters], abs=0.0005
    )
    assert told["format"]["tags"]["description"] == DESCRIPTION


@pytest.mark.skipif(not shutil.which("eyeD3"), reason="the eyeD3 program is not installed")
def test_eyed3_reads_the_same(path: Path) -> None:
    tag_mp3(path, replace(PUBLISHED, chapters=marks(12)))
    told = subprocess.run(["eyeD3", "--verbose", str(path)], capture_output=True, check=True, text=True)
    assert not told.stderr, "it complains of nothing"
    assert "ID3 v2.3:\ntitle: Глава I: 吾輩は猫である (ünï) 🐈\n" in told.stdout
    assert f"[Description: description] [Lang: deu]\n{DESCRIPTION}\n" in told.stdout
    assert "CTOC (" in told.stdout
    assert "CHAP x 12 (" in told.stdout


def test_titles_of_five_hundred_characters_are_kept(path: Path) -> None:
    title = ("Of /cats\\ and 🐈🐈: " * 40)[:500].strip()
    tag_mp3(path, replace(TAGS, title=title, chapters=(ChapterMark(title, 0, 1.1),)))
    tags = read_mp3(path).tags
    assert tags["TIT2"].text == tags["CHAP:chp1"].sub_frames["TIT2"].text == [title]


def test_chapters_take_the_place_of_others_and_equal_ones_are_equal_bytes(path: Path) -> None:
    tag_mp3(path, replace(TAGS, chapters=marks(5)))
    once = path.read_bytes()
    tag_mp3(path, replace(TAGS, chapters=marks(300)))
    tag_mp3(path, TAGS)
    assert not read_mp3(path).tags.getall("CHAP")
    tag_mp3(path, replace(TAGS, chapters=marks(5)))
    assert path.read_bytes() == once


def test_a_large_file_is_not_read_into_memory(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    try:
        tag_mp3(path, TAGS)
        _, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert highest < 8_000_000
    assert path.stat().st_size > 200_000_000


def test_a_disk_that_fills_is_a_disk_error_that_says_so(path: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        there = disk.seen / path.name
        shutil.copyfile(path, there)
        disk.fill()
        with pytest.raises(DiskError, match=r"Writing tags to .*chapter\.mp3 failed: No space left") as caught:
            tag_mp3(there, replace(TAGS, cover=Cover("image/jpeg", b"\xff\xd8\xff" + bytes(200_000))))
    assert "Free some space" in caught.value.advice
