"""Files of the whole book: made of pieces, and made again only where something changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mutagen.mp4 import MP4

from narrator.book import Book
from narrator.delivery import Delivery
from narrator.errors import ConfigError, DiskError, Interrupted, UsageError
from narrator.estimate import estimate
from narrator.mastering import promise
from narrator.mastering.timeline import Part
from narrator.model import Take, TakeKey
from narrator.publishing.record import AudiobookRecord, load_record
from narrator.rendering.plan import Plan, Selection
from narrator.testing.speechlike import speech_pcm
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

    def levelled(self, delivery: Delivery) -> None:
        """Deliver all chapters at one gain, of takes of different levels."""

        def parts() -> Iterator[Sequence[Part]]:
            for each in map(self.planned, (1, 2)):
                yield delivery.parts(each, each.chapter.segments, [self.softer(key) for key in each.keys])

        delivery.level(parts, never)
        for each in map(self.planned, (1, 2)):
            if not delivery.is_current(each.number, each.chapter.segments, each.keys):
                takes = [self.softer(key) for key in each.keys]
                order = delivery.order(each, each.chapter.segments, takes)
                delivery.record(delivery.deliver(order, never))

    def softer(self, key: TakeKey) -> Take:
        """A take whose level, unlike those of `take`, is its own."""
        if key not in self.takes:
            scale = 0.2 + 0.6 * int(key[:4], 16) / 0xFFFF
            samples = np.frombuffer(speech_pcm(key, 24_000, 24_000), "<i2") * scale / 32768
            self.book.project.takes_folder.mkdir(exist_ok=True)
            self.takes[key] = replace(take_of(self.book.project.takes_folder, samples), key=key)
        return self.takes[key]

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


def test_settings_of_formats_that_are_not_made_encode_nothing(
    shop: BookShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.whole(shop.configured("delivery", formats=("mp3",)))
    with counted(monkeypatch) as calls:
        shop.whole(shop.configured("delivery", formats=("mp3",), m4b_kbps=96, opus_kbps=24))
        assert not calls
        shop.whole(shop.configured("delivery", formats=("mp3",), mp3_kbps=80))
        assert len(calls) == 2


def test_a_finished_book_needs_its_pieces_no_more(shop: BookShop, monkeypatch: pytest.MonkeyPatch) -> None:
    book = shop.configured("delivery", formats=("m4b",))
    shop.whole(book)
    before = shop.files
    for piece in book.project.master_folder.iterdir():
        piece.unlink()
    assert not estimate(book, Plan((shop.planned(1), shop.planned(2)), ())).disk_bytes
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


def test_another_folder_gets_all_that_goes_with_the_files(shop: BookShop, tmp_path: Path) -> None:
    for wishes in ({"extras": ("srt", "cue")}, {"extras": ("srt",), "formats": ("m4b",)}):
        shop.whole(shop.configured("delivery", **wishes))
        there = set(shop.files)
        shutil.rmtree(shop.book.project.master_folder, ignore_errors=True)
        other = tmp_path / str(len(there))
        made = shop.whole(shop.configured("delivery", **wishes, output=str(other)))
        assert {path.name for path in other.iterdir()} == there
        assert {Path(path).parent for path in made.beside} == {other}
        assert set(shop.files) == there, "what is in the folder of before stays"
        shutil.rmtree(shop.out)


def test_a_process_that_ends_while_it_writes_parts_of_a_book_leaves_none_that_are_in_the_way(
    shop: BookShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "elsewhere"
    book = shop.configured("delivery", formats=("m4b",), max_hours=0.0001, output=str(output))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("narrator.binding.DeliveredVolume", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.whole(book)
    (first,) = output.glob("*.m4b")
    half = output / f".{first.name}.0badcafe.part"
    half.write_bytes(b"half")
    made = shop.whole(book)
    assert sorted(output.glob("*.m4b")) == [Path(file.path) for _, file in made.files]
    assert not half.exists()


def test_a_sample_never_takes_the_place_of_a_file_of_somebody_else(shop: BookShop, tmp_path: Path) -> None:
    mine = tmp_path / f"{shop.book.title} (sample).mp3"
    mine.write_bytes(b"mine")
    delivery = Delivery(shop.configured("delivery", output=str(tmp_path), sample_minutes=1.0))
    with pytest.raises(UsageError, match="not made by this project"):
        delivery.claim_names()
    assert mine.read_bytes() == b"mine"


def test_who_goes_back_to_a_folder_of_before_finds_it_still_ones_own(shop: BookShop, tmp_path: Path) -> None:
    here, there = (shop.configured("delivery", output=str(tmp_path / name)) for name in ("here", "there"))
    first = shop.whole(here)
    shop.whole(there)
    assert shop.whole(here).files == first.files
    shop.whole(shop.configured("delivery", output=str(tmp_path / "here"), formats=("wav",)))
    assert shop.whole(here).files == first.files


def test_of_a_damaged_piece_no_book_is_made_and_the_next_run_makes_it_anew(shop: BookShop) -> None:
    book = shop.configured("delivery", formats=("m4b",))
    shop.whole(book)
    before = shop.audio("m4b")
    piece = max(book.project.master_folder.glob("*.m4a"))
    data = bytearray(piece.read_bytes())
    data[-100] ^= 0xFF
    piece.write_bytes(data)
    next(shop.out.glob("*.m4b")).unlink()
    with pytest.raises(DiskError, match="not what was written"):
        shop.whole(book)
    assert not shop.audio("m4b")
    shop.whole(book)
    assert shop.audio("m4b") == before


def test_a_preview_is_not_among_the_files_of_the_whole_book(shop: BookShop) -> None:
    book = shop.configured("delivery", formats=("m4b",), extras=("metadata",))
    delivery = Delivery(replace(book, selection=Selection(characters=10)))
    delivery.claim_names()
    plan = book.plan(frozenset()).in_one_chapter()
    (preview,) = plan.chapters
    takes = [shop.take(key) for key in preview.keys]
    delivery.record(delivery.deliver(delivery.order(preview, preview.chapter.segments, takes), never))
    delivery.finish({0}, (), never)
    shop.whole(book)
    assert len(shop.audio("m4b")) == 2
    chapters = json.loads((shop.out / "metadata.json").read_text(encoding="utf-8"))["chapters"]
    assert [chapter["title"] for chapter in chapters] == ["One", "Two"]


def test_a_chapter_of_an_earlier_run_whose_files_are_gone_is_not_of_the_book(shop: BookShop) -> None:
    shop.whole(shop.book)
    two = next(shop.out.glob("02*.mp3"))
    two.unlink()
    only_one = replace(shop.book, selection=Selection(numbers=frozenset({1})))
    delivery = Delivery(only_one)
    delivery.expect([shop.planned(1)], frozenset())
    delivery.finish({1}, (), never)
    record = load_record(shop.book.project.record_file)
    assert record
    assert [chapter.number for chapter in record.chapters] == [1]
    assert two.name not in next(shop.out.glob("*.m3u8")).read_text(encoding="utf-8")


def test_a_chapter_whose_file_is_gone_gets_the_books_gain_and_balance_again(shop: BookShop) -> None:
    book = shop.configured("levels", gain="book", levelling=1.0)
    planned = [shop.planned(1), shop.planned(2)]
    delivery = Delivery(book)
    delivery.claim_names()
    delivery.expect(planned, frozenset())
    assert delivery.needs_gain
    shop.levelled(delivery)
    before = shop.files
    next(shop.out.glob("02*.mp3")).unlink()
    again = Delivery(book)
    again.expect(planned, frozenset())
    assert again.needs_gain
    shop.levelled(again)
    assert shop.files == before
    last = Delivery(book)
    last.expect(planned, frozenset())
    assert not last.needs_gain, "there is nothing to make"


def test_a_chapter_that_is_made_alone_gets_the_gain_of_the_book_of_before(shop: BookShop) -> None:
    book = shop.configured("levels", gain="book")
    delivery = Delivery(book)
    delivery.claim_names()
    shop.levelled(delivery)
    Delivery(book).forget({shop.planned(1).keys[0]})
    part = Delivery(replace(book, selection=Selection(numbers=frozenset({1}))))
    part.expect([shop.planned(1)], frozenset())
    assert not part.needs_gain
    delivery = Delivery(book)
    delivery.expect([shop.planned(1), shop.planned(2)], frozenset())
    assert delivery.needs_gain


def test_each_file_has_captions_of_its_own_times(shop: BookShop) -> None:
    book = shop.configured("delivery", formats=("m4b", "mp3", "wav"), one_file=True, extras=("srt", "labels"))
    shop.whole(book)
    labels = {name: (shop.out / name).read_text() for name in shop.files if name.endswith(".labels.txt")}
    assert set(labels) == {"book.labels.txt", "book.mp3.labels.txt", "book.wav.labels.txt"}
    assert len(set(labels.values())) == 3, "formats end chapters with more or less silence"


def test_files_of_one_chapter_share_their_captions(shop: BookShop) -> None:
    shop.whole(shop.configured("delivery", formats=("mp3", "flac"), extras=("srt",)))
    assert len([name for name in shop.files if name.endswith(".srt")]) == 2


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
