"""How fast narrator turns a server's answers into durable takes, beside a loop that does nothing else.

    python benchmarks/throughput.py [--segments 2000] [--rounds 3] [--folder DIR]

One run measures both, in turn, each in a process of its own, against a server in another: at 0 ms with 8
requests in flight, and at 300 ms with 32. The bare loop is aiohttp and threads that write the same two files
a take just as durably: written beside their names, synced, renamed, folder synced. Of several rounds the
medians are compared. The exit code is 1 where a figure is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

LEAST_RATE = {"0": 0.5, "0.3": 0.95}
MOST_CPU = 3.0
MOST_RSS_MB = 220.0
MOST_GROWTH = 1.1
"""Of the peak memory from a quarter of the segments to all of them."""

SETTINGS = (("0", 8), ("0.3", 32))
_WAV_HEADER_BYTES = 44
_SIDECAR = b'{"measurement": "%b"}' % (b"A" * 2400)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one client did: requests a second, CPU seconds, peak memory at a quarter and at the end."""

    rate: float
    cpu_s: float
    quarter_mb: float
    peak_mb: float


class Meter:
    """Measures this process and what it starts, from its making; `take` is called for each durable take."""

    def __init__(self, segments: int) -> None:
        self._segments = segments
        self._takes = 0
        self._quarter_mb = self._peak_mb = 0.0
        self._began, self._cpu_began = time.perf_counter(), _cpu_s()

    def take(self) -> None:
        self._takes += 1
        if self._takes == self._segments // 4:
            self._quarter_mb = _peak_mb()
        if self._takes == self._segments:
            self._peak_mb = _peak_mb()

    def figures(self) -> Figures:
        if self._takes != self._segments:
            sys.exit(f"{self._takes} takes came of {self._segments} segments")
        seconds, cpu_s = time.perf_counter() - self._began, _cpu_s() - self._cpu_began
        return Figures(self._segments / seconds, cpu_s, self._quarter_mb, self._peak_mb)


def _cpu_s() -> float:
    """Of this process and its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_mb() -> float:
    """Of this process and, where there is a /proc to tell, its children that run; proc(5)."""
    unit = 1 if sys.platform == "darwin" else 1024
    children = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children")).split()
    states = [Path(f"/proc/{child}/status").read_text() for child in children]
    peaks_kb = [int(state.partition("VmHWM:")[2].split()[0]) for state in states]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6 + sum(peaks_kb) * 1024 / 1e6


def _texts(segments: int) -> list[str]:
    """As long as what is said of them in four seconds."""
    return [f"The {number:06}th sentence of a tale that is told by a clock." for number in range(segments)]


async def bare(url: str, folder: Path, segments: int, in_flight: int) -> Figures:
    """The loop to compare with."""
    import aiohttp  # noqa: PLC0415 - each client imports what it needs and no more

    waiting = list(enumerate(_texts(segments)))
    meter = Meter(segments)

    async def work(session: aiohttp.ClientSession) -> None:
        while waiting:
            number, text = waiting.pop()
            wish = {"model": "tts-1", "input": text, "voice": "alloy", "response_format": "wav"}
            async with session.post(f"{url}/v1/audio/speech", json=wish) as answer:
                sound = await answer.read()
            path = folder / f"{number % 256:02x}" / str(number)
            await asyncio.to_thread(_write_pair, path, memoryview(sound)[_WAV_HEADER_BYTES:])
            meter.take()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(work(session) for _ in range(in_flight)))
    return meter.figures()


def _write_pair(path: Path, pcm: memoryview) -> None:
    path.parent.mkdir(exist_ok=True)
    for suffix, data in ((".pcm", pcm), (".json", _SIDECAR)):
        beside = f"{path}{suffix}.part"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(descriptor, data)
        os.fsync(descriptor)
        os.close(descriptor)
        os.rename(beside, f"{path}{suffix}")  # noqa: PTH104 - the least that does it
        descriptor = os.open(path.parent, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


async def narrator(url: str, folder: Path, segments: int, in_flight: int) -> Figures:
    """The own parts of narrator, as a render puts them together."""
    from narrator.audio.memory import keep_freed_memory  # noqa: PLC0415 - see `bare`
    from narrator.config import Rendering, Speech  # noqa: PLC0415
    from narrator.model import SpeechRequest  # noqa: PLC0415
    from narrator.providers.catalog import create_provider  # noqa: PLC0415
    from narrator.rendering.checks import TakeChecks  # noqa: PLC0415
    from narrator.rendering.ledger import SqliteLedger  # noqa: PLC0415
    from narrator.rendering.limits import AccountLimits  # noqa: PLC0415
    from narrator.rendering.plan import Order  # noqa: PLC0415
    from narrator.rendering.scheduler import LocalScheduler  # noqa: PLC0415
    from narrator.rendering.segment import Booth  # noqa: PLC0415
    from narrator.rendering.shared import SharedAccount  # noqa: PLC0415
    from narrator.rendering.takes import TakeFolder  # noqa: PLC0415
    from narrator.rendering.transports import Transports  # noqa: PLC0415
    from narrator.rendering.writer import TakeWriter  # noqa: PLC0415

    wishes = [SpeechRequest("openai", "tts-1", "alloy", text, "", 1.0, 24_000, 1) for text in _texts(segments)]
    orders = [Order(wish.key, wish, 1) for wish in wishes]
    takes = TakeFolder(folder / "takes", folder / "quarantine")
    meter = Meter(segments)
    keep_freed_memory()
    provider = create_provider(Speech(provider="openai", base_url=url), Rendering())
    account = SharedAccount(folder / "accounts", provider.account)
    ledger = SqliteLedger.open(
        folder / "ledger.db",
        takes=folder / "takes",
        account=provider.account,
        usd_per_million=None,
        price_of=lambda *_: None,
        has_take=lambda _: False,
    )
    limits = AccountLimits(in_flight, stopping=asyncio.Event(), shared=account)
    with ledger, limits:
        async with TakeWriter(takes, ledger) as writer, provider:
            booth = Booth(
                provider=provider,
                transports=Transports(),
                limits=limits,
                checks=TakeChecks(),
                writer=writer,
                ledger=ledger,
                observe=lambda _: None,
                on_billed=lambda _: None,
                attempts=1,
                timeout_s=60.0,
                deadline_s=600.0,
            )
            await LocalScheduler(booth, lambda *_: meter.take()).run(orders)
    return meter.figures()


CLIENTS = {"bare": bare, "narrator": narrator}


@contextmanager
def _server(latency_s: str) -> Iterator[str]:
    command = [sys.executable, str(Path(__file__).with_name("bench_server.py")), latency_s]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101 - it has a pipe
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.communicate()


def _measured(client: str, url: str, folder: Path, segments: int, in_flight: int) -> Figures:
    """Run one client in a process of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as empty:
        command = [sys.executable, __file__, "--client", client, "--url", url, "--folder", empty]
        command += ["--segments", str(segments), "--in-flight", str(in_flight)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Figures(**json.loads(done.stdout))


def _compare(latency_s: str, in_flight: int, wishes: argparse.Namespace) -> bool:
    """Measure both clients in turn, tell the figures, and say whether they are met."""
    runs: dict[str, list[Figures]] = {client: [] for client in CLIENTS}
    with _server(latency_s) as url:
        for _ in range(wishes.rounds):
            for client, done in runs.items():
                done.append(_measured(client, url, wishes.folder, wishes.segments, in_flight))
    print(f"{wishes.segments} segments at {float(latency_s) * 1000:.0f} ms, {in_flight} in flight")
    print("             requests/s    CPU s    peak MB at a quarter, at the end")
    for client, done in runs.items():
        quarter_mb, peak_mb = max(each.quarter_mb for each in done), max(each.peak_mb for each in done)
        print(
            f"  {client:9}{_median(done, 'rate'):13.1f}{_median(done, 'cpu_s'):9.2f}"
            f"{quarter_mb:12.0f}{peak_mb:8.0f}"
        )
    mine, other = runs["narrator"], runs["bare"]
    peak_mb, quarter_mb = max(each.peak_mb for each in mine), max(each.quarter_mb for each in mine)
    rate, cpu = (_median(mine, name) / _median(other, name) for name in ("rate", "cpu_s"))
    return all(
        (
            _verdict(
                "requests/s of the bare loop", rate, LEAST_RATE[latency_s], is_met=rate >= LEAST_RATE[latency_s]
            ),
            _verdict("CPU of the bare loop", cpu, MOST_CPU, is_met=cpu <= MOST_CPU),
            _verdict("peak MB", peak_mb, MOST_RSS_MB, is_met=peak_mb <= MOST_RSS_MB),
            _verdict(
                "growth after a quarter",
                peak_mb / quarter_mb,
                MOST_GROWTH,
                is_met=peak_mb <= MOST_GROWTH * quarter_mb,
            ),
        )
    )


def _median(done: list[Figures], name: str) -> float:
    return float(statistics.median(getattr(each, name) for each in done))


def _verdict(name: str, value: float, limit: float, *, is_met: bool) -> bool:
    print(f"  {'pass' if is_met else 'FAIL'}  {name}: {value:.2f} (limit {limit})")
    return is_met


def main() -> int:
    """Run one client where --client says so, else compare them."""
    parser = argparse.ArgumentParser(description="Compare narrator's takes a second with a bare loop's.")
    parser.add_argument("--segments", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()), help="on the disk to measure"
    )
    for name in ("--client", "--url", "--in-flight"):  # how it starts itself
        parser.add_argument(name, help=argparse.SUPPRESS)
    wishes = parser.parse_args()
    if wishes.client:
        run = CLIENTS[wishes.client](wishes.url, wishes.folder, wishes.segments, int(wishes.in_flight))
        print(json.dumps(asdict(asyncio.run(run))))
        return 0
    met = [_compare(latency_s, in_flight, wishes) for latency_s, in_flight in SETTINGS]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
