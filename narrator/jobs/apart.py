"""The texts of strangers, read in a process of its own that is stopped where it takes too much.

A feed or a page of a megabyte can be made so that its parser works for hours, and neither a thread nor a parser
can be stopped from outside.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, Literal

from narrator.durable import disk_errors
from narrator.errors import UsageError
from narrator.jobs.fetch import Fetched, host_of
from narrator.jobs.web_texts import Article, Entry, Feed, Text

_MOST_CPU_S = 20
"""A feed of 10 MB takes some six seconds, an article of any length that people read less than one."""

_MOST_MEMORY = 1 << 30
_WHOLE_S = 120.0
"""On a busy machine a process gets little CPU time."""

_TOO_MUCH = "it takes more than 20 seconds or 1 GB"


async def feed_of(fetched: Fetched) -> Feed:
    """What a feed says.

    Raises:
        UsageError: it takes more time or memory to read than any feed.
        DiskError: no process can be started for it.
    """
    said = await _read(fetched, "feed")
    said["entries"] = tuple(Entry(**{**each, "text": Text(**each["text"])}) for each in said["entries"])
    return Feed(**{**said, "feeds": tuple(said["feeds"]), "versions": tuple(said["versions"])})


async def article_of(fetched: Fetched) -> Article | None:
    """The article of a page; None where it has none. Raises as `feed_of` does."""
    said = await _read(fetched, "page")
    return Article(**{**said, "text": Text(**said["text"])}) if said else None


async def _read(fetched: Fetched, kind: Literal["feed", "page"]) -> Any:
    order = {"kind": kind, "url": fetched.url, "charset": fetched.charset}
    limits = {"seconds": _MOST_CPU_S, "bytes": _MOST_MEMORY}
    with disk_errors("Starting a process"):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "narrator.jobs.apart_main",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    try:
        async with asyncio.timeout(_WHOLE_S):
            said, complaint = await child.communicate(
                json.dumps(order | limits).encode() + b"\n" + fetched.data
            )
    except TimeoutError as exc:
        raise _unreadable(fetched, kind, _TOO_MUCH) from exc
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        error = complaint.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        is_too_much = child.returncode < 0 or error == "MemoryError"
        raise _unreadable(fetched, kind, _TOO_MUCH if is_too_much else error)
    return json.loads(said)


def _unreadable(fetched: Fetched, kind: str, why: str) -> UsageError:
    return UsageError(
        f"The {kind} at {host_of(fetched.url)} cannot be read: {why}.",
        advice="It is damaged, or made to do harm: look at it in a browser, and check the address.",
    )
