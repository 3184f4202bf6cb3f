"""Previews of a Worker (wrangler preview): an environment for a branch, with deployments of its own.

A preview is an environment whose name is the preview's slug: it has its own hostname, history and Durable
Objects. It begins with the base configuration that the Worker has for previews; later changes of that reach
only previews made after them (PLATFORM.md §1).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from engine import deploy as deploys
from engine import environments as environment_verbs
from engine import settings
from engine.declared import SECRET_TYPES
from engine.errors import ApiError, NotFound
from engine.logs import retention
from engine.model import NAME, PRODUCTION, Actor, Deployed, Secret
from engine.store import Connection, Store, changes, environments, previews, services
from engine.store.previews import Preview
from engine.store.secrets import Secrets
from engine.upload import SCRIPT_SETTINGS, Upload

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_./+=-]{0,254}[A-Za-z0-9])?")
#: Characters of a slug: what is left of a hostname's label beside a version's id.
_SLUG: Final = 50
NOT_FOUND: Final = 10025
NO_DEPLOYMENT: Final = 10222


def get(connection: Connection, service: str, wanted: str) -> Preview:
    """The preview with this name, slug or id.

    Raises:
        ApiError: 10007 no such Worker, 10025 no such preview.
    """
    services.get(connection, service)
    found = previews.find(connection, service, wanted)
    if found is None:
        raise NotFound(NOT_FOUND, f"Worker {service} has no preview {wanted[:256]}")
    return found


async def create(
    store: Store,
    service: str,
    name: Any,
    values: Mapping[str, Any],
    actor: Actor,
    *,
    ignore_base: bool = False,
) -> Preview:
    """Makes a preview without a deployment.

    Args:
        values: observability, logpush, tail_consumers, tags; they come before those of the base.
        ignore_base: begin with nothing instead of the Worker's base configuration.

    Raises:
        ApiError: 10026 name, 10007 no such Worker, 10040 the name is taken.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiError(
            10026,
            f"{name!r:.80} is no name for a preview: 1 to 256 letters, digits and - _ / . + =, "
            "with a letter or a digit first and last",
        )

    def work(connection: Connection) -> Preview:
        services.get(connection, service)
        taken = previews.find(connection, service, name)
        if taken is not None and taken.name == name:
            raise ApiError(10040, f"Worker {service} has a preview {name} already", 409)
        at = store.now()
        place = environments.insert(connection, service, _slug(connection, service, name), at)
        base = {} if ignore_base else previews.base_of(connection, service)
        kept = {key: base[key] for key in SCRIPT_SETTINGS if base.get(key) is not None}
        kept |= {key: values[key] for key in SCRIPT_SETTINGS if values.get(key) is not None}
        if kept:
            retention.check(kept)
            environments.set_script_settings(connection, place.id, kept)
        production = environments.find(connection, service, PRODUCTION)
        if production is not None and not production.previews_enabled:
            environments.set_subdomain(connection, place.id, False, False)
        env = dict(base.get("env") or {})
        if not ignore_base and production is not None:
            live = environments.live_of(connection, production).version
            for binding in live.bindings if live else ():
                if binding.type == "secret_text":
                    text = binding.settings["text"].ciphertext.decode()
                    env.setdefault(binding.name, {"type": "secret_text", "text": text})
        previews.insert(connection, place, name, env)
        made = get(connection, service, name)
        place = made.environment
        changes.append(connection, at, "environment.created", actor, service=service, environment=place.name)
        if not place.subdomain_enabled:
            off = {"subdomain_enabled": False, "previews_enabled": False}
            changes.append(
                connection,
                at,
                "environment.changed",
                actor,
                service=service,
                environment=place.name,
                detail=off,
            )
        return made

    return await store.write(work)


async def change(store: Store, service: str, wanted: str, values: Mapping[str, Any], actor: Actor) -> Preview:
    """Changes what is not versioned: observability, logpush, tail consumers, tags."""
    found = await store.read(lambda connection: get(connection, service, wanted))
    await settings.change_script_settings(store, service, found.environment.name, values, actor)
    return await store.read(lambda connection: get(connection, service, found.environment.id))


async def delete(store: Store, service: str, wanted: str, actor: Actor) -> None:
    """Removes a preview with its deployments and its Durable Objects."""
    found = await store.read(lambda connection: get(connection, service, wanted))
    await environment_verbs.delete(store, service, found.environment.name, actor)


async def deploy(
    store: Store,
    service: str,
    preview: Preview,
    upload: Upload,
    actor: Actor,
    *,
    validate: deploys.Validate | None = None,
) -> Deployed:
    """Makes an upload what the preview answers with; bindings that it does not name come from its base.

    Raises:
        ApiError: those of `engine.deploy.deploy`.
    """
    live = await store.read(lambda connection: environments.live_of(connection, preview.environment))
    named = {each.get("name") for each in upload.bindings}
    # A secret that is live stays, as with every upload.
    named |= (
        {each.name for each in live.version.bindings if each.type in SECRET_TYPES} if live.version else set()
    )
    base: tuple[Mapping[str, Any], ...] = tuple(
        {"name": name, **_revealed(store.secrets, each)}
        for name, each in preview.base.items()
        if name not in named
    )
    upload = replace(upload, bindings=upload.bindings + base)
    return await deploys.deploy(store, service, preview.environment.name, upload, actor, validate=validate)


async def change_env(
    store: Store,
    service: str,
    preview: Preview,
    env: Mapping[str, Any],
    annotations: Mapping[str, Any],
    actor: Actor,
) -> Deployed:
    """Changes bindings of what the preview answers with, in a new deployment.

    Args:
        env: binding objects by name; None removes one.

    Raises:
        ApiError: 10032 nothing is deployed yet, and those of `Declared.resolve`.
    """
    live = await store.read(lambda connection: environments.live_of(connection, preview.environment))
    if live.version is None:
        raise ApiError(10032, f"Preview {preview.name} has no deployment yet")
    kept = [{"name": each.name, "type": "inherit"} for each in live.version.bindings if each.name not in env]
    metadata = {"bindings": kept + declared(env), "keep_bindings": []}
    message = annotations.get("workers/message")
    return await settings.change(store, service, preview.environment.name, metadata, actor, message=message)


async def change_base(store: Store, service: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Merges a change into what new previews begin with (RFC 7396: null removes); gives the whole of it."""

    def work(connection: Connection) -> dict[str, Any]:
        services.get(connection, service)
        merged: dict[str, Any] = _merged(previews.base_of(connection, service), config)
        env = merged.get("env")
        if env is not None and not isinstance(env, dict):
            raise ApiError(10026, 'env of the base configuration is {"NAME": {"type": …}}')
        for name, each in (config.get("env") or {}).items():
            if isinstance(each, dict) and each.get("type") in SECRET_TYPES and name in (env or {}):
                if not isinstance(each.get("text"), str):
                    raise ApiError(10021, f"Secret {name} has no text")
                merged["env"][name] = _concealed(store.secrets, each)
        previews.set_base(connection, service, merged)
        return merged

    return await store.write(work)


def declared(env: Any) -> list[dict[str, Any]]:
    """Binding objects by name as the list that an upload has; raises ApiError 10026."""
    if env is None:
        return []
    if not isinstance(env, Mapping) or not all(
        each is None or isinstance(each, Mapping) for each in env.values()
    ):
        raise ApiError(10026, 'env is {"NAME": {"type": …}}')
    return [{**each, "name": name} for name, each in env.items() if each is not None]


def shown(env: Mapping[str, Any]) -> dict[str, Any]:
    """Bindings of a base without the texts of secrets."""
    return {
        name: {"type": each.get("type")} if each.get("type") in SECRET_TYPES else each
        for name, each in env.items()
    }


def _slug(connection: Connection, service: str, name: str) -> str:
    """A hostname's label of the name; with a piece of its hash where another environment has that."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    plain = plain if plain[:1].isalpha() else f"p-{plain}"
    slug = plain[:_SLUG].rstrip("-")
    if NAME.fullmatch(slug) and environments.find(connection, service, slug) is None:
        return slug
    return f"{slug[: _SLUG - 7].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _revealed(secrets: Secrets, binding: Mapping[str, Any]) -> dict[str, Any]:
    if binding.get("type") not in SECRET_TYPES:
        return dict(binding)
    return {**binding, "text": secrets.reveal(Secret(str(binding["text"]).encode()))}


def _concealed(secrets: Secrets, binding: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": binding["type"], "text": secrets.conceal(binding["text"]).ciphertext.decode()}


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(new, Mapping):
        return new
    made = dict(old) if isinstance(old, Mapping) else {}
    for key, value in new.items():
        if value is None:
            made.pop(key, None)
        elif key == "env":  # a binding is one thing: another type does not keep the keys of the old one
            made[key] = {**made.get(key, {}), **value} if isinstance(value, Mapping) else value
            if isinstance(value, Mapping):
                made[key] = {name: each for name, each in made[key].items() if each is not None}
        else:
            made[key] = _merged(made.get(key), value)
    return made
