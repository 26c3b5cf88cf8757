"""narrator: a manuscript in, a finished, tagged, mastered audiobook out.

    import narrator
    done = narrator.render("book.epub", output="audiobook")
    print(narrator.plan("book.epub", provider="openai").cost_usd)

The functions take the options of the command line by name, and raise the errors of `narrator.errors`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from narrator.version import __version__

if TYPE_CHECKING:  # all that is heavy comes with app
    from narrator.app import Planned, Rendered
    from narrator.ports import Observer
    from narrator.wishes import Options

__all__ = ["__version__", "plan", "render"]


def render(source: str | Path, *, observe: Observer | None = None, **options: Unpack[Options]) -> Rendered:
    """Bring a book, or the folder of a project, all the way to tagged files; `app.render` says how.

    Raises:
        narrator.errors.NarratorError: every kind; finished takes are kept whatever happens.
    """
    from narrator import app, wishes  # noqa: PLC0415 - see above

    return app.render(Path(source), wishes.wishes_of(**options), observe or _ignore)


def plan(source: str | Path, **options: Unpack[Options]) -> Planned:
    """What `render` with the same options would speak, skip and cost. Calls no provider and writes nothing.

    Raises:
        narrator.errors.NarratorError: as `render` would before it speaks.
    """
    from narrator import app, wishes  # noqa: PLC0415 - see above

    return app.plan(Path(source), wishes.wishes_of(**options))


def _ignore(_: object) -> None:
    """Observe nothing."""
