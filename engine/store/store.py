"""The store: one SQLite database in a state folder, reached from an event loop without ever blocking it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from engine.d1.databases import Databases
from engine.errors import StoreError
from engine.model import Account, Change
from engine.store import accounts, changes
from engine.store.blobs import Blobs
from engine.store.clock import Clock
from engine.store.database import Connection, in_words, migrate, open_reader, open_writer, prepare_folder
from engine.store.secrets import Secrets
from engine.store.writer import Listener, Writer

log = logging.getLogger(__name__)

KEY_FILE: Final = "secret.key"
READERS: Final = 2
T = TypeVar("T")


class Store:
    """The database of one state folder.

    `read` runs a function on a reader thread, in one snapshot; `write` runs it on the writer thread, in one
    transaction. Both hand it the connection; SQL is in the repository modules of this package only.

    Attributes:
        databases: the D1 databases, files of their own.
        blobs: the contents of R2 objects.
        assets: the contents of static assets.
        cached: the larger bodies of the Cache API's entries.
    """

    def __init__(self, folder: Path, path: Path, secrets: Secrets, clock: Clock, account: Account) -> None:
        """Use `open`."""
        self.folder = folder
        self.path = path
        self.secrets = secrets
        self.account = account
        self.databases = Databases(folder / "d1")
        self.blobs = Blobs(folder / "r2")
        self.assets = Blobs(folder / "assets")
        self.cached = Blobs(folder / "cache")
        self._clock = clock
        self._listeners: list[Listener] = []
        self._writer = Writer(path, self._tell)
        self._local = threading.local()
        self._reader_lock = threading.Lock()
        self._reader_connections: list[Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closed = False

    @classmethod
    def open(cls, folder: str | Path) -> Store:
        """Opens the store of a state folder, making folder, database and key file when they are new.

        Blocks for some milliseconds: call it before the event loop serves anything.

        Raises:
            StoreError: one line naming the file and what to do.
        """
        folder = Path(folder)
        path = prepare_folder(folder)
        connection = open_writer(path)
        try:
            migrate(connection, path)
            connection.execute("BEGIN IMMEDIATE")
            clock = Clock(changes.latest_time(connection))
            secrets = _open_secrets(connection, folder / KEY_FILE)
            account = accounts.ensure(connection, clock.now())
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise in_words(error, path) from error
        finally:
            connection.close()
        return cls(folder, path, secrets, clock, account)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work(connection)` returns, run on a reader thread in one snapshot of the database."""
        if self._closed:
            raise StoreError(f"{self.path} was closed: the engine is stopping")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work(connection)` returns, after the transaction it ran in is on the disk.

        `work` runs on the writer thread, in a savepoint of its own; when it raises, all it did is taken back
        and the exception comes out here. It must not commit or roll back itself.
        """
        result: T = await self._writer.submit(work)
        return result

    def now(self) -> str:
        """A timestamp later than any given before, ``2026-11-23T14:02:11.204000Z``."""
        return self._clock.now()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener(change)` on the event loop for each change this process commits.

        It is called before the write that made the change returns to its caller. The result unsubscribes.
        """
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    async def changes_since(self, seq: int, limit: int = 1000) -> list[Change]:
        """The changes after `seq`, oldest first, at most `limit`."""
        return await self.read(lambda connection: changes.since(connection, seq, limit))

    async def last_change(self) -> int:
        """The newest change's seq, 0 when there is none."""
        return await self.read(changes.last_seq)

    def close(self) -> None:
        """Writes what is queued and ends the threads. Blocks until then; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self.databases.close()
        self.blobs.close()
        self.assets.close()
        self.cached.close()
        self._writer.close()
        self._readers.shutdown(wait=True)
        for connection in self._reader_connections:
            connection.close()

    def _read(self, work: Callable[[Connection], T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = open_reader(self.path)
            self._local.connection = connection
            with self._reader_lock:
                self._reader_connections.append(connection)
        try:
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise in_words(error, self.path) from error

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(change)
            except Exception:  # one listener's fault must not keep the others from hearing of it
                log.exception("a listener failed on change %d (%s)", change.seq, change.kind)


def _open_secrets(connection: Connection, path: Path) -> Secrets:
    """The keys that fit this database; a new key file only for a database that never had one."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'key_check'").fetchone()
    if row is None:
        secrets = Secrets.create(path)
        connection.execute("INSERT INTO meta VALUES ('key_check', ?)", (secrets.make_check(),))
        return secrets
    secrets = Secrets.load(path)
    secrets.check(row[0])
    return secrets
