"""The command `narrator` and its sub-commands, each imported only when it runs: help must be quick."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from narrator.stopping import stopped_by
from narrator.version import __version__

_COMMANDS = {
    "render": ("narrator.cli.render", "Turn a book into a finished audiobook, or go on with one."),
    "resume": ("narrator.cli.render", "Go on with a render that was interrupted."),
    "plan": ("narrator.cli.plan", "Show what a render would do and cost, and do nothing."),
    "status": ("narrator.cli.plan", "Show how far a project is."),
    "check": ("narrator.cli.check", "Measure sound files, and hold them against what a shop demands."),
    "verify": ("narrator.cli.keeping", "Read every take of a project, and put bad ones away."),
    "clean": ("narrator.cli.keeping", "Remove takes that the script no longer needs."),
    "costs": ("narrator.cli.costs", "Show what books cost so far."),
    "speak": ("narrator.cli.speak", "Speak a text aloud, while it arrives."),
    "voices": ("narrator.cli.voices", "List the voices of a provider; clone or download one."),
    "models": ("narrator.cli.voices", "List the models of a provider."),
    "providers": ("narrator.cli.voices", "List the providers."),
    "jobs": ("narrator.cli.jobs", "Render by itself: when it is time, or when something is new."),
    "keys": ("narrator.cli.keys", "Keep the keys of services in the system keyring."),
    "doctor": ("narrator.cli.doctor", "Check this installation, and print what a bug report needs."),
}


@dataclass(slots=True)
class Flags:
    """What was asked of every command, kept where it is still known after the command has failed."""

    is_verbose: bool = False


class LazyGroup(click.Group):
    """Knows its commands by name and one line each; imports one when it is called.

    `lazy` has the module of each, 'narrator.cli.costs', with ':' and its name there where that is another.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module, _, name = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name or cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self._lazy:
            import difflib  # noqa: PLC0415 - only for a mistyped word

            near = difflib.get_close_matches(args[0], self._lazy, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" `{ctx.command_path} --help` lists them."
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as exc:  # click would forget which signal it was
            raise stopped_by(exc) from exc

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._lazy.items()])


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 a fault of narrator's own or output that cannot be written, 2 usage, "
    "3 incomplete, 4 refused (key, quota, voice, language), 5 budget reached, 6 locked, "
    "7 unreadable manuscript or sound, 8 disk, 9 files that fail their profile, 130 interrupted (Ctrl-C), "
    "143 terminated (SIGTERM, SIGHUP).",
)
@click.version_option(__version__, prog_name="narrator", message="%(prog)s %(version)s")
def narrator() -> None:
    """Turn a manuscript (EPUB, PDF, DOCX, Markdown, text…) into a finished, tagged, mastered audiobook.

    Begin with: narrator render book.epub. It speaks the book on the embedded voice, with no key and no
    network. An interrupted render goes on where it stopped when the same command is run again.
    """


def _set_verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001, FBT001 - click's
    if value:
        from narrator.progress import set_up_logging  # noqa: PLC0415 - imports tqdm

        ctx.ensure_object(Flags).is_verbose = True
        set_up_logging(verbose=True)


verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_set_verbose,
    help="Say everything that happens.",
)
