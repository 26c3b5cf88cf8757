"""What a worker and its parent say to each other over pipes: frames of a kind, a length and a payload.

kind      1 byte
length    4 bytes, big-endian
payload   SAY: the request as JSON.  SOUND: PCM.  WORD: JSON [word, start_ms, end_ms].  READY, DONE: nothing.
          ERROR: JSON {"kind": a class of narrator.errors, "what", "advice"}
"""

from __future__ import annotations

import json
import struct
from typing import BinaryIO

from narrator.errors import BadTake, Rejected, RunError, SpeechError, Unavailable, UnknownVoice
from narrator.model import WordTime

READY, SAY, SOUND, WORD, DONE, ERROR = b"R", b"T", b"S", b"W", b"D", b"E"
HEADER = struct.Struct(">cI")

_ERRORS: dict[str, type[SpeechError]] = {
    kind.__name__: kind for kind in (BadTake, Rejected, RunError, Unavailable, UnknownVoice)
}


def write_frame(pipe: BinaryIO, kind: bytes, payload: bytes = b"") -> None:
    """Write one frame, and see it off."""
    pipe.write(HEADER.pack(kind, len(payload)) + payload)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[bytes, bytes] | None:
    """The next frame, as kind and payload; None at the end of the pipe."""
    header = pipe.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    payload = pipe.read(length)
    return (kind, payload) if len(payload) == length else None


def pack_word(word: WordTime) -> bytes:
    """When a word is heard as the payload of a WORD frame."""
    return json.dumps([word.word, word.start_ms, word.end_ms]).encode()


def unpack_word(payload: bytes) -> WordTime:
    """What a WORD frame says."""
    return WordTime(*json.loads(payload))


def pack_error(error: SpeechError) -> bytes:
    """An error as the payload of an ERROR frame; a kind that has no name here travels as its nearest base."""
    name = next((base.__name__ for base in type(error).__mro__ if base.__name__ in _ERRORS), "RunError")
    return json.dumps({"kind": name, "what": error.what, "advice": error.advice}).encode()


def unpack_error(payload: bytes) -> SpeechError:
    """The error in an ERROR frame."""
    said = json.loads(payload)
    return _ERRORS[said["kind"]](said["what"], advice=said["advice"])
