"""API tokens: rows of the table. The text of a token never comes here, only its hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from engine.errors import NotFound, name_taken
from engine.store.database import Connection
from engine.tokens.token import Grant, Token

_COLUMNS = "id, name, active, not_before, expires_on, issued_on, modified_on, last_used_on, author"
NOT_FOUND = 1001


def listing(connection: Connection) -> list[Token]:
    """All tokens by name."""
    return [
        _made(connection, row) for row in connection.execute(f"SELECT {_COLUMNS} FROM tokens ORDER BY name")
    ]


def by_hash(connection: Connection) -> dict[bytes, Token]:
    """All tokens by the hashes of their texts."""
    found = connection.execute(f"SELECT {_COLUMNS}, hash FROM tokens").fetchall()
    return {row[-1]: _made(connection, row[:-1]) for row in found}


def get(connection: Connection, token: str) -> Token:
    """The token with this id; raises ApiError 1001."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM tokens WHERE id = ?", (token,)).fetchone()
    if row is None:
        raise NotFound(NOT_FOUND, f"There is no API token {token[:64]}")
    return _made(connection, row)


def insert(
    connection: Connection,
    name: str,
    hash: bytes,
    grants: Sequence[Grant],
    active: bool,
    not_before: str | None,
    expires_on: str | None,
    author: str,
    at: str,
) -> Token:
    """Adds a token; raises ApiError 10040."""
    _check_free(connection, name, "")
    number = secrets.token_hex(16)
    connection.execute(
        "INSERT INTO tokens (id, name, hash, active, not_before, expires_on, issued_on, modified_on, author)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, name, hash, active, not_before, expires_on, at, at, author),
    )
    _grant(connection, number, grants)
    return get(connection, number)


def update(
    connection: Connection,
    token: Token,
    name: str,
    grants: Sequence[Grant],
    active: bool,
    not_before: str | None,
    expires_on: str | None,
    at: str,
) -> Token:
    """Changes all of a token but its text; raises ApiError 10040."""
    _check_free(connection, name, token.id)
    connection.execute(
        "UPDATE tokens SET name = ?, active = ?, not_before = ?, expires_on = ?, modified_on = ?"
        " WHERE id = ?",
        (name, active, not_before, expires_on, at, token.id),
    )
    connection.execute("DELETE FROM token_grants WHERE token_id = ?", (token.id,))
    _grant(connection, token.id, grants)
    return get(connection, token.id)


def set_hash(connection: Connection, token: Token, hash: bytes, at: str) -> None:
    """Gives a token another text."""
    connection.execute("UPDATE tokens SET hash = ?, modified_on = ? WHERE id = ?", (hash, at, token.id))


def set_used(connection: Connection, token: str, at: str) -> None:
    """Remembers when a token was used; one that was revoked meanwhile stays away."""
    connection.execute("UPDATE tokens SET last_used_on = ? WHERE id = ?", (at, token))


def delete(connection: Connection, token: Token) -> None:
    """Removes a token."""
    connection.execute("DELETE FROM tokens WHERE id = ?", (token.id,))


def _check_free(connection: Connection, name: str, but: str) -> None:
    if connection.execute("SELECT 1 FROM tokens WHERE name = ? AND id <> ?", (name, but)).fetchone():
        raise name_taken("an API token", name)


def _grant(connection: Connection, token: str, grants: Sequence[Grant]) -> None:
    connection.executemany(
        "INSERT INTO token_grants VALUES (?, ?, ?, ?, ?)",
        (
            (token, position, each.permission, each.service, each.environment)
            for position, each in enumerate(grants)
        ),
    )


def _made(connection: Connection, row: tuple[Any, ...]) -> Token:
    grants = connection.execute(
        "SELECT permission, service, environment FROM token_grants WHERE token_id = ? ORDER BY position",
        (row[0],),
    )
    number, name, active, *rest = row
    return Token(number, name, tuple(Grant(*each) for each in grants), bool(active), *rest)
