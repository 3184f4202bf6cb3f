"""An environment's generated hostname, and those of its versions: each can be switched off."""

from __future__ import annotations

from starlette.responses import Response

from engine import settings as verbs
from engine.api.call import Call, worker_resource
from engine.api.envelope import success
from engine.errors import ApiError
from engine.model import Environment
from engine.store import environments


async def subdomain(call: Call) -> Response:
    """`GET …/subdomain`: `{enabled, previews_enabled}`."""
    return success(_switches(await _place(call)))


async def change_subdomain(call: Call) -> Response:
    """`POST …/subdomain` `{"enabled", "previews_enabled"?}`."""
    body = await call.json_object()
    enabled, previews = body.get("enabled"), body.get("previews_enabled")
    if not isinstance(enabled, bool) or not (previews is None or isinstance(previews, bool)):
        raise ApiError(10026, 'Give {"enabled": true or false, "previews_enabled"?: true or false}.', 400)
    place = await verbs.change_subdomain(
        call.store, call.service, call.environment, enabled, previews, call.actor
    )
    return success(_switches(place))


async def disable_subdomain(call: Call) -> Response:
    """`DELETE …/subdomain`."""
    place = await verbs.change_subdomain(call.store, call.service, call.environment, False, False, call.actor)
    return success(_switches(place))


def _switches(place: Environment) -> dict[str, bool]:
    return {"enabled": place.subdomain_enabled, "previews_enabled": place.previews_enabled}


async def _place(call: Call) -> Environment:
    return await call.store.read(
        lambda connection: environments.get(connection, call.service, call.environment)
    )


ROUTES = worker_resource("/subdomain", get=subdomain, post=change_subdomain, delete=disable_subdomain)
