"""Pictures of any kind made into those that every player shows. Brings Pillow: import it where it is used."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from narrator.errors import UsageError

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_MOST_PIXELS = 100_000_000
"""Of ten thousand a side nobody makes a cover; and three hundred megabytes are held to read it."""

_QUALITIES = (92, 88, 84, 80, 75, 70)
_SMALLER = 0.75  # the next side where the lowest quality is still too large
_WHITE = (255, 255, 255)
_MOST_PROFILE_BYTES = 65_000  # of one marker of a JPEG

_TRIPPED = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error)
"""What Pillow's readers raise besides their own OSError when they stumble over broken bytes."""

# Pillow warns of large pictures, and refuses those twice as large: the limit here is one, and lower than that.
Image.MAX_IMAGE_PIXELS = None


def check(data: bytes, name: str) -> None:
    """Find out whether a picture, which errors call `name`, can be read to its end.

    Raises:
        UsageError: it cannot.
    """
    with _opened(data, name) as image:
        image.draft(None, (1, 1))  # a JPEG at an eighth of its size: all its data is read, and less is computed
        image.load()


def is_plain(data: bytes, name: str, *, most_side: int) -> bool:
    """Whether every player shows these bytes as they are: a baseline JPEG or a still PNG of 8 bits, upright.

    Raises:
        UsageError: it cannot be read.
    """
    with _opened(data, name) as image:
        if max(image.size) > most_side or image.getexif().get(0x0112, 1) != 1:  # EXIF: Orientation
            return False
        if image.format == "JPEG":
            return image.mode in {"L", "RGB"} and not image.info.get("progressive")
        is_still = getattr(image, "n_frames", 1) == 1
        return image.format == "PNG" and is_still and not image.mode.startswith("I")


def as_jpeg(data: bytes, name: str, *, most_side: int, most_bytes: int) -> bytes:
    """A baseline JPEG of a picture: upright, on white, scaled down where it is larger than may be.

    Raises:
        UsageError: it cannot be read.
    """
    with _opened(data, name) as image:
        profile = image.info.get("icc_profile") if image.mode == "RGB" else None
        image.draft(None, (most_side, most_side))  # a JPEG at the next half or quarter above: less is held
        picture = _upright_and_opaque(image)
    profile = profile if profile and len(profile) <= _MOST_PROFILE_BYTES else None
    side = most_side
    while True:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            jpeg = BytesIO()
            picture.save(jpeg, "JPEG", quality=quality, optimize=True, icc_profile=profile)
            if jpeg.tell() <= most_bytes:
                return jpeg.getvalue()
        side = round(max(picture.size) * _SMALLER)


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is odd in a file and does not keep it from being shown
        try:
            with Image.open(BytesIO(data), formats=_FORMATS) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise UsageError(
                        f"{name} has {image.width} x {image.height} pixels, which is more than is read.",
                        advice="Save it smaller: 3000 pixels a side are enough for every shop.",
                    )
                yield image
        except UnidentifiedImageError as exc:
            raise UsageError(
                f"{name} is none of the pictures that are read: JPEG, PNG, WebP, GIF, BMP, TIFF.",
                advice="Save it as a JPEG or PNG.",
            ) from exc
        except _TRIPPED as exc:
            raise UsageError(
                f"{name} is a broken picture: {exc}.", advice="Save it anew as a JPEG or PNG."
            ) from exc


def _upright_and_opaque(image: Image.Image) -> Image.Image:
    """The first picture of a file, in RGB or in grey."""
    if image.mode.startswith("I"):  # 16 bits a sample, which a conversion would cut off at 255
        image = image.convert("F").point(lambda value: value / 256 + 0).convert("L")  # "+ 0" is Pillow's form
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.new("RGB", image.size, _WHITE)
        image.paste(seen, mask=seen.getchannel("A"))
    return image if image.mode in {"L", "RGB"} else image.convert("RGB")
