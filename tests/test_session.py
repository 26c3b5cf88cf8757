"""A run of a render in one process: what is found to be wrong on the way is made good in the same run."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from narrator import app
from narrator.testing.openai_server import FakeSpeechServer, served
from narrator.wishes import wishes_of
from tests.end_to_end.books import markdown, paragraph


def damage_at_another_rate(takes: Path) -> str:
    """Make one of the takes one of 22,050 Hz, with other bytes than were stored; what it says."""
    sidecar = min(takes.rglob("*.json"), key=lambda path: path.with_suffix(".pcm").stat().st_size)
    raw = json.loads(sidecar.read_text(encoding="utf-8"))
    raw["format"]["rate_hz"] = 22_050
    sidecar.write_text(json.dumps(raw), encoding="utf-8")
    pcm = sidecar.with_suffix(".pcm")
    pcm.write_bytes(bytes(pcm.stat().st_size))
    return str(raw["request"]["text"])


@pytest.mark.parametrize("gain", ["chapter", "book"])
def test_a_take_that_is_damaged_when_its_rate_is_changed_is_spoken_again(tmp_path: Path, gain: str) -> None:
    book = markdown(tmp_path / "ferry.md", {"One": [paragraph(1), paragraph(2)], "Two": [paragraph(3)]})
    with served(FakeSpeechServer()) as server:
        wishes = partial(wishes_of, projects=tmp_path, provider="openai", base_url=server.url)
        first = app.render(book, wishes(settings={"levels.gain": gain}))
        text = damage_at_another_rate(first.project / "takes")
        asked = len(server.requests)
        again = app.render(book, wishes(settings={"pauses.paragraph": "700"}))
    assert [request.text for request in server.requests[asked:]] == [text]
    assert [file.path for file in again.files] == [file.path for file in first.files]
    assert (again.rendered, again.failed) == (1, 0)


def test_a_sample_is_made_of_sound_takes_also_where_the_chapters_are_there(tmp_path: Path) -> None:
    book = markdown(tmp_path / "ferry.md", {"One": [*map(paragraph, range(5))], "Two": [paragraph(5)]})
    with served(FakeSpeechServer()) as server:
        wishes = partial(wishes_of, projects=tmp_path, provider="openai", base_url=server.url)
        first = app.render(book, wishes(settings={"delivery.sample_minutes": "0.5"}))
        state = app.status(first.project)
        (sample,) = (file.path for file in first.files if file.chapter is None)
        before = sample.read_bytes()
        sample.unlink()
        for pcm in (first.project / "takes").rglob("*.pcm"):
            pcm.write_bytes(bytes(pcm.stat().st_size))
        again = app.render(book, wishes())
    assert (state.delivered, state.chapters, state.is_complete) == (2, 2, True)
    assert again.rendered
    assert [file.path for file in again.files] == [file.path for file in first.files]
    assert sample.read_bytes() == before
