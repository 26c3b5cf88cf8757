from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from narrator.book import Book, locate, open_book
from narrator.delivery import Delivery
from narrator.errors import DiskError, Interrupted, UsageError
from narrator.mastering.intact import DamagedTakes
from narrator.mastering.mp3 import Mp3Encoder
from narrator.model import Cover, Take, TakeKey
from narrator.publishing.record import DeliveredChapter, load_record
from narrator.rendering.plan import PlannedChapter
from narrator.testing.speechlike import speech_pcm
from narrator.wiring import open_takes
from narrator.wishes import Wishes
from tests.drawing import drawn
from tests.end_to_end.sound import read_mp3
from tests.mastering.takes import take_of

BOOK = "# One\n\nA first paragraph.\n\nA second one, longer.\n\n# Two\n\nA third paragraph.\n"


def never() -> bool:
    return False


class Shop:
    """A book with a take for each segment, made by whoever asks."""

    def __init__(self, folder: Path) -> None:
        source = folder / "book.md"
        source.write_text(BOOK, encoding="utf-8")
        wishes = Wishes(projects=folder / "projects")
        self.book = open_book(locate(source, wishes), wishes)
        self.book.keep()
        self.takes: dict[TakeKey, Take] = {}

    def configured(self, section: str, **values: object) -> Book:
        config = self.book.config
        changed = getattr(config, section).model_copy(update=values)
        return replace(self.book, config=config.model_copy(update={section: changed}))

    def planned(self, number: int = 1) -> PlannedChapter:
        plan = self.book.plan(open_takes(self.book.project).keys())
        return plan.chapters[number - 1]

    def take(self, key: TakeKey) -> Take:
        if key not in self.takes:
            self.book.project.takes_folder.mkdir(exist_ok=True)
            samples = np.frombuffer(speech_pcm(key, 24_000, 24_000), "<i2") / 32768
            made = take_of(self.book.project.takes_folder, samples)
            self.takes[key] = replace(made, key=key)
        return self.takes[key]

    def deliver(self, delivery: Delivery, number: int = 1) -> DeliveredChapter:
        delivery.claim_names()
        planned = self.planned(number)
        takes = [self.take(key) for key in planned.keys]
        made = delivery.deliver(delivery.order(planned, planned.chapter.segments, takes), never)
        delivery.record(made)
        return made

    def is_current(self, delivery: Delivery, number: int = 1) -> bool:
        planned = self.planned(number)
        return delivery.is_current(number, planned.chapter.segments, planned.keys)

    @property
    def out(self) -> Path:
        return self.book.project.output_folder(self.book.config)

    @property
    def files(self) -> dict[str, str]:
        found = sorted(self.out.iterdir()) if self.out.exists() else []
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@contextmanager
def nothing_is_encoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def write(*_: object) -> None:
        pytest.fail("sound is encoded")

    with monkeypatch.context() as patch:
        patch.setattr(Mp3Encoder, "write", write)
        yield


def test_a_chapter_is_current_by_book_json_and_sizes_alone(shop: Shop) -> None:
    assert not shop.is_current(Delivery(shop.book))
    shop.deliver(Delivery(shop.book))
    for take in shop.takes.values():
        take.path.unlink()
    assert shop.is_current(Delivery(shop.book))
    assert not shop.is_current(Delivery(shop.book), 2)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("pauses", {"paragraph": 601}),
        ("pauses", {"chapter_end": 9}),
        ("levels", {"loudness_lufs": -18.0}),
        ("delivery", {"mp3_kbps": 48}),
        ("delivery", {"formats": ("mp3", "wav")}),
        ("delivery", {"output": "elsewhere"}),
        ("book", {"title": "Another"}),
        ("book", {"date": "1901"}),
        ("book", {"series": "Rivers"}),
    ],
)
def test_with_other_settings_a_chapter_is_not_current(
    shop: Shop, section: str, values: dict[str, object]
) -> None:
    shop.deliver(Delivery(shop.book))
    assert not shop.is_current(Delivery(shop.configured(section, **values)))


def test_of_other_takes_a_chapter_is_not_current(shop: Shop) -> None:
    delivery = Delivery(shop.book)
    shop.deliver(delivery)
    planned = shop.planned()
    segments = planned.chapter.segments
    assert not delivery.is_current(1, segments[1:], planned.keys[1:])
    assert not delivery.is_current(1, segments, (*planned.keys[:-1], TakeKey("other")))


def test_a_file_that_is_gone_or_shorter_is_not_current(shop: Shop) -> None:
    delivery = Delivery(shop.book)
    (file,) = shop.deliver(delivery).files
    path = delivery.path_of(file)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert not shop.is_current(delivery)
    path.unlink()
    assert not shop.is_current(delivery)


def test_a_chapter_whose_takes_are_made_anew_is_forgotten_also_by_the_next_process(shop: Shop) -> None:
    delivery = Delivery(shop.book)
    shop.deliver(delivery, 1)
    shop.deliver(delivery, 2)
    delivery.forget({shop.planned(1).keys[0], TakeKey("of no chapter")})
    for seen in (delivery, Delivery(shop.book)):
        assert not shop.is_current(seen, 1)
        assert shop.is_current(seen, 2)
    assert len(shop.files) == 2


def test_other_tags_are_put_on_the_sound_that_is_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    book = shop.configured("book", title="Another Title", authors=("A. N. Author",))
    fresh = shop.deliver(Delivery(book))
    expected = shop.files
    for path in shop.out.iterdir():
        path.unlink()
    shop.book.project.record_file.unlink()
    before = shop.deliver(Delivery(shop.book))
    with nothing_is_encoded(monkeypatch):
        made = shop.deliver(Delivery(book))
    assert shop.files == expected
    assert made == fresh != before
    assert shop.is_current(Delivery(book))
    assert not shop.is_current(Delivery(shop.book))


def test_another_cover_and_another_folder_cost_no_encoding(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shop.deliver(Delivery(shop.book))
    book = shop.configured("delivery", output=str(tmp_path / "elsewhere"))
    shop.book.project.keep_manuscript(
        shop.book.manuscript_path, shop.book.manuscript_data, Cover("image/png", drawn("red"))
    )
    with nothing_is_encoded(monkeypatch):
        shop.deliver(Delivery(book))
    (copy,) = (tmp_path / "elsewhere").iterdir()
    assert b"PNG" in copy.read_bytes()
    assert len(shop.files) == 1, "what is in the folder of before stays"


def test_the_facts_of_the_book_are_told_by_wish_first(shop: Shop) -> None:
    read = replace(shop.book.script, date="1901", series="Rivers", part="2")
    told = []
    for wishes in ({}, {"date": "1902-03-04", "part": "3"}, {"series": "Boats"}):
        book = replace(shop.configured("book", **wishes), script=read)
        (file,) = shop.deliver(Delivery(book)).files
        tags = read_mp3(shop.out / Path(file.path).name).tags
        own = {frame.desc: frame.text[0] for frame in tags.getall("TXXX")}
        told.append((tags["TDRC"].text[0].text, own))
        record = load_record(shop.book.project.record_file)
        assert record
        assert (record.date, record.series) == (told[-1][0], own["SERIES"])
        assert record.part == own.get("SERIES-PART", "")
    assert told == [
        ("1901", {"SERIES": "Rivers", "SERIES-PART": "2"}),
        ("1902-03-04", {"SERIES": "Rivers", "SERIES-PART": "3"}),
        ("1901", {"SERIES": "Boats"}),
    ], "the part that was read is of the series that was read"


def test_a_cover_of_ones_own_goes_before_that_of_the_book_or_takes_it_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, its = drawn("red"), drawn("blue")
    shop.book.project.keep_manuscript(
        shop.book.manuscript_path, shop.book.manuscript_data, Cover("image/png", its)
    )
    (shop.book.project.folder / "mine.png").write_bytes(mine)
    shop.deliver(Delivery(shop.book))
    for choice, picture in (("", its), ("mine.png", mine), ("none", None)):
        with nothing_is_encoded(monkeypatch):
            (file,) = shop.deliver(Delivery(shop.configured("book", cover=choice))).files
        pictures = read_mp3(shop.out / Path(file.path).name).tags.getall("APIC")
        assert [each.data for each in pictures] == ([picture] if picture else [])
    before = shop.files
    with pytest.raises(UsageError, match=r"gone\.png"):
        Delivery(shop.configured("book", cover="gone.png"))
    assert shop.files == before


def test_a_file_that_someone_changed_is_encoded_again_not_tagged(shop: Shop) -> None:
    delivery = Delivery(shop.book)
    (file,) = shop.deliver(delivery).files
    path = delivery.path_of(file)
    data = bytearray(path.read_bytes())
    data[-100] ^= 0xFF
    path.write_bytes(data)
    changed = Delivery(shop.configured("book", authors=("A. N. Author",)))
    shop.deliver(changed)
    assert path.read_bytes()[-100] == data[-100] ^ 0xFF


def test_all_damaged_takes_are_named_and_nothing_is_published(shop: Shop) -> None:
    delivery = Delivery(shop.book)
    shop.deliver(delivery)
    before = shop.files
    planned = shop.planned()
    takes = [shop.take(key) for key in planned.keys]
    first, *_, last = takes
    first.path.write_bytes(first.path.read_bytes()[:-2])
    last.path.write_bytes(bytes(2 * last.frames))
    with pytest.raises(DamagedTakes) as caught:
        delivery.deliver(delivery.order(planned, planned.chapter.segments[::-1], takes[::-1]), never)
    assert caught.value.keys == {first.key, last.key}
    assert shop.files == before
    assert shop.is_current(delivery)


def test_what_is_stopped_leaves_the_files_of_before(shop: Shop) -> None:
    shop.deliver(Delivery(shop.book))
    before = shop.files
    louder = Delivery(shop.configured("levels", loudness_lufs=-16.0))
    planned = shop.planned()
    order = louder.order(planned, planned.chapter.segments, [shop.take(key) for key in planned.keys])
    with pytest.raises(Interrupted):
        louder.deliver(order, lambda: True)
    assert shop.files == before


def test_a_process_that_ends_between_file_and_record_does_not_pass_new_files_for_old(shop: Shop) -> None:
    shop.deliver(Delivery(shop.book))
    expected = shop.files
    louder = Delivery(shop.configured("levels", loudness_lufs=-16.0))
    planned = shop.planned()
    louder.deliver(
        louder.order(planned, planned.chapter.segments, [shop.take(key) for key in planned.keys]), never
    )
    again = Delivery(shop.book)
    assert shop.files != expected, "the louder one has the same size, so only book.json can tell"
    assert not shop.is_current(again)
    shop.deliver(again)
    assert shop.files == expected


def test_what_a_killed_process_left_half_written_is_swept(shop: Shop) -> None:
    shop.deliver(Delivery(shop.book))
    (name,) = shop.files
    (shop.out / f".{name}.0badcafe.part").write_bytes(b"half")
    Delivery(shop.book).claim_names()
    assert list(shop.files) == [name]


def test_a_folder_that_cannot_be_written_is_a_disk_error(shop: Shop) -> None:
    shop.book.project.folder.mkdir(exist_ok=True)
    delivery = Delivery(shop.book)
    shop.deliver(delivery)
    before = shop.files
    moved = shop.out.rename(shop.out.with_name("moved"))
    planned = shop.planned()
    order = delivery.order(planned, planned.chapter.segments, [shop.take(key) for key in planned.keys])
    with pytest.raises(DiskError):
        delivery.deliver(order, never)
    moved.rename(shop.out)
    assert shop.files == before


def test_a_record_of_the_first_revision_is_read_and_its_chapters_are_made_again(shop: Shop) -> None:
    shop.deliver(Delivery(shop.book))
    expected = shop.files
    path = shop.book.project.record_file
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["revision"] = 1
    for chapter in raw["chapters"]:
        chapter["recipe"] = chapter.pop("sound") + chapter.pop("tags")
    path.write_text(json.dumps(raw), encoding="utf-8")
    record = load_record(path)
    assert record
    assert not record.chapters
    assert record.claimed, "what may be written over is known"
    delivery = Delivery(shop.book)
    assert not shop.is_current(delivery)
    shop.deliver(delivery)
    assert shop.is_current(delivery)
    assert shop.files == expected
