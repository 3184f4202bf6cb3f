"""Hostnames that environments had before they were renamed; rows come and go by triggers of the schema."""

from __future__ import annotations

from engine.store.database import Connection


def listing(connection: Connection) -> list[tuple[str, str, str]]:
    """Each former label (``staging.notes``, without the subdomain) with its service and environment now."""
    rows = connection.execute(
        "SELECT f.label, e.service_id, e.name FROM former_hostnames f"
        " JOIN environments e ON e.id = f.environment_id"
    )
    return [(label, service, environment) for label, service, environment in rows]
