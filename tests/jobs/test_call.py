from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from narrator.errors import DiskError, NarratorError, Unavailable, UsageError
from narrator.jobs import call as module
from narrator.jobs.call import run_command, tell, variables_of
from narrator.jobs.job import Call
from narrator.jobs.webhook import tell_webhook

BODY = {
    "job": "serial",
    "outcome": "failed",
    "reason": "]]> \ud83d \0",
    "files": ["a b.mp3", "c.mp3"],
    "cost_usd": None,
}
SECRET = "s3cr3t"  # noqa: S105 - what no message may show


class Hooks:
    """A server on this machine; `answer` makes its answers, `heard` is what it was sent."""

    def __init__(self) -> None:
        self.heard: list[tuple[web.Request, bytes]] = []
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self.accept
        self.port = 0

    async def accept(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    async def hear(self, request: web.Request) -> web.StreamResponse:
        self.heard.append((request, await request.read()))
        return await self.answer(request)

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://me:{SECRET}@{host}:{self.port}/{SECRET}/hook?key={SECRET}"


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    server = Hooks()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.hear)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


def status(code: int, **headers: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=code, headers=headers, text="never shown")

    return answer


async def refusal(url: str, kind: type[NarratorError], *, inside: bool = True, timeout_s: float = 5) -> str:
    with pytest.raises(kind) as caught:
        await tell_webhook(url, BODY, may_go_inside=inside, timeout_s=timeout_s)
    assert SECRET not in str(caught.value)
    return str(caught.value)


# --- an address -------------------------------------------------------------------------------------


async def test_a_webhook_gets_json_by_post_with_the_name_and_password_of_its_address(hooks: Hooks) -> None:
    await tell_webhook(hooks.url(), BODY, may_go_inside=True)
    ((request, data),) = hooks.heard
    assert request.method == "POST"
    assert request.path_qs == f"/{SECRET}/hook?key={SECRET}"
    assert request.content_type == "application/json"
    assert request.headers["User-Agent"].startswith("narrator/")
    assert request.headers["Authorization"].startswith("Basic ")
    assert json.loads(data) == BODY


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_any_good_answer_is_success(hooks: Hooks, code: int) -> None:
    hooks.answer = status(code)
    await tell_webhook(hooks.url(), BODY, may_go_inside=True)


@pytest.mark.parametrize("code", [400, 401, 404, 410, 422])
async def test_a_refusal_names_the_host_and_the_status(hooks: Hooks, code: int) -> None:
    hooks.answer = status(code)
    assert f"127.0.0.1 answered {code}" in await refusal(hooks.url(), UsageError)


@pytest.mark.parametrize("code", [408, 429, 500, 503])
async def test_a_server_in_trouble_may_be_told_later(hooks: Hooks, code: int) -> None:
    hooks.answer = status(code)
    assert f"127.0.0.1 answered {code}" in await refusal(hooks.url(), Unavailable)


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(hooks: Hooks, code: int) -> None:
    hooks.answer = status(code, Location=hooks.url())
    assert "leads elsewhere" in await refusal(hooks.url(), UsageError)
    assert len(hooks.heard) == 1


async def test_an_endless_answer_is_not_read(hooks: Hooks) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(bytes(65_536))
        return response

    hooks.answer = endless
    await tell_webhook(hooks.url(), BODY, may_go_inside=True)


async def test_a_server_that_hangs_is_given_up(hooks: Hooks) -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    hooks.answer = hang
    assert "did not answer in time" in await refusal(hooks.url(), Unavailable, timeout_s=0.1)


@asynccontextmanager
async def raw_server(words: bytes) -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(words)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 2", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 100])
async def test_what_is_no_http_is_one_clear_line(words: bytes) -> None:
    async with raw_server(words) as port:
        said = await refusal(f"http://127.0.0.1:{port}/{SECRET}", Unavailable)
    assert said.startswith("127.0.0.1 ")


async def test_nobody_who_listens_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        said = await refusal(f"http://127.0.0.1:{port}/{SECRET}", Unavailable)
    assert said.startswith("No connection to 127.0.0.1: Connection refused.")


async def test_a_certificate_of_nobody_we_know_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    app = web.Application()
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        said = await refusal(f"https://127.0.0.1:{runner.addresses[0][1]}/{SECRET}", Unavailable)
    finally:
        await runner.cleanup()
    assert said.startswith("No safe connection to 127.0.0.1: its certificate is not accepted here")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "127.1", "[::ffff:127.0.0.1]"]
)
async def test_addresses_inside_this_network_are_refused_unless_allowed(hooks: Hooks, host: str) -> None:
    said = await refusal(hooks.url(host), UsageError, inside=False)
    assert "inside this network" in said
    assert "allow_private_addresses" in said
    assert not hooks.heard


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/etc/passwd",
        f"ftp://example.org/{SECRET}",
        f"file:///{SECRET}",
        "http://",
        f"http://x:99999/{SECRET}",
        f"http://a..b/{SECRET}",
        f"http://{'a' * 70}.example/{SECRET}",
    ],
)
async def test_what_is_no_address_is_refused(url: str) -> None:
    await refusal(url, UsageError, inside=False)


# --- a program --------------------------------------------------------------------------------------


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-E", "-c", code]


async def run(code: str, folder: Path, *, timeout_s: float = 30) -> str:
    """Run a program; what it wrote."""
    with (folder / "log").open("w+b") as log:
        try:
            await run_command(
                python(code), BODY, {"NARRATOR_JOB": "serial"}, cwd=folder, output=log, timeout_s=timeout_s
            )
        finally:
            log.seek(0)
            written = log.read().decode()
    return written


async def test_a_program_gets_json_an_environment_and_a_folder(tmp_path: Path) -> None:
    code = """
import json, os, sys
told = json.load(sys.stdin)
print(json.dumps([told, os.environ["NARRATOR_JOB"], os.getcwd(), "HOME" in os.environ]))
"""
    assert json.loads(await run(code, tmp_path)) == [BODY, "serial", str(tmp_path), True]


async def test_what_a_program_writes_goes_to_the_log(tmp_path: Path) -> None:
    code = "import os; os.write(1, b'one\\n'); os.write(2, b'two\\n')"
    assert await run(code, tmp_path) == "one\ntwo\n"


async def test_what_a_program_writes_goes_to_standard_error_where_there_is_no_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    await run_command(["echo", "done"], BODY, {}, cwd=tmp_path)
    assert capfd.readouterr() == ("", "done\n")


async def test_no_shell_is_asked(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+b") as log:
        await run_command(["echo", "$HOME", ";", "`id`"], BODY, {}, cwd=tmp_path, output=log)
    assert (tmp_path / "log").read_text() == "$HOME ; `id`\n"


async def test_a_program_need_not_read_what_it_is_told(tmp_path: Path) -> None:
    await run_command(["true"], {"files": ["x" * 1000] * 1000}, {}, cwd=tmp_path)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(23)", "ended with exit code 23"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL"),
        ("import os; os.kill(os.getpid(), 40)", "was ended by signal 40"),
    ],
)
async def test_a_program_that_fails_is_told_by_how_it_ended(code: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"^python\S* {said}\.") as caught:
        await run(code, tmp_path)
    assert "log" in caught.value.advice


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/none/at-all", SECRET], "at-all cannot be started: No such file or directory."),
        (["./plain", SECRET], "plain cannot be started: Permission denied."),
        (["./text", SECRET], "text cannot be started: Exec format error."),
        (["true", f"{SECRET}\0"], "true cannot be started: embedded null byte."),
        (["true", SECRET * 30_000], "true cannot be started: Argument list too long."),
    ],
)
async def test_what_cannot_be_started_is_one_clear_line(command: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("echo\n")
    (tmp_path / "text").write_text("no program\n")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(UsageError) as caught:
        await run_command(command, BODY, {}, cwd=tmp_path)
    assert caught.value.what == said
    assert SECRET not in str(caught.value)


async def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full:  # noqa: ASYNC230 - it never blocks
        monkeypatch.setattr("tempfile.TemporaryFile", lambda: full)
        with pytest.raises(DiskError, match="No space left"):
            await run_command(["true"], BODY, {}, cwd=tmp_path)


_STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if not os.fork():
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(600)
os.write(1, f"{os.getpid()}\\n".encode())
time.sleep(600)
"""
_FAMILY = _STUBBORN.replace("SIG_IGN", "SIG_DFL")


def is_gone(pid: int) -> bool:
    """Whether a process has ended; nobody may have asked for its exit code yet."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - it becomes so in another process
            await asyncio.sleep(0.01)


async def pids_in(log: Path) -> list[int]:
    await until(lambda: log.read_bytes().count(b"\n") == 2)
    return [int(line) for line in log.read_text().split()]  # noqa: ASYNC240 - a few bytes


async def until_gone(pids: list[int]) -> None:
    await until(lambda: all(map(is_gone, pids)))


@pytest.mark.parametrize("code", [_FAMILY, _STUBBORN])
async def test_a_cancelled_program_is_ended_with_all_that_it_started(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TO_FINISH_S", 0.2)
    (tmp_path / "log").touch()
    task = asyncio.create_task(run(code, tmp_path))
    pids = await pids_in(tmp_path / "log")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_gone(pids)


async def test_a_second_wish_to_stop_is_heard_at_once(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    task = asyncio.create_task(run(_STUBBORN, tmp_path))
    pids = await pids_in(tmp_path / "log")
    begun = time.monotonic()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_gone(pids)
    assert time.monotonic() - begun < module._TO_FINISH_S


async def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^sleep took longer than 0\.05 s, and was ended\."):
        await run_command(["sleep", "600"], BODY, {}, cwd=tmp_path, timeout_s=0.05)


async def test_what_a_program_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    code = "import os, time\npid = os.fork()\nprint(pid, flush=True) if pid else time.sleep(600)"
    pid = int(await run(code, tmp_path))
    assert not is_gone(pid)
    os.kill(pid, signal.SIGKILL)


# --- both -------------------------------------------------------------------------------------------


async def test_both_are_told_and_a_problem_of_one_does_not_stop_the_other(hooks: Hooks, tmp_path: Path) -> None:
    hooks.answer = status(500)
    call = Call(hooks.url(), ("sh", "-c", 'echo "$NARRATOR_OUTCOME" "$NARRATOR_FILES" > told; exit 1'))
    problems = await tell(call, BODY, may_go_inside=True, cwd=tmp_path)
    assert (tmp_path / "told").read_text() == "failed a b.mp3\nc.mp3\n"
    assert problems == [
        "The webhook failed: 127.0.0.1 answered 500: not now.",
        "The command failed: sh ended with exit code 1. What it wrote is in the run's log.",
    ]


async def test_nobody_to_tell_is_no_problem(tmp_path: Path) -> None:
    assert await tell(Call(), BODY, may_go_inside=False, cwd=tmp_path) == []


def test_an_environment_holds_what_it_can() -> None:
    byte_name = os.fsdecode(b"caf\xe9.mp3")
    assert variables_of({**BODY, "files": [byte_name]}) == {
        "NARRATOR_JOB": "serial",
        "NARRATOR_OUTCOME": "failed",
        "NARRATOR_REASON": "]]> \ufffd \ufffd",
        "NARRATOR_FILES": byte_name,
    }
    assert "NARRATOR_FILES" not in variables_of({**BODY, "files": ["x" * 100] * 2000})
