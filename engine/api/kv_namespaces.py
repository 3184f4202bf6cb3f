"""KV namespaces: `storage/kv/namespaces`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import namespaces as verbs
from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import success, whole_number
from engine.model import KvNamespace
from engine.store import Connection, kv

NAMESPACES = ACCOUNT + "/storage/kv/namespaces"
NAMESPACE = NAMESPACES + "/{namespace}"


async def listing(call: Call) -> Response:
    """`GET namespaces?page&per_page&order&direction`: an empty page ends wrangler's reading."""
    page = whole_number(call.query, "page", 1, least=1)
    size = whole_number(call.query, "per_page", 20, least=1, most=1000)
    order = call.query.get("order", "id")
    descending = call.query.get("direction") == "desc"

    def work(connection: Connection) -> tuple[list[KvNamespace], int]:
        found = kv.namespaces(connection, size, (page - 1) * size, order=order, descending=descending)
        return found, kv.namespace_count(connection)

    items, total = await call.store.read(work)
    info = {
        "page": page,
        "per_page": size,
        "count": len(items),
        "total_count": total,
        "total_pages": -(-total // size),
    }
    return success([_shape(each) for each in items], info=info)


async def create(call: Call) -> Response:
    """`POST namespaces` `{"title"}`."""
    body = await call.json_object()
    return success(_shape(await verbs.create(call.store, body.get("title") or "", call.actor)))


async def show(call: Call) -> Response:
    """`GET namespaces/:id`."""
    namespace_id = call.params["namespace"]
    return success(_shape(await call.store.read(lambda connection: kv.namespace(connection, namespace_id))))


async def rename(call: Call) -> Response:
    """`PUT namespaces/:id` `{"title"}`."""
    body = await call.json_object()
    namespace_id = call.params["namespace"]
    return success(_shape(await verbs.rename(call.store, namespace_id, body.get("title") or "", call.actor)))


async def delete(call: Call) -> Response:
    """`DELETE namespaces/:id`: with all it holds."""
    await verbs.delete(call.store, call.params["namespace"], call.actor)
    return success({})


def _shape(found: KvNamespace) -> dict[str, Any]:
    return {"id": found.id, "title": found.title, "supports_url_encoding": True}


ROUTES = [
    resource(NAMESPACES, get=listing, post=create),
    resource(NAMESPACE, get=show, put=rename, delete=delete),
]
