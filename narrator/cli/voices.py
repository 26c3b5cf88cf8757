"""`narrator voices` and `narrator providers`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from narrator.cli.group import verbose_option
from narrator.cli.streams import say

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")


@click.command()
@click.option("--provider", default="hibari", show_default=True, help="Whose voices.")
@click.option("--base-url", default="", help="Root of the provider's server, for one of your own.")
@_json_option
@verbose_option
def voices(provider: str, base_url: str, *, as_json: bool) -> None:
    """List the voices of a provider."""
    from narrator import app  # noqa: PLC0415 - all that is heavy comes with it

    found = app.voices(provider, base_url)
    for voice in found:
        languages = ", ".join(voice.languages)
        words = f"{voice.id:24} {languages:12} {voice.description or voice.name}".rstrip()
        say(json.dumps(asdict(voice)) if as_json else words)
    if not found and not as_json:
        say(f"{provider} does not say which voices it has.")


@click.command()
@_json_option
@verbose_option
def providers(*, as_json: bool) -> None:
    """List the providers: where they run, what they need, what they cost."""
    from narrator import app  # noqa: PLC0415 - as above

    for listing in app.providers():
        key = f"; key: {listing.key_variable}" if listing.key_variable else ""
        words = f"{listing.name:10} {listing.runs}; {listing.price}{key}"
        say(json.dumps(asdict(listing)) if as_json else words)
