"""R2 buckets as resources of the account: create, change, delete; and freeing what objects left behind."""

from __future__ import annotations

from engine.errors import ApiError
from engine.model import Actor, R2Bucket
from engine.r2.metadata import STORAGE_CLASSES
from engine.store import Connection, Store, changes, r2


async def create(
    store: Store, name: str, actor: Actor, *, storage_class: str = "Standard", location: str | None = None
) -> R2Bucket:
    """A new, empty bucket; raises ApiError 10004 (it exists), 10005 (bad name) or 10062 (storage class)."""
    _check_class(storage_class)

    def work(connection: Connection) -> R2Bucket:
        return add(connection, store, name, actor, storage_class=storage_class, location=location)

    return await store.write(work)


async def change(store: Store, name: str, storage_class: str, actor: Actor) -> R2Bucket:
    """Gives new objects another storage class; raises ApiError 10006 or 10062."""
    _check_class(storage_class)

    def work(connection: Connection) -> R2Bucket:
        return record(
            connection, store, r2.set_storage_class(connection, name, storage_class), "changed", actor
        )

    return await store.write(work)


async def delete(store: Store, name: str, actor: Actor) -> None:
    """Removes an empty bucket; raises ApiError 10006 or 10008 (not empty)."""

    def work(connection: Connection) -> None:
        record(connection, store, r2.delete_bucket(connection, name), "deleted", actor)

    await store.write(work)


def add(
    connection: Connection,
    store: Store,
    name: str,
    actor: Actor,
    *,
    storage_class: str = "Standard",
    location: str | None = None,
) -> R2Bucket:
    """Inside a transaction: a new bucket."""
    made = r2.insert_bucket(connection, name, storage_class, location, store.now())
    return record(connection, store, made, "created", actor)


def record(connection: Connection, store: Store, bucket: R2Bucket, what: str, actor: Actor) -> R2Bucket:
    """Inside a transaction: the change row of a bucket that was created, changed or deleted."""
    changes.append(
        connection,
        store.now(),
        "r2",
        actor,
        message=f"{what} R2 bucket {bucket.name}",
        detail={"bucket_name": bucket.name, "operation": what},
    )
    return bucket


async def sweep(store: Store, limit: int = 1000) -> int:
    """Frees up to `limit` contents that nothing has used for a while; gives how many."""

    def work(connection: Connection) -> int:
        hashes = r2.forget_unused(connection, limit)
        for hash in hashes:
            store.blobs.remove(hash)
        store.blobs.sweep_new()
        return len(hashes)

    return await store.write(work)


def _check_class(storage_class: str) -> None:
    if storage_class not in STORAGE_CLASSES:
        raise ApiError(10062, f"The storage class is {storage_class!r:.40}: {' or '.join(STORAGE_CLASSES)}")
