"""Durable Object namespaces and their objects: `workers/durable_objects/namespaces`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import success, whole_number
from engine.durable.objects import FOLDER
from engine.errors import NotFound
from engine.store import durable
from engine.store.durable import Namespace

NAMESPACES = ACCOUNT + "/workers/durable_objects/namespaces"
NAMESPACE = NAMESPACES + "/{namespace}"


async def listing(call: Call) -> Response:
    """`GET namespaces?page&per_page`."""
    page = whole_number(call.query, "page", 1, least=1)
    size = whole_number(call.query, "per_page", 20, least=1, most=1000)
    found = await call.store.read(durable.listing)
    shown = found[(page - 1) * size : page * size]
    info = {
        "page": page,
        "per_page": size,
        "count": len(shown),
        "total_count": len(found),
        "total_pages": -(-len(found) // size),
    }
    return success([_shape(each) for each in shown], info=info)


async def show(call: Call) -> Response:
    """`GET namespaces/:id`."""
    return success(_shape(await find(call)))


async def objects(call: Call) -> Response:
    """`GET namespaces/:id/objects?limit&cursor`: ids that have stored something, in order.

    Ours besides: `size` in bytes of the disk, `alarm` in milliseconds of the epoch.
    """
    limit = whole_number(call.query, "limit", 1000, least=1, most=10_000)
    cursor = call.query.get("cursor", "")
    namespace = await find(call)
    folder = call.store.path.parent / FOLDER / namespace.id
    found = await asyncio.to_thread(_objects, folder)
    ids = [each for each in found if each > cursor]
    shown = ids[:limit]
    info = {"count": len(shown), "cursor": shown[-1] if len(ids) > limit else "", "per_page": limit}
    alarms = await call.store.read(lambda connection: durable.alarms_of(connection, namespace.id, shown))
    sizes = await asyncio.to_thread(lambda: [_size(folder, each) for each in shown])
    return success(
        [
            {"id": each, "hasStoredData": True, "size": size, "alarm": alarms.get(each)}
            for each, size in zip(shown, sizes, strict=True)
        ],
        info=info,
    )


async def find(call: Call) -> Namespace:
    """The namespace that the path names; raises ApiError 10066."""
    namespace_id = call.params["namespace"]
    found = await call.store.read(lambda connection: durable.find(connection, namespace_id))
    if found is None:
        raise NotFound(10066, f"There is no Durable Object namespace {namespace_id}")
    return found


def _objects(folder: Path) -> list[str]:
    return sorted(each.stem for each in folder.glob("*.sqlite"))


def _size(folder: Path, object_id: str) -> int:
    """Bytes of an object's database and of what is not yet merged into it."""
    files = (folder / f"{object_id}.sqlite", folder / f"{object_id}.sqlite-wal")
    return sum(each.stat().st_size for each in files if each.exists())


def _shape(found: Namespace) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "script": found.service,
        "environment": found.environment,
        "class": found.class_name,
        "use_sqlite": found.use_sqlite,
        "created_on": found.created_on,
    }


ROUTES = [
    resource(NAMESPACES, get=listing),
    resource(NAMESPACE, get=show),
    resource(NAMESPACE + "/objects", get=objects),
]
