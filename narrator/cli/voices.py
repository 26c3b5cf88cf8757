"""`narrator voices`, `narrator models` and `narrator providers`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from narrator.cli.group import verbose_option
from narrator.cli.options import key_and_value
from narrator.cli.streams import complain, say

if TYPE_CHECKING:  # help does not need them
    from tqdm import tqdm

    from narrator.offers import Asked

_Command = TypeVar("_Command", bound=Callable[..., Any])

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")


def _asked_options(command: _Command) -> _Command:
    """Add the options that say who is asked."""
    for option in reversed(
        (
            click.option("--provider", default="hibari", show_default=True, help="Who is asked."),
            click.option("--base-url", default="", help="Root of the provider's server, for one of your own."),
            click.option("--model", default="", help="A model of the provider, where voices depend on it."),
            click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of it."),
        )
    ):
        command = option(command)
    return command


def _asked(provider: str, base_url: str, model: str, options: tuple[str, ...]) -> Asked:
    """Raises UsageError."""
    from narrator.offers import Asked  # noqa: PLC0415 - all that is heavy comes with it

    pairs = dict(key_and_value("--option KEY=VALUE", written) for written in options)
    return Asked(provider, base_url, model, pairs)


class _Voices(click.Group):
    """Says of a word that is no command how voices are listed: it may well be a provider."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            also = ", ".join(self.commands)
            ctx.fail(f"To list voices: narrator voices --provider NAME. There are also: {also}.")
        return super().resolve_command(ctx, args)


@click.group(cls=_Voices, invoke_without_command=True)
@_asked_options
@_json_option
@verbose_option
@click.pass_context
def voices(ctx: click.Context, /, *, as_json: bool, **asked: Any) -> None:
    """List the voices of a provider; or clone one, or download one of Piper's."""
    if ctx.invoked_subcommand:
        if any(ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT for name in asked):
            ctx.fail(f"Write the options behind {ctx.invoked_subcommand!r}.")
        return
    from narrator import offers  # noqa: PLC0415 - all that is heavy comes with it

    found = offers.voices(_asked(**asked))
    for voice in found:
        languages = ", ".join(voice.languages)
        words = f"{voice.id:24} {languages:12} {_told(voice.id, voice.name, voice.description)}".rstrip()
        say(json.dumps(asdict(voice)) if as_json else words)
    if not found:
        complain(
            "There is no voice of Piper yet. Fetch one: narrator voices download en_US-joe-medium"
            if asked["provider"] == "piper"
            else f"{asked['provider']} does not say which voices it has."
        )


@voices.command()
@click.argument("name")
@click.argument("sample", type=click.Path(path_type=Path))
@_asked_options
@click.option("--language", default="", help="Language that is spoken in it, such as en or pt-BR.")
@_json_option
@verbose_option
def clone(name: str, sample: Path, *, language: str, as_json: bool, **asked: Any) -> None:
    """Have a voice NAME made of a recording of a person speaking, the file SAMPLE.

    Only with that person's consent.
    """
    from narrator import offers  # noqa: PLC0415 - as above

    made = offers.clone(_asked(**asked), name, sample, language)
    wanted = f"--provider {asked['provider']} --voice {made.id}"
    say(json.dumps(asdict(made)) if as_json else f"Made the voice {made.id}. Speak with it: {wanted}")


@voices.command()
@click.argument("voice")
@click.option("--from", "repository", default="", metavar="URL", help="Repository with a voices.json.")
@click.option("--sha256", default="", metavar="HEX", help="Checksum of the model, where VOICE is an address.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder.  [default: narrator's own]",
)
@_json_option
@verbose_option
def download(voice: str, *, repository: str, sha256: str, folder: Path | None, as_json: bool) -> None:
    """Fetch a voice of Piper: by its name in a repository, or VOICE is the address of a .onnx file.

    Without --from, names are those of https://huggingface.co/rhasspy/piper-voices.
    """
    from narrator import offers  # noqa: PLC0415 - as above

    with ExitStack() as bars:
        done = offers.download(voice, folder, repository=repository, sha256=sha256, watch=_Bars(bars))
    if as_json:
        say(json.dumps({**asdict(done.voice), "model": str(done.model), "sha256": done.sha256}))
    else:
        wanted = done.model if folder else done.voice.id
        say(f"{done.voice.id} is in {done.model.parent}. Speak with it: --provider piper --voice {wanted}")


class _Bars:
    """A bar for each file, on a terminal."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._bars: dict[str, tqdm[Any]] = {}

    def __call__(self, name: str, received: int, length: int | None) -> None:
        if name not in self._bars:
            from tqdm import tqdm  # noqa: PLC0415 - help needs none

            bar = tqdm(desc=name, total=length, unit="B", unit_scale=True, disable=None)
            self._bars[name] = self._stack.enter_context(bar)
        self._bars[name].update(received - self._bars[name].n)


@click.command()
@_asked_options
@_json_option
@verbose_option
def models(*, as_json: bool, **asked: Any) -> None:
    """List the models of a provider."""
    from narrator import offers  # noqa: PLC0415 - as above

    for model in offers.models(_asked(**asked)):
        most = f"up to {model.max_characters:,} characters" if model.max_characters else ""
        words = f"{model.id:28} {_told(model.id, model.name, most, ' '.join(model.languages))}".rstrip()
        say(json.dumps(asdict(model)) if as_json else words)


@click.command()
@_json_option
@verbose_option
def providers(*, as_json: bool) -> None:
    """List the providers: where they run, what they need, what they cost."""
    from narrator import offers  # noqa: PLC0415 - as above

    for listing in offers.providers():
        if as_json:
            say(json.dumps(asdict(listing)))
            continue
        key = f"; key: {listing.key_variable}" if listing.key_variable else ""
        extra = f"; pip install 'narrator[{listing.extra}]'" if listing.extra else ""
        prices = listing.price.split("; ")
        told = f"; {prices.pop()}" if len(prices) == 1 else ""
        say(f"{listing.name:10} {listing.runs}{told}{key}{extra}")
        for price in prices:
            say(f"{'':12} {price}")


def _told(of: str, name: str, *more: str) -> str:
    """What is known of a voice or a model, and does not just repeat how it is chosen."""
    return "; ".join(filter(None, ("" if name.casefold() == of.casefold() else name, *more)))
