"""Any sound file as blocks of samples, as a player hears it: FFmpeg through PyAV, and nothing but the file.

Demuxers that open other files or addresses, as playlists do, are left out: a file may come from anyone.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt

from narrator.audio.mpeg import HEADER_BYTES, FrameHeader
from narrator.durable import reading
from narrator.errors import UnreadableAudio, UsageError
from narrator.mastering.figures_length import mp3_length_s, riff_share

Block = npt.NDArray[np.float32]
"""Samples by channel and time, full scale 1.0."""

_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,matroska,webm,mov,mp4,mp3,mpc,mpc8,mpeg,mpegts,ogg,"
    "tta,voc,w64,wav,wv"
)
_MPEG_CODECS = {"mp1", "mp2", "mp3"}

_DECLARING = {"flac", "mov,mp4,m4a,3gp,3g2,mj2"}
_MISSING_S = 0.25
"""Less may be the silence that encoders add, which not every decoder counts."""

_STEPS = {
    "u8": ("u1", 1 / 128),
    "s16": ("i2", 1 / 32768),
    "s32": ("i4", 1 / 2147483648),
    "flt": ("f4", 1.0),
    "dbl": ("f8", 1.0),
}
"""What FFmpeg's sample formats are in numpy, and how high a step is in each; planar ones have a 'p' behind."""

_MOST_CHANNELS = 8  # a frame of more has pointers to them where PyAV does not look

_BLOCK = 1 << 17
"""Frames of a block, or somewhat more."""

_ADVICE = "Play it to see whether it is a sound file and whole, or copy it anew from where it came from."


class DecodedFile:
    """A sound file that is decoded from its beginning to its end, once.

    `rate_hz` and `channels` (their names, such as 'FL') are those of its first sound; where they change later,
    what follows is converted. What `frames`, `sound_bytes`, `damage` and the bitrate are holds once all blocks
    were taken; `share` is how much of the file was read so far.
    """

    def __init__(self, path: Path, container: av.container.InputContainer) -> None:
        """`decoding` makes one.

        Raises:
            UnreadableAudio: there is no sound in it, or of too many channels.
        """
        stream = container.streams.best("audio")
        if stream is None or stream.codec_context is None:
            raise UnreadableAudio(f"{path} has no sound in it that can be read.", advice=_ADVICE)
        self.demuxer: str = container.format.name
        self.codec: str = stream.codec_context.codec.canonical_name
        self.bytes = path.stat().st_size
        self._path = path
        self.sound_bytes = self.frames = 0
        self._container = container
        self._stream = stream
        self._is_mpeg = self.codec in _MPEG_CODECS
        self._heads: set[bytes] = set()
        self._broken = self._broken_last = 0
        self._first_byte = self._position = 0
        self._is_cut = False
        self._change = ""
        self._decoded = self._decode()
        first = next((frame for frame in self._decoded if frame.samples), None)
        if first is None:
            raise UnreadableAudio(f"None of the sound in {path} can be decoded.", advice=_ADVICE)
        if first.layout.nb_channels > _MOST_CHANNELS:
            raise UnreadableAudio(
                f"{path} has {first.layout.nb_channels} channels.",
                advice=f"Sound of up to {_MOST_CHANNELS} channels is measured.",
            )
        self._first: av.AudioFrame = first
        self.rate_hz: int = first.sample_rate
        self.channels = _places(first.layout)

    @property
    def share(self) -> float:
        return min(self._position / self.bytes, 1.0)

    @property
    def is_constant_bitrate(self) -> bool | None:
        """By the headers of all its frames; None for what is no MPEG audio."""
        return len(self._heads) == 1 if self._is_mpeg else None

    @property
    def kbps(self) -> float:
        """The rate that an MP3 of constant bitrate names, else the mean over the sound's bytes."""
        header = FrameHeader.parse(b"\xff" + min(self._heads) + b"\0") if self.is_constant_bitrate else None
        return float(header.kbps) if header else self.sound_bytes * 8e-3 * self.rate_hz / max(self.frames, 1)

    @property
    def damage(self) -> str:
        """What is wrong with the file, '' for nothing. What cannot be decoded at its very end is no damage."""
        heard_s = self.frames / self.rate_hz
        missing_s = (self._declared_s(heard_s) or heard_s) - heard_s
        is_short = missing_s > (0.0 if self.codec == "flac" else _MISSING_S)
        found = (
            f"{self._broken} of its packets cannot be decoded" if self._broken else "",
            self._change,
            f"{missing_s:.1f} s of the length that it declares are missing" if is_short else "",
            "it breaks off" if self._is_cut and not is_short else "",
        )
        return "; ".join(filter(None, found))

    def _declared_s(self, heard_s: float) -> float | None:
        """The length by the file's own words; a demuxer may have guessed its from the first frames."""
        if self.demuxer == "mp3":
            return mp3_length_s(self._path, self._first_byte)
        if self.demuxer == "wav":
            return heard_s * (riff_share(self._path) or 1.0)
        duration, unit = self._stream.duration, self._stream.time_base
        return float(duration * unit) if self.demuxer in _DECLARING and duration and unit else None

    def blocks(self) -> Iterator[Block]:
        """The sound from the beginning, in blocks of about 130,000 frames."""
        pieces: list[list[memoryview]] = []
        frames, form = 0, ""
        for frame in self._alike():
            if frames >= _BLOCK or frame.format.name != form:
                if frames:
                    yield self._joined(pieces, form)
                frames, form = 0, frame.format.name
                pieces = [[] for _ in self.channels[: None if frame.format.is_planar else 1]]
            size = frame.samples * frame.format.bytes * (len(self.channels) // len(pieces))
            for plane, gathered in zip(frame.planes, pieces, strict=False):  # PyAV finds nine planes in eight
                gathered.append(memoryview(plane)[:size])
            frames += frame.samples
            self.frames += frame.samples
        if frames:
            yield self._joined(pieces, form)

    def _joined(self, pieces: list[list[memoryview]], form: str) -> Block:
        """The planes of many frames of one sample format as samples."""
        kind, step = _STEPS[form.removesuffix("p")]
        planes = [np.frombuffer(b"".join(gathered), kind) for gathered in pieces]
        if len(planes) < len(self.channels):
            planes = list(planes[0].reshape(-1, len(self.channels)).T)
        samples = np.empty((len(planes), len(planes[0])), np.float32)
        for channel, plane in zip(samples, planes, strict=True):
            np.multiply(plane, step, out=channel, casting="unsafe")
        if kind == "u1":
            samples -= 1.0
        if not np.isfinite(samples.sum()):
            np.nan_to_num(samples, copy=False, posinf=1.0, neginf=-1.0)
        return samples

    def _alike(self) -> Iterator[av.AudioFrame]:
        """The frames, all of one rate and of the same number of channels, in a format that numpy has."""
        converters: dict[tuple[int, str, str], av.AudioResampler] = {}
        for frame in chain((self._first,), self._decoded):
            is_same = frame.sample_rate == self.rate_hz and frame.layout.nb_channels == len(self.channels)
            if is_same and frame.format.name.removesuffix("p") in _STEPS:
                yield frame
                continue
            if not is_same:
                self._change = (
                    f"it changes from {len(self.channels)} channels at {self.rate_hz} Hz "
                    f"to {frame.layout.nb_channels} at {frame.sample_rate} Hz"
                )
            kind = (frame.sample_rate, frame.layout.name, frame.format.name)
            if kind not in converters:
                converters[kind] = av.AudioResampler("fltp", self._first.layout, self.rate_hz)
            frame.pts = None
            try:
                yield from converters[kind].resample(frame)
            except (av.FFmpegError, ValueError) as exc:
                what = self._change or f"it has samples of the format {frame.format.name}"
                raise UnreadableAudio(f"{self._path} cannot be measured: {what}.", advice=_ADVICE) from exc

    def _decode(self) -> Iterator[av.AudioFrame]:
        """What libavcodec makes of the packets; it goes on after what is broken, as players do."""
        try:
            for packet in self._container.demux(self._stream):
                yield from self._heard(packet)
        except av.FFmpegError:
            self._is_cut = True

    def _heard(self, packet: av.Packet[Any]) -> list[av.AudioFrame]:
        try:
            frames = cast("list[av.AudioFrame]", packet.decode())
        except av.FFmpegError:
            self._broken_last += 1
            return []
        if packet.size:
            if not self.sound_bytes:
                self._first_byte = packet.pos or 0
            self.sound_bytes += packet.size
            self._position = packet.pos or 0
            if self._is_mpeg and packet.size >= HEADER_BYTES:
                second, third = memoryview(packet)[1:3]
                self._heads.add(bytes((second, third & 0xFC)))  # but for the padding, which differs
            if frames:
                self._broken += self._broken_last
                self._broken_last = 0
        return frames


def _places(layout: av.AudioLayout) -> tuple[str, ...]:
    """Where channels belong; where the file does not say it, as is usual for so many."""
    names = tuple(channel.name for channel in layout.channels)
    if "NONE" not in names:
        return names
    try:
        return tuple(channel.name for channel in av.AudioLayout(f"{len(names)}c").channels)
    except ValueError:  # so many are not usual
        return names


@contextmanager
def decoding(path: Path) -> Iterator[DecodedFile]:
    """A file that is open while it is decoded.

    Raises:
        UnreadableAudio: it is no sound of a kind that is read.
        UsageError: there is no such file, or it may not be read.
    """
    try:
        with reading(path):
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
                raise UsageError(f"{path} is no file.", advice="Name a sound file.")
            path.open("rb").close()
    except FileNotFoundError as exc:
        raise UsageError(f"There is no file {path}.", advice="Check the path.") from exc
    try:
        # The prefix: a name may begin like an address.
        container = av.open(f"file:{path}", metadata_errors="replace", options={"format_whitelist": _DEMUXERS})
    except av.FFmpegError as exc:
        raise UnreadableAudio(f"{path} is no sound of a kind that is read.", advice=_ADVICE) from exc
    with container:
        yield DecodedFile(path, container)
