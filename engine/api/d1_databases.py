"""D1 databases: `d1/database`. A path names one by its id or by its name (API.md §7.5)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from engine import databases as verbs
from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import success, whole_number
from engine.bindings.d1 import bookmark
from engine.d1 import SqlError
from engine.errors import ApiError
from engine.model import D1Database
from engine.store import Connection, d1

DATABASES = ACCOUNT + "/d1/database"
DATABASE = DATABASES + "/{database}"


async def listing(call: Call) -> Response:
    """`GET d1/database?page&per_page&name`: wrangler reads until a short page."""
    page = whole_number(call.query, "page", 1, least=1)
    size = whole_number(call.query, "per_page", 100, least=1, most=10_000)
    name = call.query.get("name", "")

    def work(connection: Connection) -> tuple[list[D1Database], int]:
        return d1.listing(connection, size, (page - 1) * size, name=name), d1.count(connection, name=name)

    items, total = await call.store.read(work)
    info = {"page": page, "per_page": size, "count": len(items), "total_count": total}
    return success(await asyncio.gather(*(_shape(call, each) for each in items)), info=info)


async def create(call: Call) -> Response:
    """`POST d1/database` `{"name"}`; where it is to be is of no interest on one machine."""
    body = await call.json_object()
    return success(await _shape(call, await verbs.create(call.store, body.get("name") or "", call.actor)))


async def show(call: Call) -> Response:
    """`GET d1/database/:id`."""
    return success(await _shape(call, await find(call)))


async def delete(call: Call) -> Response:
    """`DELETE d1/database/:id`: with all it holds."""
    await verbs.delete(call.store, call.params["database"], call.actor)
    return success(None)


async def current_bookmark(call: Call) -> Response:
    """`GET d1/database/:id/time_travel/bookmark`: of now; no earlier state is kept."""
    found = await find(call)
    if call.query.get("timestamp"):
        raise ApiError(
            7500, "This engine keeps no earlier states of a database: leave the timestamp out", 400
        )
    return success({"bookmark": bookmark(found.id)})


async def restore(call: Call) -> Response:
    """`POST d1/database/:id/time_travel/restore`: says that there is nothing to go back to."""
    await find(call)
    raise ApiError(
        7500,
        "This engine keeps no earlier states of a database: export it, and import what was exported",
        400,
    )


async def find(call: Call) -> D1Database:
    """The database that the path names; raises ApiError 7404."""
    return await call.store.read(lambda connection: d1.get(connection, call.params["database"]))


async def _shape(call: Call, found: D1Database) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "uuid": found.id,
        "name": found.name,
        "created_at": found.created_on,
        "version": "production",
    }
    try:
        size, tables = await call.store.databases.get(found.id).do(
            lambda connection: (connection.size(), connection.table_count())
        )
        shown.update(file_size=size, num_tables=tables)
    except SqlError:  # it was deleted meanwhile, or cannot be opened: it is listed all the same
        shown.update(file_size=None, num_tables=None)
    return shown


ROUTES = [
    resource(DATABASES, get=listing, post=create),
    resource(DATABASE, get=show, delete=delete),
    resource(DATABASE + "/time_travel/bookmark", get=current_bookmark),
    resource(DATABASE + "/time_travel/restore", post=restore),
]
