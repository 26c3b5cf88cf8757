"""Why each order is one: what a person changed since, or what became of the take that was there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from narrator.model import TakeKey
from narrator.rendering.plan import Order

Canonical = Mapping[str, Any]
"""What `SpeechRequest.canonical` gives, and what a sidecar keeps of it."""

DAMAGED = "take damaged (in quarantine)"
INCOMPLETE = "take incomplete on disk"
NEW_TEXT = "new text"

FIRST_TEXTS = 3
"""As many texts of a group are named: enough to know which they are."""

_SHOWN_CHARACTERS = 40

_FOLLOWS = {
    "provider": (
        "model",
        "voice_digest",
        "language",
        "rate_hz",
        "revision",
        "options",
        "previous_text",
        "next_text",
    ),
    "model": ("previous_text", "next_text"),
    "voice": ("voice_digest",),
    "previous_text": ("next_text",),
}
"""What cannot but change with a field, and is no reason of its own beside it."""

_WORDS = {
    "provider": "provider changed from {old} to {new}",
    "model": "model changed from {old} to {new}",
    "voice": "voice changed from {old} to {new}",
    "voice_digest": "the embedded voice's model file changed",
    "language": "language changed from {old} to {new}",
    "speed": "speed changed from {old} to {new}",
    "rate_hz": "sample rate changed from {old} to {new} Hz",
    "revision": "narrator's adapter changed (revision {old} → {new})",
    "previous_text": "the text around it changed, which the voice goes by",
    "next_text": "the text around it changed, which the voice goes by",
    "key_revision": "narrator's recipe of takes changed (revision {old} → {new})",
}


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """Orders that are ones for the same reason.

    `characters` is what they would send, `chapters` the numbers of the chapters that first need them,
    ascending, and `texts` the first few of their texts.
    """

    reason: str
    orders: int
    characters: int
    chapters: tuple[int, ...]
    texts: tuple[str, ...]


def reasons_of(
    orders: Sequence[Order],
    others: Iterable[Canonical],
    *,
    quarantined: Collection[TakeKey],
    incomplete: Collection[TakeKey],
) -> dict[TakeKey, str]:
    """Say of each order why it is one.

    `others` are the requests of takes that the plan does not use; they are asked for only where an order may
    be explained by them. Of several takes of an order's text, the one that differs the least is what it was.
    """
    reasons: dict[TakeKey, str] = {}
    for order in orders:
        if order.key in quarantined:
            reasons[order.key] = DAMAGED
        elif order.key in incomplete:
            reasons[order.key] = INCOMPLETE
    unexplained = [order for order in orders if order.key not in reasons]
    earlier: dict[str, list[Canonical]] = {order.request.text: [] for order in unexplained}
    for other in others if unexplained else ():
        if (same_text := earlier.get(other["text"])) is not None:
            same_text.append(other)
    for order in unexplained:
        olds = earlier[order.request.text]
        reasons[order.key] = _since_nearest(order.request.canonical(), olds) if olds else NEW_TEXT
    return reasons


def change(old: Canonical, new: Canonical) -> str:
    """What makes one request another, texts aside: 'voice changed from heart to nova'; '' for nothing."""
    differing = [name for name in _WORDS if old.get(name) != new.get(name)]
    if _options(old) != _options(new):
        differing.append("options")
    following = {follower for name in differing for follower in _FOLLOWS.get(name, ())}
    phrases: list[str] = []
    for name in differing:
        if name in following:
            continue
        if name == "options":
            phrases += _option_changes(_options(old), _options(new))
        else:
            phrases.append(_WORDS[name].format(old=_shown(old.get(name)), new=_shown(new.get(name))))
    return ", ".join(phrases)


def grouped(orders: Iterable[Order], reasons: Mapping[TakeKey, str]) -> tuple[ReasonGroup, ...]:
    """The orders by reason, in the order in which each reason is first met in the book."""
    groups: dict[str, list[Order]] = {}
    for order in orders:
        groups.setdefault(reasons[order.key], []).append(order)
    return tuple(
        ReasonGroup(
            reason=reason,
            orders=len(members),
            characters=sum(len(order.request.text) for order in members),
            chapters=tuple(sorted({order.chapter for order in members})),
            texts=tuple(order.request.text for order in members[:FIRST_TEXTS]),
        )
        for reason, members in groups.items()
    )


def ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers as people write them: '1–4, 7'."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _since_nearest(new: Canonical, olds: Iterable[Canonical]) -> str:
    """Among equally near takes the words decide, so that all orders of a change have the same reason."""
    changes = {(_distance(old, new), change(old, new)) for old in olds}
    return min((each for each in changes if each[1]), default=(0, NEW_TEXT))[1]


def _distance(old: Canonical, new: Canonical) -> int:
    olds, news = _options(old), _options(new)
    fields = sum(1 for name in _WORDS if old.get(name) != new.get(name))
    return fields + sum(1 for name in olds.keys() | news.keys() if olds.get(name) != news.get(name))


def _options(request: Canonical) -> Mapping[str, str]:
    options: Mapping[str, str] = request.get("options") or {}
    return options


def _option_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    return [
        f"option {name} changed from {_shown(old.get(name))} to {_shown(new.get(name))}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    text = "none" if value is None or value == "" else str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
