"""By what wishes a manuscript becomes a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from narrator.config import Cast, Reading
from narrator.script.strategies import Limit, Unit
from narrator.script.wording import Wording


@dataclass(frozen=True, slots=True)
class Cut:
    """How texts are cut: the strategy's name, and the longest text of one segment.

    `limit` is in characters and `max_bytes`, where there is one, in UTF-8. Paragraphs that together have no
    more than `merge` characters are said in one go.
    """

    strategy: str
    limit: int
    max_bytes: int | None = None
    merge: int = 0

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Within all of these every text has to be."""
        characters = Limit(self.limit)
        return (characters,) if self.max_bytes is None else (characters, Limit(self.max_bytes, Unit.UTF8_BYTES))


@dataclass(frozen=True, slots=True)
class Treatment:
    """How texts are cut, what of a book is spoken, in whose voices, and how it is written out for them."""

    cut: Cut
    reading: Reading = field(default_factory=Reading)
    cast: Cast = field(default_factory=Cast)
    wording: Wording = field(default_factory=Wording)

    @property
    def cutting(self) -> Mapping[str, object]:
        """What decides how chapters are cut, as plain data: by default the strategy and the limit alone."""
        cut = self.cut
        facts: dict[str, object] = {"strategy": cut.strategy, "limit": cut.limit}
        more = {
            "max_bytes": cut.max_bytes,
            "merge": cut.merge,
            "reading": self.reading.model_dump(mode="json", exclude_defaults=True),
            "cast": self.cast.model_dump(mode="json", exclude_defaults=True),
        }
        return facts | {key: value for key, value in more.items() if value}
