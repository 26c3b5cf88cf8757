"""Addresses that stay, and files that stay for those who hold an older feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from narrator.publishing.podcast_files import mark_of
from narrator.publishing.podcast_show import Episode
from tests.publishing.podcasts import BASE, NOW, episode, files, local, published, the

HOUR = timedelta(hours=1)
DAYS = timedelta(days=2)


def sound_of(channel: etree._Element, folder: Path) -> Path:
    return local(the(channel, "item/enclosure"), folder)


def with_sound(folder: Path, content: bytes, sound: str, title: str = "Day 1") -> Episode:
    """An episode whose file holds `content`, tags and all, in which `sound` is heard."""
    return replace(episode(folder, 1, sound=content, title=title), sound=sound)


def test_other_tags_change_no_address_and_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    published(folder, with_sound(tmp_path, b"1/10 sound", "abc"))
    before = files(folder)
    published(folder, with_sound(tmp_path, b"1/11 sound", "abc"), now=NOW + HOUR)
    published(folder, with_sound(tmp_path, b"track 1/12 sound", "abc"), now=NOW + HOUR)
    assert files(folder) == before


def test_another_sound_has_another_address_though_the_file_is_as_long(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    first = sound_of(published(folder, with_sound(tmp_path, b"one", "abc")), folder)
    second = sound_of(published(folder, with_sound(tmp_path, b"two", "abd")), folder)
    assert first != second
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")


def test_a_copy_that_is_not_what_the_feed_says_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    sound = sound_of(published(folder, with_sound(tmp_path, b"1/10 sound", "abc")), folder)
    sound.write_bytes(b"1/10")
    published(folder, with_sound(tmp_path, b"track 1/11 sound", "abc"))
    assert sound.read_bytes() == b"track 1/11 sound"
    sound.unlink()
    published(folder, with_sound(tmp_path, b"1/12 sound", "abc"))
    assert sound.read_bytes() == b"1/12 sound"


@pytest.mark.parametrize("sounds", [("", ""), ("abc", "abd")])
def test_a_superseded_sound_stays_two_days(tmp_path: Path, sounds: tuple[str, str]) -> None:
    folder = tmp_path / "feed"
    first = sound_of(published(folder, with_sound(tmp_path, b"one", sounds[0])), folder)
    louder = with_sound(tmp_path, b"louder", sounds[1])
    for later in (timedelta(days=7), timedelta(days=7) + HOUR, timedelta(days=9) - HOUR):
        published(folder, louder, now=NOW + later)
        assert first.read_bytes() == b"one"
    second = sound_of(published(folder, now=NOW + timedelta(days=9)), folder)
    assert not first.exists()
    assert second.read_bytes() == b"louder"
    before = files(folder)
    published(folder, louder, now=NOW + timedelta(days=30))
    assert files(folder) == before


def test_a_sound_that_comes_back_is_at_its_old_address_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    first = sound_of(published(folder, with_sound(tmp_path, b"one", "abc")), folder)
    written = first.stat().st_mtime_ns
    second = sound_of(published(folder, with_sound(tmp_path, b"two", "abd", "Renamed")), folder)
    back = with_sound(tmp_path, b"1/2", "abc", "Renamed")
    assert sound_of(published(folder, back, now=NOW + HOUR), folder) == first
    published(folder, back, now=NOW + HOUR + DAYS)
    assert first.stat().st_mtime_ns == written
    assert not second.exists()


def test_a_clock_that_was_set_back_removes_nothing_early_and_keeps_nothing_for_ever(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    first = sound_of(published(folder, with_sound(tmp_path, b"one", "")), folder)
    louder = with_sound(tmp_path, b"louder", "")
    published(folder, louder, now=NOW + timedelta(days=9999))
    published(folder, louder, now=NOW)
    published(folder, louder, now=NOW + DAYS - HOUR)
    assert first.exists()
    published(folder, louder, now=NOW + DAYS)
    assert not first.exists()


def test_a_superseded_file_that_is_another_s_by_now_is_left_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    first = sound_of(published(folder, with_sound(tmp_path, b"one", "abc")), folder)
    published(folder, with_sound(tmp_path, b"two", "abd"))
    first.write_bytes(b"a note of somebody's")
    published(folder, now=NOW + DAYS)
    assert first.read_bytes() == b"a note of somebody's"


def test_what_a_feed_says_of_files_elsewhere_removes_none(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    made = episode(tmp_path, 1)
    published(folder, made)
    precious = tmp_path / f"x-{mark_of('day-1')}-01234567.mp3"
    precious.write_bytes(b"12345")
    feed = folder / "feed.xml"
    ways = [f"../{precious.name}", str(precious), "", "..", "feed.xml"]
    listed = "".join(
        f'<narrator:superseded file="{way}" length="5" at="Mon, 02 Nov 2026 07:00:00 GMT"/>' for way in ways
    )
    hostile = f'<x url="{BASE}..%2F{precious.name}" length="5"/><x url="{BASE}%00" length="{"9" * 99}"/>'
    source = feed.read_text("utf-8").replace("<item>", f"{listed}<item>")
    feed.write_text(source.replace("<enclosure", f"{hostile}<enclosure"), encoding="utf-8")
    published(folder, made, now=NOW + HOUR)
    feed.write_text(feed.read_text("utf-8").replace(hostile, ""), encoding="utf-8")
    published(folder, made, now=NOW + HOUR)
    published(folder, made, now=NOW + HOUR + DAYS)
    assert precious.read_bytes() == b"12345"
    assert feed.exists()


def test_files_that_another_item_names_stay(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    first = sound_of(published(folder, episode(tmp_path, 1)), folder)
    feed = folder / "feed.xml"
    source = feed.read_text("utf-8")
    theirs = f'<link xmlns="http://www.w3.org/2005/Atom" rel="related" href="{BASE}{first.name}"/><item>'
    feed.write_text(source.replace("<item>", theirs), encoding="utf-8")
    louder = episode(tmp_path, 1, sound=b"louder")
    published(folder, louder)
    published(folder, louder, now=NOW + DAYS)
    assert first.exists()
