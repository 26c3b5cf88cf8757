"""International Standard Book Numbers (ISO 2108): which texts are one."""

from __future__ import annotations

import re

_PREFIX = re.compile(r"^(urn:isbn:|isbn(-1[03])?:?\s*)", re.IGNORECASE)


def isbn_of(text: str) -> str:
    """The digits of an ISBN, however it is written ('urn:isbn:978-3-16-148410-0'); '' where it is none."""
    digits = re.sub(r"[\s\-\u2010-\u2015]", "", _PREFIX.sub("", text.strip())).upper()
    return digits if _is_10(digits) or _is_13(digits) else ""


def _is_10(digits: str) -> bool:
    if not re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11 == 0


def _is_13(digits: str) -> bool:
    if not re.fullmatch(r"97[89][0-9]{10}", digits):
        return False
    return sum((1, 3)[place % 2] * int(digit) for place, digit in enumerate(digits)) % 10 == 0
