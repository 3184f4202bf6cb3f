"""KV namespaces as resources of the account: create, rename, delete."""

from __future__ import annotations

from engine.model import Actor, KvNamespace
from engine.store import Connection, Store, changes, kv


async def create(store: Store, title: str, actor: Actor) -> KvNamespace:
    """A new, empty namespace; raises ApiError 10014 (title exists) or 10019 (no title)."""

    def work(connection: Connection) -> KvNamespace:
        return record(
            connection, store, kv.create_namespace(connection, title, store.now()), "created", actor
        )

    return await store.write(work)


async def rename(store: Store, namespace_id: str, title: str, actor: Actor) -> KvNamespace:
    """Gives a namespace another title; raises ApiError 10013, 10014 or 10019."""

    def work(connection: Connection) -> KvNamespace:
        return record(
            connection, store, kv.rename_namespace(connection, namespace_id, title), "renamed", actor
        )

    return await store.write(work)


async def delete(store: Store, namespace_id: str, actor: Actor) -> None:
    """Drops a namespace with all its entries, also when scripts bind it; raises ApiError 10013."""

    def work(connection: Connection) -> None:
        record(connection, store, kv.delete_namespace(connection, namespace_id), "deleted", actor)

    await store.write(work)


def record(
    connection: Connection, store: Store, namespace: KvNamespace, what: str, actor: Actor
) -> KvNamespace:
    """Inside a transaction: the change row of a namespace that was created, renamed or deleted."""
    changes.append(
        connection,
        store.now(),
        "kv",
        actor,
        message=f"{what} KV namespace {namespace.title}",
        detail={"namespace_id": namespace.id, "title": namespace.title, "operation": what},
    )
    return namespace
