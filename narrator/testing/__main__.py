"""`python -m narrator.testing`: a fake speech server as a program, to try narrator against by hand."""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Mapping

import click

from narrator.testing.fake_server import FakeServer
from narrator.testing.faults import Fault, Rule

PROTOCOLS = {
    "openai": "openai_server:FakeSpeechServer",
    "smallest": "smallest_server:FakeSmallestServer",
    "elevenlabs": "elevenlabs_server:FakeElevenLabs",
    "chatterbox": "chatterbox_server:FakeChatterboxServer",
    "piper-http": "piper_server:FakePiperServer",
    "wyoming": "wyoming_server:FakeWyomingServer",
}
_USUAL = "openai"
_WHEN = re.compile(r"(?P<name>[\w-]+)(@(?:(?P<percent>\d+(\.\d+)?)%|(?P<first>\d+)(-(?P<last>\d+))?))?")


def server_class(protocol: str) -> type[FakeServer]:
    """The fake that speaks a protocol of `PROTOCOLS`."""
    module, _, name = PROTOCOLS[protocol].partition(":")
    found: type[FakeServer] = getattr(importlib.import_module(f"narrator.testing.{module}"), name)
    return found


class FaultRule(click.ParamType[Rule]):
    """NAME, NAME@10%, NAME@3 or NAME@3-7: which fault, and to which requests it happens."""

    name = "fault"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Rule:
        protocol = ctx.params.get("protocol", _USUAL) if ctx else _USUAL
        faults: Mapping[str, Fault] = server_class(protocol).faults
        found = _WHEN.fullmatch(str(value))
        if found is None or found["name"] not in faults:
            self.fail(
                f"{value!r} is not one of {', '.join(faults)}, with @10%, @3 or @3-7 behind it", param, ctx
            )
        if found["percent"]:
            return Rule(faults[found["name"]], probability=float(found["percent"]) / 100)
        if found["first"]:
            last = int(found["last"] or found["first"])
            return Rule(faults[found["name"]], requests=range(int(found["first"]), last + 1))
        return Rule(faults[found["name"]])


@click.command()
@click.option(
    "--protocol",
    type=click.Choice(list(PROTOCOLS)),
    default=_USUAL,
    show_default=True,
    is_eager=True,
    help="Whose it is.",
)
@click.option("--port", default=0, show_default="any free one", help="The port on 127.0.0.1.")
@click.option("--key", default="", help="Ask for this key.")
@click.option("--latency-ms", default=0, help="Wait so long before each answer.")
@click.option(
    "--fault", "rules", type=FaultRule(), multiple=True, metavar="NAME[@WHEN]", help="Fail on demand."
)
@click.option("--seed", default=0, help="Decides what @10% hits.")
def main(*, protocol: str, port: int, key: str, latency_ms: int, rules: tuple[Rule, ...], seed: int) -> None:
    """Be a speech server on 127.0.0.1 until interrupted; the first line is the URL."""
    server = server_class(protocol)(port=port, latency_s=latency_ms / 1000, seed=seed)
    server.key = key
    for rule in rules:
        server.fail(rule.fault, requests=rule.requests, probability=rule.probability)
    try:
        asyncio.run(_serve(server))
    except KeyboardInterrupt:
        click.echo(f"{len(server.requests)} requests, {server.billed_characters} characters billed", err=True)


async def _serve(server: FakeServer) -> None:
    async with server:
        click.echo(server.url)
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
