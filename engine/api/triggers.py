"""How an environment is reached: its generated hostname, which can be switched off.

Routes, custom domains and crons are answered as what there is of them on this machine: none.
"""

from __future__ import annotations

from starlette.responses import Response

from engine import settings as verbs
from engine.api.call import ACCOUNT, Call, resource, worker_resource
from engine.api.envelope import page_of, success
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


async def schedules(call: Call) -> Response:
    """`GET …/schedules`."""
    await _place(call)
    return success({"schedules": []})


async def routes(call: Call) -> Response:
    """`GET …/routes`."""
    await _place(call)
    return success([])


async def domains(call: Call) -> Response:
    """`GET workers/domains` and `workers/domains/records`."""
    return page_of([], call.query)


def _switches(place: Environment) -> dict[str, bool]:
    return {"enabled": place.subdomain_enabled, "previews_enabled": place.previews_enabled}


async def _place(call: Call) -> Environment:
    return await call.store.read(
        lambda connection: environments.get(connection, call.service, call.environment)
    )


ROUTES = [
    *worker_resource("/subdomain", get=subdomain, post=change_subdomain),
    *worker_resource("/schedules", get=schedules),
    *worker_resource("/routes", get=routes),
    resource(ACCOUNT + "/workers/domains", get=domains),
    resource(ACCOUNT + "/workers/domains/records", get=domains),
]
