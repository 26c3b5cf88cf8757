"""`narrator keys`: keys of services in the system keyring. A key is typed or piped in, and is never shown."""

from __future__ import annotations

import json
import re
import sys

import click

from narrator.cli.group import verbose_option
from narrator.cli.streams import say
from narrator.errors import UsageError

_ANOTHER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
"""The name of another account's key: nothing that a service gives out as a key looks like one."""

# What is typed in the wrong place may be a key: it is neither taken nor repeated.
_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}


class _Keys(click.Group):
    """Says of a mistyped command only which there are."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            ctx.fail(f"There are these: {', '.join(self.commands)}.")
        return super().resolve_command(ctx, args)


@click.group(cls=_Keys)
def keys() -> None:
    """Keep the keys of services in the system keyring.

    The environment comes first: a key in a variable such as ELEVENLABS_API_KEY is used whatever is kept. For
    another account, PROVIDER is the name that `key_variable` has in project.toml: ELEVENLABS_API_KEY_2.
    """


@keys.command("set", context_settings=_ANYTHING)
@click.argument("provider")
@verbose_option
@click.pass_context
def set_key(ctx: click.Context, provider: str) -> None:
    """Keep the key of PROVIDER. It is asked for, or read from standard input where that is piped."""
    from narrator.providers import keys as kept  # noqa: PLC0415 - help needs none of it

    variable = _variable(ctx, provider)
    kept.keyring_for(variable)  # nobody is asked for a key that then cannot be kept
    if sys.stdin.isatty():
        key = click.prompt(f"Key of {provider} (what you type is not shown)", hide_input=True, err=True)
    else:
        key = sys.stdin.readline()
    keyring = kept.keep_key(variable, key)
    say(f"The key of {provider} is kept in {keyring}.")
    if kept.key_source(variable) is kept.KeySource.ENVIRONMENT:
        say(f"For as long as {variable} is set in the environment, that one is used.")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@verbose_option
def list_keys(*, as_json: bool) -> None:
    """Say of each provider that takes a key where it is found. No key is shown."""
    from narrator.providers.catalog import listings  # noqa: PLC0415 - as above
    from narrator.providers.keys import KeySource, key_source  # noqa: PLC0415 - as above

    words = {
        KeySource.ENVIRONMENT: "set, in the environment",
        KeySource.KEYRING: "set, in the keyring",
        KeySource.NOWHERE: "not set",
    }
    for listing in listings():
        if variable := listing.key_variable:
            found = key_source(variable)
            line = {"provider": listing.name, "variable": variable, "found_in": found}
            say(json.dumps(line) if as_json else f"{listing.name:12} {variable:20} {words[found]}")


@keys.command("remove", context_settings=_ANYTHING)
@click.argument("provider")
@verbose_option
@click.pass_context
def remove_key(ctx: click.Context, provider: str) -> None:
    """Remove the key of PROVIDER from the system keyring."""
    from narrator.providers.keys import KeySource, forget_key, key_source  # noqa: PLC0415 - as above

    variable = _variable(ctx, provider)
    if not forget_key(variable):
        raise UsageError(
            f"There is no key of {provider} in the keyring.", advice="`narrator keys list` tells more."
        )
    say(f"The key of {provider} is removed from the keyring.")
    if key_source(variable) is KeySource.ENVIRONMENT:
        say(f"{variable} is still set in the environment.")


def _variable(ctx: click.Context, provider: str) -> str:
    """The variable of a provider's key; or itself, where it is the name of one.

    Raises:
        UsageError: it takes none, or there are arguments besides.
    """
    from narrator.providers.catalog import listings  # noqa: PLC0415 - as above

    variables = {listing.name: listing.key_variable for listing in listings() if listing.key_variable}
    if _ANOTHER.fullmatch(provider):
        variables[provider] = provider
    if ctx.args:
        raise UsageError(
            "A key is not taken from the command line: others see it there, and the shell keeps it.",
            advice="Leave it out, and it is asked for. One that was typed there had better be replaced.",
        )
    if provider not in variables:
        raise UsageError(
            "There is no provider of that name that takes a key.",
            advice=f"There are: {', '.join(variables)}. Or name a variable, such as ELEVENLABS_API_KEY_2.",
        )
    return variables[provider]
