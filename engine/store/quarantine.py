"""Quarantine: the versions that brought V8 down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.store.database import Connection


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A version in quarantine: when it came there, when V8 last ended in it, and how often it has."""

    version_id: str
    since: str
    last_on: str
    crashes: int


def listing(connection: Connection) -> list[Quarantined]:
    """All of them."""
    rows = connection.execute("SELECT version_id, since, last_on, crashes FROM quarantine")
    return [Quarantined(*row) for row in rows]


def of(connection: Connection, version_ids: Sequence[str]) -> Quarantined | None:
    """The first of these versions that is in quarantine, or None."""
    for version_id in version_ids:
        row = connection.execute(
            "SELECT version_id, since, last_on, crashes FROM quarantine WHERE version_id = ?", (version_id,)
        ).fetchone()
        if row is not None:
            return Quarantined(*row)
    return None


def note(connection: Connection, version_id: str, at: str) -> bool:
    """Counts a crash; True when the version was not in quarantine before."""
    known = connection.execute(
        "UPDATE quarantine SET crashes = crashes + 1, last_on = ? WHERE version_id = ?", (at, version_id)
    ).rowcount
    if not known:
        connection.execute("INSERT INTO quarantine VALUES (?, ?, ?, 1)", (version_id, at, at))
    return not known


def remove(connection: Connection, version_ids: Sequence[str]) -> list[str]:
    """Lets versions out; gives those that were in."""
    return [
        each
        for each in version_ids
        if connection.execute("DELETE FROM quarantine WHERE version_id = ?", (each,)).rowcount
    ]
