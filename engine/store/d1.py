"""The account's D1 databases by id and name; what is in them is not here (see engine.d1)."""

from __future__ import annotations

import re
import uuid
from typing import Final

from engine.errors import ApiError, Conflict, NotFound
from engine.model import D1Database
from engine.store.database import Connection

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_COLUMNS: Final = "id, name, created_on"


def find(connection: Connection, id_or_name: str) -> D1Database | None:
    """The database with this id, or else with this name, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM d1_databases WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC LIMIT 1",
        (id_or_name,),
    ).fetchone()
    return None if row is None else D1Database(*row)


def by_id(connection: Connection, database_id: str) -> D1Database | None:
    """The database with this id, or None."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM d1_databases WHERE id = ?", (database_id,)).fetchone()
    return None if row is None else D1Database(*row)


def get(connection: Connection, id_or_name: str) -> D1Database:
    """The same as `find`; raises ApiError 7404."""
    found = find(connection, id_or_name)
    if found is None:
        raise NotFound(7404, f"The database {id_or_name} could not be found")
    return found


def listing(connection: Connection, limit: int = -1, offset: int = 0, *, name: str = "") -> list[D1Database]:
    """Databases, the newest first; `name` is a part of their names; `limit` -1 is all."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM d1_databases WHERE instr(name, ?) ORDER BY created_on DESC LIMIT ? OFFSET ?",
        (name, limit, offset),
    )
    return [D1Database(*row) for row in rows]


def count(connection: Connection, *, name: str = "") -> int:
    """How many databases there are, with this part in their names."""
    return int(
        connection.execute("SELECT count(*) FROM d1_databases WHERE instr(name, ?)", (name,)).fetchone()[0]
    )


def insert(connection: Connection, database_id: str, name: str, at: str) -> D1Database:
    """Adds a database; raises ApiError 7400 (bad name) or 7502 (the name is in use)."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiError(7400, f"{name!r:.80} is no name for a database: letters, digits, - and _, at most 64")
    if connection.execute("SELECT 1 FROM d1_databases WHERE name = ?", (name,)).fetchone():
        raise Conflict(7502, f"A database with that name already exists: {name}", 400)
    connection.execute("INSERT INTO d1_databases VALUES (?, ?, ?)", (database_id, name, at))
    return D1Database(database_id, name, at)


def delete(connection: Connection, database_id: str) -> D1Database:
    """Removes it from the list; raises ApiError 7404."""
    found = get(connection, database_id)
    connection.execute("DELETE FROM d1_databases WHERE id = ?", (found.id,))
    return found


def free_name(connection: Connection, name: str) -> str:
    """The name, made of what names allow, with ``-2``, ``-3``… behind it when it is taken."""
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:60]
    number, candidate = 1, stem
    while connection.execute("SELECT 1 FROM d1_databases WHERE name = ?", (candidate,)).fetchone():
        number += 1
        candidate = f"{stem}-{number}"
    return candidate


def new_id() -> str:
    """An id for a new database: a UUID, as Cloudflare's are."""
    return str(uuid.uuid4())
