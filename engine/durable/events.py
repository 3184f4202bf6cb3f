"""What objects do, as the logs and the tails of their environment tell it: one record an event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import ApiError
from engine.gateway.errors import NoCode
from engine.runtime.errors import WorkerError
from engine.runtime.http import Response
from engine.runtime.invocation import Invocation

if TYPE_CHECKING:
    from engine.durable.house import House
    from engine.durable.object_socket import ObjectSocket
    from engine.logs.logs import Event, Logs

T = TypeVar("T")

log = logging.getLogger("engine.durable")

_KINDS = {"webSocketMessage": "message", "webSocketClose": "close", "webSocketError": "error"}


async def recorded(
    logs: Logs | None,
    house: House,
    object_id: str,
    invocation: Invocation,
    event: Event,
    work: Awaitable[T],
) -> T:
    """Do the work of one event of an object, recorded where it is deployed code."""
    if logs is None or invocation.mode != "deployed":
        return await work
    record = logs.begin(invocation, event, house.namespace.class_name, object_id)
    try:
        answer = await work
    except BaseException as error:
        record.failed(error)
        raise
    first = answer[0] if isinstance(answer, tuple) else answer
    record.responded(first.status if isinstance(first, Response) else None)
    return answer


def alarm_event(at: int) -> dict[str, Any]:
    """An alarm as traces have it; `at` is milliseconds since 1970."""
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return {"scheduledTime": moment.replace("+00:00", "Z")}


async def socket_event(
    logs: Logs | None,
    house: House,
    socket: ObjectSocket,
    name: str,
    payload: Mapping[str, Any],
    data: bytes | None,
) -> None:
    """Let an object hear of one of its WebSockets; it comes to life for it when it sleeps.

    Args:
        logs: where it is recorded.
        house: its namespace's.
        socket: which one.
        name: the handler's.
        payload: what the handler is told (js/src/websocket/hibernation.js).
        data: the message.
    """
    room = socket.room
    invocation = Invocation(house.namespace.service, house.namespace.environment)
    told: dict[str, Any] = {"webSocketEventType": _KINDS[name]}
    if name == "webSocketClose":
        told |= {"code": payload["code"], "wasClean": payload["clean"]}

    async def use(worker: Any, reference: dict[str, Any]) -> None:
        if socket.ended:  # with the code, or the instance, that it belonged to
            return
        await worker.dispatch(name, {**payload, "object": reference}, data, invocation)

    timer = None
    if room.timeout_ms is not None:
        loop = asyncio.get_running_loop()
        reason = f"The WebSocket event took longer than {room.timeout_ms} ms."
        timer = loop.call_later(room.timeout_ms / 1000, invocation.cancel, reason)
    try:
        work = house.run(room.object_id, room.name, invocation, use)
        await recorded(logs, house, room.object_id, invocation, {"getWebSocketEvent": told}, work)
    except (WorkerError, ApiError, NoCode) as error:
        log.info("%s of an object of %s failed: %s", name, house.namespace.name, error)
    except Exception:
        log.exception("%s could not be delivered to an object of %s", name, house.namespace.name)
    finally:
        if timer is not None:
            timer.cancel()
