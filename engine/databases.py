"""D1 databases as resources of the account: create and delete."""

from __future__ import annotations

import asyncio

from engine.model import Actor, D1Database
from engine.store import Connection, Store, changes, d1


async def create(store: Store, name: str, actor: Actor) -> D1Database:
    """A new, empty database; raises ApiError 7400 (bad name) or 7502 (the name is in use)."""
    return await store.write(lambda connection: add(connection, store, name, actor))


async def delete(store: Store, id_or_name: str, actor: Actor) -> None:
    """Removes a database with all it holds, also when scripts bind it; raises ApiError 7404."""

    def work(connection: Connection) -> D1Database:
        return record(connection, store, d1.delete(connection, id_or_name), "deleted", actor)

    gone = await store.write(work)
    await asyncio.to_thread(store.databases.drop, gone.id)


def add(connection: Connection, store: Store, name: str, actor: Actor) -> D1Database:
    """Inside a transaction: a new database and its file, which is never used when this is rolled back."""
    made = d1.insert(connection, d1.new_id(), name, store.now())
    store.databases.create(made.id)
    return record(connection, store, made, "created", actor)


def record(connection: Connection, store: Store, database: D1Database, what: str, actor: Actor) -> D1Database:
    """Inside a transaction: the change row of a database that was created or deleted."""
    changes.append(
        connection,
        store.now(),
        "d1",
        actor,
        message=f"{what} D1 database {database.name}",
        detail={"database_id": database.id, "name": database.name, "operation": what},
    )
    return database
