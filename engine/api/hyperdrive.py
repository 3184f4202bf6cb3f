"""Hyperdrive configurations, as wrangler asks for them: passwords come in, and never out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import page_of, success
from engine.errors import ApiError
from engine.store import Connection, changes, hyperdrive
from engine.store.hyperdrive import Config

CONFIGS: Final = ACCOUNT + "/hyperdrive/configs"
CONFIG: Final = CONFIGS + "/{config}"
SCHEMES: Final = ("postgres", "postgresql", "mysql")
_SECRETS: Final = ("password", "access_client_secret")
_TEXTS: Final = ("host", "scheme", "database", "user", "access_client_id", "service_id")
_KEPT: Final = ("caching", "mtls", "origin_connection_limit")
_BAD: Final = 2005


async def listing(call: Call) -> Response:
    """`GET hyperdrive/configs`."""
    found = await call.store.read(hyperdrive.listing)
    return page_of([_shape(each) for each in found], call.query, per_page=100)


async def create(call: Call) -> Response:
    """`POST hyperdrive/configs` `{"name", "origin": {scheme, host, port, database, user, password}, …}`."""
    body = await call.json_object()
    at = call.store.now()
    empty = Config(hyperdrive.new_id(), "", at, at, {"origin": {}}, call.store.secrets.conceal("{}"))
    return await _put(call, empty.id, body, empty, whole=True)


async def show(call: Call) -> Response:
    """`GET hyperdrive/configs/:id`."""
    return success(_shape(await _find(call)))


async def change(call: Call) -> Response:
    """`PATCH hyperdrive/configs/:id`: what is not named stays."""
    return await _put(call, call.params["config"], await call.json_object(), await _find(call), whole=False)


async def replace_all(call: Call) -> Response:
    """`PUT hyperdrive/configs/:id`: all of it."""
    found = replace(await _find(call), settings={"origin": {}})
    return await _put(call, found.id, await call.json_object(), found, whole=True)


async def delete(call: Call) -> Response:
    """`DELETE hyperdrive/configs/:id`, also when scripts bind it."""

    def work(connection: Connection) -> None:
        _record(connection, call, hyperdrive.delete(connection, call.params["config"]), "deleted")

    await call.store.write(work)
    return success(None)


async def _find(call: Call) -> Config:
    return await call.store.read(lambda connection: hyperdrive.get(connection, call.params["config"]))


async def _put(call: Call, config_id: str, body: Mapping[str, Any], base: Config, *, whole: bool) -> Response:
    secrets = call.store.secrets
    given = body.get("origin") or {}
    if not isinstance(given, Mapping):
        raise ApiError(_BAD, "origin is an object")
    name = body.get("name", base.name)
    if not isinstance(name, str) or not 0 < len(name) <= 255:
        raise ApiError(_BAD, "Name the configuration: 1 to 255 characters")
    hidden = {} if whole else json.loads(secrets.reveal(base.secret))
    for key in _SECRETS:
        if given.get(key) is not None:
            hidden[key] = _text(key, given[key])
    origin = {**base.settings["origin"], **_origin(given)}
    if whole and not (origin.get("scheme") and origin.get("database") and origin.get("user")):
        raise ApiError(_BAD, "origin needs a scheme, a database and a user")
    if whole and ("password" not in hidden or not (origin.get("host") or origin.get("service_id"))):
        raise ApiError(_BAD, "origin needs a host and a password")
    settings = {**base.settings, **{key: body[key] for key in _KEPT if body.get(key) is not None}}
    settings["origin"] = origin
    made = replace(
        base,
        id=config_id,
        name=name,
        modified_on=call.store.now(),
        settings=settings,
        secret=secrets.conceal(json.dumps(hidden)),
    )

    def work(connection: Connection) -> None:
        hyperdrive.put(connection, made)
        _record(connection, call, made, "put")

    await call.store.write(work)
    return success(_shape(made))


def _origin(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an origin that are no secrets."""
    found: dict[str, Any] = {key: _text(key, given[key]) for key in _TEXTS if given.get(key) is not None}
    if found.get("scheme") not in (None, *SCHEMES):
        raise ApiError(_BAD, f"scheme is one of {', '.join(SCHEMES)}")
    port = given.get("port")
    if port is not None:
        if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65_535:
            raise ApiError(_BAD, "port is a number from 1 to 65535")
        found["port"] = port
    return found


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ApiError(_BAD, f"{key} is text")
    return value


def _record(connection: Connection, call: Call, config: Config, what: str) -> None:
    """A change for each environment that binds it, whose workers start anew with what it is now."""
    places: list[tuple[str | None, str | None]] = [*hyperdrive.users(connection, config.id)]
    for service, environment in places or [(None, None)]:
        changes.append(
            connection,
            call.store.now(),
            "hyperdrive",
            call.actor,
            service=service,
            environment=environment,
            message=f"{what} Hyperdrive configuration {config.name}",
            detail={"id": config.id, "name": config.name, "operation": what},
        )


def _shape(config: Config) -> dict[str, Any]:
    return {
        "id": config.id,
        "name": config.name,
        "created_on": config.created_on,
        "modified_on": config.modified_on,
        "caching": {"disabled": False},
        **config.settings,
    }


ROUTES = [
    resource(CONFIGS, get=listing, post=create),
    resource(CONFIG, get=show, put=replace_all, patch=change, delete=delete),
]
