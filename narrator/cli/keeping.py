"""`narrator verify` and `narrator clean`: looking after what a project keeps."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrator.cli.group import verbose_option
from narrator.cli.streams import complain, say
from narrator.errors import ExitCode

if TYPE_CHECKING:  # these import all that is heavy
    from narrator.keeping import Cleaned, Unneeded, Verified
    from narrator.rendering.reasons import ReasonGroup

_MOST_NAMED = 20

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@_json_option
@verbose_option
@click.pass_context
def verify(ctx: click.Context, project: Path, *, as_json: bool) -> None:
    """Read everything that PROJECT keeps once more, and put what is damaged away.

    Every take is hashed, and measured anew; bad ones go to quarantine/ in the project, so that the next render
    speaks them again. Delivered files that are missing or were changed are named. Ends with 3 where takes were
    bad.
    """
    from narrator import keeping  # noqa: PLC0415 - all that is heavy comes with it
    from narrator.progress import log_event  # noqa: PLC0415 - as above

    verified = keeping.verify(project, log_event)
    say(verified_object(verified) if as_json else verified_words(verified))
    if verified.bad:
        ctx.exit(ExitCode.INCOMPLETE)


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Remove without asking.")
@_json_option
@verbose_option
def clean(project: Path, *, yes: bool, as_json: bool) -> None:
    """Remove what PROJECT keeps and its script does not need: takes of other voices and texts, and leftovers.

    Sizes are told first, and nothing is removed before you have said so, here or with --yes. Nothing that a
    render of the book as it is would use is ever removed.
    """
    from narrator import keeping  # noqa: PLC0415 - all that is heavy comes with it

    def confirm(seen: Cleaned) -> bool:
        if not as_json:
            say(unneeded_words(seen))
        if yes or as_json or not sys.stdin.isatty():
            return yes
        return click.confirm("Remove all of this?", err=True)

    cleaned = keeping.clean(project, confirm)
    if as_json:
        say(cleaned_object(cleaned))
    elif not cleaned.unneeded:
        say("There is nothing to remove: the script needs all that is kept.")
    elif cleaned.removed:
        say(f"Removed {_size(cleaned.bytes)}.")
    else:
        complain(f"Nothing was removed. To remove it: narrator clean {project} --yes")


def verified_object(verified: Verified) -> str:
    """The object that `verify --json` prints."""
    bad = [{"key": fault.key, "what": fault.what} for fault in verified.bad]
    return json.dumps({**asdict(replace(verified, bad=())), "bad": bad}, default=str)


def verified_words(verified: Verified) -> str:
    """What was read, what was wrong, and what to type next."""
    lines = [f"{_count(verified.takes, 'take')}, {_size(verified.bytes)}, read: {_verdict(len(verified.bad))}."]
    lines += _named([f"  {fault.key[:12]}: {fault.what}" for fault in verified.bad])
    if verified.bad:
        lines.append("They are in quarantine/ now. To speak again those that the book needs:")
        lines.append(f"  narrator render {verified.project}")
    if verified.files:
        lines.append(
            f"{_count(verified.files, 'delivered file')} read: {_file_verdict(len(verified.altered))}."
        )
    lines += _named([f"  {file.path}: {file.what}" for file in verified.altered])
    if verified.altered:
        lines.append(
            "Files that are missing are made again by a render; to replace one that you did not change"
        )
        lines.append("yourself, delete it first.")
    return "\n".join(lines)


def cleaned_object(cleaned: Cleaned) -> str:
    """The object that `clean --json` prints."""
    groups = [
        {
            "reason": each.reason,
            "voice": each.voice,
            "takes": each.takes,
            "files": len(each.paths),
            "bytes": each.bytes,
            "characters_billed": each.characters_billed,
        }
        for each in cleaned.unneeded
    ]
    whole = {"project": str(cleaned.project), "bytes": cleaned.bytes, "removed": cleaned.removed}
    return json.dumps({**whole, "unneeded": groups})


def unneeded_words(cleaned: Cleaned) -> str:
    """What could be removed and why, a line a reason, and the sum."""
    lines = ["Not needed for the book as it is:", *map(_unneeded_line, cleaned.unneeded)]
    lines.append(f"{_size(cleaned.bytes):>10}  in all")
    return "\n".join(lines)


def reason_lines(groups: Sequence[ReasonGroup]) -> list[str]:
    """Why a render has something to speak: each reason, how much it is, and where."""
    from narrator.rendering.reasons import ranges  # noqa: PLC0415 - what it imports is not for help

    lines = []
    for group in groups:
        where = f"chapter{'s' if len(group.chapters) > 1 else ''} {ranges(group.chapters)}"
        amount = f"{_count(group.orders, 'request')}, {_count(group.characters, 'character')}"
        lines.append(f"{group.reason}: {amount}, in {where}")
        lines += [f"    “{_opening(text)}”" for text in group.texts]
        if group.orders > len(group.texts):
            lines.append(f"    … and {group.orders - len(group.texts):,} more")
    return lines


def _unneeded_line(each: Unneeded) -> str:
    amount = _count(each.takes, "take") if each.takes else _count(len(each.paths), "file")
    voice = f" of {each.voice}" if each.voice else ""
    paid = f" (paid: {each.characters_billed:,} characters)" if each.characters_billed else ""
    return f"{_size(each.bytes):>10}  {amount}{voice}: {each.reason}{paid}"


def _verdict(bad: int) -> str:
    return f"{bad:,} bad" if bad else "all are sound"


def _file_verdict(altered: int) -> str:
    return f"{altered:,} not as delivered" if altered else "all are as they were delivered"


def _named(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_NAMED
    return lines if more <= 0 else [*lines[:_MOST_NAMED], f"  … and {more:,} more"]


def _opening(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:69]}…"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
