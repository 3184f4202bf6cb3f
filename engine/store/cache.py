"""The Cache API's entries: responses by environment, cache and URL, bounded in number and size.

An entry's body is in its row while it is small, else a file of `Store.cached`, named by its SHA-256, which
goes with the last row that names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.store.blobs import Blobs
from engine.store.database import Connection

INLINE: Final = 64 * 1024
"""Bytes up to which a body is kept in its row."""
OVERHEAD: Final = 512
"""Bytes that a row counts beside its URL, headers and body."""
MAX_ENTRIES: Final = 100_000
MAX_WEIGHT: Final = 1024**3
"""Bytes that all entries of the state folder may have together."""
_EXPIRED_AT_ONCE: Final = 200
_EVICTED_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Key:
    """Where an entry is: `cache` is "" for `caches.default`, "/" and its name for an opened one."""

    environment_id: str
    cache: str
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A response that was kept. Times are seconds since 1970; the body is in `body`, or the file `hash`."""

    status: int
    status_text: str
    headers: tuple[tuple[str, str], ...]
    size: int
    stored: float
    expires: float
    body: bytes | None
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many entries there may be, and how many bytes they may have together."""

    entries: int = MAX_ENTRIES
    weight: int = MAX_WEIGHT


def find(connection: Connection, key: Key, now: float) -> Entry | None:
    """The entry, unless there is none or it has expired."""
    row = connection.execute(
        "SELECT status, status_text, headers, size, stored, expires, body, hash FROM cache_entries"
        " WHERE environment_id = ? AND cache = ? AND url = ? AND expires > ?",
        (key.environment_id, key.cache, key.url, now),
    ).fetchone()
    if row is None:
        return None
    return Entry(row[0], row[1], tuple((name, value) for name, value in json.loads(row[2])), *row[3:])


def put(connection: Connection, blobs: Blobs, key: Key, entry: Entry, bounds: Bounds) -> None:
    """Keep an entry in place of the one before; others go where it has no room, the longest unused first.

    A content in a file is to be given its name after this: the entry before may have had the same.
    """
    headers = json.dumps(entry.headers, ensure_ascii=False, separators=(",", ":"))
    weight = entry.size + len(headers) + len(key.url) + OVERHEAD
    _remove(connection, blobs, _ids(connection, key))
    _make_room(connection, blobs, entry.stored, Bounds(bounds.entries - 1, bounds.weight - weight))
    connection.execute(
        "INSERT INTO cache_entries (environment_id, cache, url, status, status_text, headers, body, hash,"
        " size, weight, stored, expires, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(key.environment_id, key.cache, key.url, entry.status, entry.status_text, headers),
            *(entry.body, entry.hash, entry.size, weight, entry.stored, entry.expires, entry.stored),
        ),
    )


def delete(connection: Connection, blobs: Blobs, key: Key, now: float) -> bool:
    """Remove an entry; whether there was one that had not expired."""
    there = find(connection, key, now) is not None
    _remove(connection, blobs, _ids(connection, key))
    return there


def touch(connection: Connection, used: Mapping[Key, float]) -> None:
    """Note when entries were used last."""
    connection.executemany(
        "UPDATE cache_entries SET used = max(used, ?) WHERE environment_id = ? AND cache = ? AND url = ?",
        [(at, key.environment_id, key.cache, key.url) for key, at in used.items()],
    )


def total(connection: Connection) -> tuple[int, int]:
    """How many entries there are, and their bytes."""
    entries, weight = connection.execute("SELECT entries, weight FROM cache_total").fetchone()
    return entries, weight


def _make_room(connection: Connection, blobs: Blobs, now: float, bounds: Bounds) -> None:
    """Remove what has expired, then the longest unused until the rest is within the bounds."""
    expired = connection.execute(
        "SELECT id, hash FROM cache_entries WHERE expires <= ? LIMIT ?", (now, _EXPIRED_AT_ONCE)
    ).fetchall()
    _remove(connection, blobs, expired)
    while True:
        entries, weight = total(connection)
        over, heavy = entries - bounds.entries, weight - bounds.weight
        if over <= 0 and heavy <= 0:
            return
        oldest = connection.execute(
            "SELECT id, hash, weight FROM cache_entries ORDER BY used, id LIMIT ?", (_EVICTED_AT_ONCE,)
        ).fetchall()
        if not oldest:
            return
        gone = []
        for row, hash, size in oldest:
            if over <= 0 and heavy <= 0:
                break
            gone.append((row, hash))
            over, heavy = over - 1, heavy - size
        _remove(connection, blobs, gone)


def _ids(connection: Connection, key: Key) -> list[tuple[int, str | None]]:
    return connection.execute(
        "SELECT id, hash FROM cache_entries WHERE environment_id = ? AND cache = ? AND url = ?",
        (key.environment_id, key.cache, key.url),
    ).fetchall()


def _remove(connection: Connection, blobs: Blobs, rows: Iterable[tuple[int, str | None]]) -> None:
    """Remove rows, and the files that no other row names."""
    for row, hash in rows:
        connection.execute("DELETE FROM cache_entries WHERE id = ?", (row,))
        if hash is None:
            continue
        if (
            connection.execute("SELECT 1 FROM cache_entries WHERE hash = ? LIMIT 1", (hash,)).fetchone()
            is None
        ):
            blobs.remove(hash)
