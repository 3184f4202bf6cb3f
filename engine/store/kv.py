"""Workers KV: namespaces and their entries, with the limits and texts of Cloudflare's KV.

Keys are bytes (UTF-8), so that SQLite's order is the order that KV lists in. Every function costs the same in
a namespace of a million keys as in one of a thousand. Expirations are unix seconds.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import ApiError, Conflict, KvError, namespace_not_found
from engine.model import KvNamespace
from engine.store.database import Connection
from engine.store.kv_limits import (
    MAX_LIST,
    check_expiration,
    check_key,
    check_limit,
    check_metadata,
    check_value,
)

MAX_TITLE: Final = 512
_COLUMNS = "id, title, created_on, keys"
_SCANNED_PAGES: Final = 8  # expired entries skipped by one `entries` call, in pages, before it answers short


@dataclass(frozen=True, slots=True)
class Entry:
    """A value with its metadata (a JSON value or None) and absolute expiration (unix seconds or None)."""

    value: bytes = field(repr=False)
    metadata: Any = None
    expiration: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key as listing shows it; `metadata` is a JSON value or None."""

    name: str
    expiration: int | None = None
    metadata: Any = None

    def to_json(self) -> dict[str, Any]:
        """KV's list item: expiration and metadata only when there are any."""
        item: dict[str, Any] = {"name": self.name}
        if self.expiration is not None:
            item["expiration"] = self.expiration
        if self.metadata is not None:
            item["metadata"] = self.metadata
        return item


@dataclass(frozen=True, slots=True)
class Page:
    """A page of keys; `cursor` is empty on the last one."""

    keys: tuple[Key, ...]
    complete: bool
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Put:
    """One entry to write; give at most one of `expiration` (unix seconds) and `expiration_ttl` (seconds)."""

    key: str
    value: bytes = field(repr=False)
    expiration: int | None = None
    expiration_ttl: int | None = None
    metadata: Any = None


def namespace(connection: Connection, namespace_id: str) -> KvNamespace:
    """The namespace; raises ApiError 10013."""
    found = find_namespace(connection, namespace_id)
    if found is None:
        raise namespace_not_found(namespace_id)
    return found


def find_namespace(connection: Connection, namespace_id: str) -> KvNamespace | None:
    """The namespace, or None."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM kv_namespaces WHERE id = ?", (namespace_id,)).fetchone()
    return None if row is None else KvNamespace(*row)


def namespaces(
    connection: Connection, limit: int = -1, offset: int = 0, *, order: str = "id", descending: bool = False
) -> list[KvNamespace]:
    """Namespaces ordered by ``id`` or ``title``; `limit` -1 is all."""
    column = "title" if order == "title" else "id"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM kv_namespaces ORDER BY {column} {'DESC' if descending else 'ASC'}"
        " LIMIT ? OFFSET ?",
        (limit, offset),
    )
    return [KvNamespace(*row) for row in rows]


def namespace_count(connection: Connection) -> int:
    """How many namespaces there are."""
    return int(connection.execute("SELECT count(*) FROM kv_namespaces").fetchone()[0])


def copy_entries(connection: Connection, namespace_id: str, to: str) -> None:
    """Writes all entries of a namespace to another one; raises ApiError 10013."""
    namespace(connection, namespace_id), namespace(connection, to)
    connection.execute(
        "INSERT OR REPLACE INTO kv_entries (namespace, key, expiration, metadata, value)"
        " SELECT (SELECT number FROM kv_namespaces WHERE id = ?), key, expiration, metadata, value"
        " FROM kv_entries WHERE namespace = (SELECT number FROM kv_namespaces WHERE id = ?)",
        (to, namespace_id),
    )


def create_namespace(connection: Connection, title: str, at: str) -> KvNamespace:
    """A new, empty namespace; raises ApiError 10014 (title exists) or 10019 (no title)."""
    _check_title(connection, title)
    namespace_id = secrets.token_hex(16)
    connection.execute(
        "INSERT INTO kv_namespaces (id, title, created_on) VALUES (?, ?, ?)", (namespace_id, title, at)
    )
    return KvNamespace(namespace_id, title, at)


def free_title(connection: Connection, title: str) -> str:
    """The title itself, or with ``-2``, ``-3``… behind it when it is taken."""
    number, candidate = 1, title
    while connection.execute("SELECT 1 FROM kv_namespaces WHERE title = ?", (candidate,)).fetchone():
        number += 1
        candidate = f"{title}-{number}"
    return candidate


def rename_namespace(connection: Connection, namespace_id: str, title: str) -> KvNamespace:
    """Gives it another title; raises ApiError 10013, 10014 or 10019."""
    if namespace(connection, namespace_id).title != title:
        _check_title(connection, title)
        connection.execute("UPDATE kv_namespaces SET title = ? WHERE id = ?", (title, namespace_id))
    return namespace(connection, namespace_id)


def delete_namespace(connection: Connection, namespace_id: str) -> KvNamespace:
    """Drops it at once whatever its size (`sweep` frees the entries); raises ApiError 10013."""
    found = namespace(connection, namespace_id)
    connection.execute("INSERT INTO kv_dropped VALUES (?)", (row_number(connection, namespace_id),))
    connection.execute("DELETE FROM kv_namespaces WHERE id = ?", (namespace_id,))
    return found


def get(connection: Connection, namespace_id: str, key: str) -> Entry | None:
    """The entry, or None when it is missing or expired; raises ApiError 10013 and KvError."""
    row = connection.execute(
        "SELECT value, metadata, expiration FROM kv_entries WHERE namespace = ? AND key = ?",
        (row_number(connection, namespace_id), check_key(key)),
    ).fetchone()
    if row is None or (row[2] is not None and row[2] <= time.time()):
        return None
    return Entry(bytes(row[0]), None if row[1] is None else json.loads(row[1]), row[2])


def put(
    connection: Connection,
    namespace_id: str,
    key: str,
    value: bytes,
    *,
    expiration: int | None = None,
    expiration_ttl: int | None = None,
    metadata: Any = None,
) -> None:
    """Writes one entry, the last one wins; raises ApiError 10013 and KvError."""
    put_many(connection, namespace_id, (Put(key, value, expiration, expiration_ttl, metadata),))


def put_many(connection: Connection, namespace_id: str, entries: Iterable[Put]) -> int:
    """Writes entries, all or none, and gives their number; raises ApiError 10013 and KvError."""
    number = row_number(connection, namespace_id)
    rows = [
        (
            number,
            check_key(entry.key),
            check_expiration(entry.expiration, entry.expiration_ttl),
            check_metadata(entry.metadata),
            check_value(entry.value),
        )
        for entry in entries
    ]
    connection.executemany(
        "INSERT INTO kv_entries (namespace, key, expiration, metadata, value) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (namespace, key) DO UPDATE SET"
        " expiration = excluded.expiration, metadata = excluded.metadata, value = excluded.value",
        rows,
    )
    return len(rows)


def delete(connection: Connection, namespace_id: str, key: str) -> None:
    """Removes one entry; a missing one is no error. Raises ApiError 10013 and KvError."""
    delete_many(connection, namespace_id, (key,))


def delete_many(connection: Connection, namespace_id: str, keys: Iterable[str]) -> int:
    """Removes entries and gives the number of keys named; raises ApiError 10013 and KvError."""
    number = row_number(connection, namespace_id)
    rows = [(number, check_key(key)) for key in keys]
    connection.executemany("DELETE FROM kv_entries WHERE namespace = ? AND key = ?", rows)
    return len(rows)


def entries(
    connection: Connection, namespace_id: str, *, prefix: str = "", limit: int = MAX_LIST, cursor: str = ""
) -> Page:
    """Keys in UTF-8 byte order; `limit` 1 to 1,000.

    A page may be short, even empty, though not the last: where very many neighbours have expired.

    Raises:
        ApiError: 10013 no such namespace, 10028 bad limit, 10029 bad cursor.
    """
    check_limit(limit)
    number, now = row_number(connection, namespace_id), time.time()
    lower, upper = prefix.encode(), after_prefix(prefix.encode())
    if cursor:
        lower = max(lower, decode_cursor(cursor))
    found: list[Key] = []
    for _ in range(_SCANNED_PAGES):
        wanted = limit - len(found)
        rows = connection.execute(
            "SELECT key, expiration, metadata FROM kv_entries WHERE namespace = ? AND key >= ?"
            + ("" if upper is None else " AND key < ?")
            + " ORDER BY key LIMIT ?",
            (number, lower, *(() if upper is None else (upper,)), wanted + 1),
        ).fetchall()
        found.extend(
            Key(bytes(key).decode(), expiration, None if metadata is None else json.loads(metadata))
            for key, expiration, metadata in rows[:wanted]
            if expiration is None or expiration > now
        )
        if len(rows) <= wanted:
            return Page(tuple(found), True)
        lower = bytes(rows[wanted][0])
        if len(found) == limit:
            break
    return Page(tuple(found), False, encode_cursor(lower))


def sweep(connection: Connection, limit: int = 1000) -> int:
    """Frees up to `limit` entries that have expired or whose namespace was dropped; gives how many.

    Call it again at once while it gives `limit`: short transactions let other writers in between.
    """
    cursor = connection.execute(
        "DELETE FROM kv_entries WHERE (namespace, key) IN"
        " (SELECT namespace, key FROM kv_entries WHERE expiration IS NOT NULL AND expiration <= ? LIMIT ?)",
        (int(time.time()), limit),
    )
    freed = cursor.rowcount
    for (number,) in connection.execute("SELECT namespace FROM kv_dropped").fetchall():
        if freed >= limit:
            break
        cursor = connection.execute(
            "DELETE FROM kv_entries WHERE namespace = ?1 AND key IN"
            " (SELECT key FROM kv_entries WHERE namespace = ?1 LIMIT ?2)",
            (number, limit - freed),
        )
        if cursor.rowcount < limit - freed:
            connection.execute("DELETE FROM kv_dropped WHERE namespace = ?", (number,))
        freed += cursor.rowcount
    return freed


def row_number(connection: Connection, namespace_id: str) -> int:
    """The number that a namespace's entries have; raises ApiError 10013."""
    row = connection.execute("SELECT number FROM kv_namespaces WHERE id = ?", (namespace_id,)).fetchone()
    if row is None:
        raise namespace_not_found(namespace_id)
    return int(row[0])


def _check_title(connection: Connection, title: str) -> None:
    if not isinstance(title, str) or not title.strip():
        raise ApiError(10019, "A KV namespace needs a title")
    if len(title.encode()) > MAX_TITLE:
        raise ApiError(10019, f"The title of a KV namespace has at most {MAX_TITLE} bytes")
    if connection.execute("SELECT 1 FROM kv_namespaces WHERE title = ?", (title,)).fetchone():
        raise Conflict(10014, f"A KV namespace with this title already exists: {title}", 400)


def after_prefix(prefix: bytes) -> bytes | None:
    """The least key above all that begin with the prefix; None when there is no bound."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def encode_cursor(key: bytes) -> str:
    """The cursor of a page that begins at `key` (or at the next one, when it is gone by then)."""
    return base64.urlsafe_b64encode(key).decode()


def decode_cursor(cursor: str) -> bytes:
    """The key that `encode_cursor` was given; raises KvError 10029."""
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise KvError(10029, "Invalid cursor: pass the cursor of the page before as it was given") from error
