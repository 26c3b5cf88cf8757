from __future__ import annotations

from pathlib import Path

import pytest

from narrator.errors import ExitCode, UsageError
from narrator.model import Cover
from narrator.publishing.cover import MAX_BYTES, chosen_cover

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


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


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("gone.png", None, r"There is no cover .*gone\.png"),
        (".", None, "is no file"),
        ("words.png", b"Not a picture.", r"words\.png is neither a JPEG nor a PNG"),
        ("empty.jpg", b"", r"empty\.jpg is neither a JPEG nor a PNG"),
        ("large.jpg", JPEG + bytes(MAX_BYTES), r"large\.jpg has 5\.0 MB"),
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
