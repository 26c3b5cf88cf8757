"""LAME over a long sound in pieces, side by side: an encoder is one thread, and a chapter may be hours long.

Pieces overlap. The encoder of each begins before the first frame that is wanted of it, until it is as one that
heard all that went before; and it goes on after the last, until a frame comes at which a decoder may go over to
the next stream. A frame needs two things of those before it. Its first half is laid over the second half of the
last one, in windows that have to fit: so both streams must use the same, and then they differ by no more than
the noise of coding. And its bits may begin in frames before it, the bit reservoir (ISO 11172-3, 2.4.2.7): so
where the stream that is left has as much room there as the other has filled, it gets those bytes.

What comes out depends on the sound alone: not on how many cores there are, nor on what is ready first.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, pairwise
from types import TracebackType
from typing import Protocol, Self

from narrator.audio.mpeg import HEADER_BYTES, FrameHeader, FrameWalk
from narrator.audio.pcm import BYTES_PER_FRAME
from narrator.errors import NarratorError

PIECE_S = 60.0
"""Of sound: in shorter pieces more is encoded twice, of longer ones more is in memory."""

_WARM_UP = 30
"""Frames before a piece: with 15, half as many of the frames after them fit."""

_OVERLAP = 60
"""Frames after a piece, of which one should fit. Of 46 places in a chapter at 64 to 192 kbit/s the first 25
were enough in all, at 32 kbit/s 60 in 44; in the others the warm-up is made longer."""

_DELAY = 4  # frames after the last one that is wanted, without which that would be another
_CALL_BYTES = 1 << 17  # given to LAME at once, which makes eight times as much of it; calls cost something
_NICER_BY = 10
_AT_ONCE = 2  # pieces; beside them there is the sound of a third


class Lame(Protocol):
    """An encoder of one sound, as `lameenc.Encoder` is."""

    def encode(self, pcm: bytes, /) -> bytearray: ...

    def flush(self) -> bytearray: ...


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of sound as s16le, and the frames that become of it.

    `lead` of them are a warm-up. Those before `first` are of no use: others are in their place.
    """

    pcm: bytes
    lead: int
    first: int
    stream: Future[list[bytes]]


class LamePieces:
    """Encodes one mono sound. As a context manager it ends its threads."""

    def __init__(self, stream: FrameHeader, make_lame: Callable[[], Lame], *, piece_s: float = PIECE_S) -> None:
        """`stream` is the header of any frame of sound; the encoders make such, with no CRC.

        Pieces are no shorter than two overlaps, so that each keeps more frames than a reservoir reaches back.
        """
        self._stream = stream
        self._make_lame = make_lame
        self._frame_bytes = stream.samples * BYTES_PER_FRAME
        self._size = max(2 * _OVERLAP, round(piece_s * stream.rate_hz / stream.samples))
        self._sound = bytearray()
        self._lead = 0
        self._pieces: deque[_Piece] = deque()
        self._threads = ThreadPoolExecutor(_AT_ONCE, "lame", initializer=_stand_back)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def encode(self, pcm: bytes) -> Iterator[Sequence[bytes]]:
        """Frames of what came before, a piece at a time; s16le of any length is taken as they are asked for.

        Raises:
            NarratorError: the encoders do not do the same for the same sound.
        """
        self._sound += pcm
        while len(self._sound) >= (needed := (self._end + _OVERLAP + _DELAY) * self._frame_bytes):
            self._begin(bytes(self._sound[:needed]))
            del self._sound[: (self._end - _WARM_UP) * self._frame_bytes]
            self._lead = _WARM_UP
            if len(self._pieces) > _AT_ONCE:
                yield self._finished()

    def flush(self) -> Iterator[Sequence[bytes]]:
        """The other frames, to those that LAME puts after the sound.

        Raises:
            NarratorError: as `encode`.
        """
        if not self._pieces:
            yield self._stream_of(bytes(self._sound))
            return
        self._begin(bytes(self._sound))
        while len(self._pieces) > 1:
            yield self._finished()
        last = self._pieces.popleft()
        yield last.stream.result()[last.first :]

    @property
    def _end(self) -> int:
        """Where the piece ends whose sound is still to come, in frames of its own."""
        return self._lead + self._size

    def _begin(self, pcm: bytes) -> None:
        self._pieces.append(_Piece(pcm, self._lead, self._lead, self._threads.submit(self._stream_of, pcm)))

    def _stream_of(self, pcm: bytes) -> list[bytes]:
        lame, stream = self._make_lame(), bytearray()
        for at in range(0, len(pcm), _CALL_BYTES):
            stream += lame.encode(pcm[at : at + _CALL_BYTES])
        stream += lame.flush()
        ends = accumulate(FrameWalk(self._stream).sizes(stream), initial=0)
        return [bytes(stream[begin:end]) for begin, end in pairwise(ends)]

    def _finished(self) -> Sequence[bytes]:
        """The frames of the oldest piece; the next is the oldest then, and begins at the frame after them."""
        old, new = self._pieces[0], self._pieces[1]
        end, left = old.lead + self._size, old.stream.result()
        while (past := self._seam(left[end : end + _OVERLAP], new.stream.result()[new.lead :])) is None:
            new = self._with_more_lead(new, old.pcm, end)
        right = new.stream.result()
        self._pieces.popleft()
        self._pieces[0] = _Piece(new.pcm, new.lead, new.lead + past, new.stream)
        return self._with_bits_of(right[: new.lead + past + 1], left[old.first : end + past])

    def _seam(self, left: Sequence[bytes], right: Sequence[bytes]) -> int | None:
        """At which of some frames one may go over from one stream to the other."""
        for number, (one, other) in enumerate(zip(left, right, strict=False)):
            mine, its = one[HEADER_BYTES:], other[HEADER_BYTES:]
            has_room = self._stream.main_data_begin(mine) >= self._stream.main_data_begin(its)
            if has_room and self._stream.block_type(mine) == self._stream.block_type(its):
                return number
        return None

    def _with_more_lead(self, piece: _Piece, before: bytes, end: int) -> _Piece:
        """The piece with a warm-up twice as long, of the sound `before` it; `end` frames of that go before it.

        With all of them it becomes the very stream of the piece before it, and each frame fits. That would make
        pieces ever longer in a sound in which it came to this each time; none is known.
        """
        if piece.lead == end:
            raise NarratorError(
                "LAME made two different streams of one sound.",
                advice="Report it, with this computer's processor.",
            )
        lead = min(2 * piece.lead, end)
        pcm = before[(end - lead) * self._frame_bytes : (end - piece.lead) * self._frame_bytes] + piece.pcm
        return _Piece(pcm, lead, lead, self._threads.submit(self._stream_of, pcm))

    def _with_bits_of(self, right: Sequence[bytes], left: list[bytes]) -> list[bytes]:
        """The frames of `left`, with those bytes in their reservoir that the last frame of `right` needs."""
        *before, frame = right
        needed = self._stream.main_data_begin(frame[HEADER_BYTES:])
        start = self._stream.info_offset
        bits = b""
        while len(bits) < needed:
            bits = before.pop()[start:] + bits
        bits = bits[len(bits) - needed :]
        at = len(left)
        while bits:
            at -= 1
            count = min(len(bits), len(left[at]) - start)
            left[at] = left[at][: len(left[at]) - count] + bits[len(bits) - count :]
            bits = bits[: len(bits) - count]
        return left


def _stand_back() -> None:
    """Leave the cores to what is being spoken: requests that wait cost more than a chapter that does."""
    if sys.platform == "linux":  # elsewhere it would be the whole process that does so
        with suppress(OSError):  # a sandbox may not let it
            os.nice(_NICER_BY)
