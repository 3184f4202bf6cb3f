"""Looking at a KV namespace as a tree: what its keys begin with, and entries with their sizes.

Neither reads values, and both cost the same in a namespace of a million keys as in one of a thousand.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from engine.store import kv
from engine.store.database import Connection

#: Keys of one group that are counted; beyond that it says "more".
COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Group:
    """Keys that begin alike, up to and with a delimiter; or one key without any."""

    name: str
    keys: int
    more: bool
    """Whether there are more than were counted."""
    folder: bool
    """Whether it is a beginning, and not a whole key."""


@dataclass(frozen=True, slots=True)
class Groups:
    """A page of groups; `cursor` is empty on the last one."""

    groups: tuple[Group, ...]
    cursor: str = ""


def groups(
    connection: Connection,
    namespace_id: str,
    *,
    prefix: str = "",
    delimiters: Collection[str] = (":", "/"),
    limit: int = 100,
    cursor: str = "",
) -> Groups:
    """What comes next behind a prefix: one index lookup a group, whatever is in it.

    Args:
        prefix: what the keys begin with.
        delimiters: single characters that end a group's name.
        limit: how many groups at most.
        cursor: of the page before.

    Raises:
        ApiError: 10013 no such namespace, 10029 bad cursor.
    """
    number = kv.row_number(connection, namespace_id)
    begin = prefix.encode()
    upper = kv.after_prefix(begin)
    lower = max(begin, kv.decode_cursor(cursor)) if cursor else begin
    marks = [mark.encode() for mark in delimiters]
    found: list[Group] = []
    while len(found) < limit:
        row = connection.execute(
            "SELECT key FROM kv_entries WHERE namespace = ? AND key >= ?"
            + ("" if upper is None else " AND key < ?")
            + " ORDER BY key LIMIT 1",
            (number, lower, *(() if upper is None else (upper,))),
        ).fetchone()
        if row is None:
            return Groups(tuple(found))
        key = bytes(row[0])
        ends = [at + len(mark) for mark in marks if (at := key.find(mark, len(begin))) >= 0]
        if not ends:
            found.append(Group(key.decode(), 1, False, False))
            lower = key + b"\0"
            continue
        stem = key[: min(ends)]
        following = kv.after_prefix(stem)
        count = connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM kv_entries WHERE namespace = ? AND key >= ?"
            + ("" if following is None else " AND key < ?")
            + " LIMIT ?)",
            (number, stem, *(() if following is None else (following,)), COUNTED + 1),
        ).fetchone()[0]
        found.append(Group(stem.decode(), min(count, COUNTED), count > COUNTED, True))
        if following is None:
            return Groups(tuple(found))
        lower = following
    return Groups(tuple(found), kv.encode_cursor(lower))


def entries(
    connection: Connection, namespace_id: str, *, prefix: str = "", limit: int = 100, cursor: str = ""
) -> tuple[list[dict[str, Any]], str]:
    """Keys with size, expiration and metadata, in byte order, and the cursor of the next page.

    Raises:
        ApiError: 10013 no such namespace, 10029 bad cursor.
    """
    number, now = kv.row_number(connection, namespace_id), time.time()
    begin = prefix.encode()
    upper = kv.after_prefix(begin)
    lower = max(begin, kv.decode_cursor(cursor)) if cursor else begin
    rows = connection.execute(
        "SELECT key, expiration, metadata, length(value) FROM kv_entries WHERE namespace = ? AND key >= ?"
        + ("" if upper is None else " AND key < ?")
        + " ORDER BY key LIMIT ?",
        (number, lower, *(() if upper is None else (upper,)), limit + 1),
    ).fetchall()
    shown = [
        {
            "name": bytes(key).decode(),
            "size": size,
            **({} if expiration is None else {"expiration": expiration}),
            **({} if metadata is None else {"metadata": json.loads(metadata)}),
        }
        for key, expiration, metadata, size in rows[:limit]
        if expiration is None or expiration > now
    ]
    return shown, kv.encode_cursor(bytes(rows[limit][0])) if len(rows) > limit else ""
