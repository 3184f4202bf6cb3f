"""Versions: immutable rows with their modules and bindings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from engine.errors import version_not_found
from engine.model import Binding, ModuleRef, NamedHandlers, Secret, Settings, Version
from engine.store.database import Connection

_COLUMNS = (
    "id, number, service_id, environment_id, main_module, settings, created_on, author, source,"
    " message, tag, triggered_by, alias, etag, handlers, startup_time_ms"
)


def by_id(connection: Connection, version_id: str) -> Version | None:
    """The version with this id, or None."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM versions WHERE id = ?", (version_id,)).fetchone()
    return None if row is None else _made(connection, row)


def get(connection: Connection, environment_id: str, version_id: str) -> Version:
    """The version of this environment with this id; raises ApiError 10071."""
    found = by_id(connection, version_id)
    if found is None or found.environment_id != environment_id:
        raise version_not_found(version_id)
    return found


def latest(connection: Connection, environment_id: str) -> Version | None:
    """The version uploaded last, which need not be deployed, or None."""
    found = listing(connection, environment_id, limit=1)
    return found[0] if found else None


def listing(connection: Connection, environment_id: str, limit: int = -1, offset: int = 0) -> list[Version]:
    """An environment's versions, newest first; `limit` -1 is all."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM versions WHERE environment_id = ? ORDER BY number DESC LIMIT ? OFFSET ?",
        (environment_id, limit, offset),
    ).fetchall()
    return [_made(connection, row) for row in rows]


def count(connection: Connection, environment_id: str) -> int:
    """How many versions an environment has."""
    return int(
        connection.execute(
            "SELECT count(*) FROM versions WHERE environment_id = ?", (environment_id,)
        ).fetchone()[0]
    )


def by_number(connection: Connection, environment_id: str, number: int) -> Version | None:
    """The version of an environment with this number, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM versions WHERE environment_id = ? AND number = ?", (environment_id, number)
    ).fetchone()
    return None if row is None else _made(connection, row)


def named(connection: Connection, environment_id: str, name: str) -> Version | None:
    """The newest version of an environment with this alias or these first eight digits of its id, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM versions WHERE environment_id = ? AND (alias = ? OR substr(id, 1, 8) = ?)"
        " ORDER BY number DESC LIMIT 1",
        (environment_id, name, name),
    ).fetchone()
    return None if row is None else _made(connection, row)


def insert(connection: Connection, version: Version) -> None:
    """Adds a version; the contents of its modules must be kept already."""
    handlers = {
        "handlers": version.handlers,
        "named_handlers": [{"name": each.name, "handlers": each.handlers} for each in version.named_handlers],
    }
    connection.execute(
        f"INSERT INTO versions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            version.id,
            version.number,
            version.service_id,
            version.environment_id,
            version.main_module,
            json.dumps(version.settings.to_json()),
            version.created_on,
            version.author,
            version.source,
            version.message,
            version.tag,
            version.triggered_by,
            version.alias,
            version.etag,
            json.dumps(handlers),
            version.startup_time_ms,
        ),
    )
    connection.executemany(
        "INSERT INTO version_modules (version_id, position, name, type, hash) VALUES (?, ?, ?, ?, ?)",
        (
            (version.id, position, ref.name, ref.type, ref.hash)
            for position, ref in enumerate(version.modules)
        ),
    )
    connection.executemany(
        "INSERT INTO bindings (version_id, position, name, type, settings, secret) VALUES (?, ?, ?, ?, ?, ?)",
        ((version.id, position, *_binding_row(binding)) for position, binding in enumerate(version.bindings)),
    )


def etag_of(main_module: str, refs: Sequence[ModuleRef]) -> str:
    """A hash of the code alone: equal for two versions whose modules are the same."""
    digest = hashlib.sha256(main_module.encode())
    for ref in sorted(refs, key=lambda each: each.name):
        digest.update(f"\0{ref.name}\0{ref.type}\0{ref.hash}".encode())
    return digest.hexdigest()


def _binding_row(binding: Binding) -> tuple[str, str, str, bytes | None]:
    settings = dict(binding.settings)
    secret = settings.pop("text", None) if binding.type == "secret_text" else None
    if binding.type == "secret_text" and not isinstance(secret, Secret):
        raise TypeError(f"the text of secret {binding.name} was not encrypted before it reached the store")
    ciphertext = secret.ciphertext if isinstance(secret, Secret) else None
    return binding.name, binding.type, json.dumps(settings), ciphertext


def _made(connection: Connection, row: tuple[Any, ...]) -> Version:
    handlers = json.loads(row[14])
    return Version(
        id=row[0],
        number=row[1],
        service_id=row[2],
        environment_id=row[3],
        main_module=row[4],
        modules=_modules(connection, row[0]),
        bindings=_bindings(connection, row[0]),
        settings=Settings.from_json(json.loads(row[5])),
        created_on=row[6],
        author=row[7],
        source=row[8],
        message=row[9],
        tag=row[10],
        triggered_by=row[11],
        alias=row[12],
        etag=row[13],
        handlers=tuple(handlers["handlers"]),
        named_handlers=named_handlers(handlers["named_handlers"]),
        startup_time_ms=row[15],
    )


def named_handlers(values: Iterable[dict[str, Any]]) -> tuple[NamedHandlers, ...]:
    """Named entrypoints of their JSON form."""
    return tuple(NamedHandlers(value["name"], tuple(value["handlers"])) for value in values)


def _modules(connection: Connection, version_id: str) -> tuple[ModuleRef, ...]:
    rows = connection.execute(
        "SELECT v.name, v.type, v.hash, m.size FROM version_modules v JOIN modules m ON m.hash = v.hash"
        " WHERE v.version_id = ? ORDER BY v.position",
        (version_id,),
    )
    return tuple(ModuleRef(*row) for row in rows)


def _bindings(connection: Connection, version_id: str) -> tuple[Binding, ...]:
    rows = connection.execute(
        "SELECT name, type, settings, secret FROM bindings WHERE version_id = ? ORDER BY position",
        (version_id,),
    )
    made = []
    for name, kind, text, secret in rows:
        settings = json.loads(text)
        if secret is not None:
            settings["text"] = Secret(bytes(secret))
        made.append(Binding(name, kind, settings))
    return tuple(made)
