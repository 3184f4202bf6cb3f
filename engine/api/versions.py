"""Versions of an environment: list, show, upload without deploying."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import deploy
from engine.api import shapes
from engine.api.call import Call, worker_resource
from engine.api.envelope import success, whole_number
from engine.api.uploads import read_upload
from engine.store import Connection, environments, versions

#: Items of a list when the request does not say; wrangler shows ten.
LISTED = 100


async def listing(call: Call) -> Response:
    """`GET …/versions[?page&per_page]`: newest first, each complete."""
    page = whole_number(call.query, "page", 1, least=1)
    size = whole_number(call.query, "per_page", LISTED, least=1, most=1000)

    def work(connection: Connection) -> tuple[list[dict[str, Any]], int]:
        place = environments.get(connection, call.service, call.environment)
        found = versions.listing(connection, place.id, size, (page - 1) * size)
        return [shapes.version(each) for each in found], versions.count(connection, place.id)

    items, total = await call.store.read(work)
    info = {"page": page, "per_page": size, "count": len(items), "total_count": total}
    return success({"items": items}, info=info)


async def show(call: Call) -> Response:
    """`GET …/versions/:id`."""

    def work(connection: Connection) -> dict[str, Any]:
        place = environments.get(connection, call.service, call.environment)
        return shapes.version(versions.get(connection, place.id, call.params["version"]))

    return success(await call.store.read(work))


async def upload(call: Call) -> Response:
    """`POST …/versions`: a version that is not deployed."""
    made = await deploy.upload_version(
        call.store,
        call.service,
        call.environment,
        await read_upload(call),
        call.actor,
        validate=call.engine.validate,
    )
    return success(shapes.version(made))


ROUTES = [
    *worker_resource("/versions", get=listing, post=upload),
    *worker_resource("/versions/{version}", get=show),
]
