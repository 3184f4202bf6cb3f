"""Routes: which environment answers for a pattern of URLs, one environment a pattern."""

from __future__ import annotations

from typing import Any

from engine.errors import NotFound
from engine.store.database import Connection
from engine.traffic import Route

_SELECT = """
    SELECT r.id, r.pattern, r.zone_id, z.name, r.environment_id, e.service_id, e.name, r.created_on
    FROM routes r JOIN zones z ON z.id = r.zone_id LEFT JOIN environments e ON e.id = r.environment_id
"""


def listing(connection: Connection) -> list[Route]:
    """Every route."""
    return [_made(row) for row in connection.execute(_SELECT + "ORDER BY r.pattern")]


def of_zone(connection: Connection, zone: str) -> list[Route]:
    """The routes of a zone, by pattern."""
    return [
        _made(row) for row in connection.execute(_SELECT + "WHERE r.zone_id = ? ORDER BY r.pattern", (zone,))
    ]


def of_environment(connection: Connection, environment_id: str) -> list[Route]:
    """The routes that lead to an environment, by pattern."""
    rows = connection.execute(_SELECT + "WHERE r.environment_id = ? ORDER BY r.pattern", (environment_id,))
    return [_made(row) for row in rows]


def count(connection: Connection, zone: str) -> int:
    """How many routes a zone has."""
    return int(connection.execute("SELECT count(*) FROM routes WHERE zone_id = ?", (zone,)).fetchone()[0])


def find(connection: Connection, pattern: str) -> Route | None:
    """The route with this pattern, or None."""
    row = connection.execute(_SELECT + "WHERE r.pattern = ?", (pattern,)).fetchone()
    return None if row is None else _made(row)


def get(connection: Connection, zone: str, route: str) -> Route:
    """The route of a zone with this id; raises ApiError 10009."""
    row = connection.execute(_SELECT + "WHERE r.id = ? AND r.zone_id = ?", (route, zone)).fetchone()
    if row is None:
        raise NotFound(10009, f"The zone has no route {route[:64]}")
    return _made(row)


def put(connection: Connection, route: Route) -> None:
    """Adds a route, or replaces the one that has its id."""
    connection.execute(
        "INSERT INTO routes (id, pattern, zone_id, environment_id, created_on) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE"
        " SET pattern = excluded.pattern, environment_id = excluded.environment_id",
        (route.id, route.pattern, route.zone_id, route.environment_id, route.created_on),
    )


def delete(connection: Connection, route: str) -> None:
    """Removes the route with this id."""
    connection.execute("DELETE FROM routes WHERE id = ?", (route,))


def _made(row: tuple[Any, ...]) -> Route:
    return Route(*row)
