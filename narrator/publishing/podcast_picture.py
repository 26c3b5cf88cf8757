"""A cover as podcast apps want it. Brings Pillow: import it where it is used."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from narrator.durable import reading
from narrator.errors import UsageError
from narrator.publishing import pictures
from narrator.publishing.cover import MAX_BYTES

_LEAST_SIDE, _MOST_SIDE = 1400, 3000
"""Of a square: https://podcasters.apple.com/support/896-artwork-requirements."""
_QUALITY = 90
_NAME = "The podcast's image"
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png"}


def square_picture(path: Path) -> tuple[bytes, str]:
    """The picture of a show, a square of 1400 to 3000 pixels a side in RGB, and how its file's name ends.

    One that is such is left as it is. Of any other nothing is cut off: it is put on a square of its average
    colour, and scaled as far as it must be. Equal pictures are equal bytes.

    Raises:
        UsageError: it is missing, broken or too large.
    """
    data = _bytes_of(path)
    if pictures.is_plain(data, _NAME, most_side=_MOST_SIDE):
        with Image.open(BytesIO(data)) as image:
            if image.format in _SUFFIXES and image.width == image.height >= _LEAST_SIDE and image.mode == "RGB":
                return data, _SUFFIXES[image.format]
    return _squared(pictures.as_jpeg(data, _NAME, most_side=_MOST_SIDE, most_bytes=MAX_BYTES)), ".jpg"


def _bytes_of(path: Path) -> bytes:
    with reading(path):
        if not path.is_file():
            raise UsageError(
                f"There is no image {path} for the podcast.", advice="Check the path of its 'image'."
            )
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(
                f"The podcast's image {path} has more than {MAX_BYTES / 1e6:.0f} MB.",
                advice=f"Save it smaller, as a JPEG of {_LEAST_SIDE} to {_MOST_SIDE} pixels a side.",
            )
        return path.read_bytes()


def _squared(jpeg: bytes) -> bytes:
    with Image.open(BytesIO(jpeg)) as image:
        profile = image.info.get("icc_profile") if image.mode == "RGB" else None
        picture = image.convert("RGB")
    side = max(*picture.size, _LEAST_SIDE)
    average = picture.resize((1, 1), Image.Resampling.BOX).tobytes()
    squared = ImageOps.pad(picture, (side, side), Image.Resampling.LANCZOS, color=tuple(average))
    result = BytesIO()
    squared.save(result, "JPEG", quality=_QUALITY, optimize=True, icc_profile=profile)
    return result.getvalue()
