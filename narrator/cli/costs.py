"""`narrator costs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from narrator.cli.group import verbose_option
from narrator.cli.streams import say
from narrator.errors import ExitCode

if TYPE_CHECKING:  # help does not need them
    from narrator.costs import Costs, ProjectCosts
    from narrator.rendering.spending import Amount, Spending


@click.command()
@click.argument("project", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--projects",
    type=click.Path(path_type=Path),
    envvar="NARRATOR_PROJECTS",
    default="projects",
    show_default="$NARRATOR_PROJECTS or ./projects",
    help="Folder whose projects are added up where none is named.",
)
@click.option("--by-month", is_flag=True, help="Also each month (UTC) by itself.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@verbose_option
@click.pass_context
def costs(
    ctx: click.Context, project: tuple[Path, ...], projects: Path, *, by_month: bool, as_json: bool
) -> None:
    """Show what books cost so far, over all their runs. Calls no provider and writes nothing.

    Billed is what takes cost, and answers that became none (wasted). Maybe paid are requests that broke off
    or go on: they count against --max-cost as if they were billed.
    """
    from narrator.costs import add_up  # noqa: PLC0415 - reads projects, which help does not need

    found = add_up(project, projects)
    if as_json:
        say(json.dumps(_plain(found)))
    elif found.projects:
        say("\n".join(_words(found, by_month=by_month)))
    else:
        say(f"There is no project in {projects}.")
    if not found.is_whole:
        ctx.exit(ExitCode.INCOMPLETE)


def _plain(costs: Costs) -> dict[str, Any]:
    return {"projects": [_plain_project(each) for each in costs.projects], "total": _plain_sums(costs.total)}


def _plain_project(each: ProjectCosts) -> dict[str, Any]:
    account = each.account
    return {
        "project": str(each.project),
        "problem": each.problem,
        "runs": account.runs if account else 0,
        "since": account.since.isoformat() if account and account.since else None,
        **_plain_sums(each.total),
        "months": {month: _plain_sums(sums) for month, sums in account.months.items()} if account else {},
    }


def _plain_sums(sums: Spending) -> dict[str, Any]:
    return {
        "requests": sums.requests,
        "billed_characters": sums.billed.characters,
        "cost_usd": sums.billed.usd,
        "wasted_requests": sums.wasted.requests,
        "wasted_characters": sums.wasted.characters,
        "wasted_usd": sums.wasted.usd,
        "maybe_paid_requests": sums.maybe.requests,
        "maybe_paid_characters": sums.maybe.characters,
        "maybe_paid_usd": sums.maybe.usd,
        "unpriced_characters": sums.billed.unpriced_characters + sums.maybe.unpriced_characters,
    }


def _words(costs: Costs, *, by_month: bool) -> list[str]:
    lines = []
    for each in costs.projects:
        lines += _project_words(each, by_month=by_month)
    if len(costs.projects) > 1:
        requests = _count(costs.total.requests, "request")
        lines += [f"all {len(costs.projects)} projects: {requests}", *_sums(costs.total)]
    return lines


def _project_words(each: ProjectCosts, *, by_month: bool) -> list[str]:
    account = each.account
    if account is None:
        return [f"{each.project}: {each.problem or 'no ledger yet; the next render begins it'}"]
    if account.since is None:
        return [f"{each.project}: nothing was asked of a provider yet"]
    done = f"{_count(account.total.requests, 'request')} in {_count(account.runs, 'run')}"
    lines = [f"{each.project}: {done} since {account.since.astimezone().date()}", *_sums(account.total)]
    if by_month:
        for month, sums in account.months.items():
            lines += [f"  {month}: {_count(sums.requests, 'request')}", *_sums(sums)]
    return lines


def _sums(sums: Spending) -> list[str]:
    lines = [_line("billed", sums.billed, "")]
    if sums.wasted.requests:
        why = f"of that, for {_count(sums.wasted.requests, 'answer')} that became no take"
        lines.append(_line("wasted", sums.wasted, why))
    if sums.maybe.requests:
        why = f"besides, for {_count(sums.maybe.requests, 'request')} that broke off, if billed"
        lines.append(_line("maybe paid", sums.maybe, why))
    return lines


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _line(name: str, amount: Amount, why: str) -> str:
    return f"    {name:<10} {amount.characters:>12,} characters  {_money(amount):<16}{why}".rstrip()


def _money(amount: Amount) -> str:
    from narrator.rendering.budget import dollars  # noqa: PLC0415 - as above

    if amount.usd is None:
        return "price unknown"
    unpriced = (
        f" + {amount.unpriced_characters:,} characters at a price unknown" if amount.unpriced_characters else ""
    )
    return f"{dollars(amount.usd_micros)}{unpriced}  "
