"""Where a Wyoming server is, and what its `info` says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from narrator.model import Voice
from narrator.providers.voice_files import language_tag

USUAL_PORT = 10_200
_USUAL_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class WyomingInfo:
    """The voices of a server by name, and the speakers of those that have several; none if it tells none.

    `takes_pieces` is whether it takes a text in pieces, as it is written.
    """

    voices: Mapping[str, Voice] = field(default_factory=dict)
    speakers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes_pieces: bool = False


def server_address(base_url: str) -> tuple[str, int, list[str]]:
    """Host and port of the server that a person named, else the usual ones; and what is wrong with them."""
    if not base_url:
        return _USUAL_HOST, USUAL_PORT, []
    try:
        url = URL(base_url.strip().rstrip("/"))
        host, port = url.host, url.explicit_port or USUAL_PORT
    except ValueError:
        url, host, port = URL(), None, USUAL_PORT
    if url.scheme != "tcp" or not host:
        return "", 0, [f"speech.base_url: {base_url!r} is not an address such as tcp://127.0.0.1:{USUAL_PORT}"]
    if url.user or url.password or url.query_string or url.fragment or url.path.strip("/"):
        return "", 0, ["speech.base_url: only the server's host and port go here, as in tcp://127.0.0.1:10200"]
    return host, port, []


def info_in(data: Mapping[str, Any]) -> WyomingInfo:
    """What an `info` event says of the first program that speaks: it is the one that `synthesize` reaches."""
    programs = _tables(data.get("tts"))
    if not programs:
        return WyomingInfo()
    voices: dict[str, Voice] = {}
    speakers: dict[str, tuple[str, ...]] = {}
    for said in _tables(programs[0].get("voices")):
        name = said.get("name")
        if not isinstance(name, str) or said.get("installed") is False:
            continue
        codes = said.get("languages")
        tags = (
            [language_tag(code) for code in codes if isinstance(code, str)] if isinstance(codes, list) else []
        )
        voices[name] = Voice(
            name, languages=tuple(filter(None, tags)), description=str(said.get("description") or "")
        )
        named = [speaker.get("name") for speaker in _tables(said.get("speakers"))]
        speakers[name] = tuple(speaker for speaker in named if isinstance(speaker, str))
    return WyomingInfo(voices, speakers, programs[0].get("supports_synthesize_streaming") is True)


def _tables(found: object) -> list[Mapping[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
