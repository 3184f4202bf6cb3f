"""Pipelines of services, by name."""

from __future__ import annotations

import json
import secrets
from typing import Any

from engine.errors import NotFound
from engine.pipelines.definition import Pipeline
from engine.pipelines.validate import parse
from engine.store.database import Connection

_COLUMNS = "id, service_id, name, definition, created_on, modified_on, author"
NOT_FOUND = 10420


class Kept:
    """A pipeline that is kept: `pipeline` and what the table knows beside it."""

    __slots__ = ("author", "created_on", "id", "modified_on", "pipeline")

    def __init__(self, id: str, pipeline: Pipeline, created_on: str, modified_on: str, author: str) -> None:
        self.id = id
        self.pipeline = pipeline
        self.created_on = created_on
        self.modified_on = modified_on
        self.author = author


def listing(connection: Connection, service: str) -> list[Kept]:
    """A service's pipelines by name."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM pipelines WHERE service_id = ? ORDER BY name", (service,)
    ).fetchall()
    return [_made(connection, row) for row in rows]


def find(connection: Connection, service: str, name: str) -> Kept | None:
    """The pipeline with this name, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM pipelines WHERE service_id = ? AND name = ?", (service, name)
    ).fetchone()
    return None if row is None else _made(connection, row)


def get(connection: Connection, service: str, name: str) -> Kept:
    """The pipeline with this name; raises ApiError 10420."""
    found = find(connection, service, name)
    if found is None:
        raise NotFound(NOT_FOUND, f"{service} has no pipeline {name}")
    return found


def put(connection: Connection, pipeline: Pipeline, author: str, at: str) -> Kept:
    """Adds a pipeline, or replaces the one of its name; runs under way keep what they began with."""
    connection.execute(
        "INSERT INTO pipelines VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service_id, name) DO UPDATE SET"
        " definition = excluded.definition, modified_on = excluded.modified_on, author = excluded.author",
        (
            secrets.token_hex(16),
            pipeline.service,
            pipeline.name,
            json.dumps(pipeline.to_json()),
            at,
            at,
            author,
        ),
    )
    (number,) = connection.execute(
        "SELECT id FROM pipelines WHERE service_id = ? AND name = ?", (pipeline.service, pipeline.name)
    ).fetchone()
    connection.execute("DELETE FROM pipeline_stages WHERE pipeline_id = ?", (number,))
    connection.executemany(
        "INSERT INTO pipeline_stages VALUES (?, ?, ?)",
        ((number, position, each) for position, each in enumerate(pipeline.environments)),
    )
    return get(connection, pipeline.service, pipeline.name)


def delete(connection: Connection, kept: Kept) -> None:
    """Removes a pipeline with its runs."""
    connection.execute("DELETE FROM pipelines WHERE id = ?", (kept.id,))


def with_names(text: str, service: str, names: list[str]) -> Pipeline:
    """The pipeline of a definition's JSON, with the names that service and environments have now."""
    value: dict[str, Any] = json.loads(text)
    value["service"] = service
    for stage, name in zip(value["stages"], names, strict=True):
        stage["environment"] = name
    return parse(value)


def _made(connection: Connection, row: tuple[Any, ...]) -> Kept:
    names = connection.execute(
        "SELECT environment FROM pipeline_stages WHERE pipeline_id = ? ORDER BY position", (row[0],)
    )
    return Kept(row[0], with_names(row[3], row[1], [each for (each,) in names]), *row[4:])
