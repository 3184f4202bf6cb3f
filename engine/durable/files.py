"""Objects' files: how many may be open at once, and how they get to the disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_MOST: Final = 1000
_SHARE: Final = 8
"""Descriptors for each file that may be open: half of all at the most."""


def most() -> int:
    """How many this process may have open: each takes four descriptors, and 140 KB."""
    if sys.platform == "win32":
        return _MOST
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else max(16, min(_MOST, soft // _SHARE))


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of files, is on the disk. Blocks."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
