"""Settings of an environment: bindings, compatibility, limits. A change is a version and a deployment."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import settings as verbs
from engine.api import shapes
from engine.api.call import Call, worker_resource
from engine.api.content import if_match
from engine.api.envelope import loads_object, success
from engine.errors import ApiError
from engine.store import environments


async def show(call: Call) -> Response:
    """`GET …/settings`: of the live version."""
    live = await call.store.read(
        lambda connection: environments.live(connection, call.service, call.environment)
    )
    return success(shapes.settings(live.environment, live.version))


async def bindings(call: Call) -> Response:
    """`GET …/bindings`."""
    live = await call.store.read(
        lambda connection: environments.live(connection, call.service, call.environment)
    )
    return success([each.redacted() for each in live.version.bindings] if live.version else [])


async def change(call: Call) -> Response:
    """`PATCH …/settings`: JSON, or a form whose part `settings` is JSON (wrangler 4.86's secret bulk).

    `If-Match` refuses when another version went live since.
    """
    metadata = await _metadata(call)
    made = await verbs.change(
        call.store, call.service, call.environment, metadata, call.actor, if_match=if_match(call)
    )
    return success(shapes.settings(made.environment, made.version))


async def _metadata(call: Call) -> dict[str, Any]:
    if not call.is_form:
        return await call.json_object()
    for part in await call.form():
        if part.name == "settings":
            return loads_object(part.content, "The settings part")
    raise ApiError(10005, "The form has no part named settings.", 400)


ROUTES = [
    *worker_resource("/settings", get=show, patch=change),
    *worker_resource("/bindings", get=bindings),
]
