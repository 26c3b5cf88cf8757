from __future__ import annotations

import pytest

from narrator.errors import BadTake
from narrator.providers.wire_json import json_object, sound_in_base64


@pytest.mark.parametrize("said", ['{"a": 1}', b'{"a": 1}', ' {"a":1}\n'])
def test_a_message_is_an_object(said: str | bytes) -> None:
    assert json_object(said, "the service") == {"a": 1}


@pytest.mark.parametrize("said", ["", "[]", "1", "null", '"{}"', "{", b"\xff", "[" * 100_000, "1" * 10_000])
def test_what_is_none_is_a_bad_take(said: str | bytes) -> None:
    with pytest.raises(BadTake, match="the service sent a message that is no JSON"):
        json_object(said, "the service")


@pytest.mark.parametrize(("encoded", "sound"), [("QUJD", b"ABC"), ("QUI=", b"AB"), ("", b""), (None, b"")])
def test_sound_is_what_base64_says(encoded: object, sound: bytes) -> None:
    assert sound_in_base64(encoded, "the service") == sound


@pytest.mark.parametrize("encoded", ["QUI", "QU I=", "Q\u00fcJD", "~~~~", 7, ["QUJD"], {"audio": "QUJD"}])
def test_what_is_no_base64_is_a_bad_take(encoded: object) -> None:
    with pytest.raises(BadTake, match="sound that is no base64"):
        sound_in_base64(encoded, "the service")
