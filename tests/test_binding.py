from __future__ import annotations

import pytest

from narrator.binding import divided
from narrator.publishing.record import DeliveredChapter, DeliveredFile

MB = 1_000_000


def chapters(*minutes: float) -> tuple[list[DeliveredChapter], list[DeliveredFile]]:
    files = [
        DeliveredFile(f"{number}.m4a", "m4b", round(each * MB), "", 100, round(each * 6000))
        for number, each in enumerate(minutes, 1)
    ]
    made = [
        DeliveredChapter(number, "", "", "", 100, file.frames, 0.0, None, None, (file,), ())
        for number, file in enumerate(files, 1)
    ]
    return made, files


@pytest.mark.parametrize(
    ("minutes", "longest_min", "most_mb", "expected"),
    [
        ((10, 20, 30), 0, 0, [[1, 2, 3]]),
        ((10, 20, 30), 30, 0, [[1, 2], [3]]),
        ((10, 20, 30), 60, 0, [[1, 2, 3]]),
        ((10, 99, 5, 5), 30, 0, [[1], [2], [3, 4]]),
        ((10, 20, 30), 0, 32, [[1, 2], [3]]),
        ((10, 20, 30), 0, 31, [[1], [2], [3]]),
        ((10, 20, 30), 25, 999, [[1], [2], [3]]),
        ((), 10, 10, []),
    ],
)
def test_a_book_is_divided_between_chapters_and_never_in_one(
    minutes: tuple[float, ...], longest_min: float, most_mb: int, expected: list[list[int]]
) -> None:
    made, files = chapters(*minutes)
    groups = divided(made, files, longest_s=60 * longest_min, most_bytes=most_mb * MB)
    assert [[chapter.number for chapter in group] for group in groups] == expected
