from __future__ import annotations

import pytest

from narrator.isbn import isbn_of


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("978-3-16-148410-0", "9783161484100"),
        ("urn:isbn:9783161484100", "9783161484100"),
        ("ISBN-13: 978 3 16 148410 0", "9783161484100"),
        ("isbn 0-8044-2957-x", "080442957X"),
        ("978-3-16-148410-1", ""),
        ("0-8044-2957-1", ""),
        ("4006381333931", ""),
        ("urn:uuid:9783161484100", ""),
        ("", ""),
    ],
)
def test_an_isbn_is_known_however_it_is_written(written: str, digits: str) -> None:
    assert isbn_of(written) == digits
