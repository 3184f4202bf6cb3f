"""Environments of a service: create, show, rename, clone, delete."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import clone as cloning
from engine import environments as verbs
from engine import quarantine, resources
from engine.api import scripts, shapes
from engine.api.call import ENVIRONMENT, SERVICE, Call, resource
from engine.api.envelope import loads_object, success
from engine.errors import ApiError
from engine.model import PRODUCTION, Binding, Environment
from engine.store import Connection, Store, deployments, domains, environments, services
from engine.tokens.token import WRITE

NEWEST = 10


async def listing(call: Call) -> Response:
    """`GET services/:s/environments`."""
    return success(
        await call.store.read(
            lambda connection: shapes.service(
                connection, call.engine, services.get(connection, call.service)
            )["environments"]
        )
    )


async def create(call: Call) -> Response:
    """`POST services/:s/environments` `{"environment"}`: one that runs the starter script."""
    name = _name(await call.json_object())
    call.require(WRITE, call.service, name)
    await verbs.create(call.store, call.service, name, call.actor)
    return success(await _detail(call, name), status=201)


async def show(call: Call) -> Response:
    """`GET environments/:e`: everything about it."""
    return success(await _detail(call, call.environment))


async def rename(call: Call) -> Response:
    """`PATCH environments/:e` `{"environment"}`: another name, and with it another hostname."""
    name = _name(await call.json_object())
    call.require(WRITE, call.service, name)
    force = call.flag("force")
    await verbs.rename(call.store, call.service, call.environment, name, call.actor, force=force)
    return success(await _detail(call, name))


async def delete(call: Call) -> Response:
    """`DELETE environments/:e?force=`."""
    force = call.flag("force")
    await verbs.delete(call.store, call.service, call.environment, call.actor, force=force)
    return success(None)


async def copy(call: Call) -> Response:
    """`POST environments/:src/copy/:dst` `{"data"?: "own"|"share"|"copy"}`: clone."""
    body = await call.body()
    data: cloning.Data = loads_object(body).get("data", "own") if body.strip() else "own"
    target = call.params["target"]
    call.require(WRITE, call.service, target)
    await cloning.clone(call.store, call.service, call.environment, target, call.actor, data=data)
    return success(await _detail(call, target), status=201)


async def _detail(call: Call, name: str) -> dict[str, Any]:
    def work(connection: Connection) -> dict[str, Any]:
        owner = services.get(connection, call.service)
        place = environments.get(connection, call.service, name)
        live = environments.live_of(connection, place)
        found = live.version
        settings = shapes.settings(place, found)
        return {
            **shapes.environment(connection, call.engine, place, owner.tag),
            "service": owner.id,
            "urls": _urls(connection, call, place),
            "bindings": [_binding(connection, call.store, each) for each in found.bindings] if found else [],
            "settings": {
                key: settings[key] for key in ("compatibility_date", "compatibility_flags", "limits")
            },
            "deployments": shapes.history(connection, place, NEWEST),
            "deployments_count": deployments.count(connection, place.id),
            "quarantine": quarantine.shown(
                connection, [each for each, _ in live.deployment.versions] if live.deployment else []
            ),
        }

    return await call.store.read(work)


def _urls(connection: Connection, call: Call, place: Environment) -> list[str]:
    """Where it answers: at its generated hostname, unless that is switched off, and at its custom domains."""
    hosts = [each.hostname for each in domains.of_environment(connection, place.id) if each.enabled]
    if place.subdomain_enabled:
        hosts.insert(0, call.engine.hostname(place.service, place.name))
    return [url for host in hosts for url in call.engine.urls(host)]


def _binding(connection: Connection, store: Store, binding: Binding) -> dict[str, Any]:
    """A binding with what a person wants to know of its other end."""
    shown = binding.redacted()
    resource = resources.of(binding)
    if resource is not None:
        kind, name = resource
        shown.update(kind.describe(connection, store, name))
    elif binding.type == "service":
        target = str(binding.settings["service"])
        place_name = str(binding.settings.get("environment") or PRODUCTION)
        place = environments.find(connection, target, place_name)
        live = environments.live_of(connection, place).version if place else None
        shown["environment"] = place_name
        shown["number"] = live.number if live else None
    return shown


def _name(body: dict[str, Any]) -> str:
    name = body.get("environment")
    if not isinstance(name, str):
        raise ApiError(10094, 'Give the environment a name: {"environment": "…"}.', 400)
    return name


async def release(call: Call) -> Response:
    """`DELETE environments/:e/quarantine`: let it run beside the others again."""
    await quarantine.release(call.store, call.service, call.environment, call.actor)
    return success(await _detail(call, call.environment))


ROUTES = [
    resource(SERVICE + "/environments", get=listing, post=create),
    resource(ENVIRONMENT, get=show, put=scripts.put, patch=rename, delete=delete),
    resource(ENVIRONMENT + "/copy/{target}", post=copy),
    resource(ENVIRONMENT + "/quarantine", delete=release),
]
