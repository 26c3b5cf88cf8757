"""MP4 files of one mono AAC track: those boxes of ISO/IEC 14496-12 and 14496-14 that they need.

FFmpeg's muxer keeps some hundred bytes a packet until the end, a quarter of a gigabyte for 30 hours, and its
edit lists are in milliseconds. Here a packet is four bytes, and all is counted in frames.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FRAME = 1024
"""The frames of sound that an AAC packet has (ISO/IEC 14496-3, 4.4)."""

PRIMING = FRAME
"""What a decoder makes of the first packet alone, which is nothing: the overlap of the second completes it."""

UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""The matrix of what is shown just as it is."""

Parts = tuple[bytes, ...]
"""A box as pieces that are written one after another: tables of megabytes are not copied."""

_CHUNK = 128  # packets: some seconds, so that a player finds a place without adding up hours of sizes
_ROOM_BYTES = 1 << 26  # by so much tags may yet move the sound: an offset of 32 bits must be enough then, too
_MOST_32_BITS = (1 << 32) - 1
_UNDETERMINED = 0x55C4  # the language "und", packed
_IN_MOVIE, _ENABLED = 2, 1
_OBJECT_AAC, _STREAM_AUDIO = 0x40, 0x15
_MOST_BITS = 6144  # of a packet of one channel (ISO/IEC 14496-3, 4.5.3.2)


@dataclass(frozen=True, slots=True)
class Packets:
    """Encoded sound: the decoder's configuration, and the packets' sizes, four bytes each, big-endian."""

    rate_hz: int
    config: bytes
    sizes: bytes

    @property
    def count(self) -> int:
        return len(self.sizes) // 4

    @property
    def total_bytes(self) -> int:
        return int(np.frombuffer(self.sizes, ">u4").sum(dtype=np.int64))

    @property
    def frames(self) -> int:
        """What is heard: all but the priming."""
        return self.count * FRAME - PRIMING


def box(kind: bytes, *contents: bytes | Parts) -> Parts:
    """A box (ISO/IEC 14496-12, 4.2)."""
    parts = tuple(
        part for content in contents for part in (content if isinstance(content, tuple) else (content,))
    )
    return struct.pack(">I4s", 8 + size_of(parts), kind), *parts


def full_box(kind: bytes, version: int, flags: int, *contents: bytes | Parts) -> Parts:
    """A box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *contents)


def size_of(parts: Parts) -> int:
    return sum(map(len, parts))


def media_header(size: int) -> bytes:
    """What comes before `size` bytes of media data. It is always of one length: a size of 64 bits has room."""
    return struct.pack(">I4sQ", 1, b"mdat", 16 + size)


def movie(packets: Packets, begin: int, *, others: Sequence[Parts] = (), user_data: Parts = ()) -> Parts:
    """The `moov` box of a file whose sound begins at the byte `begin`.

    `others` are further tracks; the sound refers to them as its chapters. `user_data` are boxes of `udta`.
    """
    return box(
        b"moov",
        _movie_header(packets, tracks=1 + len(others)),
        _sound_track(packets, begin, chapters=tuple(range(2, 2 + len(others)))),
        *others,
        box(b"udta", user_data) if user_data else (),
    )


def track(number: int, length: int, *contents: bytes | Parts, is_enabled: bool, volume: int = 0) -> Parts:
    """A `trak` box of a length in the movie's frames."""
    version = _version(length)
    times = struct.pack(">2QIIQ" if version else ">5I", 0, 0, number, 0, length)
    header = full_box(
        b"tkhd",
        version,
        _IN_MOVIE | (_ENABLED if is_enabled else 0),
        times + struct.pack(">8x2HHH", 0, 0, volume, 0) + UNITY + struct.pack(">2I", 0, 0),
    )
    return box(b"trak", header, *contents)


def media(rate: int, length: int, kind: bytes, header: Parts, table: Parts) -> Parts:
    """An `mdia` box: `length` in units of 1/`rate` s; `header` is that of its kind, `table` its samples'."""
    version = _version(length)
    times = struct.pack(">2QIQ2H" if version else ">4I2H", 0, 0, rate, length, _UNDETERMINED, 0)
    return box(
        b"mdia",
        full_box(b"mdhd", version, 0, times),
        full_box(b"hdlr", 0, 0, struct.pack(">I4s12xx", 0, kind)),
        box(b"minf", header, box(b"dinf", full_box(b"dref", 0, 0, _count(1), full_box(b"url ", 0, 1))), table),
    )


def _movie_header(packets: Packets, tracks: int) -> Parts:
    version = _version(packets.frames)
    times = struct.pack(">2QIQ" if version else ">4I", 0, 0, packets.rate_hz, packets.frames)
    rest = struct.pack(">IH10x", 0x10000, 0x100) + UNITY + bytes(24) + _count(1 + tracks)
    return full_box(b"mvhd", version, 0, times, rest)


def _sound_track(packets: Packets, begin: int, chapters: Sequence[int]) -> Parts:
    version = _version(packets.frames)
    edit = struct.pack(">IQQI" if version else ">4I", 1, packets.frames, PRIMING, 0x10000)
    references = struct.pack(f">{len(chapters)}I", *chapters)
    return track(
        1,
        packets.frames,
        box(b"edts", full_box(b"elst", version, 0, edit)),
        box(b"tref", box(b"chap", references)) if chapters else (),
        media(
            packets.rate_hz,
            packets.count * FRAME,
            b"soun",
            full_box(b"smhd", 0, 0, bytes(4)),
            _sound_table(packets, begin),
        ),
        is_enabled=True,
        volume=0x100,
    )


def _sound_table(packets: Packets, begin: int) -> Parts:
    entry = struct.pack(">6xH8x2H4xI", 1, 1, 16, packets.rate_hz << 16)
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, _count(1), box(b"mp4a", entry, _stream_descriptor(packets))),
        full_box(b"stts", 0, 0, struct.pack(">3I", 1, packets.count, FRAME)),
        _chunks(packets.count),
        full_box(b"stsz", 0, 0, struct.pack(">2I", 0, packets.count), packets.sizes),
        _chunk_offsets(packets, begin),
        # A decoder that begins anywhere needs the packet before (ISO/IEC 14496-12, 10.1; a distance of -1).
        full_box(b"sgpd", 1, 0, struct.pack(">4sIIh", b"roll", 2, 1, -1)),
        full_box(b"sbgp", 0, 0, struct.pack(">4sIII", b"roll", 1, packets.count, 1)),
    )


def _stream_descriptor(packets: Packets) -> Parts:
    """The `esds` box (ISO/IEC 14496-1, 7.2.6)."""
    mean = packets.total_bytes * 8 * packets.rate_hz // (packets.count * FRAME)
    most = _MOST_BITS * packets.rate_hz // FRAME
    decoder = struct.pack(">BBBHII", _OBJECT_AAC, _STREAM_AUDIO, 0, _MOST_BITS // 8, most, mean)
    decoder += _descriptor(5, packets.config)
    return full_box(
        b"esds",
        0,
        0,
        _descriptor(3, struct.pack(">HB", 0, 0) + _descriptor(4, decoder) + _descriptor(6, b"\2")),
    )


def _descriptor(tag: int, content: bytes) -> bytes:
    return struct.pack(">BB", tag, len(content)) + content


def _chunks(packets: int) -> Parts:
    """Which chunks have how many packets (`stsc`): the last one has the rest."""
    whole, rest = divmod(packets, _CHUNK)
    runs = [(1, _CHUNK)] * bool(whole) + [(1 + whole, rest)] * bool(rest)
    entries = b"".join(struct.pack(">3I", first, each, 1) for first, each in runs)
    return full_box(b"stsc", 0, 0, _count(len(runs)), entries)


def _chunk_offsets(packets: Packets, begin: int) -> Parts:
    sizes = np.add.reduceat(
        np.frombuffer(packets.sizes, ">u4"), np.arange(0, packets.count, _CHUNK), dtype=np.int64
    )
    end = int(sizes.sum())
    offsets = begin + np.concatenate([[0], np.cumsum(sizes)[:-1]])
    # Not by where the sound begins, which the length of this table decides.
    if end + _ROOM_BYTES > _MOST_32_BITS:
        return full_box(b"co64", 0, 0, _count(len(offsets)), offsets.astype(">u8").tobytes())
    return full_box(b"stco", 0, 0, _count(len(offsets)), offsets.astype(">u4").tobytes())


def _count(number: int) -> bytes:
    return struct.pack(">I", number)


def _version(length: int) -> int:
    """0 for times of 32 bits, which every reader knows, 1 for 64 bits."""
    return int(length > _MOST_32_BITS)
