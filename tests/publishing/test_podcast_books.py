"""Episodes that are of books: what a book's feed has no more, and what a show knows from its books."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from narrator.publishing.podcast_show import Episode, Show
from tests.publishing.pictures_for_tests import saved
from tests.publishing.podcasts import (
    BASE,
    ITUNES,
    NOW,
    episode,
    files,
    local,
    published,
    text,
    texts,
    the,
)

BARE = Show(title="Bare", base_url=BASE)


def of_family(folder: Path, family: str, *numbers: int) -> list[Episode]:
    return [episode(folder, number, family=family) for number in numbers]


def test_chapters_that_a_book_has_no_more_leave_the_feed_and_later_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    before = published(folder, *of_family(tmp_path, "book", 1, 2, 3))
    gone = local(the(before.findall("item")[0], "enclosure"), folder)
    channel = published(folder, *of_family(tmp_path, "book", 1, 2))
    assert texts(channel, "guid") == ["day-2", "day-1"]
    assert gone.exists()
    published(folder, now=NOW + timedelta(days=2))
    assert not gone.exists()
    assert len([*folder.glob("*.mp3")]) == 2


def test_episodes_of_others_are_left_alone_by_a_family(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    published(
        folder, *of_family(tmp_path, "", 1), *of_family(tmp_path, "a", 2), *of_family(tmp_path, "b", 3, 4)
    )
    channel = published(folder, *of_family(tmp_path, "b", 4), *of_family(tmp_path, "", 5))
    assert texts(channel, "guid") == ["day-5", "day-4", "day-2", "day-1"]


def test_an_episode_that_went_to_another_family_stays(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    published(folder, *of_family(tmp_path, "a", 1, 2))
    published(folder, *of_family(tmp_path, "b", 2))
    channel = published(folder, *of_family(tmp_path, "a", 1))
    assert texts(channel, "guid") == ["day-2", "day-1"]


def test_the_same_family_again_touches_nothing_and_is_not_told_to_all(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    family = "https://example.org/feed?token=hush \ud800"
    published(folder, *of_family(tmp_path, family, 1, 2))
    before = files(folder)
    published(folder, *of_family(tmp_path, family, 1, 2), now=NOW + timedelta(days=5))
    assert files(folder) == before
    assert b"hush" not in before["feed.xml"][1]


def book(folder: Path, number: int, colour: str, **facts: Any) -> Episode:
    """An episode with what is known of its book."""
    cover = folder / f"{colour}.png"
    cover.write_bytes(saved(Image.new("RGB", (1400, 1400), colour), "PNG"))
    return episode(folder, number, cover=cover, **facts)


def test_a_show_that_says_nothing_is_as_its_first_book(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    first = book(tmp_path, 1, "red", language="de", author="Ann")
    channel = published(folder, episode(tmp_path, 0), first, show=BARE)
    assert (text(channel, "language"), text(channel, f"{ITUNES}author")) == ("de", "Ann")
    assert the(channel, f"{ITUNES}category").get("text") == "Arts"
    picture = folder / (the(channel, f"{ITUNES}image").get("href") or "").removeprefix(BASE)
    assert picture.read_bytes() == (tmp_path / "red.png").read_bytes()
    before = files(folder)
    again = published(folder, first, show=BARE)
    assert files(folder) == before
    other = published(folder, book(tmp_path, 2, "blue", language="fr", author="Bob"), show=BARE)
    for tag in ("language", f"{ITUNES}author", f"{ITUNES}image", f"{ITUNES}owner"):
        assert [each.items() for each in other.findall(tag)] == [each.items() for each in again.findall(tag)]
        assert texts_of(other, tag) == texts_of(again, tag)


def texts_of(channel: Any, tag: str) -> list[str | None]:
    return [each.text for each in channel.findall(tag)]


def test_what_a_show_says_goes_before_what_its_books_say(tmp_path: Path) -> None:
    (tmp_path / "own.png").write_bytes(saved(Image.new("RGB", (1400, 1400), "green"), "PNG"))
    show = replace(BARE, language="en", author="Cleo", category="Fiction", image=tmp_path / "own.png")
    channel = published(tmp_path / "feed", book(tmp_path, 1, "red", language="de", author="Ann"), show=show)
    assert (text(channel, "language"), text(channel, f"{ITUNES}author")) == ("en", "Cleo")
    assert the(channel, f"{ITUNES}category").get("text") == "Fiction"
    (cover,) = (tmp_path / "feed").glob("cover-*")
    assert cover.read_bytes() == (tmp_path / "own.png").read_bytes()


def test_a_cover_that_is_gone_is_no_reason_to_publish_nothing(tmp_path: Path) -> None:
    gone = episode(tmp_path, 1, cover=tmp_path / "gone.jpg")
    assert published(tmp_path / "feed", gone, show=BARE).find(f"{ITUNES}image") is None
    there = published(tmp_path / "feed", gone, book(tmp_path, 2, "red"), show=BARE)
    assert there.find(f"{ITUNES}image") is not None


def test_the_owner_has_the_author_s_name_from_first_to_last(tmp_path: Path) -> None:
    show = replace(BARE, email="ann@example.org")
    published(tmp_path / "feed", episode(tmp_path, 1, author="Ann"), show=show)
    channel = published(tmp_path / "feed", episode(tmp_path, 1, author="Bob"), show=show)
    assert text(channel, f"{ITUNES}owner/{ITUNES}name") == "Ann"
