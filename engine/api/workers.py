"""The newer address of a Worker, `workers/workers/:id-or-name`, as wrangler 4.164 uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from engine import previews as preview_verbs
from engine import services as service_verbs
from engine import settings as verbs
from engine.api import shapes
from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import part_of, success
from engine.errors import ApiError, service_not_found
from engine.model import PRODUCTION, Environment, Live, Service
from engine.store import Connection, environments, overview, previews, services
from engine.tokens.token import DEPLOY, READ, WRITE
from engine.upload import SCRIPT_SETTINGS


async def listing(call: Call) -> Response:
    """`GET workers/workers`."""

    def work(connection: Connection) -> tuple[list[dict[str, Any]], dict[str, int]]:
        seen = [each for each in services.rows(connection) if call.sees(each.id)]
        owners, info = part_of(seen, call.query)
        found = overview.of_services(connection, owners, production=True)
        shown = [_worker(call, each, found[each.id][0].live if found[each.id] else None) for each in owners]
        return shown, info

    items, info = await call.store.read(work)
    return success(items, info=info)


async def show(call: Call) -> Response:
    """`GET workers/workers/:n`; `subdomain.url` is where production answers."""

    def work(connection: Connection) -> dict[str, Any]:
        found = find(connection, call)
        call.require(READ, found.id, PRODUCTION)
        place = found.default_environment
        live = environments.live_of(connection, place) if place else None
        return _worker(call, found, live, previews.base_of(connection, found.id))

    return success(await call.store.read(work))


async def create(call: Call) -> Response:
    """`POST workers/workers` `{"name", "subdomain"?, "tags"?, …}`: a Worker that answers with the starter."""
    body = await call.json_object()
    name = body.get("name")
    if not isinstance(name, str):
        raise ApiError(10016, 'Give the new Worker a name: {"name": "…"}.', 400)
    call.require(WRITE, name)
    await service_verbs.create(call.store, name, call.actor)
    await _change(call, name, body)
    return await _shown(call, name)


async def change(call: Call) -> Response:
    """`PATCH workers/workers/:n`: name, hostname switches, what is not versioned, the base of previews."""
    body = await call.json_object()
    owner = await call.store.read(lambda connection: find(connection, call))
    call.require(WRITE, owner.id)
    name = owner.id
    if body.get("name") not in {None, owner.id}:
        name = (await service_verbs.rename(call.store, owner.id, body["name"], call.actor)).id
    await _change(call, name, body)
    return await _shown(call, name)


async def delete(call: Call) -> Response:
    """`DELETE workers/workers/:n`."""
    owner = await call.store.read(lambda connection: find(connection, call))
    call.require(WRITE, owner.id)
    await service_verbs.delete(call.store, owner.id, call.actor, force=call.flag("force"))
    return success(None)


async def _change(call: Call, name: str, body: Mapping[str, Any]) -> None:
    """What a body says of a Worker, its name apart."""
    if any(key in body for key in SCRIPT_SETTINGS):
        await verbs.change_script_settings(call.store, name, PRODUCTION, body, call.actor)
    switches = body.get("subdomain")
    if switches is not None:
        if not isinstance(switches, dict) or not all(
            isinstance(switches.get(key), bool | None) for key in ("enabled", "previews_enabled")
        ):
            raise ApiError(10026, 'subdomain is {"enabled": bool, "previews_enabled"?: bool}.', 400)
        place = await call.store.read(lambda connection: environments.get(connection, name, PRODUCTION))
        enabled = switches.get("enabled")
        await verbs.change_subdomain(
            call.store,
            name,
            PRODUCTION,
            place.subdomain_enabled if enabled is None else enabled,
            switches.get("previews_enabled"),
            call.actor,
        )
    base = body.get("previews_base_config", body.get("preview_defaults"))
    if base is not None:
        if not isinstance(base, dict):
            raise ApiError(10026, 'previews_base_config is an object, as {"env": {"NAME": {…}}}.', 400)
        await preview_verbs.change_base(call.store, name, base)


async def _shown(call: Call, name: str) -> Response:
    def work(connection: Connection) -> dict[str, Any]:
        found = services.get(connection, name)
        place = found.default_environment
        live = environments.live_of(connection, place) if place else None
        return _worker(call, found, live, previews.base_of(connection, name))

    return success(await call.store.read(work))


async def change_latest(call: Call) -> Response:
    """`PATCH …/versions/latest` `{"env": {NAME: {type, text} | null}}`: `wrangler versions secret`."""
    body = await call.json_object()
    given = body.get("env")
    annotations = body.get("annotations") or {}
    if not isinstance(given, dict) or not isinstance(annotations, dict):
        raise ApiError(10026, 'Give {"env": {"NAME": {"type": "secret_text", "text": "…"}}}.', 400)
    texts: dict[str, str | None] = {}
    for name, each in given.items():
        if each is None:
            texts[name] = None
        elif (
            isinstance(each, dict) and each.get("type") == "secret_text" and isinstance(each.get("text"), str)
        ):
            texts[name] = each["text"]
        else:
            raise ApiError(10021, f"{name} must be null or a secret_text with its text.", 400)
    owner = await call.store.read(lambda connection: find(connection, call))
    call.require(DEPLOY, owner.id, PRODUCTION)
    made = await verbs.put_version_secrets(
        call.store,
        owner.id,
        PRODUCTION,
        texts,
        call.actor,
        message=annotations.get("workers/message"),
        tag=annotations.get("workers/tag"),
    )
    return success(shapes.version(made))


def find(connection: Connection, call: Call) -> Service:
    """The Worker that the path names: by name, or by the id that `show` gives (the service's tag)."""
    wanted = call.params["worker"]
    found = services.find(connection, wanted)
    if found is None:
        named = next((each.id for each in services.rows(connection) if each.tag == wanted), None)
        found = services.find(connection, named) if named is not None else None
    if found is None:
        raise service_not_found(wanted)
    return found


def _worker(
    call: Call, found: Service, live: Live | None, base: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A Worker; `live` is its production, None when that was deleted; `base` what its previews begin with."""
    place = live.environment if live else None
    begins = {**base, "env": preview_verbs.shown(base.get("env") or {})} if base else {}
    return {
        "id": found.tag,
        "name": found.id,
        "created_on": found.created_on,
        "updated_on": found.modified_on,
        "deployed_on": live.deployment.created_on if live and live.deployment else None,
        "tags": place.script_settings.get("tags", []) if place else [],
        "logpush": place.script_settings.get("logpush", False) if place else False,
        "observability": place.script_settings.get("observability") if place else None,
        "subdomain": {
            "enabled": bool(place and place.subdomain_enabled),
            "previews_enabled": bool(place and place.previews_enabled),
            **_urls(call, found.id, place),
        },
        "previews_base_config": begins,
        "preview_defaults": begins,
    }


def _urls(call: Call, service: str, place: Environment | None) -> dict[str, str]:
    """Where production answers, and how the hostnames of its versions end: wrangler puts https:// before."""
    shown = {"url": call.engine.url(service, PRODUCTION)}
    if place is not None and place.previews_enabled:
        address = call.engine.tls_address or call.engine.address
        port = address.rpartition(":")[2]
        shown["preview_url_suffix"] = f"-{call.engine.hostname(service, PRODUCTION)}:{port}"
    return shown


ROUTES = [
    resource(ACCOUNT + "/workers/workers", get=listing, post=create),
    resource(ACCOUNT + "/workers/workers/{worker}", get=show, patch=change, delete=delete),
    resource(ACCOUNT + "/workers/workers/{worker}/versions/latest", patch=change_latest),
]
