"""A project is whole alone, and what it has lost or never had is told by those who need it."""

from __future__ import annotations

from pathlib import Path

import pytest

import narrator
from narrator import app, keeping
from narrator.book import locate, open_book
from narrator.cli.reports import status_words
from narrator.errors import ConfigError, UnknownVoice, UsageError
from narrator.wishes import wishes_of
from tests.drawing import drawn

NAMES = '[[entry]]\nword = "Siobhan"\nsay = "Shivawn"\n'
SAID = "Shivawn came down to the pier."


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "ferry.md"
    path.write_text("# The Ferry\n\n## One\n\nSiobhan came down to the pier.\n", encoding="utf-8")
    return path


def _accepted(source: Path, **settings: str) -> Path:
    """The folder of a project whose script was accepted, and none of it spoken."""
    wishes = wishes_of(projects=source.parent, settings={k.replace("__", "."): v for k, v in settings.items()})
    book = open_book(locate(source, wishes), wishes)
    with book.project.lock():
        book.keep()
        book.accept(wishes.settings)
    return book.project.folder


def test_a_lexicon_from_elsewhere_is_kept_in_the_project(source: Path) -> None:
    lexicon = source.parent / "names.toml"
    lexicon.write_text(NAMES, encoding="utf-8")
    project = _accepted(source, speech_text__lexicons=str(lexicon))
    lexicon.unlink()
    assert 'lexicons = ["lexicons/names.toml"]' in (project / "project.toml").read_text(encoding="utf-8")
    assert SAID in app.script_text(project, wishes_of(replan=True))
    with pytest.raises(ConfigError, match=r"names\.toml:\n  there is no such file"):
        narrator.plan(source, projects=source.parent, settings={"speech_text.lexicons": str(lexicon)})


def test_a_lost_cover_is_told_by_what_needs_it_alone(source: Path) -> None:
    cover = source.parent / "picture.png"
    cover.write_bytes(drawn())
    project = _accepted(source, book__cover=str(cover))
    (project / "cover.png").unlink()
    assert app.status(project).missing
    assert not keeping.clean(project, lambda _: False).unneeded
    for use_case in (narrator.render, narrator.plan):
        with pytest.raises(UsageError, match="There is no cover"):
            use_case(project)


def test_a_kept_voice_that_is_gone_is_a_problem_and_no_dead_end(source: Path) -> None:
    project = _accepted(source)
    (chapter,) = (project / "script").glob("0002-*.json")
    text = chapter.read_text(encoding="utf-8")
    chapter.write_text(
        text.replace('"pause": "chapter"', '"pause": "chapter", "voice": "nobody"'), encoding="utf-8"
    )
    assert "no voice 'nobody'" in narrator.plan(project).problem
    assert "refused: hibari has no voice 'nobody'" in status_words(app.status(project), explained=False)
    assert not keeping.clean(project, lambda _: False).removed
    with pytest.raises(UnknownVoice):
        narrator.render(project)
    book = source.parent / "again.md"
    book.write_bytes(source.read_bytes())
    with pytest.raises(UnknownVoice):
        narrator.render(book, projects=source.parent / "new", settings={"cast.headings": "nobody"})
    assert not (source.parent / "new").exists(), "it leaves nothing behind"
