"""What refers to a Worker, which `wrangler delete` asks before it deletes one."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine.api.call import ACCOUNT, SCRIPT, Call, resource
from engine.api.envelope import success
from engine.model import PRODUCTION
from engine.store import Connection, environments, services


async def show(call: Call) -> Response:
    """`GET scripts/:n/references`: service bindings to it and from it."""

    def work(connection: Connection) -> dict[str, Any]:
        owner = services.get(connection, call.service)
        incoming = [
            {"service": service, "environment": environment, "name": name}
            for service, environment, name in services.referrers(connection, owner.id)
            if service != owner.id
        ]
        outgoing = [
            {
                "service": str(binding.settings["service"]),
                "environment": str(binding.settings.get("environment") or PRODUCTION),
                "name": binding.name,
            }
            for place in owner.environments
            for binding in (environments.live_of(connection, place).version or _NOTHING).bindings
            if binding.type == "service"
        ]
        return {"incoming": incoming, "outgoing": outgoing, "pages_function": False}

    found = await call.store.read(work)
    return success({"services": found, "durable_objects": [], "dispatch_outbounds": []})


async def tail_consumers(call: Call) -> Response:
    """`GET workers/tails/by-consumer/:n`: the Workers whose logs it consumes."""

    def work(connection: Connection) -> list[dict[str, str]]:
        return [
            {"service": place.service, "environment": place.name}
            for place in environments.with_tail_consumers(connection)
            for consumer in place.script_settings.get("tail_consumers") or ()
            if consumer.get("service") == call.service
        ]

    return success(await call.store.read(work))


class _Nothing:
    """Stands in for the version of an environment that has none."""

    bindings = ()


_NOTHING = _Nothing()

ROUTES = [
    resource(SCRIPT + "/references", get=show),
    resource(ACCOUNT + "/workers/tails/by-consumer/{service}", get=tail_consumers),
]
