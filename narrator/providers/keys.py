"""Where an API key comes from. A key is never logged, and never part of a message or a repr."""

from __future__ import annotations

import importlib
import os

from narrator.errors import BadKey

KEYRING_SERVICE = "narrator"


def find_key(variable: str) -> str | None:
    """The key that an environment variable holds, else the system keyring under that name; None if neither.

    Raises:
        BadKey: there is one, but it cannot be a key: it has spaces or characters that no header can carry.
    """
    key = (os.environ.get(variable) or _from_keyring(variable) or "").strip()
    if not key:
        return None
    if not key.isascii() or not key.isprintable() or " " in key:
        raise BadKey(
            f"The key in {variable} has spaces or characters that no key has.",
            advice=f"Copy it again: export {variable}=...",
        )
    return key


def _from_keyring(variable: str) -> str | None:
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError:  # the extra is not installed: the environment is all there is
        return None
    try:
        found = keyring.get_password(KEYRING_SERVICE, variable)
    except errors.KeyringError:  # no keyring runs on this machine, or it stays locked
        return None
    return found if isinstance(found, str) else None
