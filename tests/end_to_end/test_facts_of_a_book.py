"""What a person says of a book is kept in its project and told by its files; nothing is encoded anew for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from narrator.__main__ import run
from narrator.config import read_config
from narrator.testing.openai_server import FakeSpeechServer, served
from tests.drawing import drawn_large
from tests.end_to_end.books import markdown, paragraph
from tests.end_to_end.command import Finished, delivered, here
from tests.end_to_end.sound import read_mp3

COVER = drawn_large()
SETTINGS = (
    "titles.opening=",
    "titles.closing=",
    "cast.speakers.DR. WATSON=nova",
    "reading.skip=Preface, Index",
)


@pytest.fixture
def server() -> Iterator[FakeSpeechServer]:
    with served() as server:
        yield server


def _render(folder: Path, server: FakeSpeechServer, *options: str | Path) -> Finished:
    book = folder / "ferry.md"
    if not book.exists():
        markdown(book, {"One": [paragraph(1)], "Two": [paragraph(2)]})
    return here(
        "render", book, "--project", folder / "ferry", "--json",
        "--provider", "openai", "--base-url", server.url, *options,
    )  # fmt: skip


def _sound(path: Path) -> bytes:
    """An MP3 without its tags."""
    data = path.read_bytes()
    assert data.startswith(b"ID3")
    size = sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    return data[10 + size :]


@pytest.mark.slow
def test_other_facts_are_put_on_finished_files_and_nothing_is_spoken_or_encoded(
    tmp_path: Path, server: FakeSpeechServer
) -> None:
    settings = [word for each in SETTINGS for word in ("--set", each)]
    files = delivered(_render(tmp_path, server, *settings))
    before, asked = list(map(_sound, files)), len(server.requests)
    assert asked == 4, "two titles and two paragraphs, and no credits"
    for take in (tmp_path / "ferry" / "takes").glob("*/*.pcm"):
        # Were a take read for its sound, it would be found damaged and asked for again.
        take.write_bytes(bytes(take.stat().st_size))
    (tmp_path / "mine.jpg").write_bytes(COVER)

    facts = (
        "--title", "The Winter Ferry", "--author", "Ann Ferrier", "--author", "Strunk, Jr.",
        "--date", "1905-10-06", "--series", "Rivers", "--part", "1.5", "--cover", tmp_path / "mine.jpg",
    )  # fmt: skip
    assert delivered(_render(tmp_path, server, *facts)) == files, "the names of the chapters' files stay"
    again = here("resume", tmp_path / "ferry", "--json")
    assert delivered(again) == files, "what was said is kept"
    config = read_config(tmp_path / "ferry" / "project.toml")
    assert config.cast.speakers == {"DR. WATSON": "nova"}
    assert config.reading.skip == ("Preface", "Index")

    assert list(map(_sound, files)) == before
    assert len(server.requests) == asked
    for path in files:
        tags = read_mp3(path).tags
        assert tags["TALB"].text == ["The Winter Ferry"]
        assert tags["TPE1"].text == ["Ann Ferrier; Strunk, Jr."]
        assert str(tags["TDRC"].text[0]) == "1905-10-06"
        assert {each.desc: each.text[0] for each in tags.getall("TXXX")} == {
            "SERIES": "Rivers",
            "SERIES-PART": "1.5",
        }
        assert [each.data for each in tags.getall("APIC")] == [COVER]
    record = json.loads((tmp_path / "ferry" / "book.json").read_text(encoding="utf-8"))
    assert (record["title"], record["authors"]) == ("The Winter Ferry", ["Ann Ferrier", "Strunk, Jr."])
    assert (record["date"], record["series"], record["part"]) == ("1905-10-06", "Rivers", "1.5")

    assert delivered(_render(tmp_path, server, "--cover", "none", "--set", "book.title=")) == files
    assert list(map(_sound, files)) == before
    for path in files:
        tags = read_mp3(path).tags
        assert tags.getall("APIC") == []
        assert tags["TALB"].text == ["The Ferry"]
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--cover", "gone.jpg"), "There is no cover"),
        (("--set", "book.cover=ferry.md"), "none of the pictures that are read"),
        (("--date", "last winter"), "book.date"),
        (("--set", "reading.notez=end"), "did you mean 'notes'?"),
        (("--set", "reading.notes"), "SECTION.KEY=VALUE"),
    ],
)
@pytest.mark.parametrize("command", ["render", "plan"])
def test_what_cannot_be_is_told_before_any_work(
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    options: tuple[str, str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    markdown(tmp_path / "ferry.md", {"One": [paragraph(1)]})
    assert run([command, "ferry.md", *options]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["ferry.md"]
