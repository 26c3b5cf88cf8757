from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from narrator.errors import BadKey
from narrator.providers.keys import find_key

VARIABLE = "SOME_SERVICE_API_KEY"

KEYRING = """
from keyring import errors
def get_password(service, name):
    if name == "LOCKED_API_KEY":
        raise errors.KeyringLocked("locked")
    return {("narrator", "SOME_SERVICE_API_KEY"): "from-the-keyring"}.get((service, name))
"""


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A keyring with one key in it."""
    package = tmp_path / "keyring"
    package.mkdir()
    (package / "__init__.py").write_text(KEYRING, encoding="utf-8")
    errors = "class KeyringError(Exception): pass\nclass KeyringLocked(KeyringError): pass\n"
    (package / "errors.py").write_text(errors, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("keyring", "keyring.errors"):
            patch.delitem(sys.modules, name, raising=False)
        yield
        for name in ("keyring", "keyring.errors"):
            sys.modules.pop(name, None)


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)


def test_a_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, keyring: None) -> None:
    monkeypatch.setenv(VARIABLE, " sk-env\n")
    assert find_key(VARIABLE) == "sk-env"


def test_else_from_the_keyring(keyring: None) -> None:
    assert find_key(VARIABLE) == "from-the-keyring"


def test_a_locked_keyring_is_no_key(keyring: None) -> None:
    assert find_key("LOCKED_API_KEY") is None


def test_without_either_there_is_none(no_keyring: None) -> None:
    assert find_key(VARIABLE) is None


@pytest.mark.parametrize("value", ["sk-ab cd", "sk-clé", "sk-\x07bell"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(BadKey, match=VARIABLE) as caught:
        find_key(VARIABLE)
    assert value not in str(caught.value)
