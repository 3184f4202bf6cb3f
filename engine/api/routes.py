"""Routes of a zone, and of a Worker."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import routes as verbs
from engine.api.call import Call, resource, worker_resource
from engine.api.envelope import success
from engine.errors import ApiError
from engine.model import PRODUCTION
from engine.store import Connection, environments, routes
from engine.traffic import Route

_SHAPE = '{"pattern": "example.com/*", "script": "name"}'


async def of_zone(call: Call) -> Response:
    """`GET /zones/:z/workers/routes`."""

    def work(connection: Connection) -> list[Route]:
        return routes.of_zone(connection, call.engine.zones.get(connection, call.params["zone"]).id)

    return success([_route(each) for each in await call.store.read(work)])


async def create(call: Call) -> Response:
    """`POST /zones/:z/workers/routes` `{"pattern", "script"?, "environment"?}`."""
    pattern, script, environment = await _wanted(call)
    zones, zone = call.engine.zones, call.params["zone"]
    return success(
        _route(await verbs.create(call.store, zones, zone, pattern, script, environment, call.actor))
    )


async def show(call: Call) -> Response:
    """`GET /zones/:z/workers/routes/:id`."""
    return success(
        _route(
            await call.store.read(
                lambda connection: routes.get(connection, call.params["zone"], call.params["route"])
            )
        )
    )


async def change(call: Call) -> Response:
    """`PUT /zones/:z/workers/routes/:id` `{"pattern", "script"?, "environment"?}`."""
    pattern, script, environment = await _wanted(call)
    zone, route = call.params["zone"], call.params["route"]
    made = await verbs.change(
        call.store, call.engine.zones, zone, route, pattern, script, environment, call.actor
    )
    return success(_route(made))


async def delete(call: Call) -> Response:
    """`DELETE /zones/:z/workers/routes/:id`."""
    gone = await verbs.delete(call.store, call.params["zone"], call.params["route"], call.actor)
    return success({"id": gone.id})


async def of_worker(call: Call) -> Response:
    """`GET …/routes[?show_zonename=true]`."""

    def work(connection: Connection) -> list[Route]:
        place = environments.get(connection, call.service, call.environment)
        return routes.of_environment(connection, place.id)

    return success([_route(each) for each in await call.store.read(work)])


async def replace_all(call: Call) -> Response:
    """`PUT …/routes` `[{"pattern", "zone_id"?, "zone_name"?} or "pattern"]`: all routes of the Worker."""
    body = await call.json()
    if not isinstance(body, list):
        raise ApiError(10026, 'Give a list of routes: [{"pattern": "example.com/*"}].')
    made = await verbs.replace_all(
        call.store,
        call.engine.zones,
        call.service,
        call.environment,
        [_one(each) for each in body],
        call.actor,
    )
    return success([_route(each) for each in made])


async def _wanted(call: Call) -> tuple[str, str | None, str]:
    body = await call.json_object()
    pattern, script = body.get("pattern"), body.get("script")
    environment = body.get("environment") or PRODUCTION
    if not (
        isinstance(pattern, str)
        and (script is None or isinstance(script, str))
        and isinstance(environment, str)
    ):
        raise ApiError(10022, f"Give a route as {_SHAPE}; without a script it switches Workers off.")
    return pattern, script, environment


def _one(value: Any) -> verbs.Wanted:
    if isinstance(value, str):
        return verbs.Wanted(value)
    if isinstance(value, dict) and isinstance(value.get("pattern"), str):
        zone_id, zone_name = value.get("zone_id"), value.get("zone_name")
        if all(each is None or isinstance(each, str) for each in (zone_id, zone_name)):
            return verbs.Wanted(value["pattern"], zone_id, zone_name)
    raise ApiError(10022, 'A route is {"pattern": "example.com/*", "zone_name"?: "…", "zone_id"?: "…"}.')


def _route(route: Route) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": route.id,
        "pattern": route.pattern,
        "zone_id": route.zone_id,
        "zone_name": route.zone_name,
    }
    if route.service is not None:
        shown["script"] = route.service
        shown["environment"] = route.environment
    return shown


ROUTES = [
    resource("/zones/{zone}/workers/routes", get=of_zone, post=create),
    resource("/zones/{zone}/workers/routes/{route}", get=show, put=change, delete=delete),
    *worker_resource("/routes", get=of_worker, put=replace_all),
]
