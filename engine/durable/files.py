"""How many objects' files may be open at once: each takes four descriptors of the process's, and 140 KB."""

from __future__ import annotations

import sys
from typing import Final

_MOST: Final = 1000
_SHARE: Final = 8
"""Descriptors for each file that may be open: half of all at the most."""


def most() -> int:
    """The number for this process, by the limit it was started with."""
    if sys.platform == "win32":
        return _MOST
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else max(16, min(_MOST, soft // _SHARE))
