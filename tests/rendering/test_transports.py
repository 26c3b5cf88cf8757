from __future__ import annotations

import pytest

from narrator.errors import AttemptError, BadTake, RateLimited, StreamBroken, Unavailable
from narrator.rendering.transports import LEFT_AFTER, LEFT_FIRST_AFTER, Transports

CHAIN = ("ws", "sse", "http")
BROKEN = StreamBroken("cut")


class Log:
    def __init__(self) -> None:
        self.left: list[tuple[str, str]] = []

    def __call__(self, transport: str, other: str) -> None:
        self.left.append((transport, other))


def sent(transports: Transports, *errors: AttemptError) -> list[str]:
    """The transports of a segment's attempts, which end in these errors and then in a take."""
    journey = transports.journey()
    taken = [journey.transport]
    for error in errors:
        journey.failed(error)
        taken.append(journey.transport)
    journey.arrived()
    return taken


def test_each_attempt_that_fails_on_the_way_takes_the_next_and_the_last_one_stays() -> None:
    assert sent(Transports(CHAIN), *[BROKEN] * 4) == ["ws", "sse", "http", "http", "http"]


def test_the_next_segment_begins_by_the_preferred_one() -> None:
    transports = Transports(CHAIN)
    sent(transports, BROKEN)
    assert sent(transports) == ["ws"]


@pytest.mark.parametrize(
    ("error", "other"),
    [
        (StreamBroken("cut"), "sse"),
        (Unavailable("closed unanswered"), "sse"),
        (Unavailable("refused", connected=False), "sse"),
        (Unavailable("busy", retry_after_s=1.0), ""),
        (RateLimited("slow down"), ""),
        (RateLimited("too many at once", is_concurrency=True), ""),
        (BadTake("silence"), ""),
    ],
)
def test_what_is_no_fault_of_the_way_changes_nothing(error: AttemptError, other: str) -> None:
    journey = Transports(CHAIN).journey()
    assert journey.transport == "ws"
    assert journey.failed(error) == other
    assert journey.transport == (other or "ws")


@pytest.mark.parametrize("chain", [(), ("http",)])
def test_where_there_is_one_way_it_is_taken_again(chain: tuple[str, ...]) -> None:
    journey = Transports(chain).journey()
    way = journey.transport
    assert way == "".join(chain)
    assert journey.failed(BROKEN) == ""
    assert journey.transport == way


def test_one_that_never_carried_anything_is_left_after_two_segments() -> None:
    log = Log()
    transports = Transports(CHAIN, log)
    for _ in range(LEFT_FIRST_AFTER):
        assert sent(transports, BROKEN) == ["ws", "sse"]
    assert log.left == [("ws", "sse")]
    assert sent(transports) == ["sse"]
    assert sent(transports, BROKEN) == ["sse", "http"]


def test_one_that_has_worked_is_given_more_time() -> None:
    log = Log()
    transports = Transports(CHAIN, log)
    sent(transports)
    for _ in range(LEFT_AFTER - 1):
        sent(transports, BROKEN)
    sent(transports)  # it works again: all that was before is forgotten
    for _ in range(LEFT_AFTER):
        assert log.left == []
        assert sent(transports, BROKEN) == ["ws", "sse"]
    assert log.left == [("ws", "sse")]


def test_a_service_that_is_down_by_every_way_makes_none_of_them_worse() -> None:
    log = Log()
    transports = Transports(CHAIN, log)
    for _ in range(10):
        journey = transports.journey()
        while journey.failed(BROKEN):
            pass
    assert log.left == []
    assert sent(transports) == ["ws"]


def test_whoever_was_under_way_when_one_is_left_goes_on_by_the_next() -> None:
    transports = Transports(CHAIN)
    waiting = transports.journey()
    assert waiting.transport == "ws"
    waiting.failed(RateLimited("slow down"))
    for _ in range(LEFT_FIRST_AFTER):
        sent(transports, BROKEN)
    assert waiting.transport == "sse"


def test_two_that_fail_are_both_left_and_the_last_never_is() -> None:
    log = Log()
    transports = Transports(CHAIN, log)
    for _ in range(LEFT_FIRST_AFTER):
        sent(transports, BROKEN, BROKEN)
    assert log.left[-1] == ("sse", "http")
    assert {left for left, _ in log.left} == {"ws", "sse"}
    for _ in range(20):
        assert sent(transports, *[BROKEN] * 3) == ["http"] * 4
