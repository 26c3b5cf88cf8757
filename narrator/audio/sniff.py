"""Telling what a provider's bytes are by their beginning: what is declared is a hint, and often wrong."""

from __future__ import annotations

import codecs

from narrator.audio.encoding import Encoding, SampleFormat
from narrator.audio.flac import MARK, FlacSource
from narrator.audio.mp3 import Mp3Source, is_id3
from narrator.audio.mpeg import HEADER_BYTES, FrameHeader
from narrator.audio.pcm import BYTES_PER_FRAME
from narrator.audio.riff import WavSource, is_wav
from narrator.audio.source import RawSource, Source
from narrator.errors import BadTake
from narrator.model import AudioFormat, Container

_HEAD_BYTES = 64
"""Enough to tell text from samples: samples are 64 printable bytes once in more than 10^20 times."""

_RAW = {
    Container.PCM: (Encoding.INTEGER, BYTES_PER_FRAME),
    Container.ULAW: (Encoding.ULAW, 1),
    Container.ALAW: (Encoding.ALAW, 1),
}
"""What has no mark to be known by: how its samples are encoded, and their bytes."""

_MAGIC = {
    b"OggS": "Ogg audio",
    b"FORM": "AIFF audio",
    b"\x1aE\xdf\xa3": "WebM audio",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b\x08\x00": "gzip data",
}
_ADVICE = "See that the address is that of a speech service, and that it is asked for PCM, WAV, MP3 or FLAC."


def bytes_to_tell(head: bytes | bytearray, declared: AudioFormat) -> int:
    """How many bytes `source_for` needs, as far as those that came let it be known."""
    frame = FrameHeader.parse(head)
    if frame is None or declared.container is Container.MP3:
        return _HEAD_BYTES
    return max(_HEAD_BYTES, frame.size + HEADER_BYTES)


def source_for(head: bytes, declared: AudioFormat) -> Source:
    """The decoder of an answer that begins with `head`.

    Raises:
        BadTake: it is no audio, or not of a kind that is read.
    """
    if is_wav(head):
        return WavSource()
    if is_id3(head) or _is_mpeg(head, sure=declared.container is Container.MP3):
        return Mp3Source()
    if head.startswith(MARK):
        return FlacSource()
    other = _other_kind(head)
    if declared.container in _RAW and (other is None or _is_hush(head, declared)):
        encoding, width = _RAW[declared.container]
        return RawSource(SampleFormat(encoding, width, declared.channels, declared.rate_hz))
    came = other or f"data that begins with the bytes {head[:8].hex(' ')}"
    raise BadTake(f"Instead of {declared.container.upper()} audio came {came}.", advice=_ADVICE)


def _is_mpeg(head: bytes, *, sure: bool) -> bool:
    """Whether a layer III frame begins here; where none was promised, a second one has to follow it."""
    frame = FrameHeader.parse(head)
    return frame is not None and (sure or FrameHeader.parse(head[frame.size :]) is not None)


def _is_hush(head: bytes, declared: AudioFormat) -> bool:
    """Whether what looks like text is a quiet sound, whose codes in G.711 are letters: text has also spaces."""
    return declared.container is not Container.PCM and len(head) >= _HEAD_BYTES and min(head) >= ord("@")


def _other_kind(head: bytes) -> str | None:
    """What this is if it is something well known that is not read, else None."""
    if head[4:8] == b"ftyp":
        return "MP4 audio"
    magic = next((kind for mark, kind in _MAGIC.items() if head.startswith(mark)), None)
    return magic or _text_kind(head)


def _text_kind(head: bytes) -> str | None:
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return None
    text = "".join(text.split()).lower()
    if not text.isprintable():
        return None
    if text.startswith(("<!doctypehtml", "<html")):
        return "an HTML page"
    if text.startswith("<"):
        return "XML"
    return "JSON" if text.startswith(("{", "[")) else "text"
