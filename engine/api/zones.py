"""Zones: `/zones`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine.api.call import Call, resource
from engine.api.envelope import page_of, success
from engine.errors import ApiError
from engine.store import Connection, zones
from engine.traffic import Zone


async def listing(call: Call) -> Response:
    """`GET /zones[?name&account.id]`; by name also one that would be made with its first route."""
    account, name = call.query.get("account.id"), call.query.get("name")
    if account is not None and account != call.store.account.id:
        return page_of([], call.query)

    def work(connection: Connection) -> list[Zone]:
        if name is None:
            return zones.listing(connection)
        wanted = name.lower().rstrip(".")
        found = zones.find(connection, wanted) or call.engine.zones.offer(wanted)
        return [found] if found is not None else []

    found = await call.store.read(work)
    return page_of([_zone(call, each) for each in found], call.query)


async def create(call: Call) -> Response:
    """`POST /zones` `{"name"}`."""
    name = (await call.json_object()).get("name")
    if not isinstance(name, str):
        raise ApiError(1049, 'Give the zone its domain: {"name": "example.com"}.')
    return success(_zone(call, await call.engine.zones.create(name, call.actor)))


async def show(call: Call) -> Response:
    """`GET /zones/:z`."""
    found = await call.store.read(lambda connection: call.engine.zones.get(connection, call.params["zone"]))
    return success(_zone(call, found))


async def delete(call: Call) -> Response:
    """`DELETE /zones/:z`: with its routes and custom domains."""
    return success({"id": (await call.engine.zones.delete(call.params["zone"], call.actor)).id})


def _zone(call: Call, zone: Zone) -> dict[str, Any]:
    account = call.store.account
    return {
        "id": zone.id,
        "name": zone.name,
        "status": "active",
        "paused": False,
        "type": "full",
        "created_on": zone.created_on,
        "modified_on": zone.created_on,
        "name_servers": [],
        "account": {"id": account.id, "name": account.name},
    }


ROUTES = [
    resource("/zones", get=listing, post=create),
    resource("/zones/{zone}", get=show, delete=delete),
]
