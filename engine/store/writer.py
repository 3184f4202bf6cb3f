"""The one thread that writes, with group commit.

Functions that wait while a commit is being written share the next one: each runs in a savepoint of its own,
so one that fails takes back only what it did, and all that succeeded are acknowledged after one COMMIT.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.errors import StoreError
from engine.model import Change
from engine.store.database import Connection, in_words, open_writer

log = logging.getLogger(__name__)

MAX_GROUP: Final = 256
MAX_GROUP_SECONDS: Final = 0.02

Listener = Callable[[Change], None]


@dataclass(slots=True)
class _Job:
    work: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    changes: list[Change] = field(default_factory=list)


class Writer:
    """Runs functions on the writing connection, one after the other, in the order they came."""

    def __init__(self, path: Path, tell: Listener) -> None:
        """Args: path: the database, already migrated. tell: gets each committed change, on the event loop."""
        self._path = path
        self._tell = tell
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._ended = False  # the closing mark was met while a group was being filled
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], Any]) -> asyncio.Future[Any]:
        """Queues a function; the future resolves on the running loop after its COMMIT."""
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        with self._lock:
            if self._closed:
                raise StoreError(f"{self._path} was closed: the engine is stopping")
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Writes what is queued, then ends the thread."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        connection: Connection | None = None
        while not self._ended:
            job = self._jobs.get()
            if job is None:
                break
            group = [job]
            try:
                if connection is None:
                    connection = open_writer(self._path)
                self._commit(connection, group)
            except Exception as error:  # an event loop waits for each job: every error goes to it
                if connection is not None and connection.in_transaction:
                    connection.execute("ROLLBACK")
                for each in group:
                    each.error, each.changes = self._words(error), []
            self._deliver(group)
        if connection is not None:
            connection.close()

    def _commit(self, connection: Connection, group: list[_Job]) -> None:
        """Runs the group's one job and those that wait behind it (adding them to the group), and commits."""
        connection.execute("BEGIN IMMEDIATE")
        end = time.monotonic() + MAX_GROUP_SECONDS
        self._savepoint(connection, group[0])
        while len(group) < MAX_GROUP and time.monotonic() < end:
            try:
                waiting = self._jobs.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                self._ended = True
                break
            group.append(waiting)
            self._savepoint(connection, waiting)
        connection.execute("COMMIT")

    def _savepoint(self, connection: Connection, job: _Job) -> None:
        connection.changed = []
        connection.execute("SAVEPOINT job")
        try:
            job.result = job.work(connection)
        except Exception as error:
            if not connection.in_transaction:
                # SQLite itself rolled everything back (disk full, I/O error): the whole group failed.
                raise
            connection.execute("ROLLBACK TO job")
            job.error = self._words(error)
        else:
            job.changes = connection.changed
        connection.execute("RELEASE job")

    def _words(self, error: Exception) -> Exception:
        return in_words(error, self._path) if isinstance(error, sqlite3.Error) else error

    def _deliver(self, group: list[_Job]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in group:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._resolve, jobs)
            except RuntimeError:
                log.info("a write was committed after its event loop had closed")

    def _resolve(self, jobs: list[_Job]) -> None:
        """On the event loop: listeners first, so that who awaited the write finds them up to date."""
        for job in jobs:
            for change in job.changes:
                self._tell(change)
            if job.future.done():
                continue  # its caller was cancelled; the write stands
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)
