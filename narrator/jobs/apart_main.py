"""The program that reads a feed or a page for `apart`, within limits on time and memory.

Standard input is a line of JSON, which says what is to be read, where it was found and the limits, and then the
bytes; standard output is what they say, as JSON.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict

from narrator.jobs.web_texts import Article, Feed

if sys.platform != "win32":  # which has no such limits
    import resource


def main() -> None:
    # What the libraries have to say of odd markup is of use to nobody.
    logging.disable()
    order = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    _limit(order["seconds"], order["bytes"])
    found = _found(order["kind"], data, order["url"], order["charset"])
    json.dump(asdict(found) if found else None, sys.stdout)


def _found(kind: str, data: bytes, url: str, charset: str) -> Feed | Article | None:
    # Each is slow to import, and only one of them is needed.
    if kind == "feed":
        from narrator.jobs.feed_entries import feed_in  # noqa: PLC0415 - as above

        return feed_in(data, url=url, charset=charset)
    from narrator.jobs.page_article import article_in  # noqa: PLC0415 - as above

    return article_in(data, url=url, charset=charset)


def _limit(cpu_s: int, memory_bytes: int) -> None:
    """Let the system end this process where it takes more."""
    if sys.platform == "win32":
        return
    for kind, limit in ((resource.RLIMIT_DATA, memory_bytes), (resource.RLIMIT_CPU, cpu_s)):
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


if __name__ == "__main__":
    main()
