"""Random bytes from the operating system, for crypto.getRandomValues and randomUUID."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

# crypto.getRandomValues takes at most 65,536 bytes (W3C Web Cryptography §10.1.1).
_MOST = 65_536


def _bytes(args: list[Any], data: bytes) -> tuple[Any, bytes]:
    """``[count]`` random bytes."""
    return None, os.urandom(min(int(args[0]), _MOST))


SYNC: Mapping[str, Callable[[list[Any], bytes], tuple[Any, bytes | None]]] = {"bytes": _bytes}
