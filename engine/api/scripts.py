"""Scripts: uploading, listing, downloading and deleting, by `scripts/:n` or by environment."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import deploy
from engine import services as verbs
from engine.api import content, shapes
from engine.api.call import ACCOUNT, SCRIPT, Call, resource, worker_resource
from engine.api.envelope import success
from engine.api.uploads import read_upload
from engine.model import PRODUCTION
from engine.store import Connection, environments, services


async def listing(call: Call) -> Response:
    """`GET scripts`: the production script of each service."""

    def work(connection: Connection) -> list[Any]:
        return shapes.scripts(connection, [each for each in services.rows(connection) if call.sees(each.id)])

    return success(await call.store.read(work))


async def put(call: Call) -> Response:
    """`PUT scripts/:n` and `PUT services/:s/environments/:e`: deploy; 201 when the environment is new."""
    upload = await read_upload(call)
    made = await deploy.deploy(
        call.store, call.service, call.environment, upload, call.actor, validate=call.engine.validate
    )
    new_environment = made.created and call.environment != PRODUCTION
    shown = shapes.uploaded(made.version, made.deployment, made.environment)
    return success(shown, status=201 if new_environment else 200)


async def delete(call: Call) -> Response:
    """`DELETE scripts/:n?force=`: the whole service, as deleting a Worker is."""
    await verbs.delete(call.store, call.service, call.actor, force=call.flag("force"))
    return success({"id": call.service})


async def script_settings(call: Call) -> Response:
    """`GET …/script-settings`: what is not versioned."""
    place = await call.store.read(
        lambda connection: environments.get(connection, call.service, call.environment)
    )
    return success(shapes.script_settings(place))


async def change_script_settings(call: Call) -> Response:
    """`PATCH …/script-settings`: tags, observability, logpush, tail consumers."""
    from engine import settings

    values = await call.json_object()
    place = await settings.change_script_settings(
        call.store, call.service, call.environment, values, call.actor
    )
    return success(shapes.script_settings(place))


ROUTES = [
    resource(ACCOUNT + "/workers/scripts", get=listing),
    resource(SCRIPT, get=content.download, put=put, delete=delete),
    *worker_resource("/script-settings", get=script_settings, patch=change_script_settings),
]
