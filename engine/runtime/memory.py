"""What the C library keeps of memory that was freed, given back to the system.

V8 parses and compiles in memory from malloc, on one thread an isolate, and glibc keeps what each of those
threads has freed: about a megabyte an isolate that answered once.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache

_M_ARENA_MAX = -8  # malloc.h


def share_arenas() -> None:
    """Let threads share as many of malloc's arenas as there are processors, two at least.

    glibc makes eight a processor, one for each new thread, and keeps free pages in each: ten megabytes
    for the first ten isolates, for threads that seldom run at the same time. Call it before there are any.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, max(2, os.cpu_count() or 1))  # glibc: mallopt(3)
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return


def give_back() -> None:
    """Hand free pages back; some milliseconds, on any thread. Only glibc has a call for it."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim  # glibc: malloc_trim(3)
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return None
    return trim
