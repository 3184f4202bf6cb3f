"""Services: rows of the table, and what refers to them."""

from __future__ import annotations

import secrets

from engine.errors import name_taken, service_not_found
from engine.model import Service
from engine.store import environments
from engine.store.database import Connection

_COLUMNS = "id, created_on, modified_on, tag"


def find(connection: Connection, service: str) -> Service | None:
    """The service with its environments, or None."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM services WHERE id = ?", (service,)).fetchone()
    return None if row is None else Service(*(*row, tuple(environments.of_service(connection, service))))


def get(connection: Connection, service: str) -> Service:
    """The service with its environments; raises ApiError 10007."""
    found = find(connection, service)
    if found is None:
        raise service_not_found(service)
    return found


def listing(connection: Connection, limit: int = -1, offset: int = 0) -> list[Service]:
    """Services by name, with their environments; `limit` -1 is all."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM services ORDER BY id LIMIT ? OFFSET ?", (limit, offset)
    ).fetchall()
    return [Service(*(*row, tuple(environments.of_service(connection, row[0])))) for row in rows]


def rows(connection: Connection, limit: int = -1, offset: int = 0) -> list[Service]:
    """Services by name, without their environments; `limit` -1 is all."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM services ORDER BY id LIMIT ? OFFSET ?", (limit, offset)
    )
    return [Service(*row) for row in found]


def count(connection: Connection) -> int:
    """How many services there are."""
    return int(connection.execute("SELECT count(*) FROM services").fetchone()[0])


def insert(connection: Connection, service: str, at: str) -> None:
    """Adds a service without environments; raises ApiError 10040."""
    if connection.execute("SELECT 1 FROM services WHERE id = ?", (service,)).fetchone():
        raise name_taken("a service", service)
    connection.execute(
        "INSERT INTO services (id, tag, created_on, modified_on) VALUES (?, ?, ?, ?)",
        (service, secrets.token_hex(16), at, at),
    )


def rename(connection: Connection, service: str, name: str, at: str) -> None:
    """Gives it another name; environments and versions follow. Raises ApiError 10040."""
    if connection.execute("SELECT 1 FROM services WHERE id = ?", (name,)).fetchone():
        raise name_taken("a service", name)
    connection.execute("UPDATE services SET id = ?, modified_on = ? WHERE id = ?", (name, at, service))


def delete(connection: Connection, service: str) -> None:
    """Removes it with all it has; module contents stay until `modules.sweep`."""
    connection.execute("DELETE FROM services WHERE id = ?", (service,))


def touch(connection: Connection, service: str, at: str) -> None:
    """Sets when it was modified."""
    connection.execute("UPDATE services SET modified_on = ? WHERE id = ?", (at, service))


def next_number(connection: Connection, service: str) -> int:
    """Takes the next version number of the service."""
    row = connection.execute(
        "UPDATE services SET last_number = last_number + 1 WHERE id = ? RETURNING last_number", (service,)
    ).fetchone()
    return int(row[0])


def referrers(
    connection: Connection, service: str, environment: str | None = None
) -> list[tuple[str, str, str]]:
    """Live service bindings to a service, or to one of its environments by its name.

    Returns:
        triples (service, environment, binding name) of versions that are deployed now. A binding without an
        environment counts for production.
    """
    rows = connection.execute(
        """
        SELECT e.service_id, e.name, b.name, coalesce(json_extract(b.settings, '$.environment'), 'production')
        FROM bindings b
        JOIN versions v ON v.id = b.version_id
        JOIN environments e ON e.id = v.environment_id
        WHERE b.type = 'service' AND json_extract(b.settings, '$.service') = ?
          AND EXISTS (
            SELECT 1 FROM deployment_versions dv
            WHERE dv.version_id = v.id AND dv.deployment_number =
              (SELECT max(number) FROM deployments WHERE environment_id = e.id))
        ORDER BY 1, 2, 3
        """,
        (service,),
    )
    return [
        (owner, place, name)
        for owner, place, name, target in rows
        if environment is None or target == environment
    ]
