"""Deployments: which versions an environment answers with, and since when. Rows are never changed."""

from __future__ import annotations

from typing import Any

from engine.errors import deployment_not_found
from engine.model import Deployment
from engine.store.database import Connection

_COLUMNS = "number, id, environment_id, created_on, author, source, message, triggered_by, strategy"


def current(connection: Connection, environment_id: str) -> Deployment | None:
    """The deployment that is live, or None before the first."""
    found = listing(connection, environment_id, limit=1)
    return found[0] if found else None


def get(connection: Connection, environment_id: str, deployment_id: str) -> Deployment:
    """The deployment of this environment with this id; raises ApiError 10336."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM deployments WHERE id = ? AND environment_id = ?",
        (deployment_id, environment_id),
    ).fetchone()
    if row is None:
        raise deployment_not_found(deployment_id)
    return _made(connection, row)


def listing(
    connection: Connection, environment_id: str, limit: int = -1, offset: int = 0
) -> list[Deployment]:
    """An environment's deployments, newest (the live one) first; `limit` -1 is all."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM deployments WHERE environment_id = ? ORDER BY number DESC LIMIT ? OFFSET ?",
        (environment_id, limit, offset),
    ).fetchall()
    return [_made(connection, row) for row in rows]


def count(connection: Connection, environment_id: str) -> int:
    """How many deployments an environment has had."""
    return int(
        connection.execute(
            "SELECT count(*) FROM deployments WHERE environment_id = ?", (environment_id,)
        ).fetchone()[0]
    )


def insert(connection: Connection, deployment: Deployment) -> None:
    """Adds a deployment, which is live from now on."""
    cursor = connection.execute(
        "INSERT INTO deployments (id, environment_id, created_on, author, source, message, triggered_by,"
        " strategy) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            deployment.id,
            deployment.environment_id,
            deployment.created_on,
            deployment.author,
            deployment.source,
            deployment.message,
            deployment.triggered_by,
            deployment.strategy,
        ),
    )
    connection.executemany(
        "INSERT INTO deployment_versions (deployment_number, position, version_id, percentage)"
        " VALUES (?, ?, ?, ?)",
        (
            (cursor.lastrowid, position, version_id, percentage)
            for position, (version_id, percentage) in enumerate(deployment.versions)
        ),
    )


def _made(connection: Connection, row: tuple[Any, ...]) -> Deployment:
    pairs = connection.execute(
        "SELECT version_id, percentage FROM deployment_versions"
        " WHERE deployment_number = ? ORDER BY position",
        (row[0],),
    )
    return Deployment(
        id=row[1],
        environment_id=row[2],
        created_on=row[3],
        author=row[4],
        source=row[5],
        versions=tuple((version_id, plain(percentage)) for version_id, percentage in pairs),
        message=row[6],
        triggered_by=row[7],
        strategy=row[8],
    )


def plain(percentage: float) -> float:
    """100 rather than 100.0: wrangler compares and prints it as a JSON number."""
    return int(percentage) if percentage == int(percentage) else percentage
