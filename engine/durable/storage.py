"""What one object stores: a SQLite file of its own; one state machine on two threads, hence a long file.

Operations run on the thread of the object's isolate, synchronously: nothing else is delivered to the object
meanwhile. Writes gather in a transaction that ends when JavaScript has come to its next `await`; `flushed`
settles when that transaction is on the disk, and responses wait for it. The write-ahead log is synced on a
thread of its own, so that the isolate goes on meanwhile: together that is what synchronous=FULL promises.
What it offers: durable-objects/api/sqlite-storage-api.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from engine.durable import blank
from engine.durable.authorizer import LIMITS, Authorizer
from engine.durable.bookmarks import Bookmarks
from engine.durable.files import sync
from engine.durable.journal import Journal, copy, state
from engine.waits import BUSY

log = logging.getLogger("engine.durable")

SYNCS: Final = ThreadPoolExecutor(8, "durable-sync")
"""Threads that wait for the disk."""
_ALARM: Final = 1


class Storage:
    """One object's storage.

    Args:
        path: its file, made by the first write.
        loop: where `flushed` is awaited.
        on_alarm: told a changed alarm (milliseconds or None) before the change counts as written.
        origin: the file that this one starts as a copy of: a sandboxed draft's.
    """

    def __init__(
        self,
        path: Path,
        loop: asyncio.AbstractEventLoop,
        on_alarm: Callable[[int | None], Awaitable[None]] | None = None,
        origin: Path | None = None,
    ) -> None:
        self.path = path
        self.bookmarks = Bookmarks(path)
        self._marked: tuple[int, str] | None = None
        self.lock = threading.RLock()
        self.depth = 0
        self.writes = 0
        self.deletes_alarm = False
        self.journal: Journal | None = None
        """What a sandboxed draft's copy is asked to write; None for a live object."""
        self._ringing = False
        self._loop = loop
        self._on_alarm = on_alarm
        self._origin = origin
        self._connection: sqlite3.Connection | None = None
        self.authorizer = Authorizer()
        self._open_transaction = False
        self._alarm_changed = False
        self._alarm: int | None = None
        self._log: int | None = None
        self._new = False
        self._committed = 0
        self._synced = 0
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._commits: list[asyncio.Future[None]] = []
        self._syncing: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    # -- on the isolate's thread, under `lock`

    @property
    def connection(self) -> sqlite3.Connection:
        """The open file."""
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    @property
    def is_open(self) -> bool:
        """Whether it has a file open."""
        return self._connection is not None

    @property
    def open_transaction(self) -> bool:
        """Whether this turn has written, or tried to."""
        return self._open_transaction

    def begin(self) -> sqlite3.Connection:
        """The open file, in the transaction of this turn: for a write."""
        connection = self.connection
        self.writes += 1
        if not self._open_transaction:
            connection.execute("BEGIN IMMEDIATE")
            self._open_transaction = True
        return connection

    def commit(self) -> None:
        """The turn has ended: what it wrote is one transaction.

        That it is open no longer is said last: `flushed` looks at any time, and must find what to wait for.
        """
        with self.lock:
            if not self._open_transaction or self.depth:
                return
            assert self._connection is not None
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:  # a full disk: nobody may hear of what was to be written
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if self.journal is not None:
                    self.journal.rollback()
                log.error("%s could not be written: %s", self.path, error)
                self._error = error
                self._open_transaction = False
                self._loop.call_soon_threadsafe(self._fail, error)
                return
            self._committed += 1
            self._open_transaction = False
            if self.journal is not None:
                self.journal.commit()
        self._loop.call_soon_threadsafe(self._sync_soon)

    def savepoint(self) -> None:
        """Begin a transaction within the turn's."""
        self.begin().execute(f"SAVEPOINT _cf_{self.depth}")
        self.depth += 1
        if self.journal is not None:
            self.journal.mark()

    def release(self, keep: bool) -> None:
        """End the innermost transaction; without `keep` all it did is taken back."""
        self.depth -= 1
        if not keep:
            self.connection.execute(f"ROLLBACK TO _cf_{self.depth}")
            self._read_alarm()
        self.connection.execute(f"RELEASE _cf_{self.depth}")
        if self.journal is not None:
            self.journal.release(keep)

    @property
    def alarm(self) -> int | None:
        """When the alarm rings, in milliseconds of the epoch; None while it does."""
        self.connection  # noqa: B018  (opening reads it)
        return None if self._ringing else self._alarm

    def set_alarm(self, at: int | None) -> None:
        """Set, or with None delete, the alarm."""
        connection = self.begin()
        if at is None:
            connection.execute("DELETE FROM _cf_METADATA WHERE key = ?", (_ALARM,))
        else:
            connection.execute("INSERT OR REPLACE INTO _cf_METADATA VALUES (?, ?)", (_ALARM, at))
        self._alarm = at
        self._alarm_changed = True
        self._ringing = False

    def delete_all(self) -> None:
        """Everything but the alarm, and that too from compatibility date 2026-02-24 on."""
        connection = self.begin()
        found = connection.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger', 'table') "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"
        ).fetchall()
        for kind, name in sorted(found, key=lambda each: ("trigger", "view", "table").index(each[0])):
            quoted = name.replace('"', '""')
            connection.execute(f'DROP {kind} IF EXISTS "{quoted}"')
        connection.execute("DELETE FROM _cf_KV")
        if self.deletes_alarm and self._alarm is not None:
            self.set_alarm(None)

    def rollback(self) -> None:
        """The isolate is gone: what its last turn had not finished is taken back."""
        with self.lock:
            if self._open_transaction and self._connection is not None:
                self._connection.execute("ROLLBACK")
                self._read_alarm()
            self._open_transaction = False
            self.depth = 0
            if self.journal is not None:
                self.journal.rollback()
        self._tell_commits()

    def bookmark(self) -> str:
        """The point in time that what is committed now is."""
        self.connection  # noqa: B018  (opening makes the file)
        if self._marked is None or self._marked[0] != self.writes:
            self._marked = self.writes, self.bookmarks.mark()
        return self._marked[1]

    def start(self) -> None:
        """An instance starts: it finds what `onNextSessionRestoreBookmark` has asked for."""
        if not self.bookmarks.ordered:
            return
        if self._connection is not None:
            self.close()
        self.bookmarks.restore()
        self.connection  # noqa: B018  (opening reads the alarm)
        self.writes += 1
        self._alarm_changed = True
        self._committed += 1
        self._loop.call_soon_threadsafe(self._sync_soon)

    def begin_alarm(self) -> int | None:
        """The alarm rings: until it has ended there seems to be none. Blocks."""
        with self.lock:
            self.connection  # noqa: B018  (opening reads it)
            at, self._ringing = self._alarm, self._alarm is not None
            return at

    def end_alarm(self, last: bool) -> bool:
        """The alarm's handler has ended; if this was its last run, the alarm is gone. Blocks.

        Returns:
            Whether the handler has set another one.
        """
        with self.lock:
            if not self._ringing:
                return True
            self._ringing = False
            if last:
                self.set_alarm(None)
                self.commit()
            return False

    def rest(self) -> None:
        """Close the file, unless it is used again already. Blocks."""
        with self.lock:
            if not self._open_transaction:
                self.close()

    def _open(self) -> sqlite3.Connection:
        self._new = not self.path.exists()
        for folder in (self.path.parent.parent, self.path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if self._new and self._origin is not None and self._origin.exists():
            if self.journal is not None:
                self.journal.base = state(self._origin)
            copy(self._origin, self.path)
        elif self._new:
            blank.make(self.path)
        connection = sqlite3.connect(self.path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            if self._new:  # begin the log without SQLite's own wait for its head: `_fsync` waits for all
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute("PRAGMA user_version = 0")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.executescript(blank.SCHEMA)
            self._connection = connection
            self._read_alarm()
            connection.set_authorizer(self.authorizer)
            for limit, most in LIMITS.items():
                connection.setlimit(limit, most)
            # The log exists from the first read on; this descriptor is what the sync thread syncs.
            self._log = os.open(f"{self.path}-wal", os.O_RDONLY)
        except BaseException:
            self._connection = None
            connection.close()
            raise
        return connection

    def _read_alarm(self) -> None:
        if self._connection is None:
            return
        row = self._connection.execute("SELECT value FROM _cf_METADATA WHERE key = ?", (_ALARM,)).fetchone()
        self._alarm = None if row is None else int(row[0])

    # -- on the event loop

    @property
    def settled(self) -> bool:
        """Whether all that was written is on the disk."""
        done = (not self._open_transaction or self.depth > 0) and self._synced >= self._committed
        return done and self._error is None

    async def flushed(self) -> None:
        """Wait until everything written so far is on the disk: the output gate.

        Raises:
            OSError, sqlite3.Error: it could not be written; the object is to be reset.
        """
        while self._open_transaction and not self.depth:
            waiter = self._loop.create_future()
            self._commits.append(waiter)
            await waiter
        if self._error is not None:
            raise self._error
        if self._synced < self._committed:
            waiter = self._loop.create_future()
            self._waiters.append((self._committed, waiter))
            self._sync_soon()
            await waiter

    def _sync_soon(self) -> None:
        self._tell_commits()
        if self._syncing is None:
            self._syncing = self._loop.create_task(self._sync())

    def _tell_commits(self) -> None:
        waiting, self._commits = self._commits, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._tell_commits()
        self._wake(self._committed, error)

    async def _sync(self) -> None:
        try:
            while self._synced < self._committed:
                target = self._committed
                changed, self._alarm_changed = self._alarm_changed, False
                await self._loop.run_in_executor(SYNCS, self._fsync)
                if changed and self._on_alarm is not None:
                    await self._on_alarm(self._alarm)
                self._synced = target
                self._wake(target, None)
        except Exception as error:
            log.exception("%s could not be written", self.path)
            self._fail(error)
        finally:
            self._syncing = None

    def _wake(self, target: int, error: Exception | None) -> None:
        waiting, self._waiters = self._waiters, []
        for needed, waiter in waiting:
            if needed > target:
                self._waiters.append((needed, waiter))
            elif not waiter.done():
                if error is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(error)

    def _fsync(self) -> None:
        if self._new:  # without its head a log is nothing
            sync(self.path)
        if self._log is not None:
            os.fsync(self._log)
        if self._new:  # the folder's entries for the file and its log
            sync(self.path.parent)
            self._new = False

    def close(self) -> None:
        """Close the file; the next operation opens it again. Blocks: not for the event loop."""
        with self.lock:
            if self._connection is not None:
                if self._open_transaction:
                    self._connection.execute("ROLLBACK")
                    self._open_transaction = False
                self._connection.set_authorizer(None)
                self._connection.close()
                self._connection = None
            if self._log is not None:
                os.close(self._log)
                self._log = None
