"""Hyperdrive configurations: how to reach a database, its password encrypted."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import Conflict, NotFound
from engine.model import Secret
from engine.store.database import Connection

_COLUMNS: Final = "id, name, created_on, modified_on, settings, secret"


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration.

    Attributes:
        settings: ``{origin: {host, port, scheme, database, user, …}, caching, …}`` without secrets.
        secret: JSON of the origin's secret parts, ``{password, access_client_secret?}``, encrypted.
    """

    id: str
    name: str
    created_on: str
    modified_on: str
    settings: Mapping[str, Any]
    secret: Secret


def listing(connection: Connection) -> list[Config]:
    """All of them, by name."""
    return [
        _made(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM hyperdrive_configs ORDER BY name")
    ]


def find(connection: sqlite3.Connection, config_id: str) -> Config | None:
    """The configuration with this id, or None."""
    query = f"SELECT {_COLUMNS} FROM hyperdrive_configs WHERE id = ?"
    row = connection.execute(query, (config_id,)).fetchone()
    return None if row is None else _made(row)


def get(connection: Connection, config_id: str) -> Config:
    """The same; raises ApiError 2004."""
    found = find(connection, config_id)
    if found is None:
        raise NotFound(2004, f"There is no Hyperdrive configuration {config_id[:64]}")
    return found


def look(path: Path, config_id: str) -> Config | None:
    """`find` in the database at `path`, on this thread: for a worker that is being made, one short row."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
    try:
        return find(connection, config_id)
    finally:
        connection.close()


def put(connection: Connection, config: Config) -> Config:
    """Adds a configuration, or replaces the one with its id; raises ApiError 2017 (the name is in use)."""
    query = "SELECT 1 FROM hyperdrive_configs WHERE name = ? AND id <> ?"
    if connection.execute(query, (config.name, config.id)).fetchone():
        raise Conflict(2017, f"A Hyperdrive config with the given name already exists: {config.name}", 400)
    connection.execute(
        "INSERT OR REPLACE INTO hyperdrive_configs VALUES (?, ?, ?, ?, ?, ?)",
        (
            config.id,
            config.name,
            config.created_on,
            config.modified_on,
            json.dumps(dict(config.settings)),
            config.secret.ciphertext,
        ),
    )
    return config


def delete(connection: Connection, config_id: str) -> Config:
    """Removes a configuration; raises ApiError 2004."""
    found = get(connection, config_id)
    connection.execute("DELETE FROM hyperdrive_configs WHERE id = ?", (config_id,))
    return found


def users(connection: Connection, config_id: str) -> list[tuple[str, str]]:
    """Service and environment of each environment that has a version with a binding to it."""
    rows = connection.execute(
        "SELECT DISTINCT e.service_id, e.name FROM bindings b JOIN versions v ON v.id = b.version_id"
        " JOIN environments e ON e.id = v.environment_id"
        " WHERE b.type = 'hyperdrive' AND json_extract(b.settings, '$.id') = ?",
        (config_id,),
    )
    return [(service, environment) for service, environment in rows]


def new_id() -> str:
    """An id for a configuration: 32 hex, as Cloudflare's are."""
    return uuid.uuid4().hex


def _made(row: tuple[Any, ...]) -> Config:
    id, name, created_on, modified_on, settings, secret = row
    return Config(id, name, created_on, modified_on, json.loads(settings), Secret(bytes(secret)))
