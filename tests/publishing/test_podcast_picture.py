from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from narrator.errors import UsageError
from narrator.publishing.cover import MAX_BYTES
from narrator.publishing.podcast import publish_podcast
from narrator.publishing.podcast_picture import square_picture
from tests.publishing.pictures_for_tests import BLUE, RED, halves, opened, png_that_says, saved
from tests.publishing.podcasts import ITUNES, NOW, SHOW, files, published, the


def picture_file(folder: Path, picture: Image.Image, kind: str = "PNG") -> Path:
    path = folder / f"picture.{kind.lower()}"
    path.write_bytes(saved(picture, kind))
    return path


def is_near(colour: object, wanted: tuple[int, ...]) -> bool:
    """Whether it is the same, but for what JPEG does to it."""
    assert isinstance(colour, tuple)
    return all(abs(one - other) < 8 for one, other in zip(colour, wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_square_of_the_right_size_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = picture_file(tmp_path, halves(1400, 1400), kind)
    data, suffix = square_picture(path)
    assert data == path.read_bytes()
    assert suffix == {"JPEG": ".jpg", "PNG": ".png"}[kind]


def test_an_upright_cover_is_wholly_seen_on_a_square_of_its_colour(tmp_path: Path) -> None:
    data, suffix = square_picture(picture_file(tmp_path, halves(600, 900)))
    square = opened(data)
    assert (square.size, square.mode, square.format, suffix) == ((1400, 1400), "RGB", "JPEG", ".jpg")
    assert is_near(square.getpixel((700, 3)), RED)
    assert is_near(square.getpixel((700, 1396)), BLUE)
    assert is_near(square.getpixel((3, 700)), (128, 0, 128))


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGBA", (1400, 1400), (255, 0, 0, 0)),
        Image.new("L", (1500, 100), 7),
        Image.new("RGB", (3100, 20)),
        Image.new("1", (20, 20)),
    ],
    ids=["see-through", "grey", "too large", "icon"],
)
def test_any_picture_becomes_what_apps_take(tmp_path: Path, picture: Image.Image) -> None:
    square = opened(square_picture(picture_file(tmp_path, picture))[0])
    assert square.width == square.height
    assert 1400 <= square.width <= 3000
    assert (square.mode, square.format) == ("RGB", "JPEG")


def test_equal_pictures_are_equal_bytes(tmp_path: Path) -> None:
    path = picture_file(tmp_path, halves(30, 40))
    assert square_picture(path) == square_picture(path)


@pytest.mark.parametrize(
    "data", [b"", b"no picture", png_that_says(50_000, 50_000), saved(halves(), "PNG")[:-40]]
)
def test_what_is_no_picture_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="podcast's image"):
        publish_podcast(tmp_path / "feed", replace(SHOW, image=path), [], NOW)


def test_a_picture_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UsageError, match="more than 100 MB"):
        square_picture(path)


def test_another_picture_has_another_address_and_the_old_file_goes_after_some_days(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    show = replace(SHOW, image=picture_file(tmp_path, halves(1400, 1400)))
    before = the(published(folder, show=show), f"{ITUNES}image").get("href")
    untouched = files(folder)
    published(folder, show=show)
    published(folder, show=replace(show, image=None))
    assert files(folder) == untouched
    picture_file(tmp_path, Image.new("RGB", (1400, 1400)))
    after = the(published(folder, show=show), f"{ITUNES}image").get("href")
    assert after != before
    assert len([*folder.glob("cover-*")]) == 2
    published(folder, show=show, now=NOW + timedelta(days=2))
    assert [f"{SHOW.base_url}{each.name}" for each in folder.glob("cover-*")] == [after]
