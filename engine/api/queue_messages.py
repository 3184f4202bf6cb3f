"""Messages of queues over the API: push, pull and settle, and a look without taking them.

Source: developers.cloudflare.com/queues/configuration/pull-consumers. Of what is pulled, text is shown as it
is; json, bytes and v8 in base64.
"""

from __future__ import annotations

import base64
import binascii
import time
from typing import Any, Final

import orjson
from starlette.responses import Response

from engine.api.call import Call, resource
from engine.api.envelope import success, whole_number
from engine.api.queues import QUEUE
from engine.errors import ApiError, NotFound
from engine.queues import limits, verbs
from engine.store import Connection, queue_messages, queues
from engine.store.queue_messages import Message
from engine.store.queues import Consumer, Queue

MESSAGES: Final = QUEUE + "/messages"
#: Most messages that one pull gets, one answer settles, and one look shows.
MOST: Final = 100
_BAD: Final = 100127


async def peek(call: Call) -> Response:
    """`GET queues/:id/messages?limit`: the oldest messages, which stay where they are."""
    limit = whole_number(call.query, "limit", 20, least=1, most=MOST)
    return await _peek(call, limit)


async def preview(call: Call) -> Response:
    """`POST queues/:id/messages/preview` `{"batch_size"?}`: the same, as Cloudflare asks for it."""
    return await _peek(call, _number(await _object(call), "batch_size", 5, 1, MOST))


async def push(call: Call) -> Response:
    """`POST queues/:id/messages` `{"body", "content_type"?: "json" | "text" | "bytes", "delay_seconds"?}`."""
    body = await call.json_object()
    return await _send(call, [body], None, batch=False)


async def push_batch(call: Call) -> Response:
    """`POST queues/:id/messages/batch` `{"messages": […], "delay_seconds"?}`."""
    body = await call.json_object()
    given = body.get("messages")
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        raise ApiError(_BAD, 'Give messages: {"messages": [{"body": …}]}')
    return await _send(call, given, _delay(body), batch=True)


async def pull(call: Call) -> Response:
    """`POST queues/:id/messages/pull` `{"batch_size"?, "visibility_timeout_ms"?}`: leases messages."""
    body = await _object(call)
    rings: set[str] = set()

    def work(connection: Connection) -> tuple[list[Message], int]:
        queue, consumer = _pulled(connection, call.params["queue"])
        size = _number(body, "batch_size", consumer.setting("batch_size", 5), 1, MOST)
        default = consumer.setting("visibility_timeout_ms", limits.VISIBILITY_MS)
        given = body.get("visibility_timeout_ms", body.get("visibility_timeout"))
        visible = _number({"visibility_timeout_ms": given}, "visibility_timeout_ms", default, 0, 43_200_000)
        now = _now()
        most = consumer.setting("max_retries", limits.RETRIES) + 1
        _bury(connection, call, consumer, queue_messages.exhausted(connection, queue.id, now, most), rings)
        taken: list[Message] = []
        if not queue.delivery_paused:
            taken = queue_messages.take(connection, queue, now, size, until=now + visible, lease=True)
        return taken, queue_messages.backlog(connection, queue.id).count

    found, backlog = await call.store.write(work)
    _ring(call, *rings)
    return success({"message_backlog_count": backlog, "messages": [_shape(each) for each in found]})


async def settle(call: Call) -> Response:
    """`POST …/messages/ack` `{"acks": [{"lease_id"}], "retries": [{"lease_id", "delay_seconds"?}]}`."""
    body = await call.json_object()
    acks, retries = _leases(body, "acks"), _leases(body, "retries")
    rings: set[str] = {call.params["queue"]}

    def work(connection: Connection) -> dict[str, Any]:
        queue, consumer = _pulled(connection, call.params["queue"])
        now = _now()
        found = queue_messages.leased(connection, queue.id, [*acks, *retries])
        most = consumer.setting("max_retries", limits.RETRIES)
        done = [found[lease].seq for lease in acks if lease in found]
        again = []
        for lease, delay in retries.items():
            if lease in found and lease not in acks:
                seconds = consumer.setting("retry_delay", 0) if delay is None else delay
                again.append((found[lease].seq, now + seconds * 1000))
        queue_messages.settle(connection, done, again)
        spent = [
            each
            for lease, each in found.items()
            if lease in retries and lease not in acks and each.attempts > most
        ]
        _bury(connection, call, consumer, spent, rings)
        warnings = {lease: "the lease has ended" for lease in [*acks, *retries] if lease not in found}
        return {"ackCount": len(done), "retryCount": len(again), "warnings": warnings}

    answer = await call.store.write(work)
    _ring(call, *rings)
    return success(answer)


# ---------------------------------------------------------------- parts


async def _peek(call: Call, limit: int) -> Response:
    def work(connection: Connection) -> tuple[list[tuple[Message, int]], int]:
        queue = queues.get(connection, call.params["queue"])
        found = queue_messages.peek(connection, queue.id, limit)
        return found, queue_messages.backlog(connection, queue.id).count

    found, backlog = await call.store.read(work)
    now = _now()
    shown = []
    for message, due in found:
        state = "delivering" if due == queue_messages.NEVER or message.lease else "waiting"
        at = None if due == queue_messages.NEVER else due
        shown.append(
            {
                **_shape(message),
                "lease_id": None,
                "due_ms": at,
                "state": "delayed" if _later(at, now, state) else state,
            }
        )
    return success({"message_backlog_count": backlog, "messages": shown})


def _later(at: int | None, now: int, state: str) -> bool:
    return state == "waiting" and at is not None and at > now


async def _send(call: Call, given: list[dict[str, Any]], delay: int | None, *, batch: bool) -> Response:
    contents = [_content(each) for each in given]
    delays = [_delay(each) for each in given]
    try:
        limits.check_send(
            [len(content) for _, content in contents], [kind for kind, _ in contents], [*delays, delay], batch
        )
    except limits.Refused as error:
        raise ApiError(_BAD, str(error), 413 if "exceeds" in str(error) else 400) from error
    now = _now()

    def work(connection: Connection) -> None:
        queue = queues.get(connection, call.params["queue"])
        messages = []
        for (kind, content), own in zip(contents, delays, strict=True):
            seconds = next(each for each in (own, delay, queue.delivery_delay) if each is not None)
            id = queue_messages.new_id()
            messages.append(Message(id, kind, content, now, due=now + seconds * 1000))
        queue_messages.send(connection, queue.id, messages)

    await call.store.write(work)
    _ring(call, call.params["queue"])
    return success(None)


def _content(given: dict[str, Any]) -> tuple[str, bytes]:
    """Content type and bytes of a message that was pushed."""
    if "body" not in given:
        raise ApiError(_BAD, 'A message has a body: {"body": …}')
    body = given["body"]
    kind = given.get("content_type") or ("text" if isinstance(body, str) else "json")
    match kind:
        case "text" if isinstance(body, str):
            return "text", body.encode("utf-8", "surrogatepass")
        case "bytes" if isinstance(body, str):
            try:
                return "bytes", base64.b64decode(body, validate=True)
            except binascii.Error:
                raise ApiError(_BAD, "The body of a message of type bytes is base64") from None
        case "json":
            return "json", orjson.dumps(body)
    raise ApiError(_BAD, f"A message of type {kind!r:.20} is text, base64 of bytes, or any JSON")


def _bury(
    connection: Connection, call: Call, consumer: Consumer, spent: list[Message], rings: set[str]
) -> None:
    """Move messages that were pulled too often to the dead letter queue, and note it in `rings`."""
    if not spent:
        return
    name = consumer.dead_letter_queue
    grave = verbs.dead_letters(connection, call.store, name, call.actor) if name else None
    queue_messages.bury(connection, spent, grave, _now())
    if grave is not None:
        rings.add(grave.id)


def _pulled(connection: Connection, queue_id: str) -> tuple[Queue, Consumer]:
    queue = queues.get(connection, queue_id)
    consumer = queues.consumer(connection, queue.id)
    if consumer is None or not consumer.pulls:
        raise NotFound(11002, f"Queue {queue.name} has no http_pull consumer: add one first")
    return queue, consumer


def _leases(body: dict[str, Any], key: str) -> dict[str, int | None]:
    given = body.get(key) or []
    if not isinstance(given, list) or len(given) > MOST:
        raise ApiError(_BAD, f"{key} is a list of at most {MOST}")
    found: dict[str, int | None] = {}
    for each in given:
        if not isinstance(each, dict) or not isinstance(each.get("lease_id"), str):
            raise ApiError(_BAD, f'Each of {key} names a lease: {{"lease_id": "…"}}')
        found[each["lease_id"]] = _delay(each)
    return found


def _delay(given: dict[str, Any]) -> int | None:
    return (
        None
        if given.get("delay_seconds") is None
        else _number(given, "delay_seconds", 0, 0, limits.MAX_DELAY)
    )


def _number(given: dict[str, Any], key: str, default: int, least: int, most: int) -> int:
    value = given.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ApiError(_BAD, f"{key} is {value!r:.40}: give a whole number from {least} to {most}")
    return value


async def _object(call: Call) -> dict[str, Any]:
    """The body; none at all is an empty object."""
    return await call.json_object() if (await call.request.body()).strip() else {}


def _shape(message: Message) -> dict[str, Any]:
    """A message as a pull gives it."""
    plain = message.content_type == "text"
    body = (
        message.body.decode("utf-8", "replace") if plain else base64.b64encode(message.body).decode("ascii")
    )
    return {
        "id": message.id,
        "body": body,
        "timestamp_ms": message.sent,
        "attempts": message.attempts,
        "metadata": {"CF-Content-Type": message.content_type, "CF-sourceMessageSource": "worker"},
        "lease_id": message.lease,
    }


def _ring(call: Call, *queue_ids: str) -> None:
    for queue_id in queue_ids:
        call.engine.environments.queues.sent(queue_id)


def _now() -> int:
    return int(time.time() * 1000)


ROUTES = [
    resource(MESSAGES, get=peek, post=push),
    resource(MESSAGES + "/batch", post=push_batch),
    resource(MESSAGES + "/pull", post=pull),
    resource(MESSAGES + "/ack", post=settle),
    resource(MESSAGES + "/preview", post=preview),
]
