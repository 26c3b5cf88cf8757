"""A process that uses an account: FOLDER LOG NAME CONCURRENCY ATTEMPTS HOLD_S [RATE].

Writes '+ name time' once it is inside an attempt and '- name time' before it leaves it, in one write each.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from narrator.rendering.limits import AccountLimits
from narrator.rendering.shared import SharedAccount


async def use(limits: AccountLimits, log: Path, name: str, attempts: int, hold_s: float) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def one() -> None:
        async with limits.attempt():
            os.write(descriptor, f"+ {name} {time.time()}\n".encode())
            await asyncio.sleep(hold_s)
            os.write(descriptor, f"- {name} {time.time()}\n".encode())

    await asyncio.gather(*(one() for _ in range(attempts)))


if __name__ == "__main__":
    _, folder, log, name, concurrency, attempts, hold_s, rate = [*sys.argv, ""][:8]
    shared = SharedAccount(Path(folder), "someone")
    limits = AccountLimits(int(concurrency), rate, stopping=asyncio.Event(), shared=shared)
    asyncio.run(use(limits, Path(log), name, int(attempts), float(hold_s)))
