"""Custom domains: hostnames of one's own that lead to an environment, all paths of them."""

from __future__ import annotations

from typing import Any

from engine.errors import NotFound
from engine.store.database import Connection
from engine.traffic import Domain

_SELECT = """
    SELECT d.id, d.hostname, d.zone_id, z.name, d.environment_id, e.service_id, e.name, d.enabled,
        d.previews_enabled, d.created_on, d.modified_on
    FROM domains d JOIN zones z ON z.id = d.zone_id JOIN environments e ON e.id = d.environment_id
"""


def listing(connection: Connection) -> list[Domain]:
    """Every custom domain, by hostname."""
    return [_made(row) for row in connection.execute(_SELECT + "ORDER BY d.hostname")]


def of_environment(connection: Connection, environment_id: str) -> list[Domain]:
    """The custom domains of an environment, by hostname."""
    rows = connection.execute(_SELECT + "WHERE d.environment_id = ? ORDER BY d.hostname", (environment_id,))
    return [_made(row) for row in rows]


def count(connection: Connection, zone: str) -> int:
    """How many custom domains a zone has."""
    return int(connection.execute("SELECT count(*) FROM domains WHERE zone_id = ?", (zone,)).fetchone()[0])


def find(connection: Connection, hostname: str) -> Domain | None:
    """The custom domain with this hostname, or None."""
    row = connection.execute(_SELECT + "WHERE d.hostname = ?", (hostname,)).fetchone()
    return None if row is None else _made(row)


def get(connection: Connection, domain: str) -> Domain:
    """The custom domain with this id; raises ApiError 100114."""
    row = connection.execute(_SELECT + "WHERE d.id = ?", (domain,)).fetchone()
    if row is None:
        raise NotFound(100114, f"There is no custom domain {domain[:64]}")
    return _made(row)


def put(connection: Connection, domain: Domain) -> None:
    """Adds a custom domain, or replaces the one that has its hostname."""
    connection.execute(
        "INSERT INTO domains (id, hostname, zone_id, environment_id, enabled, previews_enabled, created_on,"
        " modified_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hostname) DO UPDATE SET"
        " zone_id = excluded.zone_id, environment_id = excluded.environment_id, enabled = excluded.enabled,"
        " previews_enabled = excluded.previews_enabled, modified_on = excluded.modified_on",
        (
            domain.id,
            domain.hostname,
            domain.zone_id,
            domain.environment_id,
            domain.enabled,
            domain.previews_enabled,
            domain.created_on,
            domain.modified_on,
        ),
    )


def delete(connection: Connection, domain: str) -> None:
    """Removes the custom domain with this id."""
    connection.execute("DELETE FROM domains WHERE id = ?", (domain,))


def _made(row: tuple[Any, ...]) -> Domain:
    return Domain(*(*row[:7], bool(row[7]), bool(row[8]), *row[9:]))
