from __future__ import annotations

from pathlib import Path

import pytest

from narrator.errors import UsageError
from narrator.wishes import Wishes, wishes_of


def test_what_is_empty_wishes_for_nothing() -> None:
    assert wishes_of(project="", projects="", output="", voice="", speed=None) == Wishes()


def test_paths_are_taken_as_text_or_as_paths(tmp_path: Path) -> None:
    assert wishes_of(output=tmp_path) == wishes_of(output=str(tmp_path))
    assert wishes_of(project=tmp_path).project == tmp_path


@pytest.mark.parametrize("written", ["~nosuchuser/x", "a\0b"])
def test_what_can_be_no_path_is_told(written: str) -> None:
    with pytest.raises(UsageError, match=r"nosuchuser|NUL"):
        wishes_of(output=written)
    with pytest.raises(UsageError):
        wishes_of(project=written)
