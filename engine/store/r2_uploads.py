"""R2: rows of uploads in parts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from engine.store import r2
from engine.store.database import Connection


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an upload; `etag` is what its uploader was given."""

    number: int
    etag: str
    md5: str
    hash: str
    size: int


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload in parts; `state` is "open", "completed" or "aborted"."""

    id: str
    key: str
    state: str
    storage_class: str
    http_metadata: dict[str, Any]
    custom_metadata: dict[str, str]
    parts: tuple[Part, ...] = ()


def upload(connection: Connection, name: str, upload_id: str) -> Upload | None:
    """An upload of the bucket with its parts in order, or None."""
    row = connection.execute(
        "SELECT id, key, state, storage_class, http_metadata, custom_metadata FROM r2_uploads"
        " WHERE id = ? AND bucket = ?",
        (upload_id, r2.bucket_number(connection, name)),
    ).fetchone()
    if row is None:
        return None
    parts = connection.execute(
        "SELECT number, etag, md5, hash, size FROM r2_parts WHERE upload = ? ORDER BY number", (upload_id,)
    )
    return Upload(
        row[0],
        bytes(row[1]).decode(),
        row[2],
        row[3],
        json.loads(row[4]),
        json.loads(row[5]),
        tuple(Part(*each) for each in parts),
    )


def insert_upload(connection: Connection, name: str, made: Upload, at: str) -> None:
    """Adds an upload without parts."""
    connection.execute(
        "INSERT INTO r2_uploads (id, bucket, key, state, storage_class, http_metadata, custom_metadata,"
        " created_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.id,
            r2.bucket_number(connection, name),
            made.key.encode(),
            made.state,
            made.storage_class,
            json.dumps(made.http_metadata),
            json.dumps(made.custom_metadata),
            at,
        ),
    )


def put_part(connection: Connection, upload_id: str, part: Part) -> None:
    """Writes a part over an older one of its number; its content must be in use already (`use`)."""
    old = connection.execute(
        "SELECT hash FROM r2_parts WHERE upload = ? AND number = ?", (upload_id, part.number)
    ).fetchone()
    if old is not None:
        r2.unuse(connection, (old[0],))
    connection.execute(
        "INSERT OR REPLACE INTO r2_parts (upload, number, etag, md5, hash, size) VALUES (?, ?, ?, ?, ?, ?)",
        (upload_id, part.number, part.etag, part.md5, part.hash, part.size),
    )


def end_upload(connection: Connection, upload_id: str, state: str) -> None:
    """Forgets an upload's parts and keeps how it ended."""
    rows = connection.execute("DELETE FROM r2_parts WHERE upload = ? RETURNING hash", (upload_id,)).fetchall()
    r2.unuse(connection, (row[0] for row in rows))
    connection.execute("UPDATE r2_uploads SET state = ? WHERE id = ?", (state, upload_id))


def stale_uploads(connection: Connection, name: str, prefix: str, before: str) -> list[str]:
    """Ids of open uploads of keys with this prefix that began before (ISO 8601)."""
    start = prefix.encode()
    rows = connection.execute(
        "SELECT id FROM r2_uploads WHERE bucket = ? AND state = 'open' AND substr(key, 1, ?) = ?"
        " AND created_on < ?",
        (r2.bucket_number(connection, name), len(start), start, before),
    )
    return [row[0] for row in rows]
