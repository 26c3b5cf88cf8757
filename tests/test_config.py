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
