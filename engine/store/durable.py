"""Durable Object namespaces, migration tags and due alarms: rows of the tables."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from engine.store.database import Connection


@dataclass(frozen=True, slots=True)
class Namespace:
    """A class of an environment, and all its objects."""

    id: str
    environment_id: str
    service: str
    environment: str
    class_name: str
    use_sqlite: bool
    created_on: str

    @property
    def name(self) -> str:
        """``service_Class``, with the environment between them where it is not production."""
        middle = "" if self.environment == "production" else f"{self.environment}_"
        return f"{self.service}_{middle}{self.class_name}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An object's alarm; `at` is milliseconds of the epoch, `attempt` counts failed runs."""

    namespace_id: str
    object: str
    at: int
    attempt: int


_SELECT = """
SELECT d.id, d.environment_id, e.service_id, e.name, d.class, d.use_sqlite, d.created_on
FROM durable_namespaces d JOIN environments e ON e.id = d.environment_id
"""


def _namespace(row: tuple[str, str, str, str, str, int, str]) -> Namespace:
    return Namespace(row[0], row[1], row[2], row[3], row[4], bool(row[5]), row[6])


def find(connection: Connection, namespace_id: str) -> Namespace | None:
    """A namespace by its id, or None."""
    row = connection.execute(f"{_SELECT} WHERE d.id = ?", (namespace_id,)).fetchone()
    return None if row is None else _namespace(row)


def of_class(connection: Connection, environment_id: str, class_name: str) -> Namespace | None:
    """The namespace of an environment's class, or None."""
    row = connection.execute(
        f"{_SELECT} WHERE d.environment_id = ? AND d.class = ?", (environment_id, class_name)
    ).fetchone()
    return None if row is None else _namespace(row)


def of_environment(connection: Connection, environment_id: str) -> list[Namespace]:
    """The namespaces of an environment, by class."""
    rows = connection.execute(
        f"{_SELECT} WHERE d.environment_id = ? ORDER BY d.class", (environment_id,)
    ).fetchall()
    return [_namespace(row) for row in rows]


def listing(connection: Connection) -> list[Namespace]:
    """All namespaces of the account."""
    return [_namespace(row) for row in connection.execute(f"{_SELECT} ORDER BY d.created_on, d.id")]


def insert(
    connection: Connection,
    environment_id: str,
    class_name: str,
    use_sqlite: bool,
    at: str,
    *,
    like: str = "",
) -> Namespace:
    """Adds an empty namespace; one `like` another has the same ids of objects (`engine.durable.ids`)."""
    made = secrets.token_hex(16) if not like else like[:32] + secrets.token_hex(8)
    connection.execute(
        "INSERT INTO durable_namespaces (id, environment_id, class, use_sqlite, created_on) "
        "VALUES (?, ?, ?, ?, ?)",
        (made, environment_id, class_name, int(use_sqlite), at),
    )
    found = find(connection, made)
    assert found is not None
    return found


def copy_alarms(connection: Connection, namespace_id: str, to: str) -> None:
    """Notes for the objects of another namespace the alarms that these have."""
    connection.execute(
        "INSERT INTO durable_alarms SELECT ?, object, at, attempt FROM durable_alarms WHERE namespace_id = ?",
        (to, namespace_id),
    )


def move(connection: Connection, namespace_id: str, environment_id: str, class_name: str) -> None:
    """Gives a namespace to another class, perhaps of another environment; the objects stay what they are."""
    connection.execute(
        "UPDATE durable_namespaces SET environment_id = ?, class = ? WHERE id = ?",
        (environment_id, class_name, namespace_id),
    )


def delete(connection: Connection, namespace_id: str) -> None:
    """Removes a namespace with its alarms; the objects' files are swept later."""
    connection.execute("DELETE FROM durable_namespaces WHERE id = ?", (namespace_id,))


def tag(connection: Connection, environment_id: str) -> str | None:
    """The tag of the last migration, None when there was none."""
    row = connection.execute(
        "SELECT tag FROM durable_migrations WHERE environment_id = ?", (environment_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def set_tag(connection: Connection, environment_id: str, value: str) -> None:
    """Notes the last migration's tag."""
    connection.execute("INSERT OR REPLACE INTO durable_migrations VALUES (?, ?)", (environment_id, value))


def set_alarm(connection: Connection, alarm: Alarm) -> None:
    """Notes when an object's alarm rings."""
    connection.execute(
        "INSERT OR REPLACE INTO durable_alarms SELECT ?, ?, ?, ? "
        "WHERE EXISTS (SELECT 1 FROM durable_namespaces WHERE id = ?)",
        (alarm.namespace_id, alarm.object, alarm.at, alarm.attempt, alarm.namespace_id),
    )


def delete_alarm(connection: Connection, namespace_id: str, object_id: str) -> None:
    """An object has no alarm any more."""
    connection.execute(
        "DELETE FROM durable_alarms WHERE namespace_id = ? AND object = ?", (namespace_id, object_id)
    )


def alarms_of(connection: Connection, namespace_id: str, objects: Sequence[str]) -> dict[str, int]:
    """When the alarms of these objects ring, in milliseconds of the epoch; one without is left out."""
    rows = connection.execute(
        "SELECT object, at FROM durable_alarms WHERE namespace_id = ? "
        "AND object IN (SELECT value FROM json_each(?))",
        (namespace_id, json.dumps(list(objects))),
    )
    return {str(name): int(at) for name, at in rows}


def due(connection: Connection, now: int, limit: int) -> tuple[list[Alarm], int | None]:
    """Alarms that ring at `now` or did before, oldest first, and when the next one after `now` rings."""
    rows = connection.execute(
        "SELECT namespace_id, object, at, attempt FROM durable_alarms WHERE at <= ? ORDER BY at LIMIT ?",
        (now, limit),
    ).fetchall()
    following = connection.execute("SELECT min(at) FROM durable_alarms WHERE at > ?", (now,)).fetchone()[0]
    return [Alarm(*row) for row in rows], following
