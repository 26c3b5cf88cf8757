"""Memory for sound: a take's arrays are made and freed again, thousands of times."""

from __future__ import annotations

import numpy as np

_KEPT_BYTES = 16 << 20


def keep_freed_memory() -> None:
    """Have the C library keep the memory of a take for the next one. Costs none.

    glibc gives back to the system what is free at the end of its heap, beyond twice the largest piece that it
    mapped and that was freed (mallopt(3), M_MMAP_THRESHOLD). The system clears every page of it before it is
    used again, which takes as long as all that is done with a take. So a large piece is freed here. Other C
    libraries take no notice.
    """
    np.empty(_KEPT_BYTES, np.uint8)
