"""The example of a project's settings is whole and true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import BaseModel

from narrator.config import Config, read_config

EXAMPLE = Path(__file__).parents[2] / "projects" / "project.toml"


def test_the_example_is_every_setting_at_its_default() -> None:
    assert read_config(EXAMPLE) == Config()


def test_the_example_names_every_key() -> None:
    # Settings without a default stand behind a number sign.
    text = EXAMPLE.read_text(encoding="utf-8")
    raw = tomllib.loads(re.sub(r"^# (\w+ = [\[\d])", r"\1", text, flags=re.MULTILINE))
    assert set(raw) == set(Config.model_fields)
    for section, field in Config.model_fields.items():
        if section == "profiles":  # of one's own: there are none
            continue
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        assert set(raw[section]) == set(kind.model_fields), section
