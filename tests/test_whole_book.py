"""Files of the whole book: made of pieces, and made again only where something changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mutagen.mp4 import MP4

from narrator.book import Book
from narrator.delivery import Delivery
from narrator.errors import ConfigError, Interrupted, UsageError
from narrator.mastering import promise
from narrator.publishing.record import AudiobookRecord, load_record
from narrator.wiring import check_delivery
from tests.end_to_end.sound import read_mp3
from tests.mastering.takes import take_of
from tests.test_delivery import Shop, never


class BookShop(Shop):
    """A shop that delivers whole books, as a render does."""

    def whole(self, book: Book) -> AudiobookRecord:
        delivery = Delivery(book)
        delivery.claim_names()
        numbers = range(1, len(book.script.spoken) + 1)
        planned = [self.planned(number) for number in numbers]
        delivery.expect(planned, frozenset())
        for each in planned:
            if not delivery.is_current(each.number, each.chapter.segments, each.keys):
                takes = [self.take(key) for key in each.keys]
                order = delivery.order(each, each.chapter.segments, takes)
                delivery.record(delivery.deliver(order, never))
        return delivery.finish(set(numbers), (), never)

    def audio(self, suffix: str) -> dict[str, str]:
        return {name: digest for name, digest in self.files.items() if name.endswith(suffix)}


@pytest.fixture
def shop(tmp_path: Path) -> BookShop:
    return BookShop(tmp_path)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many chapters are encoded meanwhile."""
    encode = promise.encode_within_promise
    calls: list[int] = []

    def counting(parts: object, *args: object, **options: object) -> object:
        calls.append(1)
        return encode(parts, *args, **options)  # type: ignore[arg-type]  # as it came

    with monkeypatch.context() as patch:
        patch.setattr("narrator.press.encode_within_promise", counting)
        yield calls


@pytest.mark.parametrize("audio_format", ["m4b", "mp3", "wav"])
def test_new_tags_encode_nothing_and_a_new_take_one_chapter(
    shop: BookShop, monkeypatch: pytest.MonkeyPatch, audio_format: str
) -> None:
    book = shop.configured("delivery", formats=(audio_format,), one_file=True)
    made = shop.whole(book)
    (volume,) = made.volumes
    assert [placed.number for placed in volume.chapters] == [1, 2]
    assert volume.chapters[-1].end == volume.file.frames
    facts = book.config.book.model_copy(update={"title": "Another"})
    titled = replace(book, config=book.config.model_copy(update={"book": facts}))
    with counted(monkeypatch) as calls:
        shop.whole(titled)
    assert not calls
    assert list(shop.audio(audio_format)) == [f"Another.{audio_format}"], "the file of before is gone"
    (key,) = shop.planned(2).keys[-1:]
    other = take_of(shop.takes[key].path.parent, np.full(24_000, 0.1))
    shop.takes[key] = replace(other, key=key)
    Delivery(titled).forget({key})
    with counted(monkeypatch) as calls:
        shop.whole(titled)
    assert len(calls) == 1


def test_a_finished_book_needs_its_pieces_no_more(shop: BookShop, monkeypatch: pytest.MonkeyPatch) -> None:
    book = shop.configured("delivery", formats=("m4b",))
    shop.whole(book)
    before = shop.files
    for piece in book.project.master_folder.iterdir():
        piece.unlink()
    with counted(monkeypatch) as calls:
        shop.whole(book)
    assert not calls
    assert shop.files == before


def test_pieces_that_are_gone_are_made_again_where_they_are_needed(
    shop: BookShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = shop.configured("delivery", formats=("m4b",))
    shop.whole(book)
    before = shop.audio("m4b")
    for piece in book.project.master_folder.iterdir():
        piece.unlink()
    (shop.out / next(iter(before))).unlink()
    with counted(monkeypatch) as calls:
        shop.whole(book)
    assert len(calls) == 2
    assert shop.audio("m4b") == before


def test_chapters_of_a_whole_book_are_seen_where_they_are(shop: BookShop) -> None:
    made = shop.whole(shop.configured("delivery", formats=("m4b", "mp3")))
    (volume,) = made.volumes
    tags = MP4(shop.out / Path(volume.file.path).name)  # type: ignore[no-untyped-call]  # mutagen is typed in part
    assert [chapter.title for chapter in tags.chapters or ()] == ["One", "Two"]
    for chapter, placed in zip(tags.chapters or (), volume.chapters, strict=True):
        assert chapter.start == pytest.approx(placed.start / volume.file.rate_hz, abs=0.001)
    assert len(shop.audio("mp3")) == 2


def test_a_book_is_divided_at_a_length_between_chapters(shop: BookShop) -> None:
    book = shop.configured("delivery", formats=("mp3",), one_file=True, max_hours=0.0001)
    made = shop.whole(book)
    assert [[placed.number for placed in volume.chapters] for volume in made.volumes] == [[1], [2]]
    titles = [str(read_mp3(shop.out / name).tags["TIT2"]) for name in sorted(shop.audio("mp3"))]
    assert [title[-8:] for title in titles] == ["(1 of 2)", "(2 of 2)"]


def test_captions_and_the_like_are_written_once_and_go_when_they_are_not_wanted(shop: BookShop) -> None:
    extras = ("srt", "vtt", "cue", "labels", "manifest", "metadata")
    shop.whole(shop.configured("delivery", extras=extras))
    with_extras = shop.files
    assert {name.rsplit(".", 1)[-1] for name in with_extras} >= {
        "srt",
        "vtt",
        "cue",
        "txt",
        "json",
        "html",
        "m3u8",
    }
    shop.whole(shop.configured("delivery", extras=extras))
    assert shop.files == with_extras
    shop.whole(shop.book)
    assert {name.rsplit(".", 1)[-1] for name in shop.files} == {"mp3", "html", "m3u8"}


def test_a_file_of_somebody_else_is_left_alone(shop: BookShop, tmp_path: Path) -> None:
    output = tmp_path / "mine"
    output.mkdir()
    (output / "report.html").write_text("mine", encoding="utf-8")
    shop.whole(shop.configured("delivery", output=str(output)))
    assert (output / "report.html").read_text(encoding="utf-8") == "mine"
    (output / f"{shop.book.title}.m4b").write_bytes(b"mine")
    with pytest.raises(UsageError, match="not made by this project"):
        shop.whole(shop.configured("delivery", output=str(output), formats=("m4b",)))


def test_each_file_is_measured_once_where_a_profile_asks_for_it(
    shop: BookShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = shop.configured("delivery", profile="audiobookshelf", formats=("mp3",))
    made = shop.whole(book)
    figures = [file.figures for _, file in made.files]
    assert all(each and each.format == "mp3" for each in figures)
    monkeypatch.setattr("narrator.press.figures_of", lambda *_, **__: pytest.fail("measured again"))
    assert shop.whole(book) == made
    assert load_record(book.project.record_file)


def test_a_stop_while_the_last_files_are_made_leaves_what_was_there(shop: BookShop) -> None:
    book = shop.configured("delivery", formats=("m4b",))
    shop.whole(book)
    before = shop.audio("m4b")
    (file,) = before
    delivery = Delivery(shop.configured("delivery", formats=("m4b",), extras=("srt",)))
    with pytest.raises(Interrupted):
        delivery.finish({1, 2}, (), lambda: True)
    assert shop.audio("m4b") == before, file


def test_book_json_says_where_each_segment_is_and_what_it_says(shop: BookShop) -> None:
    shop.whole(shop.book)
    raw = json.loads(shop.book.project.record_file.read_text(encoding="utf-8"))
    (first, *_) = raw["chapters"]
    texts = [segment["text"] for segment in first["segments"]]
    assert "A first paragraph." in texts
    ends = [segment["end"] for segment in first["segments"]]
    assert ends == sorted(ends)
    assert all(segment["voice"] and segment["sha256"] for segment in first["segments"])


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"one_file": True, "formats": ("flac",)}, "one_file"),
        ({"extras": ("read-along",), "formats": ("wav",)}, "read-along"),
        ({"mp3_kbps": 192}, "192"),
        ({"formats": ("m4b",), "m4b_kbps": 320}, "m4b_kbps"),
    ],
)
def test_what_a_format_cannot_do_is_refused_before_any_work(
    shop: BookShop, wishes: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_delivery(shop.configured("delivery", **wishes).config, 24_000)
    assert told in " ".join(caught.value.problems)
