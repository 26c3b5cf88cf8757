"""An M4B of a whole book, joined of its chapters' pieces: nothing is encoded again, nothing decoded.

A piece begins with a packet of priming, of which a decoder makes nothing that is heard. Joins keep these
packets: each becomes 1,024 frames of silence at the end of the chapter before, and every chapter sounds, to the
bit, as its piece does, whatever is at its edges. Without them a chapter's first 1,024 frames would be completed
by another's packet: a click, wherever they are not silent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

from narrator.durable import disk_errors
from narrator.errors import ConfigError
from narrator.mastering.joined import Joined, blocks_of
from narrator.mastering.mp4 import FRAME, PRIMING, Packets, Parts, box, full_box, media_header, movie, size_of
from narrator.mastering.mp4_chapters import Chapters
from narrator.mastering.mp4_piece import Piece, piece_of

_BRAND = box(b"ftyp", b"M4B ", struct.pack(">I", 0), b"M4B M4A mp42isom")


def join_m4b(
    pieces: Sequence[Path], path: Path, chapters: Sequence[str], should_stop: Callable[[], bool]
) -> Joined:
    """Write the M4B `path` of files that `AacEncoder` wrote, each a chapter of that title.

    What players need to begin comes first, before the sound. The priming is cut off by an edit list, and by
    iTunes' own note of it.

    Raises:
        ConfigError: the pieces are of different rates.
        DiskError: a piece cannot be read or is damaged, or the file cannot be written.
        Interrupted: `should_stop()` said so; what was written is of no use.
        ValueError: no pieces, or not as many titles.
    """
    if not pieces or len(pieces) != len(chapters):
        raise ValueError(f"{len(pieces)} pieces, and {len(chapters)} titles")
    found = [piece_of(each) for each in pieces]
    packets = _together(found)
    starts = [0, *accumulate(piece.packets.count * FRAME for piece in found[:-1])]
    marks = Chapters(starts, chapters, packets.frames, packets.rate_hz)
    with disk_errors(f"Writing {path}"), path.open("wb") as file:
        file.writelines(_head(packets, marks))
        for piece in found:
            file.writelines(blocks_of(piece.path, piece.begin, should_stop, size=piece.packets.total_bytes))
    return Joined(packets.rate_hz, packets.frames, tuple(pairwise([*starts, packets.frames])))


def _together(pieces: Sequence[Piece]) -> Packets:
    """The packets of all pieces, one after another."""
    rates = sorted({piece.packets.rate_hz for piece in pieces})
    if len({piece.packets.config for piece in pieces}) > 1 or len(rates) > 1:
        found = " and ".join(f"{rate} Hz" for rate in rates)
        raise ConfigError(
            "The chapters cannot be joined",
            (f"delivery.rate_hz: they are at {found}, and a file has one rate",),
            advice="Set delivery.rate_hz, and run the same command again.",
        )
    first = pieces[0].packets
    return Packets(first.rate_hz, first.config, b"".join(piece.packets.sizes for piece in pieces))


def _head(packets: Packets, chapters: Chapters) -> Iterator[bytes]:
    """All that comes before the sound."""
    titles = b"".join(chapters.samples)
    user_data = (*chapters.listed(), *_gapless(packets.frames))

    def movie_before(begin: int) -> Parts:
        text = chapters.text_track(2, begin)
        return movie(packets, begin + len(titles), others=[text], user_data=user_data)

    before = size_of(_BRAND) + len(media_header(0))
    yield from _BRAND
    yield from movie_before(before + size_of(movie_before(0)))
    yield media_header(len(titles) + packets.total_bytes)
    yield titles


def _gapless(frames: int) -> Parts:
    """What iTunes writes, for players that know no edit lists: the priming, the padding, and what is heard."""
    numbers = [0, PRIMING, 0]
    text = "".join(f" {number:08X}" for number in numbers) + f" {frames:016X}" + " 00000000" * 8
    note = box(
        b"----",
        full_box(b"mean", 0, 0, b"com.apple.iTunes"),
        full_box(b"name", 0, 0, b"iTunSMPB"),
        box(b"data", struct.pack(">II", 1, 0), text.encode()),
    )
    handler = full_box(b"hdlr", 0, 0, struct.pack(">I4s4s9x", 0, b"mdir", b"appl"))
    return full_box(b"meta", 0, 0, handler, box(b"ilst", note))
