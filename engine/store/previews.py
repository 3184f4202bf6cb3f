"""Previews: which environments are one, and what new ones of a service begin with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.model import Environment
from engine.store import environments
from engine.store.database import Connection

_SELECT = (
    "SELECT p.environment_id, p.name, p.base FROM previews p JOIN environments e ON e.id = p.environment_id"
)


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview.

    Attributes:
        name: as it was given, for example ``feat/one``.
        environment: where it runs; its name is the preview's slug, its id the preview's.
        base: the bindings it was made with, by name; texts of secrets are encrypted.
    """

    name: str
    environment: Environment
    base: Mapping[str, Mapping[str, Any]]


def find(connection: Connection, service: str, wanted: str) -> Preview | None:
    """The preview with this name, slug or id, or None; a name comes before a slug."""
    row = connection.execute(
        f"{_SELECT} WHERE p.service_id = ? AND (p.name = ? OR e.name = ? OR e.id = ?)"
        " ORDER BY p.name <> ? LIMIT 1",
        (service, wanted, wanted, wanted, wanted),
    ).fetchone()
    return None if row is None else _made(connection, row)


def listing(connection: Connection, service: str) -> list[Preview]:
    """A service's previews, the newest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE p.service_id = ? ORDER BY e.created_on DESC",
        (service,),
    ).fetchall()
    return [_made(connection, row) for row in rows]


def insert(
    connection: Connection, environment: Environment, name: str, base: Mapping[str, Mapping[str, Any]]
) -> None:
    """Makes an environment a preview."""
    connection.execute(
        "INSERT INTO previews (environment_id, service_id, name, base) VALUES (?, ?, ?, ?)",
        (environment.id, environment.service, name, json.dumps(base)),
    )


def base_of(connection: Connection, service: str) -> dict[str, Any]:
    """What new previews of a service begin with."""
    row = connection.execute("SELECT config FROM preview_bases WHERE service_id = ?", (service,)).fetchone()
    return json.loads(row[0]) if row else {}


def set_base(connection: Connection, service: str, config: Mapping[str, Any]) -> None:
    """Replaces what new previews of a service begin with."""
    connection.execute(
        "INSERT INTO preview_bases (service_id, config) VALUES (?, ?)"
        " ON CONFLICT (service_id) DO UPDATE SET config = excluded.config",
        (service, json.dumps(dict(config))),
    )


def _made(connection: Connection, row: tuple[str, str, str]) -> Preview:
    environment = environments.by_id(connection, row[0])
    assert environment is not None
    return Preview(row[1], environment, json.loads(row[2]))
