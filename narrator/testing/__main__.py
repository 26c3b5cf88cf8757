"""`python -m narrator.testing`: the fake speech server as a program, to try narrator against by hand."""

from __future__ import annotations

import asyncio
import re

import click

from narrator.testing.faults import FAULTS, Rule
from narrator.testing.openai_server import FakeSpeechServer

_WHEN = re.compile(r"(?P<name>[\w-]+)(@(?:(?P<percent>\d+(\.\d+)?)%|(?P<first>\d+)(-(?P<last>\d+))?))?")


class FaultRule(click.ParamType[Rule]):
    """NAME, NAME@10%, NAME@3 or NAME@3-7: which fault, and to which requests it happens."""

    name = "fault"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Rule:
        found = _WHEN.fullmatch(str(value))
        if found is None or found["name"] not in FAULTS:
            self.fail(
                f"{value!r} is not one of {', '.join(FAULTS)}, with @10%, @3 or @3-7 behind it", param, ctx
            )
        if found["percent"]:
            return Rule(FAULTS[found["name"]], probability=float(found["percent"]) / 100)
        if found["first"]:
            last = int(found["last"] or found["first"])
            return Rule(FAULTS[found["name"]], requests=range(int(found["first"]), last + 1))
        return Rule(FAULTS[found["name"]])


@click.command()
@click.option("--port", default=0, show_default="any free one", help="The port on 127.0.0.1.")
@click.option("--key", default="", help="Ask for this bearer token.")
@click.option("--latency-ms", default=0, help="Wait so long before each answer.")
@click.option(
    "--fault", "rules", type=FaultRule(), multiple=True, metavar="NAME[@WHEN]", help="Fail on demand."
)
@click.option("--seed", default=0, help="Decides what @10% hits.")
def main(port: int, key: str, latency_ms: int, rules: tuple[Rule, ...], seed: int) -> None:
    """Speak OpenAI's /v1/audio/speech on 127.0.0.1 until interrupted; the first line is the URL."""
    server = FakeSpeechServer(port=port, key=key, latency_s=latency_ms / 1000, seed=seed)
    for rule in rules:
        server.fail(rule.fault, requests=rule.requests, probability=rule.probability)
    try:
        asyncio.run(_serve(server))
    except KeyboardInterrupt:
        click.echo(f"{len(server.requests)} requests, {server.billed_characters} characters billed", err=True)


async def _serve(server: FakeSpeechServer) -> None:
    async with server:
        click.echo(server.url)
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
