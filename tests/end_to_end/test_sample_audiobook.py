"""The first thing a newcomer does: the sample, the embedded voice, no key, no network, no options."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import av
import pytest
from mutagen.mp3 import BitrateMode

from tests.end_to_end.command import Finished, delivered, here, narrator
from tests.end_to_end.sound import decode, read_mp3

SAMPLES = Path(__file__).parents[2] / "samples"
EPUB = SAMPLES / "eleven-minutes.epub"
TITLES = ["The Man with Two Watches", "Sixty-One Steps", "The 6:40 Ferry", "A Correction"]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return narrator("render", EPUB, "--projects", tmp_path_factory.mktemp("projects"), "--json")


@pytest.fixture(scope="module")
def files(first: Finished) -> list[Path]:
    return delivered(first)


@pytest.fixture(scope="module")
def project(first: Finished) -> Path:
    return Path(first.result["project"])


def test_every_chapter_and_nothing_else_is_delivered_in_order(first: Finished, files: list[Path]) -> None:
    assert [file["title"] for file in first.result["files"]] == TITLES
    assert [file["chapter"] for file in first.result["files"]] == [1, 2, 3, 4]
    assert [file["format"] for file in first.result["files"]] == ["mp3"] * 4
    assert files == sorted(files), "a player that sorts by name plays them in order"
    assert all(path.is_file() for path in files)


def test_the_tags_name_book_author_chapter_voice_and_language(files: list[Path]) -> None:
    for number, (path, title) in enumerate(zip(files, TITLES, strict=True), start=1):
        tags = read_mp3(path).tags
        assert tags.version[:2] == (2, 3)
        assert tags["TIT2"].text == [title]
        assert tags["TALB"].text == ["Eleven Minutes"]
        assert tags["TPE1"].text == ["The narrator project"]
        assert tags["TPE2"].text == ["The narrator project"]
        assert tags["TRCK"].text == [f"{number}/4"]
        assert tags["TLAN"].text == ["eng"]
        assert "heart" in tags["TCOM"].text[0]
        assert tags.getall("APIC")[0].data == (SAMPLES / "cover.png").read_bytes()
        assert "synthetic" in " ".join(map(str, tags.values())).lower()


def test_another_reader_of_tags_agrees(files: list[Path]) -> None:
    with av.open(str(files[1])) as container:
        seen = container.metadata
        kinds = [stream.type for stream in container.streams]
    assert seen["title"] == TITLES[1]
    assert seen["album"] == "Eleven Minutes"
    assert seen["artist"] == seen["album_artist"] == "The narrator project"
    assert seen["track"] == "2/4"
    assert kinds == ["audio", "video"], "the picture is a stream to FFmpeg"


def test_the_files_are_constant_bit_rate_mp3_of_the_promised_kind(files: list[Path]) -> None:
    for path in files:
        info = read_mp3(path).info
        assert (info.sample_rate, info.channels, info.bitrate) == (24_000, 1, 64_000)
        assert info.bitrate_mode is BitrateMode.CBR


def test_what_is_heard_is_as_loud_as_promised_and_never_dead(first: Finished, files: list[Path]) -> None:
    for path, file in zip(files, first.result["files"], strict=True):
        sound = decode(path)
        assert sound.loudness_lufs == pytest.approx(-20.0, abs=0.3)
        assert sound.true_peak_dbtp <= -3.0
        assert sound.longest_silence_s() <= 1.55, "the longest pause is 1.5 s"
        assert len(sound.samples) / sound.rate_hz == pytest.approx(file["duration_s"], abs=0.0006)
        assert len(sound.samples) / sound.rate_hz == pytest.approx(read_mp3(path).info.length, abs=0.0006)


def test_a_playlist_lists_the_files_in_order(files: list[Path]) -> None:
    (playlist,) = files[0].parent.glob("*.m3u8")
    lines = playlist.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#EXTM3U"
    assert [line for line in lines if line and not line.startswith("#")] == [path.name for path in files]


def test_the_record_of_the_book_names_every_chapter_and_take(project: Path) -> None:
    record = json.loads((project / "book.json").read_text(encoding="utf-8"))
    assert record["title"] == "Eleven Minutes"
    assert [chapter["title"] for chapter in record["chapters"]] == TITLES


def test_the_result_counts_segments_and_costs_nothing(first: Finished) -> None:
    result = first.result
    assert result["exit_code"] == 0
    segments = result["segments"]
    assert segments["total"] == segments["rendered"] + segments["reused"]
    assert segments["failed"] == 0
    assert result["characters"] > 5000
    assert result["cost_usd"] == 0


def test_json_lines_tell_the_story_from_the_first_to_the_last(first: Finished) -> None:
    names = Counter(event["event"] for event in first.events)
    result = first.result
    assert first.events[0]["event"] == "render_started"
    assert first.events[0]["orders"] == names["segment_started"] == names["take_ready"]
    assert names["chapter_assembled"] == 4
    assert names["result"] == 1
    promised = {"exit_code", "project", "files", "segments", "characters", "billed_characters", "cost_usd"}
    assert promised <= result.keys()
    assert set(result["segments"]) == {"total", "rendered", "reused", "failed"}
    assert all({"path", "format", "chapter", "title", "duration_s"} <= file.keys() for file in result["files"])


def test_a_second_run_does_nothing_and_says_so(files: list[Path], project: Path) -> None:
    before = _state(project)
    again = here("render", EPUB, "--projects", project.parent)
    assert again.exit_code == 0, again
    assert _state(project) == before
    assert "nothing" in (again.out + again.err).lower(), again


@pytest.mark.slow  # test_resuming has it of a smaller book
def test_deleted_output_comes_back_byte_for_byte_without_a_word_spoken(
    files: list[Path], project: Path
) -> None:
    before = _digests(files)
    shutil.rmtree(files[0].parent)
    again = here("resume", project, "--json")
    assert _digests(delivered(again)) == before
    assert again.result["segments"]["rendered"] == 0


@pytest.mark.slow
def test_another_folder_gives_the_same_bytes(files: list[Path], tmp_path: Path) -> None:
    elsewhere = here("render", EPUB, "--projects", tmp_path, "--json")
    assert _digests(delivered(elsewhere)) == _digests(files)


def test_resume_in_a_project_that_was_moved_renders_nothing(
    files: list[Path], project: Path, tmp_path: Path
) -> None:
    moved = shutil.copytree(project, tmp_path / "a new name")
    again = here("resume", moved, "--json")
    assert again.exit_code == 0, again
    assert again.result["segments"]["rendered"] == 0
    assert again.result["project"] == str(moved)


@pytest.mark.parametrize("name", ["eleven-minutes.md", "eleven-minutes.txt"])
def test_the_other_editions_have_the_same_four_chapters(name: str) -> None:
    plan = json.loads(here("plan", SAMPLES / name, "--json").out)
    spoken = [chapter for chapter in plan["chapters"] if chapter["spoken"]]
    assert (plan["title"], plan["authors"], plan["language"]) == (
        "Eleven Minutes",
        ["The narrator project"],
        "en",
    )
    assert len(spoken) == 4
    assert all(chapter["title"].endswith(title) for chapter, title in zip(spoken, TITLES, strict=True))


def _digests(files: list[Path]) -> Mapping[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _state(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Every file that a user sees, with its size and when it was written."""
    stats = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {
        str(path.relative_to(folder)): (stat.st_size, stat.st_mtime_ns)
        for path, stat in stats.items()
        if not path.name.startswith(("ledger.db", ".", "lock"))
    }
