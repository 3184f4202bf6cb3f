"""R2: rows of buckets, objects, rules, and of the contents they use (files: engine.store.blobs).

Keys are bytes (UTF-8): SQLite's order is the order that R2 lists in.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from engine.errors import ApiError, Conflict, NotFound
from engine.model import R2Bucket
from engine.store.database import Connection

GRACE: Final = 15 * 60
"""Seconds that a content stays after its last use, for those who are reading it."""

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])")
_BUCKET: Final = "name, created_on, storage_class, location, objects, size"
_OBJECT: Final = (
    "key, version, size, etag, uploaded, storage_class, checksums, http_metadata, custom_metadata, segments"
)
Segments = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Object:
    """An object without its content.

    Attributes:
        uploaded: unix milliseconds.
        checksums: hexadecimal digests by algorithm.
        http_metadata: ``contentType`` …; ``cacheExpiry`` is unix milliseconds.
        segments: hash and bytes of each piece of its content.
    """

    key: str
    version: str
    size: int
    etag: str
    uploaded: int
    storage_class: str = "Standard"
    checksums: dict[str, str] = field(default_factory=dict)
    http_metadata: dict[str, Any] = field(default_factory=dict)
    custom_metadata: dict[str, str] = field(default_factory=dict)
    segments: Segments = ()


# -- buckets


def find_bucket(connection: Connection, name: str) -> R2Bucket | None:
    """The bucket, or None."""
    row = connection.execute(f"SELECT {_BUCKET} FROM r2_buckets WHERE name = ?", (name,)).fetchone()
    return None if row is None else R2Bucket(*row)


def bucket(connection: Connection, name: str) -> R2Bucket:
    """The bucket; raises ApiError 10006."""
    found = find_bucket(connection, name)
    if found is None:
        raise NotFound(10006, f"The specified bucket does not exist: {name}")
    return found


def buckets(
    connection: Connection,
    limit: int = -1,
    *,
    part: str = "",
    after: str = "",
    descending: bool = False,
) -> list[R2Bucket]:
    """Buckets by name with `part` in it, from the one after `after` on; `limit` -1 is all."""
    sign, order = ("<", "DESC") if descending else (">", "ASC")
    rows = connection.execute(
        f"SELECT {_BUCKET} FROM r2_buckets WHERE instr(name, ?1) AND (?2 = '' OR name {sign} ?2)"
        f" ORDER BY name {order} LIMIT ?3",
        (part, after, limit),
    )
    return [R2Bucket(*row) for row in rows]


def insert_bucket(
    connection: Connection, name: str, storage_class: str, location: str | None, at: str
) -> R2Bucket:
    """Adds an empty bucket; raises ApiError 10005 (bad name) or 10004 (it exists)."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiError(
            10005,
            f"The specified bucket name is not valid: {name!r:.80}. Use 3 to 63 lower-case letters, digits"
            " and dashes, beginning and ending with a letter or digit",
        )
    if find_bucket(connection, name) is not None:
        raise Conflict(10004, f"The bucket you tried to create already exists, and you own it: {name}")
    connection.execute(
        "INSERT INTO r2_buckets (name, storage_class, location, created_on) VALUES (?, ?, ?, ?)",
        (name, storage_class, location, at),
    )
    return R2Bucket(name, at, storage_class, location)


def set_storage_class(connection: Connection, name: str, storage_class: str) -> R2Bucket:
    """Changes the class that new objects get; raises ApiError 10006."""
    bucket(connection, name)
    connection.execute("UPDATE r2_buckets SET storage_class = ? WHERE name = ?", (storage_class, name))
    return bucket(connection, name)


def delete_bucket(connection: Connection, name: str) -> R2Bucket:
    """Removes an empty bucket and its unfinished uploads; raises ApiError 10006 or 10008 (not empty)."""
    found = bucket(connection, name)
    if found.objects:
        raise Conflict(
            10008, f"The bucket you tried to delete ({name}) is not empty: delete its objects first"
        )
    number = bucket_number(connection, name)
    hashes = connection.execute(
        "SELECT hash FROM r2_parts WHERE upload IN (SELECT id FROM r2_uploads WHERE bucket = ?)", (number,)
    ).fetchall()
    unuse(connection, (row[0] for row in hashes))
    connection.execute("DELETE FROM r2_uploads WHERE bucket = ?", (number,))
    connection.execute("DELETE FROM r2_buckets WHERE number = ?", (number,))
    return found


def free_name(connection: Connection, name: str) -> str:
    """The name, made of what bucket names allow, with ``-2``, ``-3``… behind it when it is taken."""
    stem = re.sub(r"[^a-z0-9-]", "-", name.lower())[:59].strip("-")
    number, candidate = 1, stem
    while find_bucket(connection, candidate) is not None:
        number += 1
        candidate = f"{stem}-{number}"
    return candidate


# -- objects


def find(connection: Connection, name: str, key: str) -> Object | None:
    """The object, or None; raises ApiError 10006."""
    row = connection.execute(
        f"SELECT {_OBJECT} FROM r2_objects WHERE bucket = ? AND key = ?",
        (bucket_number(connection, name), key.encode()),
    ).fetchone()
    return None if row is None else _object(row)


def scan(connection: Connection, name: str, lower: bytes, upper: bytes | None, limit: int) -> list[Object]:
    """Objects from key `lower` on to below `upper`, in order; raises ApiError 10006."""
    rows = connection.execute(
        f"SELECT {_OBJECT} FROM r2_objects WHERE bucket = ? AND key >= ?"
        + ("" if upper is None else " AND key < ?")
        + " ORDER BY key LIMIT ?",
        (bucket_number(connection, name), lower, *(() if upper is None else (upper,)), limit),
    )
    return [_object(row) for row in rows]


def put(connection: Connection, name: str, made: Object) -> None:
    """Writes an object over an older one; its contents must be in use already (`use`).

    Raises:
        ApiError: 10006 no bucket, 10069 the older one is locked.
    """
    delete(connection, name, made.key)
    connection.execute(
        f"INSERT INTO r2_objects (bucket, {_OBJECT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            bucket_number(connection, name),
            made.key.encode(),
            made.version,
            made.size,
            made.etag,
            made.uploaded,
            made.storage_class,
            json.dumps(made.checksums),
            json.dumps(made.http_metadata),
            json.dumps(made.custom_metadata),
            json.dumps(made.segments),
        ),
    )


def delete(connection: Connection, name: str, key: str) -> bool:
    """Removes an object; False when there was none. Raises ApiError 10006, or 10069 for a locked one."""
    number = bucket_number(connection, name)
    _check_unlocked(connection, number, key)
    row = connection.execute(
        "DELETE FROM r2_objects WHERE bucket = ? AND key = ? RETURNING segments", (number, key.encode())
    ).fetchone()
    if row is None:
        return False
    unuse(connection, (hash for hash, _ in json.loads(row[0])))
    return True


def expired(
    connection: Connection, name: str, prefix: str, before: int, limit: int = 1000
) -> list[tuple[str, str, int]]:
    """Key, etag and size of objects with this prefix that were uploaded before (milliseconds)."""
    start = prefix.encode()
    rows = connection.execute(
        "SELECT key, etag, size FROM r2_objects"
        " WHERE bucket = ? AND key >= ? AND substr(key, 1, ?) = ? AND uploaded < ? LIMIT ?",
        (bucket_number(connection, name), start, len(start), start, before, limit),
    )
    return [(bytes(key).decode(), etag, size) for key, etag, size in rows]


def move_class(connection: Connection, name: str, prefix: str, before: int, storage_class: str) -> None:
    """Gives another storage class to objects with this prefix that were uploaded before (milliseconds)."""
    start = prefix.encode()
    connection.execute(
        "UPDATE r2_objects SET storage_class = ? WHERE bucket = ? AND substr(key, 1, ?) = ?"
        " AND uploaded < ? AND storage_class <> ?",
        (storage_class, bucket_number(connection, name), len(start), start, before, storage_class),
    )


# -- rules


def rules(connection: Connection, name: str, kind: str) -> list[dict[str, Any]]:
    """A bucket's rules of one kind: cors, lifecycle, lock or notification; raises ApiError 10006."""
    return _rules(connection, bucket_number(connection, name), kind)


def set_rules(connection: Connection, name: str, kind: str, found: list[dict[str, Any]]) -> None:
    """Replaces a bucket's rules of one kind; raises ApiError 10006."""
    number = bucket_number(connection, name)
    if found:
        connection.execute(
            "INSERT OR REPLACE INTO r2_rules VALUES (?, ?, ?)", (number, kind, json.dumps(found))
        )
    else:
        connection.execute("DELETE FROM r2_rules WHERE bucket = ? AND kind = ?", (number, kind))


def ruled(connection: Connection, kind: str) -> list[str]:
    """The buckets that have rules of this kind."""
    rows = connection.execute(
        "SELECT b.name FROM r2_rules r JOIN r2_buckets b ON b.number = r.bucket WHERE r.kind = ?", (kind,)
    )
    return [row[0] for row in rows]


def _rules(connection: Connection, number: int, kind: str) -> list[dict[str, Any]]:
    row = connection.execute(
        "SELECT rules FROM r2_rules WHERE bucket = ? AND kind = ?", (number, kind)
    ).fetchone()
    return json.loads(row[0]) if row else []


def _check_unlocked(connection: Connection, number: int, key: str) -> None:
    for rule in _rules(connection, number, "lock"):
        if not rule.get("enabled", True) or not key.startswith(rule.get("prefix") or ""):
            continue
        row = connection.execute(
            "SELECT uploaded FROM r2_objects WHERE bucket = ? AND key = ?", (number, key.encode())
        ).fetchone()
        if row is not None and locked(rule["condition"], row[0], int(time.time() * 1000)):
            raise ApiError(
                10069,
                f"The object is locked by the rule {rule['id']} of the bucket, and stays as it is.",
                403,
            )


def locked(condition: Mapping[str, Any], uploaded: int, now: int) -> bool:
    """Whether a lock holds an object that was uploaded then (both in milliseconds)."""
    match condition["type"]:
        case "Age":
            return bool(now < uploaded + condition["maxAgeSeconds"] * 1000)
        case "Date":
            return now < datetime.fromisoformat(condition["date"]).timestamp() * 1000
    return True  # Indefinite


def copy_objects(connection: Connection, name: str, to: str) -> None:
    """Writes all objects of a bucket to another, empty one, with the same contents; raises ApiError 10006."""
    source, target = bucket_number(connection, name), bucket_number(connection, to)
    found = connection.execute("SELECT segments FROM r2_objects WHERE bucket = ?", (source,))
    use(connection, [hash for row in found for hash, _ in json.loads(row[0])])
    connection.execute(
        f"INSERT INTO r2_objects (bucket, {_OBJECT}) SELECT ?, {_OBJECT} FROM r2_objects WHERE bucket = ?",
        (target, source),
    )


# -- contents


def use(connection: Connection, hashes: Iterable[str]) -> None:
    """Counts one more use of each content."""
    connection.executemany(
        "INSERT INTO r2_blobs (hash, uses) VALUES (?, 1)"
        " ON CONFLICT (hash) DO UPDATE SET uses = uses + 1, freed_on = NULL",
        [(hash,) for hash in hashes],
    )


def unuse(connection: Connection, hashes: Iterable[str]) -> None:
    """Counts one use less of each content."""
    connection.executemany(
        "UPDATE r2_blobs SET uses = uses - 1, freed_on = iif(uses = 1, ?, NULL) WHERE hash = ?",
        [(int(time.time()), hash) for hash in hashes],
    )


def forget_unused(connection: Connection, limit: int = 1000, grace: int = GRACE) -> list[str]:
    """Up to `limit` contents that nothing has used for `grace` seconds: their rows go, the files are next."""
    rows = connection.execute(
        "DELETE FROM r2_blobs WHERE hash IN"
        " (SELECT hash FROM r2_blobs WHERE uses = 0 AND freed_on <= ? LIMIT ?) RETURNING hash",
        (int(time.time()) - grace, limit),
    )
    return [row[0] for row in rows.fetchall()]


def bucket_number(connection: Connection, name: str) -> int:
    """What its rows go by; raises ApiError 10006."""
    row = connection.execute("SELECT number FROM r2_buckets WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(10006, f"The specified bucket does not exist: {name}")
    return int(row[0])


def _object(row: tuple[Any, ...]) -> Object:
    return Object(
        bytes(row[0]).decode(),
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        json.loads(row[6]),
        json.loads(row[7]),
        json.loads(row[8]),
        tuple((hash, size) for hash, size in json.loads(row[9])),
    )
