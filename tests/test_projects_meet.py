"""Books and projects that meet: one name, one folder, a folder renamed, a manuscript edited in place."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import narrator
from narrator.errors import DiskError, Incomplete, UsageError
from narrator.results import Rendered
from narrator.testing.faults import FAULTS
from narrator.testing.openai_server import served

Render = Callable[..., Rendered]

BOOK = "# A Tale\n\n## One\n\nIt rained all day, and nobody minded.\n\n## Two\n\nThen it stopped.\n"


@pytest.fixture(scope="module")
def render() -> Iterator[Render]:
    """Renders in the voice of a server: to start the embedded one takes a second each time."""
    with served() as server:
        yield partial(narrator.render, provider="openai", base_url=server.url)


def write(path: Path, text: str = BOOK) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_project_renamed_among_the_others_is_still_the_project_of_its_book(
    render: Render, tmp_path: Path
) -> None:
    book = write(tmp_path / "book.md")
    done = render(book, projects=tmp_path / "p")
    done.project.rename(tmp_path / "p" / "renamed")
    assert narrator.plan(book, projects=tmp_path / "p").orders == 0


def test_the_project_of_another_book_is_not_taken_over(render: Render, tmp_path: Path) -> None:
    done = render(write(tmp_path / "book.md"), projects=tmp_path / "p")
    other = write(tmp_path / "other.md", "# Other\n\n## First\n\nAnother text.\n")
    with pytest.raises(UsageError, match=r"another book, book\.md"):
        render(other, project=done.project)
    assert all(file.path.exists() for file in done.files)


@pytest.mark.slow
def test_the_kept_manuscript_edited_in_place_stays_that_of_the_original(render: Render, tmp_path: Path) -> None:
    book = write(tmp_path / "book.md")
    done = render(book, projects=tmp_path / "p")
    kept = done.project / "source" / "book.md"
    kept.write_text(BOOK + "\nIt was Tuesday.\n", encoding="utf-8")
    assert narrator.render(done.project).rendered == 1
    assert narrator.plan(book, projects=tmp_path / "p").orders == 0
    record = json.loads((done.project / "source" / "source.json").read_text(encoding="utf-8"))
    assert record["origin"] == str(book)


def test_the_language_of_a_voice_that_has_one_language_makes_no_new_take(tmp_path: Path) -> None:
    book = write(tmp_path / "book.md")
    narrator.render(book, projects=tmp_path / "p")
    assert narrator.plan(book, projects=tmp_path / "p", language="en-GB").orders == 0


def test_a_lost_or_senseless_record_only_means_assembling_again(render: Render, tmp_path: Path) -> None:
    done = render(write(tmp_path / "book.md"), projects=tmp_path / "p")
    (done.project / "book.json").write_text('{"number": "x", "revision": 1}', encoding="utf-8")
    again = narrator.render(done.project)
    assert again.rendered == 0
    assert [file.path.name for file in again.files] == [file.path.name for file in done.files]


def test_another_output_folder_leaves_the_first_as_it_is(render: Render, tmp_path: Path) -> None:
    book = write(tmp_path / "book.md")
    first = render(book, projects=tmp_path / "p", output=tmp_path / "a")
    second = render(book, projects=tmp_path / "p", output=tmp_path / "b", formats=["wav"])
    assert all(file.path.exists() for file in (*first.files, *second.files))


def test_a_folder_that_holds_files_of_others_is_refused(tmp_path: Path) -> None:
    book = write(tmp_path / "book.md")
    mine = write(tmp_path / "music" / "01 - One.mp3", "my own")
    with pytest.raises(UsageError, match="was not made by this project"):
        narrator.render(book, projects=tmp_path / "p", output=mine.parent)
    assert mine.read_text(encoding="utf-8") == "my own"


@pytest.mark.slow
def test_a_retitled_chapter_leaves_no_file_of_its_old_name(render: Render, tmp_path: Path) -> None:
    book = write(tmp_path / "book.md")
    render(book, projects=tmp_path / "p")
    write(book, BOOK.replace("## Two", "## Second"))
    done = render(book, projects=tmp_path / "p")
    assert sorted(path.name for path in (done.project / "out").iterdir()) == [
        "01 - One.mp3",
        "02 - Second.mp3",
        "A Tale.m3u8",
        "report.html",
    ]


def test_an_output_folder_inside_the_project_works_by_any_name_of_it(
    render: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = render(write(Path("book.md")), projects="p", output=Path("p/book/audio"))
    assert narrator.render(done.project.absolute()).rendered == 0


def test_what_cannot_be_read_again_is_no_manuscript(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(UsageError, match="as a file first"):
        narrator.plan(tmp_path / "pipe.md")


def test_a_chapter_of_which_nothing_can_be_spoken_is_a_gap_and_not_its_old_self(tmp_path: Path) -> None:
    book = write(tmp_path / "book.md")
    with served() as server:
        asked = {"provider": "openai", "base_url": server.url, "projects": tmp_path / "p"}
        narrator.render(book, **asked)  # type: ignore[arg-type] # a table of mixed types
        write(book, BOOK.replace("## Two", "## Zwei").replace("Then it stopped.", "Dann nicht mehr."))
        server.fail(FAULTS["400"], text=lambda text: text in {"Zwei", "Dann nicht mehr."})
        with pytest.raises(Incomplete) as caught:
            narrator.render(book, **asked)  # type: ignore[arg-type] # as above
        assert [gap["text"] for gap in caught.value.gaps] == ["Zwei", "Dann nicht mehr."]
        done = narrator.render(book, **asked, allow_gaps=True)  # type: ignore[arg-type] # as above
    assert [file.title for file in done.files] == ["One"]
    assert [gap.text for gap in done.gaps] == ["Zwei", "Dann nicht mehr."]


def test_a_disk_that_gives_back_other_bytes_ends_the_run(
    render: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = write(tmp_path / "book.md")
    monkeypatch.setattr("narrator.mastering.intact.pcm_of", lambda take: bytes(2 * take.frames))
    with pytest.raises(DiskError, match="other than they were written"):
        render(book, projects=tmp_path / "p")
