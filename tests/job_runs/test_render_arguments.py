"""A job's options as the arguments of the render that it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from narrator.cli.options import wishes_from
from narrator.cli.render import render
from narrator.job_runs.arguments import OPTION_NAMES, arguments_of, problems_of
from narrator.wishes import Wishes, wishes_of


def _as_typed(options: dict[str, Any]) -> Wishes:
    """What `narrator render` understands of the arguments."""
    context = render.make_context("render", ["book.md", *arguments_of(options)])
    asked = {name: value for name, value in context.params.items() if name not in {"sources", "as_json"}}
    return wishes_from(asked)


@pytest.mark.parametrize(
    "options",
    [
        {"voice": "af_heart", "speed": 1.1, "formats": ["mp3", "m4b"], "one_file": True},
        {"provider": "openai", "base_url": "http://127.0.0.1:8880", "options": {"response_format": "wav"}},
        {"authors": ["Ann, B.", "C"], "title": "--title", "series": "A=B", "part": "3"},
        {"settings": {"reading.notes": "end", "levels.loudness_lufs": -18.0, "reading.speak": ["dedication"]}},
        {"max_cost": 2.5, "max_characters": 100, "allow_gaps": True, "replan": True, "chapters": "1-3"},
        {"strategy": "sentence", "concurrency": 2, "rate": "5/s", "extras": ["vtt"], "price": 0},
    ],
)
def test_arguments_say_what_the_options_say(options: dict[str, Any]) -> None:
    assert not problems_of(options)
    assert _as_typed(options) == wishes_of(**options, projects="projects")


def test_lists_may_be_written_as_at_the_prompt() -> None:
    assert arguments_of({"formats": "mp3, m4b"}) == ["--format=mp3,m4b"]
    assert not problems_of({"formats": "mp3, m4b", "chapters": 3})


def test_every_option_of_a_render_can_be_said(tmp_path: Path) -> None:
    known = {name for parameter in render.params for name in [parameter.name]}
    assert set(OPTION_NAMES) <= known


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"voic": "x"}, "voic: there is no such option"),
        ({"speed": "fast"}, "speech.speed: must be a number"),
        ({"voice": 3}, "speech.voice: must be text"),
        ({"settings": {"reading.nots": "end"}}, "did you mean 'notes'"),
        ({"chapters": "one"}, "--chapters one names no chapters"),
        ({"settings": "x"}, "settings: must be a table"),
        ({"options": 3}, "options: must be a table"),
        ({"provider": "opnai"}, "provider: there is none of that name; did you mean 'openai'?"),
        ({"projects": "elsewhere"}, "projects: there is no such option"),
    ],
)
def test_mistakes_are_told_before_anything_runs(options: dict[str, Any], told: str) -> None:
    (problem,) = problems_of(options)
    assert told in problem


def test_an_unknown_option_hides_no_mistake_of_the_others() -> None:
    problems = problems_of({"voic": "x", "settings": [], "speed": "fast"})
    assert [problem.partition(": ")[0] for problem in problems] == ["voic", "settings", "speech.speed"]
