"""Services: `workers/services` and `workers/services/:s`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import services as verbs
from engine.api import shapes
from engine.api.call import ACCOUNT, SERVICE, Call, resource
from engine.api.envelope import success, whole_number
from engine.errors import ApiError
from engine.store import Connection, services
from engine.tokens.token import ACCOUNT as WHOLE_ACCOUNT
from engine.tokens.token import WRITE

#: Services on one page, at most.
PAGE = 40


async def listing(call: Call) -> Response:
    """`GET services`: by name, a page at a time, each with its environments."""
    page = whole_number(call.query, "page", 1, least=1)
    # Whoever asks for more gets that many: a page comes at once, however many environments there are.
    size = min(whole_number(call.query, "per_page", PAGE, least=1, most=1000), PAGE)

    def work(connection: Connection) -> tuple[list[dict[str, Any]], int]:
        begin = (page - 1) * size
        if call.caller.may(WHOLE_ACCOUNT):
            found, total = services.rows(connection, size, begin), services.count(connection)
        else:
            seen = [each for each in services.rows(connection) if call.sees(each.id)]
            found, total = seen[begin : begin + size], len(seen)
        return shapes.services(connection, call.engine, found), total

    items, total = await call.store.read(work)
    info = {"page": page, "per_page": size, "count": len(items), "total_count": total}
    return success(items, info=info)


async def create(call: Call) -> Response:
    """`POST services` `{"id", "template"?}`: a service whose production runs a small worker."""
    body = await call.json_object()
    name = body.get("id")
    if not isinstance(name, str):
        raise ApiError(10016, 'Give the new service a name: {"id": "…"}.', 400)
    call.require(WRITE, name)
    await verbs.create(call.store, name, call.actor, template=str(body.get("template") or "hello"))
    return success(await _read(call, name), status=201)


async def show(call: Call) -> Response:
    """`GET services/:s`; 10007 tells wrangler that the Worker does not exist yet."""
    return success(await _read(call, call.service))


async def delete(call: Call) -> Response:
    """`DELETE services/:s?force=`: with all environments and their history."""
    await verbs.delete(call.store, call.service, call.actor, force=call.flag("force"))
    return success(None)


async def _read(call: Call, name: str) -> dict[str, Any]:
    return await call.store.read(
        lambda connection: shapes.service(connection, call.engine, services.get(connection, name))
    )


ROUTES = [
    resource(ACCOUNT + "/workers/services", get=listing, post=create),
    resource(SERVICE, get=show, delete=delete),
]
