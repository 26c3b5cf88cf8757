"""One MP3 out of those of chapters, with nothing encoded again: their frames one after the other.

A file of LAME's begins with no data of frames before it (`main_data_begin` 0), and before and after its sound
with more silence than a decoder's overlap reaches, so the last frame of one chapter and the first of the next
meet in silence. A player takes the encoder's delay off the beginning of the file alone: then each chapter
begins as many samples into it as the frames before it have, and ends with some hundredths of a second more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from narrator.audio.mpeg import FrameHeader, FrameWalk, InfoTag
from narrator.durable import disk_errors
from narrator.errors import DiskError, UsageError
from narrator.mastering.crc16 import Crc16, crc16_of_both
from narrator.mastering.joined import Joined, blocks_of
from narrator.mastering.lame_tag import (
    ENCODER_DELAY,
    Music,
    SeekTable,
    info_frame,
    music_crc,
    settings_of,
)

_MOST_HEADER = 1441  # bytes of the largest frame, 320 kbit/s at 32 kHz, padded


@dataclass(frozen=True, slots=True)
class _Piece:
    """A file of `Mp3Encoder`, by what its Info frame says."""

    path: Path
    info: bytes
    header: FrameHeader
    tag: InfoTag

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises DiskError where it cannot be read, or is none."""
        with disk_errors(f"Reading {path}"), path.open("rb") as file:
            head = file.read(_MOST_HEADER)
        header = FrameHeader.parse(head)
        tag = InfoTag.parse(head[: header.size], header) if header else None
        if header is None or tag is None or not tag.gapless or tag.delay != ENCODER_DELAY:
            raise _damaged(path)
        return cls(path, head[: header.size], header, tag)


def join_mp3(pieces: Sequence[Path], path: Path, should_stop: Callable[[], bool]) -> Joined:
    """Write the MP3s `pieces`, as `Mp3Encoder` makes them, with no tags, one after the other to `path`. Blocks.

    A piece ends where the next begins, the last where its sound ends. Every byte is compared to what its Info
    frame says of it.

    Raises:
        UsageError: they are of different rates, or encoded by different settings.
        DiskError: one cannot be read, or is not what was written; or the file cannot be written.
        Interrupted: `should_stop` said so.
    """
    read = [_Piece.read(each) for each in pieces]
    first = read[0]
    for piece in read:
        _check_alike(first, piece)
    starts: list[int] = []
    table, crc, padding = SeekTable(), 0, 0
    with disk_errors(f"Writing {path}"), path.open("wb") as file:
        file.write(first.info)
        for piece in read:
            starts.append(table.frames * first.header.samples)
            before = table.size
            own = _copy(piece, file, table, should_stop)
            crc = crc16_of_both(crc, own, table.size - before)
            if piece.tag.frames:
                padding = piece.tag.padding
        file.seek(0)
        file.write(info_frame(first.info, Music(table, crc, padding)))
    total = max(0, table.frames * first.header.samples - ENCODER_DELAY - padding)
    return Joined(first.header.rate_hz, total, tuple(zip(starts, [*starts[1:], total], strict=True)))


def _copy(piece: _Piece, file: BinaryIO, table: SeekTable, should_stop: Callable[[], bool]) -> int:
    """Append the frames of a piece to `file`, and note them; their CRC."""
    before = table.frames
    walk, crc = FrameWalk(piece.header), Crc16()
    for block in blocks_of(piece.path, piece.header.size, should_stop):
        try:
            table.add(walk.sizes(block))
        except ValueError as exc:
            raise _damaged(piece.path) from exc
        crc.update(block)
        file.write(block)
    frames = table.frames - before
    if not walk.is_whole or frames != piece.tag.frames or crc.value != music_crc(piece.info):
        raise _damaged(piece.path)
    return crc.value


def _check_alike(first: _Piece, piece: _Piece) -> None:
    if piece.header.rate_hz != first.header.rate_hz:
        raise UsageError(
            f"Chapters of {first.header.rate_hz} and of {piece.header.rate_hz} Hz cannot be one MP3.",
            advice="Set delivery.rate_hz: then all have that rate.",
        )
    if settings_of(piece.info) != settings_of(first.info):
        raise UsageError(
            f"{first.path} and {piece.path} were encoded by different settings, and cannot be one MP3.",
            advice="Remove both and run the same command again: they are made anew.",
        )


def _damaged(path: Path) -> DiskError:
    return DiskError(
        f"{path} is not what was written.",
        advice="Remove it and run the same command again: it is made anew.",
    )
