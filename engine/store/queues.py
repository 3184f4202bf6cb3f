"""Queues of the account, and who consumes them. Their messages: engine.store.queue_messages."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from engine.errors import ApiError, Conflict, NotFound
from engine.store.database import Connection

RETENTION: Final = 345_600
"""Seconds that a message is kept when a queue does not say (queues/platform/limits: 4 days)."""

_NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")
_COLUMNS: Final = (
    "q.id, q.name, q.created_on, q.modified_on, q.delivery_delay, q.delivery_paused, q.retention"
)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: `id` 32 hex, `name` unique; `delivery_delay` and `retention` in seconds."""

    id: str
    name: str
    created_on: str
    modified_on: str
    delivery_delay: int = 0
    delivery_paused: bool = False
    retention: int = RETENTION


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who gets a queue's messages.

    `service` and `environment` are None for one that pulls by HTTP. `settings` are as they were given:
    batch_size, max_retries, max_wait_time_ms, max_concurrency, retry_delay (s), visibility_timeout_ms.
    """

    id: str
    queue_id: str
    service: str | None
    environment: str | None
    created_on: str
    dead_letter_queue: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pulls(self) -> bool:
        """Whether it asks for messages by HTTP."""
        return self.service is None

    def setting(self, name: str, default: int) -> int:
        """One of the settings, or the default."""
        value = self.settings.get(name)
        return default if value is None else int(value)


def find(connection: Connection, name: str) -> Queue | None:
    """The queue with this name, or None."""
    return _one(connection, "q.name = ?", name)


def by_id(connection: Connection, queue_id: str) -> Queue | None:
    """The queue with this id, or None."""
    return _one(connection, "q.id = ?", queue_id)


def get(connection: Connection, queue_id: str) -> Queue:
    """The queue with this id; raises ApiError 11000."""
    found = by_id(connection, queue_id)
    if found is None:
        raise NotFound(11000, f"There is no queue {queue_id[:64]}")
    return found


def listing(connection: Connection, names: tuple[str, ...] = ()) -> list[Queue]:
    """All queues by name, or those of these names."""
    where = f"WHERE q.name IN ({', '.join('?' * len(names))})" if names else ""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM queues q {where} ORDER BY q.name", names)
    return [_made(row) for row in rows]


def insert(connection: Connection, queue: Queue) -> Queue:
    """Adds a queue; raises ApiError 11003 (bad name) or 11009 (the name is in use)."""
    if not isinstance(queue.name, str) or not _NAME.fullmatch(queue.name):
        raise ApiError(
            11003,
            f"{queue.name!r:.80} is no name for a queue: letters, digits, - and _, at most 63, and no - or _ "
            "at an end",
        )
    if find(connection, queue.name) is not None:
        raise Conflict(
            11009, f"Queue name '{queue.name}' is already taken. Please use a different name.", 400
        )
    connection.execute(
        "INSERT INTO queues (id, name, created_on, modified_on, delivery_delay, delivery_paused, retention)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            queue.id,
            queue.name,
            queue.created_on,
            queue.modified_on,
            queue.delivery_delay,
            queue.delivery_paused,
            queue.retention,
        ),
    )
    return queue


def update(connection: Connection, queue: Queue, at: str) -> Queue:
    """Keeps changed settings; id and name stay."""
    connection.execute(
        "UPDATE queues SET modified_on = ?, delivery_delay = ?, delivery_paused = ?, retention = ?"
        " WHERE id = ?",
        (at, queue.delivery_delay, queue.delivery_paused, queue.retention, queue.id),
    )
    return replace(queue, modified_on=at)


def delete(connection: Connection, queue_id: str) -> Queue:
    """Removes a queue with its messages and its consumer; raises ApiError 11000."""
    found = get(connection, queue_id)
    connection.execute("DELETE FROM queues WHERE id = ?", (found.id,))
    return found


def free_name(connection: Connection, name: str) -> str:
    """The name, made of what names allow, with ``-2``, ``-3``… behind it when it is taken."""
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:58].strip("-_") or "queue"
    number, candidate = 1, stem
    while find(connection, candidate) is not None:
        number += 1
        candidate = f"{stem}-{number}"
    return candidate


def new_id() -> str:
    """An id for a queue or a consumer: 32 hex, as Cloudflare's are."""
    return uuid.uuid4().hex


def producers(connection: Connection, name: str) -> list[tuple[str, str]]:
    """Service and environment of each environment whose live versions have a binding to the queue."""
    rows = connection.execute(
        "SELECT DISTINCT e.service_id, e.name FROM bindings b JOIN versions v ON v.id = b.version_id"
        " JOIN environments e ON e.id = v.environment_id"
        " WHERE b.type = 'queue' AND json_extract(b.settings, '$.queue_name') = ? AND EXISTS ("
        "  SELECT 1 FROM deployment_versions d WHERE d.version_id = v.id AND d.deployment_number = ("
        "   SELECT max(l.number) FROM deployments l WHERE l.environment_id = e.id))"
        " ORDER BY 1, 2",
        (name,),
    )
    return [(service, environment) for service, environment in rows]


# ---------------------------------------------------------------- consumers


def consumer(connection: Connection, queue_id: str) -> Consumer | None:
    """The consumer of a queue; it has one at most."""
    row = connection.execute(f"{_CONSUMERS} WHERE c.queue_id = ?", (queue_id,)).fetchone()
    return None if row is None else _consumer(row)


def consumers(connection: Connection) -> list[Consumer]:
    """Every consumer."""
    return [_consumer(row) for row in connection.execute(_CONSUMERS)]


def insert_consumer(connection: Connection, made: Consumer, environment_id: str | None) -> Consumer:
    """Adds a consumer; raises ApiError 11004 when the queue has one."""
    if consumer(connection, made.queue_id) is not None:
        raise Conflict(11004, "The queue has a consumer already: remove that first", 400)
    values = (made.created_on, made.dead_letter_queue, json.dumps(dict(made.settings)))
    connection.execute(
        "INSERT INTO queue_consumers VALUES (?, ?, ?, ?, ?, ?)",
        (made.id, made.queue_id, environment_id, *values),
    )
    return made


def update_consumer(connection: Connection, made: Consumer, environment_id: str | None) -> Consumer:
    """Keeps another script, dead letter queue or settings of a consumer."""
    connection.execute(
        "UPDATE queue_consumers SET environment_id = ?, dead_letter_queue = ?, settings = ? WHERE id = ?",
        (environment_id, made.dead_letter_queue, json.dumps(dict(made.settings)), made.id),
    )
    return made


def delete_consumer(connection: Connection, consumer_id: str) -> None:
    """Removes a consumer."""
    connection.execute("DELETE FROM queue_consumers WHERE id = ?", (consumer_id,))


_CONSUMERS: Final = (
    "SELECT c.id, c.queue_id, e.service_id, e.name, c.created_on, c.dead_letter_queue, c.settings"
    " FROM queue_consumers c LEFT JOIN environments e ON e.id = c.environment_id"
)


def _consumer(row: tuple[Any, ...]) -> Consumer:
    id, queue_id, service, environment, created_on, dead, settings = row
    return Consumer(id, queue_id, service, environment, created_on, dead, json.loads(settings))


def _one(connection: Connection, where: str, value: str) -> Queue | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM queues q WHERE {where}", (value,)).fetchone()
    return None if row is None else _made(row)


def _made(row: tuple[Any, ...]) -> Queue:
    id, name, created_on, modified_on, delay, paused, retention = row
    return Queue(id, name, created_on, modified_on, delay, bool(paused), retention)
