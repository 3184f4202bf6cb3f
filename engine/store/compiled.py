"""Compiled programs by the hash of their sources: a cache, never the only copy of anything."""

from __future__ import annotations

import time
from typing import Final

from engine.store.database import Connection

KEPT: Final = 2000
"""Programs that stay; the longest unused go first."""


def get(connection: Connection, hash: str) -> bytes | None:
    """The program kept under this hash, or None."""
    row = connection.execute("SELECT content FROM compiled WHERE hash = ?", (hash,)).fetchone()
    return None if row is None else bytes(row[0])


def put(connection: Connection, hash: str, content: bytes) -> None:
    """Keeps a program, and lets the longest unused go when there are too many."""
    connection.execute(
        "INSERT INTO compiled (hash, used, content) VALUES (?, ?, ?)"
        " ON CONFLICT (hash) DO UPDATE SET used = excluded.used, content = excluded.content",
        (hash, int(time.time()), content),
    )
    connection.execute(
        "DELETE FROM compiled WHERE hash IN (SELECT hash FROM compiled ORDER BY used DESC LIMIT -1 OFFSET ?)",
        (KEPT,),
    )


def touch(connection: Connection, hash: str) -> None:
    """Notes that a program was used."""
    connection.execute("UPDATE compiled SET used = ? WHERE hash = ?", (int(time.time()), hash))
