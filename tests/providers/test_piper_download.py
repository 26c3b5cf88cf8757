from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from narrator.errors import (
    DiskError,
    NarratorError,
    StreamBroken,
    Unavailable,
    UnknownVoice,
    Unreachable,
    UsageError,
)
from narrator.providers import piper_download, piper_fetch
from narrator.providers.piper_download import download_voice
from narrator.testing.piper_server import voice_config

NAME = "en_US-owl-medium"
PATH = f"en/en_US/owl/medium/{NAME}.onnx"
MODEL = bytes(range(256)) * 500
CONFIG = json.dumps(voice_config()).encode()
SHA256 = hashlib.sha256(MODEL).hexdigest()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def index(model: bytes = MODEL, config: bytes = CONFIG, path: str = PATH) -> dict[str, Any]:
    files = {
        path: {"size_bytes": len(model), "md5_digest": md5(model)},
        f"{path}.json": {"size_bytes": len(config), "md5_digest": md5(config)},
        "en/en_US/owl/medium/MODEL_CARD": {"size_bytes": 12, "md5_digest": md5(b"")},
    }
    return {NAME: {"key": NAME, "aliases": ["en-us-owl"], "files": files}}


class Repository:
    """A repository on this machine. `pages` are its files by path; a page may also be a handler."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[web.Request] = []
        self.pages: dict[str, bytes | Handler] = {
            "/repo/voices.json": json.dumps(index()).encode(),
            f"/repo/{PATH}": MODEL,
            f"/repo/{PATH}.json": CONFIG,
        }

    @property
    def model_url(self) -> str:
        return f"{self.url}/{PATH}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        page = self.pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound
        return web.Response(body=page) if isinstance(page, bytes) else await page(request)


@pytest.fixture
async def repository() -> AsyncIterator[Repository]:
    served = Repository()
    app = web.Application()
    app.router.add_get("/{path:.*}", served.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/repo"
    yield served
    await runner.cleanup()


def redirect(location: str, status: int = 302) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": location})

    return answer


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def refused(
    kind: type[NarratorError], match: str, folder: Path, voice: str, *, repository: str = "", sha256: str = ""
) -> None:
    """The download fails like this, and leaves nothing."""
    with pytest.raises(kind, match=match):
        await download_voice(voice, folder, repository=repository, sha256=sha256)
    assert left_in(folder) == []


# --- what is fetched ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [NAME, "en-us-owl"])
async def test_a_voice_is_fetched_by_its_name(name: str, repository: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "of" / "voices"
    told: list[tuple[str, int, int | None]] = []
    voice = await download_voice(name, folder, repository=repository.url, watch=lambda *seen: told.append(seen))
    assert voice.name == NAME
    assert voice.facts.language == "en-US"
    assert left_in(folder) == [f"{NAME}.onnx", f"{NAME}.onnx.json"]
    assert voice.model.read_bytes() == MODEL
    assert told[-1] == (f"{NAME}.onnx", len(MODEL), len(MODEL))


async def test_a_voice_is_fetched_by_its_address_and_checksum(repository: Repository, tmp_path: Path) -> None:
    voice = await download_voice(
        f"{repository.model_url}?download=true", tmp_path, sha256=f"sha256:{SHA256.upper()}"
    )
    assert voice.model.read_bytes() == MODEL
    assert {request.query_string for request in repository.asked} == {"download=true"}
    assert "Authorization" not in repository.asked[0].headers


async def test_what_is_there_already_is_not_fetched_again(repository: Repository, tmp_path: Path) -> None:
    for _ in range(2):
        await download_voice(NAME, tmp_path, repository=f"{repository.url}/voices.json")
    asked = [request.path for request in repository.asked]
    assert asked.count(f"/repo/{PATH}") == 1
    assert asked.count("/repo/voices.json") == 2


async def test_another_version_replaces_the_one_that_is_there(repository: Repository, tmp_path: Path) -> None:
    await download_voice(NAME, tmp_path, repository=repository.url)
    repository.pages[f"/repo/{PATH}"] = MODEL[::-1]
    repository.pages["/repo/voices.json"] = json.dumps(index(MODEL[::-1])).encode()
    voice = await download_voice(NAME, tmp_path, repository=repository.url)
    assert voice.model.read_bytes() == MODEL[::-1]
    assert len(left_in(tmp_path)) == 2


# --- what is not kept --------------------------------------------------------------------------------------


async def test_a_wrong_checksum_leaves_nothing(repository: Repository, tmp_path: Path) -> None:
    repository.pages[f"/repo/{PATH}"] = MODEL[:-1] + b"x"
    await refused(Unreachable, "not what its checksum says", tmp_path, NAME, repository=repository.url)
    await refused(Unreachable, "its sha256 is", tmp_path, repository.model_url, sha256=SHA256)


async def test_both_checksums_count_where_both_are_given(repository: Repository, tmp_path: Path) -> None:
    match, sha256 = "not what its checksum says", "0" * 64
    await refused(Unreachable, match, tmp_path, NAME, repository=repository.url, sha256=sha256)


async def test_a_wrong_checksum_leaves_the_voice_that_was_there(repository: Repository, tmp_path: Path) -> None:
    await download_voice(NAME, tmp_path, repository=repository.url)
    repository.pages["/repo/voices.json"] = json.dumps(index(MODEL + b"x")).encode()
    with pytest.raises(Unreachable):
        await download_voice(NAME, tmp_path, repository=repository.url)
    assert (tmp_path / f"{NAME}.onnx").read_bytes() == MODEL
    assert len(left_in(tmp_path)) == 2


async def test_a_model_without_a_description_is_no_voice(repository: Repository, tmp_path: Path) -> None:
    for page in (b"<html>", b"[]", b"{}", b'{"audio": {"sample_rate": 5}}'):
        repository.pages[f"/repo/{PATH}.json"] = page
        await refused(Unreachable, "does not describe", tmp_path, repository.model_url, sha256=SHA256)
    del repository.pages[f"/repo/{PATH}.json"]
    await refused(UsageError, "no file at", tmp_path, repository.model_url, sha256=SHA256)


async def test_a_file_that_breaks_off_is_not_kept(repository: Repository, tmp_path: Path) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = len(MODEL)
        await response.prepare(request)
        await response.write(MODEL[:1000])
        assert request.transport is not None
        request.transport.abort()
        return response

    repository.pages[f"/repo/{PATH}"] = cut
    await refused(StreamBroken, r"onnx broke off.*\n.*Try again", tmp_path, repository.model_url, sha256=SHA256)


async def test_a_file_that_never_ends_is_cut_off(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(MODEL)

    repository.pages[f"/repo/{PATH}"] = endless
    await refused(Unreachable, "larger than", tmp_path, NAME, repository=repository.url)
    monkeypatch.setattr(piper_download, "MOST_MODEL_BYTES", 10_000)
    await refused(Unreachable, "larger than", tmp_path, repository.model_url, sha256=SHA256)
    repository.pages[f"/repo/{PATH}"] = MODEL
    await refused(Unreachable, "larger than", tmp_path, repository.model_url, sha256=SHA256)


async def test_a_server_that_is_silent_is_given_up(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(MODEL[:100])
        await asyncio.Event().wait()
        return response

    monkeypatch.setattr(piper_fetch, "_IDLE_S", 0.2)
    repository.pages[f"/repo/{PATH}"] = silent
    await refused(StreamBroken, "stopped sending", tmp_path, repository.model_url, sha256=SHA256)


async def test_what_stands_behind_an_address_is_told_to_nobody(repository: Repository, tmp_path: Path) -> None:
    for page in (MODEL[1:], redirect("?key=secret"), None):
        repository.pages[f"/repo/{PATH}"] = page or MODEL
        repository.pages[f"/repo/{PATH}.json"] = CONFIG if page else b"{}"
        with pytest.raises(Unreachable) as caught:
            await download_voice(f"{repository.model_url}?key=secret", tmp_path, sha256=SHA256)
        assert "secret" not in str(caught.value)


async def test_no_server_is_no_connection(repository: Repository, tmp_path: Path) -> None:
    await refused(Unavailable, "No connection", tmp_path, NAME, repository="http://127.0.0.1:9")


async def test_a_folder_that_cannot_be_written_is_told(repository: Repository, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(DiskError, match="file"):
        await download_voice(NAME, in_the_way, repository=repository.url)


# --- what is refused before anything is asked --------------------------------------------------------------


@pytest.mark.parametrize(
    ("voice", "how", "match"),
    [
        ("http://127.0.0.1:9/owl.onnx", {}, "checksum"),
        ("http://127.0.0.1:9/owl.onnx", {"sha256": "abc"}, "64 hexadecimal digits"),
        ("http://127.0.0.1:9/owl.zip", {"sha256": SHA256}, "not the address of a model"),
        ("http://127.0.0.1:9/.owl.onnx", {"sha256": SHA256}, "not the address of a model"),
        ("http://me:secret@127.0.0.1:9/owl.onnx", {"sha256": SHA256}, "has a name or a key"),
        ("ftp://127.0.0.1:9/owl.onnx", {"sha256": SHA256}, "not an address on the web"),
        ("file:///etc/owl.onnx", {"sha256": SHA256}, "not an address on the web"),
        ("http://127.0.0.1:9/owl.onnx", {"repository": "http://127.0.0.1:9"}, "an address of its own"),
        (NAME, {"repository": "/somewhere"}, "not an address on the web"),
    ],
)
async def test_what_cannot_be_right_is_a_usage_error(
    voice: str, how: dict[str, str], match: str, tmp_path: Path
) -> None:
    await refused(UsageError, match, tmp_path, voice, **how)


# --- repositories that are wrong, or hostile ---------------------------------------------------------------


async def test_an_unknown_voice_is_told_with_the_nearest(repository: Repository, tmp_path: Path) -> None:
    match = f"did you mean '{NAME}'"
    await refused(UnknownVoice, match, tmp_path, "en_US-owl-low", repository=repository.url)


@pytest.mark.parametrize("page", [b"<html>", b"[]", b"null", b"[" * 5000])
async def test_what_is_no_list_of_voices_is_told(page: bytes, repository: Repository, tmp_path: Path) -> None:
    repository.pages["/repo/voices.json"] = page
    await refused(Unreachable, "no list of voices", tmp_path, NAME, repository=repository.url)


@pytest.mark.parametrize(
    "path", ["../../owl.onnx", "/etc/owl.onnx", "a\\owl.onnx", "a/.owl.onnx", "a/../b.onnx"]
)
async def test_a_list_cannot_name_files_elsewhere(path: str, repository: Repository, tmp_path: Path) -> None:
    repository.pages["/repo/voices.json"] = json.dumps(index(path=path)).encode()
    await refused(Unreachable, "no files with checksums", tmp_path, NAME, repository=repository.url)


@pytest.mark.parametrize("md5_digest", ["", None, "x" * 32, "0" * 31])
async def test_a_list_without_checksums_is_not_trusted(
    md5_digest: object, repository: Repository, tmp_path: Path
) -> None:
    listed = index()
    listed[NAME]["files"][PATH]["md5_digest"] = md5_digest
    repository.pages["/repo/voices.json"] = json.dumps(listed).encode()
    await refused(Unreachable, "no files with checksums", tmp_path, NAME, repository=repository.url)


# --- redirects ---------------------------------------------------------------------------------------------


async def test_redirects_on_the_named_host_are_followed(repository: Repository, tmp_path: Path) -> None:
    for hop in range(4):
        repository.pages[f"/hop{hop}"] = redirect(f"/hop{hop + 1}", 301 + hop % 2)
    repository.pages["/hop4"] = MODEL
    repository.pages[f"/repo/{PATH}"] = redirect("/hop0", 307)
    assert (await download_voice(NAME, tmp_path, repository=repository.url)).model.read_bytes() == MODEL


async def test_redirects_without_end_are_not_followed(repository: Repository, tmp_path: Path) -> None:
    repository.pages[f"/repo/{PATH}"] = redirect(f"/repo/{PATH}")
    await refused(Unreachable, "more than 5 redirects", tmp_path, NAME, repository=repository.url)
    assert [request.path for request in repository.asked].count(f"/repo/{PATH}") == 6


@pytest.mark.parametrize(
    ("location", "match"),
    [
        ("http://127.0.0.2/secret", "inside this network"),
        ("http://169.254.169.254/latest/meta-data", "inside this network"),
        ("http://10.0.0.1/x", "inside this network"),
        ("http://[::1]/x", "inside this network"),
        ("http://[::ffff:127.0.0.1]/x", "inside this network"),
        ("http://localhost/x", "inside this network"),
        ("http://2130706433/x", "2130706433"),
        ("file:///etc/passwd", "no address on the web"),
        ("ftp://127.0.0.1/x", "no address on the web"),
        ("http://me:secret@127.0.0.1/x", "no address on the web"),
        ("", "no address on the web"),
        ("http://[bad", "no address on the web"),
    ],
)
async def test_a_redirect_leads_nowhere_else_inside(
    location: str, match: str, repository: Repository, tmp_path: Path
) -> None:
    repository.pages[f"/repo/{PATH}"] = redirect(location)
    with pytest.raises(NarratorError, match=match) as caught:
        await download_voice(repository.model_url, tmp_path, sha256=SHA256)
    assert isinstance(caught.value, Unreachable | Unavailable)
    assert "secret@" not in str(caught.value)
    assert f"{NAME}.onnx" not in left_in(tmp_path)


def test_a_redirect_from_https_to_http_is_refused() -> None:
    at = piper_fetch.web_address("https://example.org/owl.onnx")
    with pytest.raises(Unreachable, match="from https to http"):
        piper_fetch._next(at, "http://example.org/owl.onnx")
    assert str(piper_fetch._next(at, "/other.onnx")) == "https://example.org/other.onnx"
