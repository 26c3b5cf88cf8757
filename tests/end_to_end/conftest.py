"""What several stories share."""

from __future__ import annotations

import functools

import pytest
from tenacity import wait_random_exponential


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that failed is tried again soon, in this process: the waits between are no part of the story."""
    hastily = functools.partial(wait_random_exponential, max=0.1)
    monkeypatch.setattr("narrator.rendering.tries.wait_random_exponential", lambda **_: hastily())
