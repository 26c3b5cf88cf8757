from __future__ import annotations

import pytest

from narrator.providers.piper_model import prepared


def field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


CEIL = field(1, field(1, b"/x") + field(2, b"/lengths") + field(4, b"Ceil"))
OTHER = field(1, field(2, b"/y") + field(4, b"Floor"))
SOUND = field(12, field(1, b"output"))
VERSION = bytes([1 << 3, 0x96, 0x01])
EIGHT_AND_FOUR = bytes([9 << 3 | 1, *range(8), 10 << 3 | 5, *range(4)])


def noise(output: bytes = b"/noise_0", attribute: bytes = b"dtype") -> bytes:
    named = field(1, b"/like") + field(2, output) + field(4, b"RandomNormalLike")
    return field(1, named + field(5, field(1, attribute)))


def test_the_lengths_of_phonemes_become_an_output() -> None:
    model = VERSION + field(7, OTHER + CEIL + SOUND) + EIGHT_AND_FOUR
    assert prepared(model).model == model + field(7, field(12, field(1, b"/lengths")))
    assert prepared(model).noises == ()


def test_noise_becomes_an_input_and_what_made_it_makes_something_that_nobody_takes() -> None:
    found = prepared(field(7, noise() + noise(b"/noise_2")))
    assert found.noises == ("narrator_noise_0", "narrator_noise_1")
    assert found.model.startswith(field(7, noise(b"/noise_1") + noise(b"/noise_3")))
    assert found.model.count(b"Reshape") == 2
    assert found.model.count(field(2, b"/noise_0")) == 1, "made by the last of the new nodes"


@pytest.mark.parametrize(
    "graph",
    [
        OTHER + SOUND,
        CEIL + CEIL + SOUND,
        CEIL + SOUND + field(12, field(1, b"/lengths")),
        noise(attribute=b"seed"),
        b"",
    ],
)
def test_a_model_that_has_none_of_it_or_has_it_already_stays_as_it_is(graph: bytes) -> None:
    assert prepared(field(7, graph)).model == field(7, graph)


@pytest.mark.parametrize("data", [b"\xff", b"<html>", bytes([7 << 3 | 3]), bytes([0x80]), field(7, OTHER)[:-1]])
def test_what_is_no_model_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="protobuf"):
        prepared(data)
