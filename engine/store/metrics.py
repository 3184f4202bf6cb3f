"""What was counted of environments, as the process that counts it writes it down."""

from __future__ import annotations

from collections.abc import Sequence

from engine.store.database import Connection


def keep(connection: Connection, rows: Sequence[tuple[str, str, int, bytes]]) -> None:
    """Replaces what is kept of environments; one that is gone is passed over.

    Args:
        rows: service, environment, when it was last asked (a rising number), and its numbers as JSON.
    """
    connection.executemany(
        "INSERT INTO metrics (environment_id, used, data)"
        " SELECT id, ?3, ?4 FROM environments WHERE service_id = ?1 AND name = ?2"
        " ON CONFLICT (environment_id) DO UPDATE SET used = excluded.used, data = excluded.data",
        rows,
    )


def newest(connection: Connection, limit: int) -> list[tuple[str, str, bytes]]:
    """Service, environment and numbers of those that were asked last."""
    rows = connection.execute(
        "SELECT e.service_id, e.name, m.data FROM metrics m JOIN environments e ON e.id = m.environment_id"
        " ORDER BY m.used DESC LIMIT ?",
        (limit,),
    )
    return [(str(service), str(name), bytes(data)) for service, name, data in rows]
