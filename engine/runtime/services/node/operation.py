"""What the operations of ``node:crypto`` have in common: their shape, and objects that stay.

Several byte strings go in one: the arguments say where each ends.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

Reply = tuple[Any, bytes | None]
Operation = Callable[[list[Any], bytes], Reply]


def cut(data: bytes, *sizes: int) -> list[bytes]:
    """The parts of these sizes, and what is left."""
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return [*parts, data[at:]]


class Kept:
    """What lives from call to call, by number.

    An isolate that ends leaves its objects behind: the oldest go when there are too many.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._objects: dict[int, Any] = {}
        self._ids = itertools.count(1)
        self._lock = threading.Lock()  # each isolate calls from a thread of its own

    def add(self, value: Any) -> int:
        """Keep it; its number."""
        with self._lock:
            number = next(self._ids)
            self._objects[number] = value
            if len(self._objects) > self._most:
                del self._objects[next(iter(self._objects))]
        return number

    def get(self, number: int) -> Any:
        """The one of a number, or None."""
        return self._objects.get(number)

    def take(self, number: int) -> Any:
        """The one of a number, or None; it is kept no longer."""
        return self._objects.pop(number, None)


#: Digests and ciphers under way.
kept = Kept(8192)
