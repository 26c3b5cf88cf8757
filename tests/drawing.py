"""Small pictures, as covers."""

from __future__ import annotations

from io import BytesIO

from PIL import Image


def drawn(colour: str = "red") -> bytes:
    """A PNG of one colour."""
    file = BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()
