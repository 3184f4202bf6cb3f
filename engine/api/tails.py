"""Tails: the live records of an environment by WebSocket, as `wrangler tail` uses them (API.md §2 tail)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine.api.call import Call, worker_resource
from engine.api.envelope import loads_object, success
from engine.gateway.tail_socket import PREFIX
from engine.logs.filters import parse
from engine.logs.tails import Tail
from engine.store import environments


async def create(call: Call) -> Response:
    """`POST …/tails` `{"filters"?: [...]}`: `{id, url, expires_at}`; `url` is a WebSocket's."""
    raw = await call.body()
    body = loads_object(raw) if raw.strip() else {}
    passes = parse(body.get("filters"))
    await call.store.read(lambda connection: environments.get(connection, call.service, call.environment))
    return success(_shown(call, call.engine.tails.create(call.service, call.environment, passes)))


async def listing(call: Call) -> Response:
    """`GET …/tails`."""
    await call.store.read(lambda connection: environments.get(connection, call.service, call.environment))
    found = call.engine.tails.listing(call.service, call.environment)
    return success([_shown(call, each) for each in found])


async def delete(call: Call) -> Response:
    """`DELETE …/tails/:id`: its socket closes."""
    call.engine.tails.delete(call.service, call.environment, call.params["tail"])
    return success(None)


def _shown(call: Call, tail: Tail) -> dict[str, Any]:
    address = call.engine.address.replace("http", "ws", 1)
    return {"id": tail.id, "url": f"{address}{PREFIX}{tail.id}", "expires_at": tail.expires_at}


ROUTES = [
    *worker_resource("/tails", get=listing, post=create),
    *worker_resource("/tails/{tail}", delete=delete),
]
