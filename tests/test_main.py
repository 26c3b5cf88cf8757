from __future__ import annotations

import pytest

from narrator.__main__ import run


@pytest.mark.parametrize("arguments", [[], ["keys"]])
def test_without_a_command_there_is_help_and_nothing_else(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr().err
    assert told.count("Usage: ") == 1
    assert "Error" not in told
