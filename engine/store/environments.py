"""Environments: rows of the table, and the version that each answers with."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import environment_not_found, name_taken, service_not_found
from engine.model import PRODUCTION, Environment, Live
from engine.store import deployments, versions
from engine.store.database import Connection

_COLUMNS = (
    "id, service_id, name, created_on, modified_on, script_settings, subdomain_enabled, previews_enabled"
)


def find(connection: Connection, service: str, environment: str) -> Environment | None:
    """The environment with this name, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM environments WHERE service_id = ? AND name = ?", (service, environment)
    ).fetchone()
    return None if row is None else _made(row)


def get(connection: Connection, service: str, environment: str) -> Environment:
    """The environment with this name; raises ApiError 10007 (no service) or 10092 (no environment)."""
    found = find(connection, service, environment)
    if found is None:
        if connection.execute("SELECT 1 FROM services WHERE id = ?", (service,)).fetchone() is None:
            raise service_not_found(service)
        raise environment_not_found(service, environment)
    return found


def by_id(connection: Connection, environment_id: str) -> Environment | None:
    """The environment with this id, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM environments WHERE id = ?", (environment_id,)
    ).fetchone()
    return None if row is None else _made(row)


def of_service(connection: Connection, service: str) -> list[Environment]:
    """A service's environments, production first, then by name."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM environments WHERE service_id = ? ORDER BY name <> ?, name",
        (service, PRODUCTION),
    )
    return [_made(row) for row in rows]


def names(connection: Connection) -> Iterator[tuple[str, str, bool, bool]]:
    """Service, name and both switches of all environments of the account, in no order."""
    return iter(
        connection.execute("SELECT service_id, name, subdomain_enabled, previews_enabled FROM environments")
    )


def count(connection: Connection) -> int:
    """How many there are in all services."""
    return int(connection.execute("SELECT count(*) FROM environments").fetchone()[0])


def live(connection: Connection, service: str, environment: str) -> Live:
    """The environment and what answers in it; raises ApiError 10007 or 10092."""
    return live_of(connection, get(connection, service, environment))


def live_of(connection: Connection, environment: Environment) -> Live:
    """The environment and what answers in it."""
    deployment = deployments.current(connection, environment.id)
    if deployment is None:
        return Live(environment, None, None)
    return Live(environment, deployment, versions.by_id(connection, deployment.main_version_id))


def insert(connection: Connection, service: str, environment: str, at: str) -> Environment:
    """Adds an environment without a version; raises ApiError 10040."""
    if find(connection, service, environment) is not None:
        raise name_taken(f"in {service} an environment", environment)
    connection.execute(
        "INSERT INTO environments (id, service_id, name, created_on, modified_on) VALUES (?, ?, ?, ?, ?)",
        (secrets.token_hex(16), service, environment, at, at),
    )
    return get(connection, service, environment)


def rename(connection: Connection, environment: Environment, name: str, at: str) -> None:
    """Gives it another name; raises ApiError 10040."""
    if find(connection, environment.service, name) is not None:
        raise name_taken(f"in {environment.service} an environment", name)
    connection.execute(
        "UPDATE environments SET name = ?, modified_on = ? WHERE id = ?", (name, at, environment.id)
    )


def delete(connection: Connection, environment: Environment) -> None:
    """Removes it with its versions and deployments; module contents stay until `modules.sweep`."""
    connection.execute("DELETE FROM environments WHERE id = ?", (environment.id,))


def touch(connection: Connection, environment_id: str, at: str) -> None:
    """Sets when it was modified."""
    connection.execute("UPDATE environments SET modified_on = ? WHERE id = ?", (at, environment_id))


def set_script_settings(connection: Connection, environment_id: str, settings: Mapping[str, Any]) -> None:
    """Replaces what is not versioned (tags, observability, logpush, tail consumers)."""
    connection.execute(
        "UPDATE environments SET script_settings = ? WHERE id = ?",
        (json.dumps(dict(settings)), environment_id),
    )


def with_tail_consumers(connection: Connection) -> list[Environment]:
    """The environments whose invocations are told to tail workers."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM environments WHERE script_settings LIKE '%\"tail_consumers\"%'"
        " ORDER BY service_id, name <> 'production', name"
    )
    return [_made(row) for row in rows]


def set_subdomain(connection: Connection, environment_id: str, enabled: bool, previews: bool) -> None:
    """Sets whether it answers at its generated hostname, and whether its versions do."""
    connection.execute(
        "UPDATE environments SET subdomain_enabled = ?, previews_enabled = ? WHERE id = ?",
        (enabled, previews, environment_id),
    )


def _made(row: tuple[Any, ...]) -> Environment:
    return Environment(*(*row[:5], json.loads(row[5]), bool(row[6]), bool(row[7])))
