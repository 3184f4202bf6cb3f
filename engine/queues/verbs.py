"""Verbs of queues and their consumers: create, change, delete, purge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.errors import ApiError, NotFound
from engine.model import PRODUCTION, Actor, Binding, Environment
from engine.queues import limits
from engine.store import Connection, Store, changes, environments, queue_messages, queues
from engine.store.queues import Consumer, Queue


async def create(store: Store, name: str, settings: Any, actor: Actor) -> Queue:
    """A new, empty queue; raises ApiError 11003 (bad name), 11009 (name in use) or 100128 (settings)."""
    values = limits.queue_settings(settings)
    return await store.write(lambda connection: add(connection, store, name, actor, values))


def add(
    connection: Connection, store: Store, name: str, actor: Actor, settings: Mapping[str, Any] | None = None
) -> Queue:
    """Inside a transaction: a new queue."""
    at = store.now()
    made = _with(Queue(queues.new_id(), name, at, at), settings or {})
    return _record(connection, store, queues.insert(connection, made), "created", actor)


async def change(store: Store, queue_id: str, name: str | None, settings: Any, actor: Actor) -> Queue:
    """Changes settings of a queue; what is not named stays.

    Raises:
        ApiError: 11000 not found, 100128 settings, or another name: bindings and consumers go by it.
    """
    values = limits.queue_settings(settings)

    def work(connection: Connection) -> Queue:
        found = queues.get(connection, queue_id)
        if name is not None and name != found.name:
            raise ApiError(100128, "A queue keeps its name: bindings and dead letters go by it")
        changed = queues.update(connection, _with(found, values), store.now())
        return _record(connection, store, changed, "changed", actor)

    return await store.write(work)


async def delete(store: Store, queue_id: str, actor: Actor) -> None:
    """Removes a queue, its messages and its consumer, also when scripts bind it; raises ApiError 11000."""

    def work(connection: Connection) -> None:
        _record(connection, store, queues.delete(connection, queue_id), "deleted", actor)

    await store.write(work)


async def purge(store: Store, queue_id: str, actor: Actor) -> int:
    """Removes every message; gives how many; raises ApiError 11000."""

    def work(connection: Connection) -> int:
        found = queues.get(connection, queue_id)
        gone = queue_messages.purge(connection, queue_id)
        _record(connection, store, found, "purged", actor)
        return gone

    return await store.write(work)


async def put_consumer(
    store: Store, queue_id: str, consumer_id: str | None, given: Mapping[str, Any], actor: Actor
) -> tuple[Queue, Consumer]:
    """Adds a consumer to a queue, or with its id changes it.

    Args:
        given: ``{"type": "worker" | "http_pull", "script_name", "environment_name"?, "settings"?,
            "dead_letter_queue"?}``. A dead letter queue that does not exist is made.

    Raises:
        ApiError: 11000 11001 not found, 11004 there is one, 100127 settings, 10007 10092 no such script.
    """
    pulls = given.get("type") == "http_pull"
    if given.get("type") not in ("worker", "http_pull", None):
        raise ApiError(100127, 'A consumer has the type "worker" or "http_pull"')
    settings = limits.consumer_settings(given.get("settings"), pulls=pulls)
    dead = given.get("dead_letter_queue") or None
    if dead is not None and not isinstance(dead, str):
        raise ApiError(100127, "dead_letter_queue is the name of a queue")
    script = given.get("script_name") or given.get("script") or given.get("service")
    place = given.get("environment_name") or given.get("environment") or PRODUCTION
    if not pulls and not (isinstance(script, str) and isinstance(place, str)):
        raise ApiError(100127, "A worker consumer needs a script_name")

    def work(connection: Connection) -> tuple[Queue, Consumer]:
        queue = queues.get(connection, queue_id)
        before = _consumer(connection, queue_id, consumer_id) if consumer_id else None
        found = None if pulls else environments.get(connection, str(script), str(place))
        if dead is not None:
            dead_letters(connection, store, dead, actor)
        made = Consumer(
            before.id if before else queues.new_id(),
            queue.id,
            found.service if found else None,
            found.name if found else None,
            before.created_on if before else store.now(),
            dead,
            settings,
        )
        put = queues.update_consumer if before else queues.insert_consumer
        put(connection, made, found.id if found else None)
        _record(connection, store, queue, "changed the consumer of", actor)
        return queue, made

    return await store.write(work)


async def remove_consumer(store: Store, queue_id: str, consumer_id: str, actor: Actor) -> None:
    """Removes a consumer; messages stay. Raises ApiError 11000 or 11001."""

    def work(connection: Connection) -> None:
        queue = queues.get(connection, queue_id)
        queues.delete_consumer(connection, _consumer(connection, queue_id, consumer_id).id)
        _record(connection, store, queue, "removed the consumer of", actor)

    await store.write(work)


def dead_letters(connection: Connection, store: Store, name: str, actor: Actor) -> Queue:
    """Inside a transaction: the queue of that name, made when there is none, as Cloudflare does it."""
    return queues.find(connection, name) or add(connection, store, name, actor)


def follow_clone(
    connection: Connection,
    store: Store,
    source: Environment,
    target: Environment,
    pairs: Iterable[tuple[Binding, Binding]],
    actor: Actor,
) -> None:
    """Inside a transaction: the clone consumes its own queues as its source does the ones they stand for."""
    for old, new in pairs:
        if old.type != "queue" or old.settings["queue_name"] == new.settings["queue_name"]:
            continue
        before = queues.find(connection, old.settings["queue_name"])
        made = queues.find(connection, new.settings["queue_name"])
        consumer = queues.consumer(connection, before.id) if before else None
        if made is None or consumer is None or queues.consumer(connection, made.id) is not None:
            continue
        if (consumer.service, consumer.environment) != (source.service, source.name):
            continue
        copy = replace(
            consumer,
            id=queues.new_id(),
            queue_id=made.id,
            environment=target.name,
            created_on=store.now(),
            dead_letter_queue=None,  # what fails in a clone is none of the source's business
        )
        queues.insert_consumer(connection, copy, target.id)
        _record(connection, store, made, "changed the consumer of", actor)


def _consumer(connection: Connection, queue_id: str, consumer_id: str) -> Consumer:
    found = queues.consumer(connection, queue_id)
    if found is None or found.id != consumer_id:
        raise NotFound(11001, f"The queue has no consumer {consumer_id[:64]}")
    return found


def _with(queue: Queue, values: Mapping[str, Any]) -> Queue:
    return replace(
        queue,
        delivery_delay=values.get("delivery_delay", queue.delivery_delay),
        delivery_paused=values.get("delivery_paused", queue.delivery_paused),
        retention=values.get("message_retention_period", queue.retention),
    )


def _record(connection: Connection, store: Store, queue: Queue, what: str, actor: Actor) -> Queue:
    changes.append(
        connection,
        store.now(),
        "queue",
        actor,
        message=f"{what} queue {queue.name}",
        detail={"queue_id": queue.id, "name": queue.name, "operation": what},
    )
    return queue
