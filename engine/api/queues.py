"""Queues and their consumers, as wrangler asks for them (API.md §7.9)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import page_of, success
from engine.errors import ApiError
from engine.model import PRODUCTION
from engine.queues import verbs
from engine.store import Connection, queue_messages, queues
from engine.store.queues import Consumer, Queue

QUEUES = ACCOUNT + "/queues"
QUEUE = QUEUES + "/{queue}"
CONSUMERS = QUEUE + "/consumers"
PURGE = QUEUE + "/purge"


async def listing(call: Call) -> Response:
    """`GET queues?page&per_page&name`: `name`, exact, may be there several times."""
    names = tuple(call.request.query_params.getlist("name"))[:500]

    def work(connection: Connection) -> list[dict[str, Any]]:
        return [_shape(connection, each) for each in queues.listing(connection, names)]

    return page_of(await call.store.read(work), call.query, per_page=100)


async def create(call: Call) -> Response:
    """`POST queues` `{"queue_name", "settings"?: {delivery_delay, message_retention_period}}`."""
    body = await call.json_object()
    name = body.get("queue_name")
    if not isinstance(name, str):
        raise ApiError(11003, 'Name the queue: {"queue_name": "…"}')
    made = await verbs.create(call.store, name, body.get("settings"), call.actor)
    return await _answer(call, made)


async def show(call: Call) -> Response:
    """`GET queues/:id`."""
    found = call.params["queue"]
    return success(
        await call.store.read(lambda connection: _shape(connection, queues.get(connection, found)))
    )


async def change(call: Call) -> Response:
    """`PATCH` or `PUT queues/:id` `{"queue_name"?, "settings"?}`: also pauses and resumes delivery."""
    body = await call.json_object()
    name, settings = body.get("queue_name"), body.get("settings")
    return await _answer(
        call, await verbs.change(call.store, call.params["queue"], name, settings, call.actor)
    )


async def delete(call: Call) -> Response:
    """`DELETE queues/:id`."""
    await verbs.delete(call.store, call.params["queue"], call.actor)
    return success(None)


async def purge(call: Call) -> Response:
    """`POST queues/:id/purge` `{"delete_messages_permanently": true}`."""
    body = await call.json_object()
    if body.get("delete_messages_permanently") is not True:
        raise ApiError(100128, "Say so: {delete_messages_permanently: true}")
    await verbs.purge(call.store, call.params["queue"], call.actor)
    return await show(call)


async def purged(call: Call) -> Response:
    """`GET queues/:id/purge`: a purge is over when it was answered."""
    await call.store.read(lambda connection: queues.get(connection, call.params["queue"]))
    return success({"started_at": None, "completed": "100"})


# ---------------------------------------------------------------- consumers


async def consumers(call: Call) -> Response:
    """`GET queues/:id/consumers`: one at most."""

    def work(connection: Connection) -> list[dict[str, Any]]:
        queue = queues.get(connection, call.params["queue"])
        found = queues.consumer(connection, queue.id)
        return [] if found is None else [consumer_shape(queue, found)]

    return success(await call.store.read(work))


async def add_consumer(call: Call) -> Response:
    """`POST queues/:id/consumers` `{"type", "script_name"?, "settings", "dead_letter_queue"?}`."""
    queue, made = await verbs.put_consumer(
        call.store, call.params["queue"], None, await call.json_object(), call.actor
    )
    return success(consumer_shape(queue, made))


async def change_consumer(call: Call) -> Response:
    """`PUT queues/:id/consumers/:cid`, the same: what is not named gets its default."""
    queue, made = await verbs.put_consumer(
        call.store, call.params["queue"], call.params["consumer"], await call.json_object(), call.actor
    )
    return success(consumer_shape(queue, made))


async def remove_consumer(call: Call) -> Response:
    """`DELETE queues/:id/consumers/:cid`."""
    await verbs.remove_consumer(call.store, call.params["queue"], call.params["consumer"], call.actor)
    return success(None)


# ---------------------------------------------------------------- shapes


async def _answer(call: Call, queue: Queue) -> Response:
    return success(await call.store.read(lambda connection: _shape(connection, queue)))


def _shape(connection: Connection, queue: Queue) -> dict[str, Any]:
    found = queues.consumer(connection, queue.id)
    consuming = [] if found is None else [consumer_shape(queue, found)]
    producing = [
        {"type": "worker", "script": service, **_place(service, environment)}
        for service, environment in queues.producers(connection, queue.name)
    ]
    backlog = queue_messages.backlog(connection, queue.id)
    return {
        "queue_id": queue.id,
        "queue_name": queue.name,
        "created_on": queue.created_on,
        "modified_on": queue.modified_on,
        "settings": {
            "delivery_delay": queue.delivery_delay,
            "delivery_paused": queue.delivery_paused,
            "message_retention_period": queue.retention,
        },
        "producers": producing,
        "producers_total_count": len(producing),
        "consumers": consuming,
        "consumers_total_count": len(consuming),
        "backlog": {
            "messages": backlog.count,
            "bytes": backlog.bytes,
            "oldest_message_timestamp_ms": backlog.oldest or None,
        },
    }


def consumer_shape(queue: Queue, found: Consumer) -> dict[str, Any]:
    """A consumer as the API shows it."""
    shown: dict[str, Any] = {
        "consumer_id": found.id,
        "queue_id": queue.id,
        "queue_name": queue.name,
        "created_on": found.created_on,
        "type": "http_pull" if found.pulls else "worker",
        "settings": dict(found.settings),
    }
    if found.service is not None and found.environment is not None:
        shown |= {"script": found.service, **_place(found.service, found.environment)}
    if found.dead_letter_queue is not None:
        shown["dead_letter_queue"] = found.dead_letter_queue
    return shown


def _place(service: str, environment: str) -> dict[str, str]:
    """wrangler compares the environment where there is a `service`: production goes without."""
    return {} if environment == PRODUCTION else {"service": service, "environment": environment}


ROUTES = [
    resource(QUEUES, get=listing, post=create),
    resource(QUEUE, get=show, patch=change, put=change, delete=delete),
    resource(CONSUMERS, get=consumers, post=add_consumer),
    resource(CONSUMERS + "/{consumer}", put=change_consumer, delete=remove_consumer),
    resource(PURGE, get=purged, post=purge),
]
