"""Zones: the domains that routes and custom domains are in."""

from __future__ import annotations

from engine.errors import NotFound
from engine.store.database import Connection
from engine.traffic import Zone

_COLUMNS = "id, name, created_on"


def get(connection: Connection, zone: str) -> Zone:
    """The zone with this id; raises ApiError 7003."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM zones WHERE id = ?", (zone,)).fetchone()
    if row is None:
        raise NotFound(7003, f"There is no zone {zone[:64]} here; see GET /zones.")
    return Zone(*row)


def find(connection: Connection, name: str) -> Zone | None:
    """The zone with this name, or None."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM zones WHERE name = ?", (name,)).fetchone()
    return None if row is None else Zone(*row)


def listing(connection: Connection) -> list[Zone]:
    """All zones, by name."""
    return [Zone(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM zones ORDER BY name")]


def insert(connection: Connection, zone: Zone) -> Zone:
    """Adds a zone; the one that has the name already is given back instead."""
    connection.execute(
        f"INSERT INTO zones ({_COLUMNS}) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (zone.id, zone.name, zone.created_on),
    )
    return find(connection, zone.name) or zone


def delete(connection: Connection, zone: str) -> None:
    """Removes a zone with its routes and domains."""
    connection.execute("DELETE FROM zones WHERE id = ?", (zone,))
