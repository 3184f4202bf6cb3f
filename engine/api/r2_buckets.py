"""R2 buckets: `r2/buckets`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import buckets as verbs
from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import success, whole_number
from engine.errors import ApiError
from engine.model import R2Bucket
from engine.store import r2

BUCKETS = ACCOUNT + "/r2/buckets"
BUCKET = BUCKETS + "/{bucket}"


async def listing(call: Call) -> Response:
    """`GET r2/buckets?name_contains&start_after&cursor&per_page&direction`."""
    size = whole_number(call.query, "per_page", 1000, least=1, most=1000)
    after = call.query.get("cursor") or call.query.get("start_after", "")
    descending = call.query.get("direction") == "desc"
    found = await call.store.read(
        lambda connection: r2.buckets(
            connection, size + 1, part=call.query.get("name_contains", ""), after=after, descending=descending
        )
    )
    shown = found[:size]
    info: dict[str, Any] = {"per_page": size}
    if len(found) > size:
        info["cursor"] = shown[-1].name
    return success({"buckets": [_shape(each) for each in shown]}, info=info)


async def create(call: Call) -> Response:
    """`POST r2/buckets` `{"name", "storageClass"?, "locationHint"?}`."""
    body = await call.json_object()
    location = body.get("locationHint")
    made = await verbs.create(
        call.store,
        body.get("name") or "",
        call.actor,
        storage_class=body.get("storageClass") or "Standard",
        location=location.upper() if isinstance(location, str) else None,
    )
    return success(_shape(made))


async def show(call: Call) -> Response:
    """`GET r2/buckets/:b`."""
    name = call.params["bucket"]
    return success(_shape(await call.store.read(lambda connection: r2.bucket(connection, name))))


async def change(call: Call) -> Response:
    """`PATCH r2/buckets/:b` with the header `cf-r2-storage-class`."""
    storage_class = call.request.headers.get("cf-r2-storage-class")
    if storage_class is None:
        raise ApiError(10062, "Give the storage class in the header cf-r2-storage-class.", 400)
    return success(_shape(await verbs.change(call.store, call.params["bucket"], storage_class, call.actor)))


async def delete(call: Call) -> Response:
    """`DELETE r2/buckets/:b`: an empty one."""
    await verbs.delete(call.store, call.params["bucket"], call.actor)
    return success({})


def _shape(found: R2Bucket) -> dict[str, Any]:
    return {
        "name": found.name,
        "creation_date": found.created_on,
        "location": found.location,
        "storage_class": found.storage_class,
        "jurisdiction": "default",
        "objects": found.objects,
        "size": found.size,
    }


ROUTES = [
    resource(BUCKETS, get=listing, post=create),
    resource(BUCKET, get=show, patch=change, delete=delete),
]
