"""Protection of a process's memory: no core file, and no other program that reads it.

What is in it, words of reports and keys among it, would otherwise lie on the disk after a crash.
Both are asked for by each process at its start: the limit is inherited over ``exec``, the flag over
``fork`` alone.
"""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4  # prctl(2)


def protect() -> None:
    """Ask for both, as far as the system has them."""
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # A limit of 0 does not keep a crash from a handler that core_pattern pipes to (core(5)).
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
