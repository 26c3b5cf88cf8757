"""What a web page says that is its article: a manuscript whenever that changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from narrator.errors import UsageError
from narrator.jobs.apart import article_of
from narrator.jobs.entry_page import Inbox
from narrator.jobs.fetch import MOST_BYTES, fetch, host_of
from narrator.jobs.history import Found, ItemRecord, ItemState
from narrator.jobs.job import Job
from narrator.jobs.web_texts import Article, Entry, digest_of, shortened

_LONGEST_SUMMARY = 600


async def look_at_page(
    job: Job, inbox: Path, known: Mapping[str, ItemRecord], fetched: tuple[str, str]
) -> tuple[Found, tuple[str, str]]:
    """The article of a web page as a page in `inbox`, where it is not rendered yet.

    `known` are the job's records by identity, and `fetched` what the last look gave back: the ETag and the
    Last-Modified of the page. What is open is found again though its address leads elsewhere now.

    Raises:
        UsageError: the page has no article, or cannot be had as things are.
        Unavailable: it cannot be had now.
        DiskError: the inbox cannot be written.
    """
    still_open = [record for record in known.values() if record.state is ItemState.OPEN]
    etag, last_modified = ("", "") if still_open else fetched
    answer = await fetch(
        job.source.place,
        may_go_inside=job.may_go_inside,
        max_bytes=MOST_BYTES,
        etag=etag,
        last_modified=last_modified,
    )
    if answer is None:
        return Found(), fetched
    article = await article_of(answer)
    if article is None:
        raise UsageError(
            f"The page at {host_of(answer.url)} has no article that can be told from what stands around it.",
            advice="Is it the page of one article? Of a site with many, give its feed: source = { feed = … }.",
        )
    identity = _identity(answer.url)
    pages = Inbox(inbox)
    kept = [pages.kept(record) for record in still_open if record.identity != identity]
    items = [item for item in kept if item]
    record = known.get(identity)
    digest = digest_of(article.title, article.text)
    settled: tuple[ItemRecord, ...] = ()
    if record is None or record.state is ItemState.OPEN or record.digest != digest:
        items.append(pages.put(_entry(identity, article, answer.url)))
        settled = (replace(record, state=ItemState.OPEN),) if record else ()
    return Found(tuple(items), settled=settled), (answer.etag, answer.last_modified)


def _entry(identity: str, article: Article, url: str) -> Entry:
    return Entry(
        identity,
        article.title,
        article.text,
        summary=shortened(article.text.plain, _LONGEST_SUMMARY),
        author=article.author,
        language=article.language,
        link=_link(article.link, url),
        published=article.published,
    )


def _link(own: str, url: str) -> str:
    """The address that a page gives itself, where it is one of its server; another may be anybody's.

    Some pages repeat the query that they were asked with, and a key in it.
    """
    is_its = own.startswith(("http://", "https://")) and host_of(own) == host_of(url)
    return "" if not is_its else own.partition("?")[0] if "?" in url else own


def _identity(url: str) -> str:
    """An address as what is the page's own. What its query says counts, but is nowhere written: see `fetch`."""
    address, _, query = url.partition("?")
    return f"{address}?{hashlib.sha256(query.encode()).hexdigest()[:16]}" if query else address
