"""The change feed: one row for each verb that changed something."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.model import Actor, Change
from engine.store.database import Connection

_COLUMNS = (
    "seq, at, kind, service, environment, author, source, message, version_number, old_environment, detail"
)


def append(
    connection: Connection,
    at: str,
    kind: str,
    actor: Actor,
    *,
    service: str | None = None,
    environment: str | None = None,
    message: str | None = None,
    version_number: int | None = None,
    old_environment: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Change:
    """Records a change; listeners hear of it after the commit."""
    cursor = connection.execute(
        "INSERT INTO changes (at, kind, service, environment, author, source, message, version_number,"
        " old_environment, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            at,
            kind,
            service,
            environment,
            actor.author,
            actor.source,
            message,
            version_number,
            old_environment,
            json.dumps(dict(detail or {})),
        ),
    )
    change = Change(
        seq=int(cursor.lastrowid or 0),
        at=at,
        kind=kind,
        service=service,
        environment=environment,
        author=actor.author,
        source=actor.source,
        message=message,
        version_number=version_number,
        old_environment=old_environment,
        detail=dict(detail or {}),
    )
    connection.changed.append(change)
    return change


def only_of(connection: Connection, source: str) -> bool:
    """Whether nothing was changed through anything else than `source`."""
    row = connection.execute("SELECT 1 FROM changes WHERE source <> ? LIMIT 1", (source,)).fetchone()
    return row is None


def since(connection: Connection, seq: int, limit: int) -> list[Change]:
    """The changes after `seq`, oldest first, at most `limit`."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM changes WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
    )
    return [Change(*(*row[:-1], json.loads(row[-1]))) for row in rows]


def last_seq(connection: Connection) -> int:
    """The newest change's seq, 0 when there is none."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0])


def latest_time(connection: Connection) -> str | None:
    """The time of the newest change, None when there is none."""
    row = connection.execute("SELECT at FROM changes ORDER BY seq DESC LIMIT 1").fetchone()
    return None if row is None else str(row[0])
