"""The SQLite file: how it is created, opened, migrated, and how its errors are put into words.

Write-ahead log, synchronous=FULL (an acknowledged write survives a power cut), foreign keys on, and a busy
timeout, because two processes (live and drafts) have it open at once.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from engine.errors import StoreBusy, StoreError
from engine.model import Change
from engine.waits import BUSY

FILE: Final = "store.db"
APPLICATION_ID: Final = 0x53564354  # "SVCT": tells our file from any other SQLite file
CACHE_KB: Final = 8192
MIGRATIONS: Final = Path(__file__).with_name("migrations")


class Connection(sqlite3.Connection):
    """A connection that remembers the changes that its open transaction has recorded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed: list[Change] = []


def prepare_folder(folder: Path) -> Path:
    """Makes the state folder (mode 0700) and an empty database file (0600) in it.

    Returns:
        the database's path.

    Raises:
        StoreError: the folder cannot be made or written.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
        # SQLite would create it readable by all; its -wal and -shm files take this file's mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder} cannot be written ({error.strerror}): "
            "make the state folder yours, or choose another one with --state"
        ) from error
    return path


def open_writer(path: Path) -> Connection:
    """The connection that writes; for one thread. Raises StoreError."""
    try:
        connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, factory=Connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    except sqlite3.Error as error:
        raise in_words(error, path) from error
    return connection


def open_reader(path: Path) -> Connection:
    """A connection that cannot write; for one thread. Raises StoreError."""
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY,
            isolation_level=None,
            factory=Connection,
            # Its own pool thread uses it; only closing happens elsewhere, after that thread has ended.
            check_same_thread=False,
        )
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")  # a list of a large account reads that much
    except sqlite3.Error as error:
        raise in_words(error, path) from error
    return connection


def migrate(connection: Connection, path: Path) -> None:
    """Brings the schema to the newest number, each step in a transaction of its own.

    Raises:
        StoreError: the file is damaged, is not ours, or was made by a newer program.
    """
    steps = migrations()
    newest = max(steps)
    try:
        while True:
            if _schema(connection, path, newest) == newest:
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                # Another process may have migrated while this one waited for the lock.
                present = _schema(connection, path, newest)
                if present < newest:
                    for statement in _statements(steps[present + 1].read_text("utf-8")):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    connection.execute(f"PRAGMA user_version = {present + 1}")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
    except sqlite3.Error as error:
        raise in_words(error, path) from error


def migrations() -> dict[int, Path]:
    """The migration files by number, from 1 without a gap; raises StoreError when two have the same."""
    found: dict[int, Path] = {}
    for path in sorted(MIGRATIONS.glob("*.sql")):
        if re.match(r"\d{4}_", path.name):
            other = found.setdefault(int(path.name[:4]), path)
            if other != path:  # else one of them would never run, and nobody would notice
                raise StoreError(
                    f"{MIGRATIONS} has two files of one number, {other.name} and {path.name}: "
                    "give the later one the next free number"
                )
    if sorted(found) != list(range(1, len(found) + 1)):
        raise StoreError(f"{MIGRATIONS} has a gap in its numbers: install svc-tui again")
    return found


def in_words(error: sqlite3.Error, path: Path) -> Exception:
    """A StoreError naming the file and what to do; an error that is no fault of the file comes back as is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(
            f"{path} is damaged ({error}): put back a copy of it, or move it away to start with an empty one"
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreError(f"{path} cannot grow, the disk is full: free some space, nothing was changed")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(f"{path} is in use by another process: try again")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR):
        return StoreError(
            f"{path} cannot be used ({error}): check that it is yours and its disk writable, "
            "or choose another folder with --state"
        )
    return error


def _schema(connection: Connection, path: Path, newest: int) -> int:
    """The file's schema number; 0 for an empty file."""
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    number = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{path} is not svc-tui's database: choose another folder with --state")
    if number > newest:
        raise StoreError(
            f"{path} was written by a newer svc-tui (schema {number}, this one knows {newest}): "
            "install that one, or choose another folder with --state"
        )
    return number


def _statements(script: str) -> Iterator[str]:
    """The statements of a script (sqlite3's own `executescript` would commit the transaction first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
