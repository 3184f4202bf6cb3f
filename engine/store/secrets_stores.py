"""Secrets stores: secrets of the account, which any script may bind. Values are encrypted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import Conflict, NotFound
from engine.model import Secret
from engine.store.database import Connection

_COLUMNS: Final = "id, store_id, name, comment, scopes, value, created_on, modified_on"


@dataclass(frozen=True, slots=True)
class SecretsStore:
    """A store."""

    id: str
    name: str
    created_on: str


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret of a store; `scopes` are what may use it, such as "workers"."""

    id: str
    store_id: str
    name: str
    comment: str
    scopes: Sequence[str]
    value: Secret
    created_on: str
    modified_on: str


def stores(connection: Connection) -> list[SecretsStore]:
    """All stores, by name."""
    rows = connection.execute("SELECT id, name, created_on FROM secrets_stores ORDER BY name")
    return [SecretsStore(*row) for row in rows]


def get_store(connection: Connection, store_id: str) -> SecretsStore:
    """A store; raises ApiError 1001."""
    query = "SELECT id, name, created_on FROM secrets_stores WHERE id = ?"
    row = connection.execute(query, (store_id,)).fetchone()
    if row is None:
        raise NotFound(1001, f"There is no secrets store {store_id[:64]}")
    return SecretsStore(*row)


def add_store(connection: Connection, name: str, at: str) -> SecretsStore:
    """A new store; raises ApiError 1002 (the name is in use)."""
    if connection.execute("SELECT 1 FROM secrets_stores WHERE name = ?", (name,)).fetchone():
        raise Conflict(1002, f"There is a secrets store {name} already")
    made = SecretsStore(uuid.uuid4().hex, name, at)
    connection.execute("INSERT INTO secrets_stores VALUES (?, ?, ?)", (made.id, made.name, made.created_on))
    return made


def delete_store(connection: Connection, store_id: str) -> SecretsStore:
    """Removes a store with its secrets; raises ApiError 1001."""
    found = get_store(connection, store_id)
    connection.execute("DELETE FROM secrets_stores WHERE id = ?", (store_id,))
    return found


def secrets(connection: Connection, store_id: str) -> list[StoredSecret]:
    """The secrets of a store, by name; raises ApiError 1001."""
    get_store(connection, store_id)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM secrets_store_secrets WHERE store_id = ? ORDER BY name", (store_id,)
    )
    return [_made(row) for row in rows]


def find(connection: Connection, store_id: str, name: str) -> StoredSecret | None:
    """A secret by its name, or None."""
    query = f"SELECT {_COLUMNS} FROM secrets_store_secrets WHERE store_id = ? AND name = ?"
    row = connection.execute(query, (store_id, name)).fetchone()
    return None if row is None else _made(row)


def get(connection: Connection, store_id: str, secret_id: str) -> StoredSecret:
    """A secret by its id; raises ApiError 1001."""
    query = f"SELECT {_COLUMNS} FROM secrets_store_secrets WHERE store_id = ? AND id = ?"
    row = connection.execute(query, (store_id, secret_id)).fetchone()
    if row is None:
        raise NotFound(1001, f"The store has no secret {secret_id[:64]}")
    return _made(row)


def put(connection: Connection, secret: StoredSecret) -> StoredSecret:
    """Adds a secret, or replaces the one with its id; raises ApiError 1001 1002 (the name is in use)."""
    get_store(connection, secret.store_id)
    before = find(connection, secret.store_id, secret.name)
    if before is not None and before.id != secret.id:
        raise Conflict(1002, f"The store has a secret {secret.name} already")
    connection.execute(
        "INSERT OR REPLACE INTO secrets_store_secrets VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            secret.id,
            secret.store_id,
            secret.name,
            secret.comment,
            json.dumps(list(secret.scopes)),
            secret.value.ciphertext,
            secret.created_on,
            secret.modified_on,
        ),
    )
    return secret


def delete(connection: Connection, store_id: str, secret_id: str) -> StoredSecret:
    """Removes a secret; raises ApiError 1001."""
    found = get(connection, store_id, secret_id)
    connection.execute("DELETE FROM secrets_store_secrets WHERE id = ?", (secret_id,))
    return found


def new_id() -> str:
    """An id for a secret."""
    return uuid.uuid4().hex


def _made(row: tuple[Any, ...]) -> StoredSecret:
    id, store_id, name, comment, scopes, value, created_on, modified_on = row
    kept = tuple(json.loads(scopes))
    return StoredSecret(id, store_id, name, comment, kept, Secret(bytes(value)), created_on, modified_on)
