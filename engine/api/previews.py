"""Previews of a Worker: `workers/workers/:n/previews`, as `wrangler preview` uses it (API.md §2)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from engine import previews as verbs
from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import page_of, success
from engine.api.multipart import Part
from engine.api.uploads import split, upload_of
from engine.api.workers import find
from engine.errors import ApiError, NotFound
from engine.gateway.hostnames import label
from engine.model import PRODUCTION, Version
from engine.store import Connection, durable, environments, previews, versions
from engine.store.previews import Preview
from engine.tokens.token import DEPLOY, READ, WRITE

WORKER = ACCOUNT + "/workers/workers/{worker}/previews"
PREVIEW = WORKER + "/{preview}"


async def listing(call: Call) -> Response:
    """`GET previews`."""

    def work(connection: Connection) -> list[dict[str, Any]]:
        service = find(connection, call).id
        call.require(READ, service, PRODUCTION)
        return [_preview(call, each) for each in previews.listing(connection, service)]

    return page_of(await call.store.read(work), call.query)


async def create(call: Call) -> Response:
    """`POST previews` `{"name", "observability"?, "logpush"?, "tail_consumers"?, "tags"?}`."""
    body = await call.json_object()
    service = await _service(call)
    call.require(WRITE, service)
    ignore = call.flag("ignore_base_config") or call.flag("ignore_defaults")
    made = await verbs.create(call.store, service, body.get("name"), body, call.actor, ignore_base=ignore)
    return success(_preview(call, made))


async def show(call: Call) -> Response:
    """`GET previews/:p`: by name, slug or id; 10025 tells wrangler to create it."""
    return success(_preview(call, await _found(call, READ)))


async def change(call: Call) -> Response:
    """`PATCH previews/:p`: what is not versioned."""
    body = await call.json_object()
    found = await _found(call, DEPLOY)
    place = found.environment
    return success(_preview(call, await verbs.change(call.store, place.service, place.id, body, call.actor)))


async def delete(call: Call) -> Response:
    """`DELETE previews/:p`."""
    place = (await _found(call, WRITE)).environment
    await verbs.delete(call.store, place.service, place.id, call.actor)
    return success(None)


async def deployments(call: Call) -> Response:
    """`GET previews/:p/deployments`: the newest first."""
    found = await _found(call, READ)

    def work(connection: Connection) -> list[dict[str, Any]]:
        listed = versions.listing(connection, found.environment.id)
        return [_deployment(connection, call, found, each) for each in listed]

    return page_of(await call.store.read(work), call.query)


async def deploy(call: Call) -> Response:
    """`POST previews/:p/deployments`: a form as wrangler 4.164 sends it, or JSON with base64 as 4.86 does."""
    metadata, parts = split(await call.form()) if call.is_form else _of_json(await call.json_object())
    if metadata is None:
        raise ApiError(10005, "The upload has no part named metadata.", 400)
    found = await _found(call, DEPLOY)
    place = found.environment
    metadata = {**metadata, "bindings": verbs.declared(metadata.get("env"))}
    upload = await upload_of(call, *_with_files(metadata, parts), place.service, place.name)
    made = await verbs.deploy(
        call.store, place.service, found, upload, call.actor, validate=call.engine.validate
    )
    return success(await _shown(call, found, made.version))


async def show_deployment(call: Call) -> Response:
    """`GET previews/:p/deployments/:d`: `latest`, an id or its first eight digits."""
    found = await _found(call, READ)
    return success(await _shown(call, found, await _version(call, found)))


async def change_deployment(call: Call) -> Response:
    """`PATCH previews/:p/deployments/latest` `{"env": {NAME: binding | null}}`: a new deployment."""
    body = await call.json_object()
    env, annotations = body.get("env") or {}, body.get("annotations") or {}
    if not isinstance(env, dict) or not isinstance(annotations, dict):
        raise ApiError(10026, 'Give {"env": {"NAME": {"type": "secret_text", "text": "…"}}}.', 400)
    found = await _found(call, DEPLOY)
    service = found.environment.service
    made = await verbs.change_env(call.store, service, found, env, annotations, call.actor)
    return success(await _shown(call, found, made.version))


async def _service(call: Call) -> str:
    return await call.store.read(lambda connection: find(connection, call).id)


async def _found(call: Call, permission: str) -> Preview:
    def work(connection: Connection) -> Preview:
        return verbs.get(connection, find(connection, call).id, call.params["preview"])

    found = await call.store.read(work)
    call.require(permission, found.environment.service, found.environment.name)
    return found


async def _version(call: Call, found: Preview) -> Version:
    wanted = call.params["deployment"]

    def work(connection: Connection) -> Version | None:
        if wanted == "latest":
            return environments.live_of(connection, found.environment).version
        if len(wanted) == 8:
            return versions.named(connection, found.environment.id, wanted)
        return versions.get(connection, found.environment.id, wanted)

    version = await call.store.read(work)
    if version is None:
        raise NotFound(verbs.NO_DEPLOYMENT, f"Preview {found.name} has no deployment {wanted[:40]}")
    return version


async def _shown(call: Call, found: Preview, version: Version) -> dict[str, Any]:
    return await call.store.read(lambda connection: _deployment(connection, call, found, version))


def _preview(call: Call, found: Preview) -> dict[str, Any]:
    place, kept = found.environment, found.environment.script_settings
    host = call.engine.hostname(place.service, place.name)
    return {
        "id": place.id,
        "name": found.name,
        "slug": place.name,
        "worker_name": place.service,
        "created_on": place.created_on,
        "updated_on": place.modified_on,
        "urls": call.engine.urls(host) if place.subdomain_enabled else [],
        "tags": kept.get("tags", []),
        "logpush": kept.get("logpush", False),
        "tail_consumers": kept.get("tail_consumers", []),
        # 4.86 looks into it where it is present.
        **({"observability": kept["observability"]} if kept.get("observability") else {}),
    }


def _deployment(connection: Connection, call: Call, found: Preview, version: Version) -> dict[str, Any]:
    place = found.environment
    ending = f"{label(place.service, place.name)}.{call.store.account.subdomain}.localhost"
    annotations = {"workers/message": version.message, "workers/tag": version.tag}
    return {
        "id": version.id,
        "preview_id": place.id,
        "preview_name": found.name,
        "number": version.number,
        "created_on": version.created_on,
        "author": version.author,
        "source": version.source,
        "urls": call.engine.urls(f"{version.id[:8]}-{ending}") if place.previews_enabled else [],
        "main_module": version.main_module,
        "compatibility_date": version.settings.compatibility_date,
        "compatibility_flags": list(version.settings.compatibility_flags),
        "limits": dict(version.settings.limits),
        "placement": dict(version.settings.placement),
        "env": {each.name: _without_name(each.redacted()) for each in version.bindings},
        "migration_tag": durable.tag(connection, place.id),
        "annotations": {key: value for key, value in annotations.items() if value is not None},
    }


def _without_name(binding: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in binding.items() if key != "name"}


def _of_json(body: Mapping[str, Any]) -> tuple[dict[str, Any], list[Part]]:
    """The metadata and modules of `{…, "modules": [{"name", "content_type", "content_base64"}]}`."""
    parts = []
    modules = body.get("modules") or []
    if not isinstance(modules, list) or not all(isinstance(each, dict) for each in modules):
        raise ApiError(10026, "modules is a list of objects with name, content_type and content_base64.", 400)
    for each in modules:
        name = each.get("name")
        try:
            content = base64.b64decode(each.get("content_base64") or "", validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise ApiError(10021, f"The content of module {name} is not base64.", 400) from None
        parts.append(Part("files", str(name), str(each.get("content_type") or ""), content))
    return {key: value for key, value in body.items() if key != "modules"}, parts


def _with_files(metadata: dict[str, Any], parts: list[Part]) -> tuple[dict[str, Any], list[Part]]:
    """`_headers` and `_redirects`, which come as modules here, at their place in the assets' config."""
    assets = metadata.get("assets")
    if not isinstance(assets, dict):
        return metadata, parts
    texts = {
        part.filename: part.content.decode(errors="replace")
        for part in parts
        if part.filename in {"_headers", "_redirects"}
    }
    config = {**(assets.get("config") or {}), **texts}
    rest = [part for part in parts if part.filename not in texts]
    return {**metadata, "assets": {**assets, "config": config}}, rest


ROUTES = [
    resource(WORKER, get=listing, post=create),
    resource(PREVIEW, get=show, patch=change, delete=delete),
    resource(PREVIEW + "/deployments", get=deployments, post=deploy),
    resource(PREVIEW + "/deployments/{deployment}", get=show_deployment, patch=change_deployment),
]
