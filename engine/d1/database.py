"""A D1 database that an event loop can ask: its own thread does the work, one request after the other."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from engine.d1.connection import Answer, Connection, Query
from engine.d1.errors import SqlError

log = logging.getLogger("engine.d1")

T = TypeVar("T")


class Database:
    """One database.

    Args:
        path: its file; None for a private one in temporary storage, which vanishes at `close`.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.pending = 0
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="d1")

    async def run(self, queries: Sequence[Query], *, readonly: bool = False) -> list[Answer]:
        """Run queries in one transaction; raises SqlError."""
        return await self.do(lambda connection: connection.run(queries, readonly=readonly))

    async def copy(self) -> Database:
        """A private copy as of now; raises SqlError."""
        copied = Database(None)

        def work(connection: Connection) -> None:
            private = Connection(None)
            try:
                connection.copy_to(private)
            except BaseException:
                private.close()
                raise
            copied._connection = private

        await self.do(work)
        return copied

    async def do(self, work: Callable[[Connection], T]) -> T:
        """What `work(connection)` gives, run on the database's thread; raises SqlError."""
        self.pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)
        # Counted when the thread is done with it, also when nobody waits for the answer any more.
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def close(self) -> None:
        """Let the thread end, when it has done what waits; does not block."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    def close_and_wait(self) -> None:
        """The same, and wait for it."""
        self.close()
        self._thread.shutdown(wait=True)

    def _done(self, future: asyncio.Future[T]) -> None:
        self.pending -= 1
        if not future.cancelled():
            future.exception()  # seen: a caller that is still there has got it

    def _do(self, work: Callable[[Connection], T]) -> T:
        try:
            if self.path is not None and not self.path.exists():
                self._close()
                raise SqlError(f"The database {self.path.stem} could not be found")
            if self._connection is None:
                self._connection = Connection(self.path)
            return work(self._connection)
        except sqlite3.Error as error:
            log.error("D1 database %s: %s", self.path and self.path.name, error)
            raise SqlError("D1 DB storage caused object to be reset; see the engine's log") from error

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error as error:
                log.warning("D1 database %s was not closed well: %s", self.path and self.path.name, error)
