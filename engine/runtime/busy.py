"""Which versions have JavaScript running right now, in a file that outlives the process: V8 can end it.

The file is mapped into memory, so that a mark costs no system call, and the system keeps what was written
when the process is gone. The next process reads who had V8 when the last one ended.
"""

from __future__ import annotations

import errno
import mmap
import os
import signal
import struct
import time
from pathlib import Path
from typing import Final

from .fall import EXIT_FALLEN

SLOTS: Final = 1024
_SLOT: Final = 64
_FREE, _IDLE, _BUSY, _GIVEN_UP, _BLAMED = range(5)
_head = struct.Struct("<Bxxxxxxxd")
_NAME: Final = _head.size

#: Ends of a process that say nothing about the code in it: somebody sent these, or the system had no memory.
_SENT: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class Mark:
    """One isolate's place in the table; without a table every method does nothing."""

    __slots__ = ("_at", "_table")

    def __init__(self, table: Busy | None = None, at: int = 0) -> None:
        self._table = table
        self._at = at

    def begin(self) -> None:
        """JavaScript gets V8's thread."""
        if self._table is not None:
            _head.pack_into(self._table.memory, self._at, _BUSY, time.monotonic())

    def end(self) -> None:
        """It gave the thread back."""
        if self._table is not None:
            self._table.memory[self._at] = _IDLE

    def give_up(self) -> None:
        """It was told to end, and is not known to have ended."""
        if self._table is not None and self._table.memory[self._at] == _BUSY:
            _head.pack_into(self._table.memory, self._at, _GIVEN_UP, time.monotonic())

    def blame(self) -> None:
        """This process ends because of it."""
        if self._table is not None:
            self._table.memory[self._at] = _BLAMED

    def release(self) -> None:
        """The isolate is gone."""
        if self._table is not None:
            table, self._table = self._table, None
            table.release(self._at)


class Busy:
    """The table of one process.

    Args:
        path: its file; what an earlier process left in it is overwritten.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Zeros that are written have their blocks: a hole would end the process where the disk is full.
            if os.write(descriptor, bytes(SLOTS * _SLOT)) != SLOTS * _SLOT:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            self.memory = mmap.mmap(descriptor, SLOTS * _SLOT)
        finally:
            os.close(descriptor)
        self._free = list(range((SLOTS - 1) * _SLOT, -1, -_SLOT))

    def mark(self, version_id: str) -> Mark:
        """A place for an isolate that runs a version; one that does nothing when the table is full."""
        name = version_id.encode()
        if not self._free or len(name) > _SLOT - _NAME:
            return Mark()
        at = self._free.pop()
        self.memory[at + _NAME : at + _SLOT] = name.ljust(_SLOT - _NAME, b"\0")
        self.memory[at] = _IDLE
        return Mark(self, at)

    def release(self, at: int) -> None:
        """Give a place back."""
        self.memory[at] = _FREE
        self._free.append(at)

    def blame(self, patience: float) -> None:
        """Note that this process ends because of what was given up more than `patience` seconds ago."""
        now = time.monotonic()
        for at in range(0, len(self.memory), _SLOT):
            state, since = _head.unpack_from(self.memory, at)
            if state == _GIVEN_UP and now - since >= patience:
                self.memory[at] = _BLAMED


def culprits(path: Path, ended: int | None) -> list[str]:
    """The ids of the versions that brought the last process down: what it blamed, or what V8 died in.

    When V8 itself ends the process, several isolates may have been at work: it is the one that was so for
    longest. An ordinary run of JavaScript takes milliseconds, what V8 dies of takes long.

    Args:
        path: the table's file.
        ended: how that process ended: its exit code, or the signal's number below zero; None when unknown.
    """
    try:
        table = path.read_bytes()
    except FileNotFoundError:
        return []
    found: list[tuple[int, float, str]] = []
    for at in range(0, len(table) - _SLOT + 1, _SLOT):
        state, since = _head.unpack_from(table, at)
        if state in (_BUSY, _GIVEN_UP, _BLAMED):
            name = table[at + _NAME : at + _SLOT].rstrip(b"\0").decode("ascii", "replace")
            found.append((state, since, name))
    blamed = {name for state, _, name in found if state == _BLAMED}
    if blamed:
        return sorted(blamed)
    if ended is None or (ended >= 0 and ended != EXIT_FALLEN) or -ended in _SENT or not found:
        return []
    return [min(found, key=lambda each: each[1])[2]]
