"""Delivery targets by name: what shops and players want, as settings and as limits that files are held against.

Where a shop publishes less than it measures, a limit is the convention that peers and its own staff name; the
comment beside each profile says which. What a person sets wins over what a profile brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from narrator.errors import ConfigError
from narrator.sections import Delivered, Levels, Limits, Pauses, Profile, Section

_Section = TypeVar("_Section", bound=Section)

BUILT_IN: Mapping[str, Profile] = MappingProxyType(
    {
        # help.acx.com, "ACX audio submission requirements": all but the level and the sample are its words. The
        # shop takes human narration only: this is how such a master measures, and no promise that it is taken.
        "acx": Profile(
            levels=Levels(loudness_lufs=-20.0, true_peak_dbtp=-3.0, rms_db=(-23.0, -18.0)),
            pauses=Pauses(chapter_start=750, chapter_end=2000),
            delivery=Delivered(
                formats=("mp3",), rate_hz=44100, mp3_kbps=192, credits="files", sample_minutes=4.5
            ),
            limits=Limits(
                rms_db=(-23.0, -18.0),
                true_peak_dbtp=-3.0,
                noise_floor_db=-60.0,
                head_s=(0.5, 1.0),
                tail_s=(1.0, 5.0),
                formats=("mp3",),
                rates_hz=(44100,),
                least_kbps=192,
                constant_bitrate=True,
                channels=(1, 2),
                longest_s=7200.0,
                alike=True,
            ),
        ),
        # support.google.com/books/partner/answer/3424254. It names no level: -18 LUFS is what AES
        # TD1008 has for speech, and above -1 dBTP converters clip.
        "google": Profile(
            levels=Levels(loudness_lufs=-18.0, true_peak_dbtp=-1.5),
            pauses=Pauses(chapter_start=750, chapter_end=2000),
            delivery=Delivered(formats=("mp3",), rate_hz=44100, mp3_kbps=128),
            limits=Limits(
                true_peak_dbtp=-1.0,
                formats=("mp3", "m4a", "m4b", "aac", "flac", "wav"),
                least_kbps=128,
                least_kbps_stereo=256,
                channels=(1, 2),
                longest_book_s=360_000.0,
            ),
        ),
        # As distributors to Spotify name it: -14 to -20 LUFS, -18 to aim at, lossless masters.
        "spotify": Profile(
            levels=Levels(loudness_lufs=-18.0, true_peak_dbtp=-1.5),
            pauses=Pauses(chapter_start=1000, chapter_end=3000),
            delivery=Delivered(formats=("flac",), rate_hz=44100),
            limits=Limits(
                loudness_lufs=(-20.0, -14.0),
                true_peak_dbtp=-1.0,
                noise_floor_db=-60.0,
                head_s=(0.5, 1.5),
                tail_s=(2.0, 5.0),
                formats=("flac", "wav"),
                rates_hz=(44100, 48000),
                channels=(1, 2),
            ),
        ),
        # podcasters.apple.com/support/893: -16 LUFS ±1, which is what two speakers make of one channel at -19.
        "apple-podcasts": Profile(
            levels=Levels(loudness_lufs=-19.0, true_peak_dbtp=-1.5),
            delivery=Delivered(formats=("mp3",), rate_hz=44100, mp3_kbps=96),
            limits=Limits(
                loudness_lufs=(-20.0, -18.0),
                loudness_stereo_lufs=(-17.0, -15.0),
                true_peak_dbtp=-1.0,
                formats=("mp3", "m4a", "m4b"),
                channels=(1, 2),
            ),
        ),
        # What its scanner reads of files and folders; it measures nothing.
        "audiobookshelf": Profile(
            delivery=Delivered(formats=("m4b",), layout="audiobookshelf", extras=("metadata",)),
            limits=Limits(true_peak_dbtp=-3.0),
        ),
        # tech.ebu.ch/docs/r/r128.pdf: -23 ±0.5 LUFS for what is made as a file, and a master without loss.
        "ebu": Profile(
            levels=Levels(loudness_lufs=-23.0, true_peak_dbtp=-1.5),
            delivery=Delivered(formats=("wav",), rate_hz=48000),
            limits=Limits(
                loudness_lufs=(-23.5, -22.5),
                true_peak_dbtp=-1.0,
                formats=("wav", "flac"),
                rates_hz=(48000,),
            ),
        ),
    }
)


def profile_of(name: str, own: Mapping[str, Profile]) -> Profile:
    """A profile by its name, with what it has of the one that it is like; one's own wins over a built-in one.

    Raises:
        ConfigError: there is none, or one is like itself.
    """
    return _resolved(name, own, ())


def _resolved(name: str, own: Mapping[str, Profile], before: tuple[str, ...]) -> Profile:
    known = {**BUILT_IN, **own}
    if name not in known:
        where = f"profiles.{before[-1]}.like" if before else "The profile"
        raise ConfigError(
            f"There is no profile {name!r}",
            (f"{where}: there are {', '.join(known)}",),
            advice="Name one of these, or make your own in project.toml: [profiles.NAME].",
        )
    profile = known[name]
    if not profile.like:
        return profile.model_copy(update={"levels": _aimed(profile)})
    # One's own that has the name of a built-in one may be like that.
    if profile.like == name and name in BUILT_IN and name in own:
        base = BUILT_IN[name]
    elif profile.like in (*before, name):
        raise ConfigError(
            f"The profile {name!r} is like itself",
            (f"profiles.{name}.like: names {profile.like!r}",),
            advice="Name another profile there, or none.",
        )
    else:
        base = _resolved(profile.like, own, (*before, name))
    return Profile(
        levels=laid_over(_aimed(profile), base.levels),
        pauses=laid_over(profile.pauses, base.pauses),
        delivery=laid_over(profile.delivery, base.delivery),
        limits=laid_over(profile.limits, base.limits),
    )


def _aimed(profile: Profile) -> Levels:
    """The levels of a profile: where it says only within which limits they are, such as are inside."""
    limits, wanted = profile.limits, dict[str, object]()
    if limits.rms_db:
        wanted["rms_db"] = limits.rms_db
    if limits.loudness_lufs:
        wanted["loudness_lufs"] = sum(limits.loudness_lufs) / 2
    if limits.true_peak_dbtp is not None:
        wanted["true_peak_dbtp"] = limits.true_peak_dbtp
    unsaid = wanted.keys() - profile.levels.model_fields_set
    return profile.levels.model_copy(update={name: wanted[name] for name in unsaid})


def laid_over(section: _Section, base: _Section) -> _Section:
    """A section whose keys that nobody set are those of another."""
    unset = base.model_fields_set - section.model_fields_set
    return section.model_copy(update={name: getattr(base, name) for name in unset})
