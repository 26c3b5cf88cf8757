"""narrator: a manuscript in, a finished, tagged, mastered audiobook out.

    import narrator
    done = narrator.render("book.epub", output="audiobook")
    print(narrator.plan("book.epub", provider="openai").cost_usd)

Or a text, as it arrives, to sound, as it is made: PCM, signed 16-bit little-endian mono.

    speaking = narrator.speak(words)                      # words: a text, or an iterable of its pieces
    async for pcm in speaking: ...                        # at speaking.rate_hz

    with narrator.speak_blocking("Hello.") as speaking:   # the same without coroutines
        for pcm in speaking: ...

The functions take the options of the command line by name, and raise the errors of `narrator.errors`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from narrator.version import __version__

if TYPE_CHECKING:  # all that is heavy comes with app
    from narrator.ports import Observer
    from narrator.results import Planned, Rendered
    from narrator.speaking.arrivals import Text
    from narrator.speaking.stream import BlockingSpeaking, Speaking, SpeakOptions
    from narrator.wishes import Options

__all__ = ["__version__", "plan", "render", "speak", "speak_blocking"]


def render(source: str | Path, *, observe: Observer | None = None, **options: Unpack[Options]) -> Rendered:
    """Bring a book, or the folder of a project, all the way to tagged files; `app.render` says how.

    Raises:
        narrator.errors.NarratorError: every kind; finished takes are kept whatever happens.
    """
    from narrator import app, wishes  # noqa: PLC0415 - see above

    return app.render(Path(source), wishes.wishes_of(**options), observe or _ignore)


def plan(source: str | Path, **options: Unpack[Options]) -> Planned:
    """What `render` with the same options would speak, skip and cost. Has nothing spoken and writes nothing.

    Raises:
        narrator.errors.NarratorError: as `render` would before it speaks.
    """
    from narrator import app, wishes  # noqa: PLC0415 - see above

    return app.plan(Path(source), wishes.wishes_of(**options))


def speak(text: Text, **options: Unpack[SpeakOptions]) -> Speaking:
    """Speak a text while it arrives: an asynchronous iterator of PCM, s16le mono at its `rate_hz`.

    `text` is a string, or an iterable, asynchronous or not, of pieces that are cut anywhere, as a language
    model gives them. Each sentence is spoken as soon as it is whole. To stop early, close it, as `async with`
    does.

    Raises:
        narrator.errors.NarratorError: here, where the options are wrong; all else while it is iterated.
    """
    from narrator.speaking.stream import Speaking  # noqa: PLC0415 - see above

    return Speaking(text, **options)


def speak_blocking(text: str | Iterable[str], **options: Unpack[SpeakOptions]) -> BlockingSpeaking:
    """`speak` for code without coroutines: an iterator of the same PCM. To stop early, close it: `with` does.

    Raises:
        narrator.errors.NarratorError: as `speak`.
    """
    from narrator.speaking.stream import BlockingSpeaking  # noqa: PLC0415 - see above

    return BlockingSpeaking(text, **options)


def _ignore(_: object) -> None:
    """Observe nothing."""
