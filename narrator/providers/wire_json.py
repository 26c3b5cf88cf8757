"""JSON and base64 as services put sound into it, over server-sent events or WebSockets."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from narrator.errors import BadTake


def json_object(said: str | bytes, service: str) -> dict[str, Any]:
    """A message as a JSON object.

    Raises:
        BadTake: it is none.
    """
    try:
        found = json.loads(said)
    except (ValueError, RecursionError) as exc:
        raise BadTake(f"{service} sent a message that is no JSON.") from exc
    if not isinstance(found, dict):
        raise BadTake(f"{service} sent a message that is no JSON object.")
    return found


def sound_in_base64(encoded: object, service: str) -> bytes:
    """The bytes of sound in a field of a message; none where the field is missing, null or empty.

    Raises:
        BadTake: it is no base64.
    """
    if not encoded:
        return b""
    if not isinstance(encoded, str):
        raise BadTake(f"{service} sent sound that is no base64.")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadTake(f"{service} sent sound that is no base64.") from exc
