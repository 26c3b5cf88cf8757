"""Small pictures, as covers."""

from __future__ import annotations

from io import BytesIO

from PIL import Image


def drawn(colour: str = "red") -> bytes:
    """A PNG of one colour."""
    file = BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


def drawn_large() -> bytes:
    """A JPEG of some 20 kB."""
    file = BytesIO()
    grains = bytes(number * number * 7919 % 251 for number in range(160 * 160))
    Image.frombytes("L", (160, 160), grains).save(file, "JPEG", quality=90)
    return file.getvalue()
