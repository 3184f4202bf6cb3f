"""Deployments of an environment: the history, and deploying versions that exist (rollback, gradual)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import rollback
from engine.api import shapes
from engine.api.call import Call, worker_resource
from engine.api.envelope import success
from engine.errors import ApiError
from engine.store import Connection, deployments, environments


async def listing(call: Call) -> Response:
    """`GET …/deployments`: the live one first."""

    def work(connection: Connection) -> list[dict[str, Any]]:
        place = environments.get(connection, call.service, call.environment)
        return shapes.history(connection, place)

    return success({"deployments": await call.store.read(work)})


async def show(call: Call) -> Response:
    """`GET …/deployments/:id`."""

    def work(connection: Connection) -> dict[str, Any]:
        place = environments.get(connection, call.service, call.environment)
        return shapes.deployment(connection, deployments.get(connection, place.id, call.params["id"]))

    return success(await call.store.read(work))


async def create(call: Call) -> Response:
    """`POST …/deployments[?force=]` `{"strategy", "versions": [{version_id, percentage}]}`."""
    body = await call.json_object()
    if body.get("strategy", "percentage") != "percentage":
        raise ApiError(10210, 'The only strategy is "percentage".', 400)
    annotations = body.get("annotations") or {}
    if not isinstance(annotations, dict):
        raise ApiError(10026, "annotations must be an object.", 400)
    message = annotations.get("workers/message")
    asked = annotations.get("workers/triggered_by")
    made = await rollback.deploy_versions(
        call.store,
        call.service,
        call.environment,
        _shares(body.get("versions")),
        call.actor,
        message=str(message) if message else None,
        triggered_by="rollback" if asked == "rollback" else "deployment",
        force=call.flag("force"),
    )
    live = made.deployment
    return success(await call.store.read(lambda connection: shapes.deployment(connection, live)))


def _shares(given: Any) -> list[tuple[str, float]]:
    shares = []
    for each in given if isinstance(given, list) else [None]:
        version = each.get("version_id") if isinstance(each, dict) else None
        percentage = each.get("percentage") if isinstance(each, dict) else None
        if (
            not isinstance(version, str)
            or not isinstance(percentage, int | float)
            or isinstance(percentage, bool)
        ):
            raise ApiError(10210, 'versions must be a list of {"version_id": "…", "percentage": 100}.', 400)
        shares.append((version, percentage))
    return shares


ROUTES = [
    *worker_resource("/deployments", get=listing, post=create),
    *worker_resource("/deployments/{id}", get=show),
]
