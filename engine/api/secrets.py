"""Secrets of an environment: names go out, texts only come in. Each change is a version and a deployment."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import settings as verbs
from engine.api.call import Call, worker_resource
from engine.api.envelope import success
from engine.declared import SECRET_TYPES
from engine.errors import ApiError, NotFound
from engine.store import environments


async def listing(call: Call) -> Response:
    """`GET …/secrets`: `[{name, type}]`."""
    return success(await _names(call))


async def show(call: Call) -> Response:
    """`GET …/secrets/:name`."""
    name = call.params["name"]
    for each in await _names(call):
        if each["name"] == name:
            return success(each)
    raise NotFound(10056, f"{call.environment} of {call.service} has no secret {name}.")


async def put(call: Call) -> Response:
    """`PUT …/secrets` `{"name", "text", "type": "secret_text"}`."""
    body = await call.json_object()
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise ApiError(10052, "The secret has no name.", 400)
    await verbs.put_secrets(call.store, call.service, call.environment, {name: _text(name, body)}, call.actor)
    return success({"name": name, "type": "secret_text"})


async def delete(call: Call) -> Response:
    """`DELETE …/secrets/:name`."""
    name = call.params["name"]
    await verbs.put_secrets(call.store, call.service, call.environment, {name: None}, call.actor)
    return success(None)


async def bulk(call: Call) -> Response:
    """`PATCH …/secrets-bulk` `{"secrets": {NAME: {name, text, type} | null}}`: null deletes."""
    body = await call.json_object()
    given = body.get("secrets")
    if not isinstance(given, dict):
        raise ApiError(10026, 'Give {"secrets": {"NAME": {"text": "…", "type": "secret_text"}}}.', 400)
    texts: dict[str, str | None] = {}
    for name, each in given.items():
        if each is not None and not isinstance(each, dict):
            raise ApiError(10026, f"Secret {name} must be an object, or null to delete it.", 400)
        texts[name] = None if each is None else _text(name, each)
    await verbs.put_secrets(call.store, call.service, call.environment, texts, call.actor)
    return success(await _names(call))


def _text(name: str, body: dict[str, Any]) -> str:
    if body.get("type", "secret_text") != "secret_text":
        raise ApiError(10021, f"Secret {name} must be of type secret_text.", 400)
    text = body.get("text")
    if not isinstance(text, str):
        raise ApiError(10021, f"Secret {name} has no text.", 400)
    return text


async def _names(call: Call) -> list[dict[str, str]]:
    live = await call.store.read(
        lambda connection: environments.live(connection, call.service, call.environment)
    )
    found = live.version.bindings if live.version else ()
    return [{"name": each.name, "type": each.type} for each in found if each.type in SECRET_TYPES]


ROUTES = [
    *worker_resource("/secrets", get=listing, put=put),
    *worker_resource("/secrets/{name}", get=show, delete=delete),
    *worker_resource("/secrets-bulk", patch=bulk),
]
