from __future__ import annotations

from pathlib import Path

import pytest

from narrator.config import Config, check_config, read_config
from narrator.errors import ConfigError


def test_nothing_said_means_the_defaults() -> None:
    assert check_config({}, where="x") == Config()


def test_every_mistake_is_told_at_once_by_key_with_the_nearest_name() -> None:
    raw = {
        "speach": {},
        "speech": {"voyce": "x", "speed": "fast"},
        "pauses": {"heading": -1},
        "delivery": {"formats": ["mp3", "ogg"], "output": 3},
        "rendering": {"rate": "often"},
        "book": {"language": "English!"},
    }
    with pytest.raises(ConfigError) as caught:
        check_config(raw, where="project.toml")
    told = {problem.partition(":")[0]: problem for problem in caught.value.problems}
    assert set(told) == {
        "speach", "speech.voyce", "speech.speed", "pauses.heading", "delivery.formats.1", "delivery.output",
        "rendering.rate", "book.language",
    }  # fmt: skip
    assert "did you mean 'speech'" in told["speach"]
    assert "did you mean 'voice'" in told["speech.voyce"]
    assert caught.value.exit_code == 2


def test_a_key_like_no_other_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="known here: title, authors, language"):
        check_config({"book": {"zzzzzz": 1}}, where="x")


def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "project.toml"
    path.write_text("[speech\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1") as caught:
        read_config(path)
    assert str(path) in str(caught.value)


def test_options_of_a_provider_are_text_however_they_were_written() -> None:
    config = check_config({"speech": {"options": {"a": 1, "b": True, "c": 0.5, "d": "x"}}}, where="x")
    assert config.speech.options == {"a": "1", "b": "true", "c": "0.5", "d": "x"}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"speech": 1}, "speech: must be a table"),
        ({"speech": {"options": []}}, "speech.options: must be a table"),
        ({"book": {"authors": "Me"}}, "book.authors: must be a list"),
        ({"book": {"title": 1}}, "book.title: must be text, in quotes"),
        ({"pauses": {"heading": 1.5}}, "pauses.heading: must be a whole number"),
        ({"speech": {"speed": "fast"}}, "speech.speed: must be a number"),
        ({"speech": {"speed": float("nan")}}, "speech.speed: must be a finite number"),
        ({"speech": {"speed": 9.0}}, "speech.speed: must be 4.0 or less"),
        ({"rendering": {"timeout_s": 0.0}}, "rendering.timeout_s: must be more than 0.0"),
        ({"rendering": {"allow_gaps": "yes"}}, "rendering.allow_gaps: must be true or false"),
        ({"rendering": {"rate": "often"}}, "rendering.rate: must be a number of requests and a period"),
        (
            {"delivery": {"formats": ["mp3", "ogg"]}},
            "delivery.formats.1: must be one of mp3, m4b",
        ),
        ({"delivery": {"formats": []}}, "delivery.formats: must not be empty"),
        ({"book": {"language": "English!"}}, "book.language: 'English!' is not a language tag"),
    ],
)
def test_a_mistake_is_told_in_the_words_of_the_file(raw: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_config(raw, where="x")
    assert [problem[: len(told)] for problem in caught.value.problems] == [told]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "project.toml"
    path.write_text('[speech]\nvoice = "heart"\n', encoding="utf-8-sig")
    assert read_config(path).speech.voice == "heart"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_config(tmp_path)
