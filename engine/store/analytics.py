"""Analytics Engine: the points that workers wrote. Times are seconds since 1970."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.store.database import Connection

FIELDS: Final = 20
"""Blobs, and doubles, that a point has."""

KEPT_SECONDS: Final = 92 * 86_400
"""How long a point is kept: three months (analytics-engine/limits)."""

_NAMES: Final = (
    "dataset",
    "timestamp",
    "service",
    "environment",
    "index1",
    *(f"blob{number}" for number in range(1, FIELDS + 1)),
    *(f"double{number}" for number in range(1, FIELDS + 1)),
)
_INSERT: Final = (
    f"INSERT INTO analytics_points ({', '.join(_NAMES)}) VALUES ({', '.join('?' for _ in _NAMES)})"
)


@dataclass(frozen=True, slots=True)
class Point:
    """One point; `service` and `environment` wrote it. What it lacks is None."""

    dataset: str
    timestamp: int
    service: str
    environment: str
    index: str | None = None
    blobs: Sequence[str | None] = field(default=(), repr=False)
    doubles: Sequence[float | None] = field(default=(), repr=False)


def insert(connection: Connection, points: Iterable[Point]) -> None:
    """Adds points."""
    connection.executemany(_INSERT, map(_row, points))


def datasets(connection: sqlite3.Connection) -> list[str]:
    """Every dataset that has points, by name; a step of the index for each."""
    rows = connection.execute(
        "WITH RECURSIVE names (name) AS (SELECT min(dataset) FROM analytics_points UNION ALL"
        " SELECT (SELECT min(dataset) FROM analytics_points WHERE dataset > name) FROM names WHERE name IS"
        " NOT NULL) SELECT name FROM names WHERE name IS NOT NULL"
    )
    return [str(name) for (name,) in rows]


def exists(connection: sqlite3.Connection, dataset: str) -> bool:
    """Whether a dataset has points."""
    query = "SELECT 1 FROM analytics_points WHERE dataset = ? LIMIT 1"
    return connection.execute(query, (dataset,)).fetchone() is not None


def count(connection: Connection, dataset: str) -> int:
    """How many points a dataset has."""
    query = "SELECT count(*) FROM analytics_points WHERE dataset = ?"
    return int(connection.execute(query, (dataset,)).fetchone()[0])


def free_name(connection: Connection, wanted: str) -> str:
    """A name like the one given that no dataset with points has; one that SQL takes without quotes."""
    base = name = wanted.replace("-", "_")
    number = 1
    while exists(connection, name):
        number += 1
        name = f"{base}_{number}"
    return name


def sweep(connection: Connection, now: int, limit: int) -> int:
    """Frees up to `limit` points that are too old; gives how many."""
    return connection.execute(
        "DELETE FROM analytics_points WHERE seq IN"
        " (SELECT seq FROM analytics_points WHERE timestamp < ? LIMIT ?)",
        (now - KEPT_SECONDS, limit),
    ).rowcount


def _row(point: Point) -> tuple[str | int | float | None, ...]:
    blobs = [*point.blobs, *[None] * (FIELDS - len(point.blobs))]
    doubles = [*point.doubles, *[None] * (FIELDS - len(point.doubles))]
    return (
        point.dataset,
        point.timestamp,
        point.service,
        point.environment,
        point.index,
        *blobs,
        *doubles,
    )
