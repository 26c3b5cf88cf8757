from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from narrator.errors import ExitCode, UsageError
from narrator.model import Cover
from narrator.publishing.cover import (
    EMBEDDED_BYTES,
    MAX_BYTES,
    chosen_cover,
    cover_jpg,
    embedded_cover,
    readable_cover,
)
from tests.publishing.pictures_for_tests import BLUE, RED, halves, noise, opened, png_that_says, saved

PNG, JPEG = saved(halves(), "PNG"), saved(halves(), "JPEG")
SIDEWAYS = Image.Exif()
SIDEWAYS[0x0112] = 6  # the top of the picture is at the right of what is stored

ODD = {
    "progressive": saved(halves(), "JPEG", progressive=True),
    "CMYK": saved(halves().convert("CMYK"), "JPEG"),
    "sideways": saved(halves().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=SIDEWAYS),
    "moving PNG": saved(halves(), "PNG", save_all=True, append_images=[noise(40, 60)]),
    "moving GIF": saved(halves(), "GIF", save_all=True, append_images=[noise(40, 60)]),
    "moving WebP": saved(halves(), "WEBP", save_all=True, append_images=[noise(40, 60)]),
    "BMP": saved(halves(), "BMP"),
    "TIFF": saved(halves(), "TIFF"),
    "CMYK TIFF": saved(halves().convert("CMYK"), "TIFF"),
}
PLAIN = {
    "RGB": JPEG,
    "grey": saved(halves().convert("L"), "JPEG"),
    "PNG": PNG,
    "palette": saved(halves().convert("P"), "PNG"),
    "alpha": saved(halves().convert("RGBA"), "PNG"),
}


def cover_of(data: bytes) -> Cover:
    return Cover("image/png" if data.startswith(b"\x89PNG") else "image/jpeg", data)


def is_near(picture: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    there = np.asarray(picture.convert("RGB"), np.int16)[at[1], at[0]]
    return bool(np.abs(there - colour).max() < 30)


@pytest.mark.parametrize(("data", "media_type"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
def test_a_picture_is_known_by_its_bytes_whatever_its_name(
    tmp_path: Path, data: bytes, media_type: str
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(data)
    assert chosen_cover(str(path), Path("elsewhere")) == Cover(media_type, data)
    assert chosen_cover("picture", tmp_path) == Cover(media_type, data)


def test_none_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "none").write_bytes(PNG)
    assert chosen_cover("none", tmp_path) is None
    assert chosen_cover("./none", tmp_path) == Cover("image/png", PNG)


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP", "TIFF"])
def test_a_chosen_picture_of_another_kind_becomes_a_jpeg(tmp_path: Path, kind: str) -> None:
    (tmp_path / "picture").write_bytes(saved(halves(), kind))
    cover = chosen_cover("picture", tmp_path)
    assert cover
    assert cover.media_type == "image/jpeg"
    assert opened(cover.data).format == "JPEG"
    assert cover == chosen_cover("picture", tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("gone.png", None, r"There is no cover .*gone\.png"),
        (".", None, "is no file"),
        ("words.png", b"Not a picture.", r"words\.png is none of the pictures that are read: JPEG, PNG, WebP"),
        ("empty.jpg", b"", r"empty\.jpg is none of the pictures"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", r"drawing\.svg is none of the pictures"),
        ("half.jpg", JPEG[: len(JPEG) // 2], r"half\.jpg is a broken picture"),
        ("half.png", saved(noise(40, 60), "PNG")[:4000], r"half\.png is a broken picture"),
        ("head.jpg", JPEG[:20], r"head\.jpg is "),
        ("bomb.png", png_that_says(40_000, 40_000), r"bomb\.png has 40000 x 40000 pixels"),
        ("a\0b.jpg", None, "cannot be a file"),
        ("~nosuchuser/a.jpg", None, "cannot be a file"),
    ],
)
def test_what_can_be_no_cover_is_told_with_advice(
    tmp_path: Path, name: str, data: bytes | None, says: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=says) as caught:
        chosen_cover(name, tmp_path)
    assert caught.value.advice
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_file_that_nobody_would_read_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UsageError, match=r"large\.jpg has 100\.0 MB, and may have 100"):
        chosen_cover("large.jpg", tmp_path)


def test_a_broken_picture_of_a_manuscript_is_none() -> None:
    assert readable_cover(cover_of(JPEG)) == cover_of(JPEG)
    for broken in (JPEG[:-300], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 a picture", png_that_says(9, 9)):
        assert readable_cover(cover_of(broken)) is None
        for use in (embedded_cover, cover_jpg):
            if not broken.startswith(JPEG[:100]):  # of those only the end is missing, and its head is fine
                with pytest.raises(UsageError, match="The cover of the book"):
                    use(cover_of(broken))


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN.keys())
def test_a_small_plain_picture_is_embedded_as_it_is(data: bytes) -> None:
    assert embedded_cover(cover_of(data)).data is data


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_what_not_every_player_shows_is_embedded_as_a_baseline_jpeg(data: bytes) -> None:
    cover = embedded_cover(cover_of(data))
    picture = opened(cover.data)
    assert (cover.media_type, picture.format, picture.size) == ("image/jpeg", "JPEG", (40, 60))
    assert "progressive" not in picture.info
    assert is_near(picture, (5, 5), RED)
    assert is_near(picture, (5, 55), BLUE)
    assert cover == embedded_cover(cover_of(data))


def test_what_is_transparent_is_on_white() -> None:
    clear = halves().convert("RGBA")
    clear.putalpha(0)
    for mode in ("RGBA", "LA", "P"):
        assert is_near(opened(cover_jpg(cover_of(saved(clear.convert(mode), "PNG")))), (5, 55), (255, 255, 255))


def test_sixteen_bits_become_eight() -> None:
    steps = np.repeat(np.arange(60, dtype=np.uint16)[:, None] * 1000, 40, axis=1)
    picture = opened(embedded_cover(cover_of(saved(Image.fromarray(steps), "PNG"))).data)
    assert np.asarray(picture)[:, 20] == pytest.approx(np.arange(60) * 1000 / 256, abs=4)


@pytest.mark.parametrize(("kind", "how"), [("PNG", {"compress_level": 1}), ("JPEG", {"quality": 100})])
def test_a_large_picture_is_embedded_under_a_megabyte(kind: str, how: dict[str, int]) -> None:
    data = saved(noise(1400, 700), kind, **how)
    assert len(data) > EMBEDDED_BYTES
    cover = embedded_cover(cover_of(data))
    picture = opened(cover.data)
    assert len(cover.data) < EMBEDDED_BYTES
    assert picture.width == pytest.approx(2 * picture.height, abs=2)


def test_a_picture_of_many_pixels_is_made_smaller_however_few_its_bytes() -> None:
    data = saved(halves(4000, 400), "PNG")
    assert len(data) < EMBEDDED_BYTES
    assert opened(embedded_cover(cover_of(data)).data).size == (2400, 240)
    assert opened(cover_jpg(cover_of(data))).size == (3000, 300)


def test_the_file_beside_the_book_is_a_jpeg_as_it_was_where_it_was_one() -> None:
    large = saved(noise(1000, 1000), "JPEG", quality=100)
    assert len(large) > EMBEDDED_BYTES
    assert cover_jpg(cover_of(large)) is large
    assert opened(cover_jpg(cover_of(PNG))).format == "JPEG"
    assert "progressive" not in opened(cover_jpg(cover_of(ODD["progressive"]))).info


@pytest.mark.slow
def test_a_cover_of_thirty_megabytes_works(tmp_path: Path) -> None:
    (tmp_path / "cover.png").write_bytes(saved(noise(3300, 3300), "PNG", compress_level=1))
    assert (tmp_path / "cover.png").stat().st_size > 30_000_000
    cover = chosen_cover("cover.png", tmp_path)
    assert cover
    assert len(embedded_cover(cover).data) < EMBEDDED_BYTES
    assert opened(cover_jpg(cover)).size == (3000, 3000)
