"""The options that say how a book is rendered, shared by the commands that read a book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from narrator.errors import UsageError
from narrator.wishes import QUALITIES, Wishes, wishes_of

_Command = TypeVar("_Command", bound=Callable[..., Any])


def book_options(command: _Command) -> _Command:
    """Add the options of a book to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "-o",
        "--output",
        type=click.Path(file_okay=False),
        help="Folder of the finished files.  [default: out/ in the project]",
    ),
    click.option(
        "--project",
        type=click.Path(file_okay=False),
        help="Folder of the project.  [default: by the book's name, under --projects]",
    ),
    click.option(
        "--projects",
        type=click.Path(file_okay=False),
        envvar="NARRATOR_PROJECTS",
        default="projects",
        show_default="$NARRATOR_PROJECTS or ./projects",
        help="Folder in which projects live.",
    ),
    click.option(
        "--provider", help="Who speaks; `narrator providers` lists them.  [default: hibari, embedded]"
    ),
    click.option("--voice", help="A voice of the provider; `narrator voices` lists them."),
    click.option("--model", help="A model of the provider."),
    click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the provider."),
    click.option("--base-url", help="Root of the provider's server, for one of your own."),
    click.option("--title", help="Title of the book, if it declares none or the wrong one."),
    click.option(
        "--author", "authors", multiple=True, metavar="NAME", help="Author; again for each further one."
    ),
    click.option("--language", help="Language of the book, such as en or pt-BR, if it declares the wrong one."),
    click.option("--date", metavar="YYYY[-MM[-DD]]", help="When the book was first published."),
    click.option("--series", help="Series that the book belongs to."),
    click.option("--part", metavar="N", help="Place of the book in its series: 3, 3.5."),
    click.option("--cover", metavar="FILE", help="Picture of the book, a JPEG or PNG; 'none': no picture."),
    click.option("--speed", type=float, help="Pace of the voice; 1.0 is its own."),
    click.option(
        "--strategy",
        type=click.Choice(["paragraph", "sentence", "word", "fixed"]),
        help="How text is cut into requests.  [default: paragraph]",
    ),
    click.option("--max-chars", type=int, help="Longest text of one request.  [default: 1000]"),
    click.option(
        "--quality",
        type=click.Choice(sorted(QUALITIES)),
        help="A cutting by its name: fast (words, 100), balanced (sentences, 200), high (paragraphs, 300).",
    ),
    click.option("--concurrency", type=int, help="Requests at once.  [default: what suits the provider]"),
    click.option("--rate", metavar="N/s", help="Requests a period at the most: 5/s, 100/m, 20/10s."),
    click.option(
        "--price",
        type=float,
        metavar="USD",
        help="What a million characters cost, where narrator does not know it.",
    ),
    click.option(
        "--chapters",
        metavar="N[-M][,…]",
        help="Only these, as `narrator plan` numbers them with the same options: 1-3,7.",
    ),
    click.option(
        "--preview",
        type=float,
        metavar="MINUTES",
        help="Only about so much of the opening, as a file of its own; its takes serve the whole book.",
    ),
    click.option(
        "--format", "formats", metavar="F[,F]", help="Files to make: mp3, m4b, opus, flac, wav.  [default: mp3]"
    ),
    click.option(
        "--profile",
        metavar="P",
        help="What the files are for: acx, google, spotify, apple-podcasts, audiobookshelf, ebu, yours; none.",
    ),
    click.option(
        "--extras",
        metavar="E[,E]",
        help="Files to go with them: srt, vtt, cue, labels, read-along, manifest, metadata.",
    ),
    click.option("--one-file", is_flag=True, help="One file of the whole book, as M4B always is."),
    click.option(
        "--template",
        metavar="FILE",
        help="A project.toml whose settings this book gets, where no option says something else.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="SECTION.KEY=VALUE",
        help="Any other setting of project.toml: reading.notes=end, cast.speakers.HAMLET=VOICE.",
    ),
    click.option("--replan", is_flag=True, help="Cut the text anew instead of keeping the accepted script."),
)


def wishes_from(options: dict[str, Any]) -> Wishes:
    """What the options given on the command line wish for.

    Raises:
        UsageError: an --option or a --set has no '=', a path cannot be one, or a cover is no picture.
    """
    authors = options.pop("authors")
    for name in ("formats", "extras"):
        options[name] = _listed(options.pop(name))
    for name, flag in (("options", "--option KEY=VALUE"), ("settings", "--set SECTION.KEY=VALUE")):
        options[name] = dict(key_and_value(flag, written) for written in options[name])
    return wishes_of(
        **options,
        authors=tuple(filter(None, authors)),
    )


def _listed(written: str | None) -> tuple[str, ...] | None:
    return tuple(dict.fromkeys(name.strip() for name in written.split(","))) if written else None


def key_and_value(flag: str, written: str) -> tuple[str, str]:
    """What was written as KEY=VALUE. `flag` is what to write, as in '--option KEY=VALUE'.

    Raises:
        UsageError: there is no '=', or no key.
    """
    key, equals, value = written.partition("=")
    if not (key and equals):
        name, shape = flag.split()
        raise UsageError(f"{name} {written} says nothing.", advice=f"Write it as {shape}.")
    return key, value
