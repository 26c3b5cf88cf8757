"""Where an API key comes from, and is kept. A key is never logged, and never part of a message or a repr.

The environment comes before the system keyring (https://pypi.org/project/keyring/, the extra `keyring`). Keys
are written into a keyring alone, and into none that would put them into a file as they are, or nowhere.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from narrator.errors import BadKey, UsageError

KEYRING_SERVICE = "narrator"

_UNSAFE = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Modules whose keyrings keep nothing, or keep keys in files of their own; `keyrings.alt` says so of itself."""


class KeySource(StrEnum):
    """Where a key is found."""

    ENVIRONMENT = "environment"
    KEYRING = "keyring"
    NOWHERE = "nowhere"


def find_key(variable: str) -> str | None:
    """The key that an environment variable holds, else the system keyring under that name; None if neither.

    Raises:
        BadKey: there is one, but it cannot be a key: it has spaces or characters that no header can carry.
    """
    key = (os.environ.get(variable) or _from_keyring(variable) or "").strip()
    if not key:
        return None
    if not _can_be_a_key(key):
        raise BadKey(
            f"The key in {variable} has spaces or characters that no key has.",
            advice=f"Copy it again: export {variable}=...",
        )
    return key


def no_key(service: str, variable: str) -> BadKey:
    """What to raise where a service needs a key, and `find_key` found none."""
    return BadKey(
        f"{service} needs a key, and there is none.",
        advice=f"Set it: export {variable}=... Or keep it in the system keyring: narrator keys set {variable}",
    )


def key_source(variable: str) -> KeySource:
    """Where `find_key` finds it."""
    if os.environ.get(variable, "").strip():
        return KeySource.ENVIRONMENT
    return KeySource.KEYRING if (_from_keyring(variable) or "").strip() else KeySource.NOWHERE


def keyring_for(variable: str) -> str:
    """The name of the system keyring that would keep the key of this variable.

    Raises:
        UsageError: there is none that can be trusted with it.
    """
    return _name(_trusted_keyring(variable))


def keep_key(variable: str, key: str) -> str:
    """Put a key into the system keyring, in the place of one that is there; the keyring's name.

    Raises:
        UsageError: it cannot be a key, or there is no keyring that can be trusted with it.
    """
    key = key.strip()
    if not key or not _can_be_a_key(key):
        raise UsageError(
            "That is no key: "
            + ("it is empty." if not key else "it has spaces or characters that no key has."),
            advice="Copy it again, as the service shows it.",
        )
    keyring = _trusted_keyring(variable)
    with _translated(variable):
        keyring.set_password(KEYRING_SERVICE, variable, key)
        is_kept = keyring.get_password(KEYRING_SERVICE, variable) == key
    if not is_kept:
        raise UsageError(f"{_name(keyring)} does not keep what it is given.", advice=_advice(variable))
    return _name(keyring)


def forget_key(variable: str) -> bool:
    """Remove a key from the system keyring, whichever keeps it; whether it was there.

    Raises:
        UsageError: there is no keyring, or it stays locked.
    """
    was_there = False
    for keyring in _chained(_keyring(variable)):
        with _translated(variable):
            if keyring.get_password(KEYRING_SERVICE, variable) is not None:
                keyring.delete_password(KEYRING_SERVICE, variable)
                was_there = True
    return was_there


def _can_be_a_key(key: str) -> bool:
    return key.isascii() and key.isprintable() and " " not in key


def _from_keyring(variable: str) -> str | None:
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
        try:
            found = keyring.get_password(KEYRING_SERVICE, variable)
        except errors.KeyringError:  # no keyring runs on this machine, or it stays locked
            return None
    except ImportError:  # the extra is not installed, or the keyring that a person named: there is none
        return None
    return found if isinstance(found, str) else None


def _keyring(variable: str) -> Any:
    try:
        return importlib.import_module("keyring").get_keyring()
    except ImportError as exc:
        raise UsageError(
            "To keep keys, narrator needs the package keyring, which is not installed.",
            advice=f"Install it: pip install 'narrator[keyring]'\n{_advice(variable)}",
        ) from exc


def _trusted_keyring(variable: str) -> Any:
    """The keyring to write to: of several that are chained, the first one that can be trusted."""
    keyring = _keyring(variable)
    trusted = next((each for each in _chained(keyring) if not _is_unsafe(each)), None)
    if trusted is None:
        raise UsageError(
            f"There is no system keyring here that can be trusted with a key: there is {_name(keyring)}.",
            advice=_advice(variable),
        )
    return trusted


def _chained(keyring: Any) -> Sequence[Any]:
    """The keyrings behind one that asks several in turn (keyring.backends.chainer), or itself."""
    return tuple(getattr(keyring, "backends", ())) or (keyring,)


def _is_unsafe(keyring: object) -> bool:
    kind = type(keyring)
    return f"{kind.__module__}.".startswith(tuple(f"{name}." for name in _UNSAFE)) or "Plain" in kind.__name__


def _name(keyring: object) -> str:
    """A keyring as its makers call it."""
    return str(getattr(keyring, "name", type(keyring).__name__))


def _advice(variable: str) -> str:
    return f"Set the key in the environment instead: export {variable}=..."


@contextmanager
def _translated(variable: str) -> Iterator[None]:
    """Make the errors of keyrings ours. What they say is left out: nobody knows what they repeat."""
    errors = importlib.import_module("keyring.errors")
    try:
        yield
    except errors.KeyringLocked:
        raise UsageError("The system keyring stays locked.", advice="Unlock it, and try again.") from None
    except errors.KeyringError as exc:
        raise UsageError(
            f"The system keyring cannot be used: {type(exc).__name__}.", advice=_advice(variable)
        ) from None
