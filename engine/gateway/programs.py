"""Compiled programs kept in the store, so that a restart need not compile again."""

from __future__ import annotations

import asyncio
import logging

from engine.errors import StoreError
from engine.store import Store, compiled

#: Seconds until a program is written: the deployment that it was compiled for is waited for, and goes first.
DELAY = 0.2

log = logging.getLogger("engine.programs")


class StoredPrograms:
    """The compiler's cache: the store's table of compiled programs.

    Args:
        store: the database.
        writes: whether new programs are kept. The drafts process only reads: unsaved code is compiled at
            every key press, and what is deployed is handed to the live process, which keeps it.
    """

    def __init__(self, store: Store, *, writes: bool) -> None:
        self._store = store
        self._writes = writes
        self._pending: dict[str, bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: str) -> bytes | None:
        """The program with this hash, or None."""
        waiting = self._pending.get(key)
        if waiting is not None:
            return waiting
        return await self._store.read(lambda connection: compiled.get(connection, key))

    async def put(self, key: str, content: bytes) -> None:
        """Keep a program; it can be had at once, and is on the disk a moment later."""
        if not self._writes or key in self._pending:
            return
        self._pending[key] = content
        task = asyncio.ensure_future(self._write(key, content))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, key: str, content: bytes) -> None:
        try:
            await asyncio.sleep(DELAY)
            await self._store.write(lambda connection: compiled.put(connection, key, content))
        except StoreError as error:  # only a cache: it will be compiled again
            log.warning("a compiled program was not kept: %s", error)
        finally:
            del self._pending[key]
