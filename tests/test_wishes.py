from __future__ import annotations

from pathlib import Path

import pytest

from narrator.config import check_config
from narrator.errors import UsageError
from narrator.wishes import QUALITIES, Wishes, wishes_of


def test_what_is_empty_wishes_for_nothing() -> None:
    assert wishes_of(project="", projects="", output="", voice="", speed=None) == Wishes()


def test_paths_are_taken_as_text_or_as_paths(tmp_path: Path) -> None:
    assert wishes_of(output=tmp_path) == wishes_of(output=str(tmp_path))
    assert wishes_of(project=tmp_path).project == tmp_path


def test_a_quality_is_a_cutting_of_which_each_part_can_be_named_otherwise() -> None:
    assert wishes_of(quality="balanced").settings["cutting"] == {"strategy": "sentence", "max_chars": 200}
    other = wishes_of(quality="fast", max_chars=150).settings["cutting"]
    assert other == {"strategy": "word", "max_chars": 150}
    with pytest.raises(UsageError, match="best"):
        wishes_of(quality="best")
    for name, cutting in QUALITIES.items():
        assert check_config({"cutting": cutting}, where=name).cutting.model_dump() == cutting


@pytest.mark.parametrize("written", ["~nosuchuser/x", "a\0b"])
def test_what_can_be_no_path_is_told(written: str) -> None:
    with pytest.raises(UsageError, match=r"nosuchuser|NUL"):
        wishes_of(output=written)
    with pytest.raises(UsageError):
        wishes_of(project=written)


@pytest.mark.parametrize(
    ("written", "numbers"), [("", None), ("3", {3}), ("1-3,7", {1, 2, 3, 7}), (" 2 - 3 , 3 ", {2, 3})]
)
def test_chapters_are_numbers_and_ranges(written: str, numbers: set[int] | None) -> None:
    assert wishes_of(chapters=written).chapters == numbers


@pytest.mark.parametrize("minutes", [0.0, -1.0, 1e9])
def test_a_preview_of_no_time_or_all_time_is_refused(minutes: float) -> None:
    with pytest.raises(UsageError, match="preview"):
        wishes_of(preview=minutes)


def test_limits_are_for_one_run_and_a_price_is_kept() -> None:
    wishes = wishes_of(max_cost=5.0, max_characters=0, allow_gaps=True, price=15.0)
    assert wishes.settings == {"speech": {"usd_per_million_characters": 15.0}}
    assert wishes.for_this_run == {"rendering": {"max_cost_usd": 5.0, "max_characters": 0, "allow_gaps": True}}
    assert wishes.all_settings == {**wishes.settings, **wishes.for_this_run}


def test_of_many_books_each_has_a_folder_in_the_output(tmp_path: Path) -> None:
    wishes = wishes_of(output=tmp_path).among_many(Path("x/ferry.epub"))
    assert wishes.settings["delivery"]["output"] == str(tmp_path / "ferry")
