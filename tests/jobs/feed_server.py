"""A web server on this machine: pages by their paths, and what was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """`pages` are its bodies by path, or handlers; `types` their content types, where they are no feeds."""

    def __init__(self) -> None:
        self.url = ""
        self.pages: dict[str, str | bytes | Handler] = {}
        self.types: dict[str, str] = {}
        self.asked: list[web.Request] = []

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.asked]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        page = self.pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound
        if callable(page):
            return await page(request)
        body = page.encode() if isinstance(page, str) else page
        return web.Response(body=body, content_type=self.types.get(request.path, "application/rss+xml"))


@asynccontextmanager
async def serving(ssl_context: SSLContext | None = None) -> AsyncIterator[Site]:
    """A site at a port of 127.0.0.1."""
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context).start()
    scheme = "https" if ssl_context else "http"
    site.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()


def answering(status: int = 200, body: bytes = b"", **headers: str) -> Handler:
    """Always this answer; of a header's name, '_' is '-'."""

    async def answer(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return answer


def rss(*items: str, head: str = "<title>News</title>") -> str:
    """A feed with these items, the newest first."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"{head}{''.join(items)}</channel></rss>"
    )


def item(name: str, text: str = "", *, day: int = 1, link: str = "", more: str = "") -> str:
    """An entry with an id of its own; its text is HTML."""
    body = f"<content:encoded><![CDATA[{text}]]></content:encoded>" if text else ""
    address = f"<link>{link}</link>" if link else ""
    return (
        f"<item><title>{name}</title><guid isPermaLink='false'>id-{name}</guid>{address}"
        f"<pubDate>{day:02} Mar 2026 08:00:00 GMT</pubDate>{body}{more}</item>"
    )


def paragraphs(about: str, count: int = 12) -> str:
    """A text long enough to be no summary."""
    return "".join(
        f"<p>Of {about} there was much to be told, and this is part {n} of it.</p>" for n in range(count)
    )
