from __future__ import annotations

from pathlib import Path

import pytest

from narrator.config import check_config, with_profile
from narrator.errors import ConfigError
from narrator.profiles import BUILT_IN, profile_of
from narrator.project import Project

MINE = {
    "like": "acx",
    "levels": {"loudness_lufs": -19.0},
    "delivery": {"mp3_kbps": 256},
    "limits": {"longest_s": 3600.0},
}


def configured(**raw: object) -> object:
    return with_profile(check_config(raw, where="x"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_a_profile_brings_is_inside_its_own_limits(name: str) -> None:
    profile = BUILT_IN[name]
    levels, limits = profile.levels, profile.limits
    if limits.loudness_lufs:
        assert limits.loudness_lufs[0] < levels.loudness_lufs < limits.loudness_lufs[1]
    if limits.true_peak_dbtp is not None:
        assert levels.true_peak_dbtp <= limits.true_peak_dbtp
    if limits.formats:
        assert set(profile.delivery.formats) <= set(limits.formats)
    if limits.rates_hz:
        assert profile.delivery.rate_hz in limits.rates_hz
    for bounds, pause_ms in (
        (limits.head_s, profile.pauses.chapter_start),
        (limits.tail_s, profile.pauses.chapter_end),
    ):
        assert bounds is None or bounds[0] <= pause_ms / 1000 <= bounds[1]


def test_a_profile_is_under_what_a_person_sets() -> None:
    config = with_profile(
        check_config({"delivery": {"profile": "acx", "mp3_kbps": 256}, "levels": {"gain": "book"}}, where="x")
    )
    assert (config.delivery.mp3_kbps, config.delivery.rate_hz) == (256, 44100)
    assert (config.levels.gain, config.levels.rms_db) == ("book", (-23.0, -18.0))


def test_ones_own_profile_is_like_another_but_for_what_it_says() -> None:
    config = with_profile(
        check_config({"delivery": {"profile": "mine"}, "profiles": {"mine": MINE}}, where="x")
    )
    assert config.levels.loudness_lufs == -19.0
    assert config.delivery.mp3_kbps == 256
    assert config.pauses.chapter_end == BUILT_IN["acx"].pauses.chapter_end
    limits = profile_of("mine", config.profiles).limits
    assert limits.longest_s == 3600.0
    assert limits.rms_db == (-23.0, -18.0)


def test_limits_of_ones_own_say_what_to_aim_at() -> None:
    mine = {"like": "acx", "limits": {"rms_db": [-20.0, -17.0], "true_peak_dbtp": -6.0}}
    louder = {"limits": {"loudness_lufs": [-16.0, -14.0]}}
    own = check_config({"profiles": {"mine": mine, "louder": louder}}, where="x").profiles
    levels = profile_of("mine", own).levels
    assert (levels.rms_db, levels.true_peak_dbtp, levels.loudness_lufs) == ((-20.0, -17.0), -6.0, -20.0)
    assert profile_of("louder", own).levels.loudness_lufs == -15.0


def test_a_built_in_profile_can_be_changed_under_its_name() -> None:
    own = check_config(
        {"profiles": {"acx": {"like": "acx", "limits": {"longest_s": 60.0}}}}, where="x"
    ).profiles
    assert profile_of("acx", own).limits.longest_s == 60.0
    assert profile_of("acx", own).limits.constant_bitrate


@pytest.mark.parametrize(
    ("profiles", "told"),
    [
        ({}, "no profile 'mine'"),
        ({"mine": {"like": "gone"}}, "no profile 'gone'"),
        ({"mine": {"like": "mine"}}, "like itself"),
        ({"mine": {"like": "other"}, "other": {"like": "mine"}}, "like itself"),
    ],
)
def test_a_profile_that_is_none_is_named(profiles: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        configured(delivery={"profile": "mine"}, profiles=profiles)


def test_a_mistake_in_ones_own_profile_is_told_by_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        configured(profiles={"mine": {"limits": {"rms_db": [-18.0, -23.0]}}})
    (problem,) = caught.value.problems
    assert problem.startswith("profiles.mine.limits.rms_db: goes from the lower to the higher")


def test_another_profile_on_the_command_line_takes_the_place_of_the_one_in_the_file(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.config_file.write_text('[delivery]\nprofile = "acx"\n', encoding="utf-8")
    config = project.config({"delivery": {"profile": "ebu"}})
    assert (config.delivery.formats, config.delivery.rate_hz) == (("wav",), 48000)
    assert config.levels.rms_db is None
