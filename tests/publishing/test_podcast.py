from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from filelock import FileLock

from narrator.errors import ProjectLocked, UsageError
from narrator.publishing.podcast import publish_podcast
from narrator.publishing.podcast_files import Place
from narrator.publishing.podcast_show import Show
from tests.publishing.podcasts import (
    ATOM,
    BASE,
    ITUNES,
    MONDAY,
    NOW,
    PODCAST,
    SHOW,
    episode,
    files,
    local,
    published,
    text,
    texts,
    the,
)


def test_a_new_feed_says_all_that_is_known_of_the_show(tmp_path: Path) -> None:
    channel = published(tmp_path / "feed", episode(tmp_path, 1))
    assert text(channel, "title") == "The Morning"
    assert text(channel, "link") == "https://example.org/"
    assert text(channel, "language") == "en"
    assert text(channel, "description") == "<p>News.</p><p>Each day.</p><p>Read by a synthetic voice.</p>"
    assert the(channel, f"{ATOM}link").items() == [
        ("href", "https://example.org/pod/feed.xml"),
        ("rel", "self"),
        ("type", "application/rss+xml"),
    ]
    assert text(channel, f"{ITUNES}author") == "Ann"
    assert [each.text for each in the(channel, f"{ITUNES}owner")] == ["Ann", "ann@example.org"]
    category = the(channel, f"{ITUNES}category")
    assert (category.get("text"), the(category, f"{ITUNES}category").get("text")) == ("Arts", "Books")
    assert text(channel, f"{ITUNES}explicit") == "false"
    assert text(channel, f"{ITUNES}type") == "episodic"
    assert (text(channel, f"{PODCAST}locked"), the(channel, f"{PODCAST}locked").get("owner")) == (
        "yes",
        "ann@example.org",
    )


def test_an_episode_says_all_that_is_known_of_it(tmp_path: Path) -> None:
    transcript = tmp_path / "1.srt"
    transcript.write_text("1\n00:00:00,000 --> 00:00:01,000\nGood morning.\n", encoding="utf-8")
    channel = published(
        tmp_path / "feed",
        episode(
            tmp_path,
            1,
            sound=b"good morning",
            published=MONDAY.astimezone(timezone(timedelta(hours=2))),
            description="First.\nThen <b>.",
            link="https://example.org/1?a=b&c=d",
            narrator="hibari heart",
            chapters=((0.0, "Weather"), (30.25, "Sports & <more>")),
            transcript=transcript,
            episode=7,
        ),
    )
    item = the(channel, "item")
    assert text(item, "title") == "Day 1"
    assert text(item, "link") == "https://example.org/1?a=b&c=d"
    assert text(item, "description") == (
        "<p>First.</p><p>Then &lt;b&gt;.</p><p>Read by a synthetic voice: hibari heart.</p>"
    )
    assert (text(item, "guid"), the(item, "guid").get("isPermaLink")) == ("day-1", "false")
    assert text(item, "pubDate") == "Mon, 02 Nov 2026 07:00:00 GMT"
    assert text(item, f"{ITUNES}duration") == "62"
    assert text(item, f"{ITUNES}episode") == "7"
    sound = the(item, "enclosure")
    assert (sound.get("type"), sound.get("length")) == ("audio/mpeg", "12")
    assert local(sound, tmp_path / "feed").read_bytes() == b"good morning"
    chapters = the(item, f"{PODCAST}chapters")
    assert chapters.get("type") == "application/json+chapters"
    assert json.loads(local(chapters, tmp_path / "feed").read_bytes()) == {
        "version": "1.2.0",
        "chapters": [{"startTime": 0.0, "title": "Weather"}, {"startTime": 30.25, "title": "Sports & <more>"}],
    }
    said = the(item, f"{PODCAST}transcript")
    assert said.get("type") == "application/x-subrip"
    assert local(said, tmp_path / "feed").read_bytes() == transcript.read_bytes()


def test_the_identifier_is_that_of_the_feed_s_first_address(tmp_path: Path) -> None:
    podcasts = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
    example = "9b024349-ccf0-5f69-a609-6b82873eab3c"  # https://podcasting2.org/podcast-namespace/tags/guid
    assert str(uuid5(podcasts, "podnews.net/rss")) == example
    first = text(published(tmp_path / "feed"), f"{PODCAST}guid")
    assert first == str(uuid5(podcasts, "example.org/pod/feed.xml"))
    moved = published(tmp_path / "feed", show=replace(SHOW, base_url="http://elsewhere.example/"))
    assert text(moved, f"{PODCAST}guid") == first


def test_new_episodes_come_first_and_the_others_stay(tmp_path: Path) -> None:
    published(tmp_path / "feed", episode(tmp_path, 1), episode(tmp_path, 2))
    channel = published(tmp_path / "feed", episode(tmp_path, 4), episode(tmp_path, 3), episode(tmp_path, 0))
    assert texts(channel, "guid") == ["day-4", "day-3", "day-2", "day-1", "day-0"]


def test_of_one_time_the_last_chapter_comes_first(tmp_path: Path) -> None:
    book = [episode(tmp_path, each, published=MONDAY, episode=each) for each in range(1, 12)]
    channel = published(tmp_path / "feed", *book)
    assert texts(channel, f"{ITUNES}episode") == [str(each) for each in range(11, 0, -1)]
    assert text(channel, f"{ITUNES}type") == "serial"


def test_what_has_no_time_gets_one_and_keeps_it(tmp_path: Path) -> None:
    book = [episode(tmp_path, each, published=None) for each in range(3)]
    first = published(tmp_path / "feed", *book)
    assert texts(first, "guid") == ["day-2", "day-1", "day-0"]
    assert texts(first, "pubDate") == [
        f"Fri, 20 Nov 2026 {clock} GMT" for clock in ("07:00:00", "06:59:59", "06:59:58")
    ]
    again = published(tmp_path / "feed", *book, now=NOW + timedelta(days=3))
    assert texts(again, "pubDate") == texts(first, "pubDate")


def test_the_same_again_touches_nothing(tmp_path: Path) -> None:
    made = [episode(tmp_path, each, chapters=((0.0, "One"),)) for each in range(3)]
    published(tmp_path / "feed", *made)
    before = files(tmp_path / "feed")
    published(tmp_path / "feed", *made)
    published(tmp_path / "feed", made[1])
    published(tmp_path / "feed")
    assert files(tmp_path / "feed") == before


def test_the_same_episodes_make_the_same_feed_however_they_come(tmp_path: Path) -> None:
    made = [episode(tmp_path, each) for each in range(4)]
    published(tmp_path / "at_once", *made)
    for each in (2, 0, 3, 1):
        published(tmp_path / "by_and_by", made[each])
    assert (tmp_path / "at_once/feed.xml").read_bytes() == (tmp_path / "by_and_by/feed.xml").read_bytes()


def test_the_date_of_the_feed_is_that_of_its_last_change(tmp_path: Path) -> None:
    made = episode(tmp_path, 1)
    at_first = published(tmp_path / "feed", made)
    assert text(at_first, "lastBuildDate") == "Fri, 20 Nov 2026 07:00:00 GMT"
    before = files(tmp_path / "feed")
    published(tmp_path / "feed", made, now=NOW + timedelta(days=1))
    assert files(tmp_path / "feed") == before
    edited = replace(made, description="Mended.")
    changed = published(tmp_path / "feed", edited, now=NOW + timedelta(days=2))
    assert text(changed, "lastBuildDate") == "Sun, 22 Nov 2026 07:00:00 GMT"


def test_another_sound_has_another_address_and_the_old_file_stays_as_it_is(tmp_path: Path) -> None:
    first = published(tmp_path / "feed", episode(tmp_path, 1), episode(tmp_path, 2, sound=b"other"))
    before = local(the(first.findall("item")[1], "enclosure"), tmp_path / "feed")
    kept = local(the(first.findall("item")[0], "enclosure"), tmp_path / "feed")
    second = published(tmp_path / "feed", episode(tmp_path, 1, sound=b"louder"))
    after = local(the(second.findall("item")[1], "enclosure"), tmp_path / "feed")
    assert texts(second, "guid") == ["day-2", "day-1"]
    assert after != before
    assert after.read_bytes() == b"louder"
    assert before.read_bytes() == b"sound"
    assert kept.read_bytes() == b"other"


def test_another_title_leaves_the_sound_where_it_is(tmp_path: Path) -> None:
    first = published(tmp_path / "feed", episode(tmp_path, 1))
    second = published(tmp_path / "feed", episode(tmp_path, 1, title="Renamed"))
    assert texts(second, "title") == ["Renamed"]
    address = the(the(first, "item"), "enclosure").get("url")
    assert the(the(second, "item"), "enclosure").get("url") == address
    assert address is not None
    assert address.startswith(f"{BASE}day-1-")


def test_a_damaged_copy_is_made_again(tmp_path: Path) -> None:
    one = episode(tmp_path, 1)
    sound = local(the(the(published(tmp_path / "feed", one), "item"), "enclosure"), tmp_path / "feed")
    sound.write_bytes(b"SOUND")
    published(tmp_path / "feed", one)
    assert sound.read_bytes() == b"sound"


def test_chapters_and_transcripts_that_are_gone_are_gone_from_the_feed(tmp_path: Path) -> None:
    transcript = tmp_path / "1.vtt"
    transcript.write_text("WEBVTT\n", encoding="utf-8")
    full = episode(tmp_path, 1, chapters=((0.0, "One"),), transcript=transcript, link="https://example.org/1")
    published(tmp_path / "feed", full)
    bare = replace(full, chapters=(), transcript=None, link="")
    channel = published(tmp_path / "feed", bare)
    for tag in (f"{PODCAST}chapters", f"{PODCAST}transcript", "link"):
        assert texts(channel, tag) == [None]
    published(tmp_path / "feed", bare, now=NOW + timedelta(days=2))
    left = {path.suffix for path in (tmp_path / "feed").iterdir() if path.suffix != ".lock"}
    assert left == {".xml", ".mp3"}


def test_what_others_put_into_the_folder_is_never_removed(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    first = published(folder, episode(tmp_path, 1))
    ours = local(the(the(first, "item"), "enclosure"), folder)
    theirs = {
        "index.html": b"<html>",
        "day-1.mp3": b"sound",
        f"{ours.stem[:-8]}00000000.mp3": b"a name like ours, of another content",
        ".hidden.part": b"a part of somebody's",
    }
    for name, content in theirs.items():
        (folder / name).write_bytes(content)
    louder = episode(tmp_path, 1, sound=b"louder")
    published(folder, louder)
    published(folder, louder, now=NOW + timedelta(days=2))
    assert not ours.exists()
    assert {name: (folder / name).read_bytes() for name in theirs} == theirs


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    channel = published(folder, episode(tmp_path, 1))
    sound = local(the(the(channel, "item"), "enclosure"), folder)
    parts = [folder / f".{sound.name}.0123abcd.part", folder / ".feed.xml.0123abcd.part"]
    for part in parts:
        part.write_bytes(b"half")
    published(folder, episode(tmp_path, 1))
    assert [part for part in parts if part.exists()] == []


def test_a_folder_that_moved_on_the_web_takes_its_files_along(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    published(folder, episode(tmp_path, 1), show=replace(SHOW, base_url="http://localhost:8000"))
    feed = folder / "feed.xml"
    theirs = '<podcast:funding url="http://localhost:8000/give">Give</podcast:funding>'
    feed.write_text(feed.read_text("utf-8").replace("<item>", f"{theirs}<item>", 1), encoding="utf-8")
    published(folder, episode(tmp_path, 2))
    assert theirs in feed.read_text("utf-8")


def test_an_address_without_a_slash_is_a_folder_s_all_the_same(tmp_path: Path) -> None:
    channel = published(
        tmp_path / "feed", episode(tmp_path, 1), show=replace(SHOW, base_url="https://exämple.org/a b")
    )
    assert the(channel, f"{ATOM}link").get("href") == "https://xn--exmple-cua.org/a%20b/feed.xml"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"base_url": "pod/"}, "no address of the web"),
        ({"base_url": "ftp://example.org/"}, "no address of the web"),
        ({"base_url": "https://[::1"}, "no address of the web"),
        ({"base_url": "https://ann:hunter2@example.org/"}, "example.org"),
        ({"base_url": "https://example.org/?token=hunter2"}, "example.org"),
        ({"title": "\0 "}, "no title"),
        ({"category": "Arts > "}, "category"),
        ({"image": Path("missing.jpg")}, "missing.jpg"),
    ],
)
def test_what_no_feed_can_say_is_told_and_nothing_is_written(
    tmp_path: Path, wrong: dict[str, object], message: str
) -> None:
    show = Show(**{"title": "The Morning", "base_url": BASE, **wrong})  # type: ignore[arg-type]  # of any kind
    with pytest.raises(UsageError, match=message) as told:
        publish_podcast(tmp_path / "feed", show, [episode(tmp_path, 1)], NOW)
    assert "hunter2" not in str(told.value)
    assert [each.name for each in tmp_path.glob("feed/[!.]*")] == []


def test_a_missing_sound_is_told_before_anything_is_copied(tmp_path: Path) -> None:
    there, gone = episode(tmp_path, 1), episode(tmp_path, 2)
    gone.audio.unlink()
    with pytest.raises(UsageError, match=r"There is no .*2\.mp3"):
        publish_podcast(tmp_path / "feed", SHOW, [there, gone], NOW)
    assert [each.name for each in tmp_path.glob("feed/[!.]*")] == []


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    bare = episode(tmp_path, 1, link="javascript:alert(1)")
    channel = published(tmp_path / "feed", bare, show=Show(title="Bare", base_url=BASE))
    assert text(channel, "link") == BASE
    assert text(channel, "description") == "<p>Read by a synthetic voice.</p>"
    assert text(the(channel, "item"), "description") == "<p>Read by a synthetic voice.</p>"
    for tag in (
        "language",
        f"{ITUNES}owner",
        f"{ITUNES}author",
        f"{ITUNES}image",
        "item/link",
    ):
        assert channel.find(tag) is None, tag
    assert the(channel, f"{PODCAST}locked").get("owner") is None


def test_a_password_in_a_link_is_not_published(tmp_path: Path) -> None:
    channel = published(
        tmp_path / "feed",
        episode(tmp_path, 1, link="https://ann:hunter2@example.org/1"),
        show=replace(SHOW, link="https://ann:hunter2@example.org/"),
    )
    assert text(channel, "link") == "https://example.org/"
    assert texts(channel, "link") == ["https://example.org/1"]


def test_who_holds_a_feed_for_ever_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrator.publishing.podcast._PATIENCE_S", 0.01)
    folder = tmp_path / "feed"
    folder.mkdir()
    with FileLock(folder / ".feed.lock"), pytest.raises(ProjectLocked, match="writing the podcast in"):
        publish_podcast(folder, SHOW, [], NOW)


def test_a_sound_that_goes_just_then_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no .*gone\.mp3"):
        Place(tmp_path, {}, "0123abcd").copied(tmp_path / "gone.mp3")


def _publish(folder: Path, sounds: Path, number: int) -> None:
    publish_podcast(folder, SHOW, [episode(sounds, number)], NOW)


@pytest.mark.slow
def test_jobs_that_share_a_feed_wait_for_one_another(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    start = get_context("forkserver")
    both = [start.Process(target=_publish, args=(folder, tmp_path, number)) for number in (1, 2)]
    with FileLock(folder / ".feed.lock"):
        for each in both:
            each.start()
    for each in both:
        each.join(60)
    assert [each.exitcode for each in both] == [0, 0]
    assert texts(published(folder), "guid") == ["day-2", "day-1"]
