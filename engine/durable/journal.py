"""What a draft's copy of an object was asked to store, so that the live object can be asked the same.

Operations count once their turn is committed; what a transaction or a lost isolate takes back is not there.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

WRITES: Final = frozenset({"put", "delete", "sql", "setAlarm", "deleteAll"})
"""The operations of `ctx.storage` (`engine.durable.operations`) that can change something."""

#: Bytes of a file that are read to tell one state from another; of a larger one its times tell.
_READ: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Write:
    """One operation: its name, its arguments behind the handle, its data, and whether it failed half-way."""

    operation: str
    args: list[Any]
    data: bytes = field(repr=False)
    failed: bool = False

    @property
    def size(self) -> int:
        """Bytes that remembering it takes, about."""
        return len(self.data) + sum(len(each) for each in self.args if isinstance(each, str)) + 32


class Journal:
    """The writes of one object's copy.

    Attributes:
        base: in what state the live object was when the copy was made (`state`).
    """

    def __init__(self) -> None:
        self.base = ""
        self._done: deque[Write] = deque()
        self._turn: list[Write] = []
        self._marks: list[int] = []

    # -- on the isolate's thread, under the storage's lock

    def note(self, write: Write) -> None:
        """An operation of this turn has written."""
        self._turn.append(write)

    def mark(self) -> None:
        """A transaction begins within the turn."""
        self._marks.append(len(self._turn))

    def release(self, keep: bool) -> None:
        """It has ended; without `keep` all it did is taken back."""
        at = self._marks.pop()
        if not keep:
            del self._turn[at:]

    def commit(self) -> None:
        """The turn is a transaction."""
        self._done.extend(self._turn)
        self._turn.clear()

    def rollback(self) -> None:
        """The turn is taken back."""
        self._turn.clear()
        self._marks.clear()

    # -- on the event loop

    def take(self) -> list[Write]:
        """What was committed since this was asked last."""
        found = []
        while self._done:
            found.append(self._done.popleft())
        return found


def state(path: Path) -> str:
    """What tells one committed state of an object's file from another; "" where there is none. Blocks."""
    if not path.exists():
        return ""
    if path.stat().st_size > _READ:
        files = [path, path.with_name(path.name + "-wal")]
        return ":".join(f"{each.stat().st_size}.{each.stat().st_mtime_ns}" for each in files if each.exists())
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return hashlib.blake2b(connection.serialize(), digest_size=16).hexdigest()


def copy(source: Path, target: Path) -> None:
    """A copy of a database that may be in use. Blocks."""
    origin = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    with closing(origin), closing(sqlite3.connect(target)) as made:
        origin.backup(made)


def pack(writes: Sequence[Write]) -> tuple[list[list[Any]], bytes]:
    """Writes as JSON, and their data one after another."""
    heads = [[each.operation, each.args, len(each.data), each.failed] for each in writes]
    return heads, b"".join(each.data for each in writes)


def unpack(heads: Sequence[Sequence[Any]], data: bytes) -> list[Write]:
    """What `pack` has made of them."""
    writes, at = [], 0
    for operation, args, size, failed in heads:
        writes.append(Write(operation, args, data[at : at + size], failed))
        at += size
    return writes
