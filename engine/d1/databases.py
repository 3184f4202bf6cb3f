"""The D1 databases of a state folder: one file each, `d1/<id>.sqlite`, opened when asked for."""

from __future__ import annotations

import os
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from engine.d1.connection import Connection, Query
from engine.d1.database import Database

#: Databases kept open; beyond it the one not asked for longest is closed, if it has nothing to do.
OPEN: Final = 64


class Databases:
    """Files and open databases.

    Args:
        folder: where the files are; made when the first database is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[str, Database] = OrderedDict()

    def path(self, database_id: str) -> Path:
        """The file of a database."""
        return self._folder / f"{database_id}.sqlite"

    def get(self, database_id: str) -> Database:
        """The database, opened at its first use; that it exists is seen then."""
        found = self._open.get(database_id)
        if found is None:
            found = self._open[database_id] = Database(self.path(database_id))
            self._make_room()
        self._open.move_to_end(database_id)
        return found

    def create(self, database_id: str) -> None:
        """Make an empty file for a new database, on the disk when this returns. Blocks."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self.path(database_id)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = Connection(path)
        connection.close()
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def size(self, database_id: str) -> int | None:
        """Bytes that a database takes, or None when its file cannot be read. Blocks."""
        uri = f"{self.path(database_id).absolute().as_uri()}?mode=ro"
        try:
            connection = sqlite3.connect(uri, uri=True)
            try:
                pages, size = (
                    connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
                )
                return int(pages) * int(size)
            finally:
                connection.close()
        except sqlite3.Error:
            return None

    def drop(self, database_id: str) -> None:
        """Close a database and remove its files. Blocks until its thread is done."""
        found = self._open.pop(database_id, None)
        path = self.path(database_id)
        path.unlink(missing_ok=True)  # first: what still waits for the thread finds nothing any more
        if found is not None:
            found.close_and_wait()
        for suffix in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def replay(self, database_id: str, batches: Iterable[Sequence[Query]]) -> None:
        """Do again, in one transaction, what a private copy was asked to do. Blocks; raises SqlError."""
        queries = [query for batch in batches for query in batch]
        if queries:
            connection = Connection(self.path(database_id))
            try:
                connection.run(queries, seconds=None)
            finally:
                connection.close()

    def close(self) -> None:
        """Close all that is open. Blocks until what waits has been done."""
        while self._open:
            _, database = self._open.popitem()
            database.close_and_wait()

    def _make_room(self) -> None:
        if len(self._open) <= OPEN:
            return
        for name, database in list(self._open.items())[:-1]:
            if database.pending == 0:
                del self._open[name]
                database.close()
                return
