"""Records of invocations on the disk: a database of its own beside the store's.

Logs come in another amount than everything else and may be lost without harm, so they do not share the
store's file, its writer or its waits for the disk: a commit here is not synced (a killed process loses
nothing that was written, a power cut may). One thread does all the work.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from engine.errors import StoreError

FILE: Final = "logs.db"
VERSION: Final = 1
#: How far above its limit an environment's log grows before the oldest records go: fewer deletions.
SLACK: Final = 1.1
BUSY_TIMEOUT: Final = 5.0
_SCHEMA: Final = """
CREATE TABLE places (id INTEGER PRIMARY KEY, environment TEXT NOT NULL UNIQUE);
CREATE TABLE records (
    seq INTEGER PRIMARY KEY, place INTEGER NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL,
    status INTEGER, outcome TEXT NOT NULL, method TEXT NOT NULL, ray TEXT NOT NULL, failed INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX records_of_place ON records (place, seq, at, size);
"""

log = logging.getLogger("engine.logs")
T = TypeVar("T")


class Row(NamedTuple):
    """A record as it is written: `at` is milliseconds since 1970, `data` JSON, `limit` the bytes its
    environment may have."""

    environment: str
    seq: int
    at: int
    status: int | None
    outcome: str
    method: str
    ray: str
    failed: bool
    data: str
    limit: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What columns can say about the records that are looked for; None asks for nothing.

    Attributes:
        after: numbers above this one. before: numbers below this one.
        since: from this time on, milliseconds. until: before this time.
        statuses: ranges of the answer's status, both ends included.
        text: somewhere in the record's JSON, whatever the case of ASCII letters: a first sieve.
    """

    after: int = 0
    before: int | None = None
    since: int | None = None
    until: int | None = None
    statuses: tuple[tuple[int, int], ...] = ()
    outcomes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    ray: str | None = None
    failed: bool | None = None
    text: str | None = None

    def sql(self) -> tuple[str, list[Any]]:
        """Conditions, each with ` AND ` before it, and their values."""
        found: list[tuple[str, list[Any]]] = [("seq > ?", [self.after])]
        for condition, value in (
            ("seq < ?", self.before),
            ("at >= ?", self.since),
            ("at < ?", self.until),
            ("ray = ?", self.ray),
            ("failed = ?", self.failed),
        ):
            if value is not None:
                found.append((condition, [value]))
        if self.statuses:
            ranges = " OR ".join("status BETWEEN ? AND ?" for _ in self.statuses)
            found.append((f"({ranges})", [each for ends in self.statuses for each in ends]))
        for column, values in (("outcome", self.outcomes), ("method", self.methods)):
            if values:
                found.append((f"{column} IN ({', '.join('?' * len(values))})", list(values)))
        if self.text:
            escaped = self.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            found.append(("data LIKE ? ESCAPE '\\'", [f"%{escaped}%"]))
        return "".join(f" AND {each}" for each, _ in found), [one for _, each in found for one in each]


@dataclass(slots=True)
class _Place:
    id: int
    size: int = 0


@dataclass(slots=True)
class _Open:
    connection: sqlite3.Connection
    places: dict[str, _Place] = field(default_factory=dict)


class LogFile:
    """The file of one state folder; the first call makes it. Every method raises StoreError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="logs")
        self._open: _Open | None = None

    async def last_seq(self) -> int:
        """The newest record's number, 0 without one."""
        return await self._run(lambda file: _number(file, "SELECT max(seq) FROM records"))

    async def add(self, rows: Sequence[Row]) -> None:
        """Write records; the oldest of an environment that has too much go."""
        await self._run(lambda file: _add(file, rows))

    async def page(
        self, environments: Sequence[str], wanted: Wanted, limit: int
    ) -> list[tuple[int, str, str]]:
        """Number, environment's id and JSON of the newest records that are wanted, newest first."""
        return await self._run(lambda file: _page(file, environments, wanted, limit))

    async def environments(self) -> list[str]:
        """Ids of those that something is kept of."""
        return await self._run(lambda file: list(file.places))

    async def prune(self, before: Mapping[str, int], gone: Sequence[str], most: int) -> None:
        """Forget what is too old or too much.

        Args:
            before: by environment, the milliseconds before which nothing is kept.
            gone: environments of which nothing is kept.
            most: bytes of all environments together.
        """
        await self._run(lambda file: _prune(file, before, gone, most))

    async def close(self) -> None:
        """End the thread when it has done what it was asked."""
        with contextlib.suppress(StoreError):
            await self._run(lambda file: file.connection.close())
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[_Open], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)
        except RuntimeError as error:  # the thread has ended
            raise StoreError(f"{self.path} was closed: the engine is stopping") from error

    def _work(self, work: Callable[[_Open], T]) -> T:
        try:
            if self._open is None:
                self._open = _opened(self.path)
            return work(self._open)
        except sqlite3.Error as error:
            if self._open is not None:
                self._open.connection.close()  # takes back what was begun; sizes and places are read again
                self._open = None
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (
                sqlite3.SQLITE_CORRUPT,
                sqlite3.SQLITE_NOTADB,
            ):
                self._begin_anew(error)
            raise StoreError(f"{self.path}: {error}") from error

    def _begin_anew(self, error: sqlite3.Error) -> None:
        """Logs are not worth a repair."""
        log.warning("%s is damaged (%s): the kept logs begin anew", self.path, error)
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


def _opened(path: Path) -> _Open:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # its -wal and -shm take this file's mode
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror})") from error
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 16777216")
    if int(connection.execute("PRAGMA user_version").fetchone()[0]) != VERSION:
        connection.executescript(
            f"BEGIN IMMEDIATE; DROP TABLE IF EXISTS records; DROP TABLE IF EXISTS places; {_SCHEMA}"
            f" PRAGMA user_version = {VERSION}; COMMIT"
        )
    file = _Open(connection)
    rows = connection.execute(
        "SELECT p.environment, p.id, (SELECT coalesce(sum(size), 0) FROM records WHERE place = p.id)"
        " FROM places p"
    )
    file.places = {str(environment): _Place(int(place), int(size)) for environment, place, size in rows}
    return file


def _add(file: _Open, rows: Sequence[Row]) -> None:
    connection, limits = file.connection, dict[str, int]()
    connection.execute("BEGIN IMMEDIATE")
    for environment in {row.environment for row in rows} - file.places.keys():
        made = connection.execute("INSERT INTO places (environment) VALUES (?)", (environment,))
        file.places[environment] = _Place(int(made.lastrowid or 0))
    values = []
    for row in rows:
        place, size = file.places[row.environment], len(row.data) + 64
        place.size += size
        limits[row.environment] = row.limit
        values.append((row.seq, place.id, row.at, size, *row[3:9]))
    connection.executemany("INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    for environment, limit in limits.items():
        if file.places[environment].size > limit * SLACK:
            _shrink(connection, file.places[environment], limit)
    connection.execute("COMMIT")


def _shrink(connection: sqlite3.Connection, place: _Place, size: int) -> None:
    """Forget the oldest records of an environment until no more than `size` bytes are left."""
    newest = connection.execute(
        "SELECT seq, size FROM records WHERE place = ? ORDER BY seq DESC", (place.id,)
    )
    left, last = 0, 0
    for seq, each in newest:
        if left + each > size:
            last = seq
            break
        left += each
    connection.execute("DELETE FROM records WHERE place = ? AND seq <= ?", (place.id, last))
    place.size = left


def _page(file: _Open, environments: Sequence[str], wanted: Wanted, limit: int) -> list[tuple[int, str, str]]:
    names = {file.places[each].id: each for each in environments if each in file.places}
    if not names:
        return []
    conditions, values = wanted.sql()
    rows = file.connection.execute(
        f"SELECT seq, place, data FROM records WHERE place IN ({', '.join('?' * len(names))}){conditions}"
        " ORDER BY seq DESC LIMIT ?",
        [*names, *values, limit],
    )
    return [(int(seq), names[place], str(data)) for seq, place, data in rows]


def _prune(file: _Open, before: Mapping[str, int], gone: Sequence[str], most: int) -> None:
    connection = file.connection
    connection.execute("BEGIN IMMEDIATE")
    for environment in gone:
        if (place := file.places.pop(environment, None)) is not None:
            connection.execute("DELETE FROM records WHERE place = ?", (place.id,))
            connection.execute("DELETE FROM places WHERE id = ?", (place.id,))
    for environment, oldest in before.items():
        if (place := file.places.get(environment)) is not None:
            old = "place = ? AND seq <= (SELECT max(seq) FROM records WHERE place = ? AND at < ?)"
            connection.execute(f"DELETE FROM records WHERE {old}", (place.id, place.id, oldest))
            place.size = _number(file, "SELECT sum(size) FROM records WHERE place = ?", place.id)
    total = sum(place.size for place in file.places.values())
    if total > most:  # everybody gives what is above an equal share, the largest first
        for place in sorted(file.places.values(), key=lambda each: each.size, reverse=True):
            if total <= most:
                break
            before_it = place.size
            _shrink(connection, place, max(most // len(file.places), before_it - (total - most)))
            total -= before_it - place.size
    connection.execute("COMMIT")
    connection.execute("PRAGMA incremental_vacuum").fetchall()


def _number(file: _Open, sql: str, *values: Any) -> int:
    return int(file.connection.execute(sql, values).fetchone()[0] or 0)
