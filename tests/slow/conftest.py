"""The slow room is entered only when slow tests are asked for: what it imports is an extra."""

from __future__ import annotations

import pytest


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return True if config.getoption("markexpr") == "not slow" else None
