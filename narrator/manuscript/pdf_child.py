"""The program that reads a PDF for `pdf_text`: records as lines of JSON, within limits on time and memory."""

from __future__ import annotations

import json
import logging
import math
import sys
from pathlib import Path

from narrator.errors import ManuscriptError
from narrator.manuscript.pdf_file import records
from narrator.manuscript.pdf_text import too_much

if sys.platform != "win32":  # which has no such limits
    import resource

_MOST_MEMORY = 192 << 20
"""PDFium and Python take some 40 MiB of it, thousands of pages of text not much more."""
_START_S, _PER_PAGE_S = 2.5, 0.02
"""Seconds of CPU: a page of text takes a tenth of what it may."""


def main() -> None:
    path = Path(sys.argv[1])
    # pypdfium2 tells of each oddity; nobody reads that, and a pipe that nobody empties stops who writes to it.
    logging.disable()
    try:
        _limit(0)
        for number, record in enumerate(records(path)):
            _limit(number)
            _say(record)
        _say({})
    except MemoryError:
        _refuse(too_much(path))
    except ManuscriptError as exc:
        _refuse(exc)


def _limit(pages: int) -> None:
    """Let the system end this process where it takes more than so many pages need."""
    if sys.platform == "win32":
        return
    seconds = math.ceil(_START_S + _PER_PAGE_S * pages)
    for kind, limit in ((resource.RLIMIT_DATA, _MOST_MEMORY), (resource.RLIMIT_CPU, seconds)):
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def _refuse(error: ManuscriptError) -> None:
    _say({"what": error.what, "advice": error.advice})


def _say(record: object) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
