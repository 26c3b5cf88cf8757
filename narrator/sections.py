"""The sections of `project.toml` that say how files are made, and profiles: such sections with limits.

They are apart from the others since a profile brings them, too, and a project may have profiles of its own.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Format = Literal["mp3", "m4b", "opus", "flac", "wav"]
Extra = Literal["srt", "vtt", "cue", "labels", "read-along", "manifest", "metadata"]
Milliseconds = Annotated[int, Field(ge=0, le=30_000)]
RateHz = Literal[0, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]


class Section(BaseModel):
    """A table of `project.toml`: frozen, and strict about names and types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True
    )


def _ascending(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"goes from the lower to the higher: [{bounds[1]:g}, {bounds[0]:g}]")
    return bounds


Bounds = Annotated[tuple[float, float], Field(strict=False), AfterValidator(_ascending)]
"""The lowest and the highest that are allowed."""


class Pauses(Section):
    """Silence that is heard between what is spoken, in milliseconds."""

    word: Milliseconds = 60
    clause: Milliseconds = 200
    sentence: Milliseconds = 350
    paragraph: Milliseconds = 600
    heading: Milliseconds = 1000
    scene_break: Milliseconds = 1500
    chapter_start: Milliseconds = 600
    chapter_end: Milliseconds = 1500


class Levels(Section):
    """What the finished files measure when they are decoded, and how takes are brought to one level.

    Where `rms_db` is set, the plain RMS of each chapter is inside it, whatever that does to its loudness.
    `levelling` is how far each take is brought to the level of its voice's others, from 0 to 1.
    """

    loudness_lufs: Annotated[float, Field(ge=-40, le=-8)] = -20.0
    true_peak_dbtp: Annotated[float, Field(ge=-20, le=0)] = -3.0
    rms_db: Bounds | None = None
    gain: Literal["chapter", "book"] = "chapter"
    levelling: Annotated[float, Field(ge=0, le=1)] = 0.0
    match_voices: bool = True
    room_tone: Literal["auto", "off"] = "auto"


class Delivered(Section):
    """Which files are made, and where. A relative `output` is inside the project.

    `rate_hz` 0 is the voice's own rate, or the next above it that the format has. `one_file` makes one file of
    the whole book, as M4B always is, and `max_hours` and `max_mb` divide it between chapters; 0 is no limit.
    """

    profile: str = ""
    formats: tuple[Format, ...] = Field(default=("mp3",), strict=False, min_length=1)
    output: str = "out"
    layout: Literal["flat", "audiobookshelf"] = "flat"
    one_file: bool = False
    max_hours: Annotated[float, Field(ge=0, le=1000)] = 0.0
    max_mb: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    rate_hz: RateHz = 0
    encoding: Literal["fast", "balanced", "best"] = "balanced"
    mp3_kbps: Literal[32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320] = 64
    mp3_mode: Literal["cbr", "vbr"] = "cbr"
    mp3_vbr_quality: Annotated[int, Field(ge=0, le=9)] = 4
    m4b_kbps: Annotated[int, Field(ge=16, le=320)] = 64
    opus_kbps: Annotated[int, Field(ge=8, le=256)] = 32
    credits: Literal["chapters", "files"] = "chapters"
    sample_minutes: Annotated[float, Field(ge=0, le=60)] = 0.0
    extras: tuple[Extra, ...] = Field(default=(), strict=False)

    @property
    def joined(self) -> tuple[Format, ...]:
        """The formats in which chapters are pieces of larger files, each once."""
        return tuple(name for name in dict.fromkeys(self.formats) if self.one_file or name == "m4b")


class Limits(Section):
    """What a file must measure, once decoded, to pass. None, () and 0 demand nothing.

    `loudness_stereo_lufs` and `least_kbps_stereo` are for files of two channels and more, where those differ.
    `least_kbps` is about lossy files alone, and `constant_bitrate` about MP3. Of all files of a book together,
    `alike` demands one rate and one number of channels, and `longest_book_s` is the most that they last.
    """

    loudness_lufs: Bounds | None = None
    loudness_stereo_lufs: Bounds | None = None
    rms_db: Bounds | None = None
    true_peak_dbtp: float | None = None
    noise_floor_db: float | None = None
    head_s: Bounds | None = None
    tail_s: Bounds | None = None
    formats: tuple[str, ...] = Field(default=(), strict=False)
    rates_hz: tuple[int, ...] = Field(default=(), strict=False)
    least_kbps: int = 0
    least_kbps_stereo: int = 0
    constant_bitrate: bool = False
    channels: tuple[int, ...] = Field(default=(), strict=False)
    shortest_s: float = 0.0
    longest_s: float = 0.0
    largest_mb: float = 0.0
    alike: bool = False
    longest_book_s: float = 0.0

    def takes(self, audio_format: str) -> bool:
        """Whether files of a format are meant at all."""
        return not self.formats or audio_format in self.formats


class Profile(Section):
    """A delivery target: the settings that it brings, and what files must measure to pass.

    What is not said is as in the profile that `like` names, or at its default.
    """

    like: str = ""
    levels: Levels = Levels()
    pauses: Pauses = Pauses()
    delivery: Delivered = Delivered()
    limits: Limits = Limits()
