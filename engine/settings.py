"""Changing bindings, settings and secrets: each is a new version of the same code, and its deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import publish
from engine.declared import SECRET_TYPES, Declared
from engine.deploy import check_match
from engine.errors import ApiError, NotFound
from engine.logs import retention
from engine.model import Actor, Binding, Deployed, Environment, Live, Version
from engine.store import Connection, Store, changes, environments, versions
from engine.upload import SCRIPT_SETTINGS, parse_settings


async def change(
    store: Store,
    service: str,
    environment: str,
    metadata: Mapping[str, Any],
    actor: Actor,
    *,
    if_match: str | None = None,
    message: str | None = None,
) -> Deployed:
    """Changes settings of the live version (`PATCH …/settings`): what `metadata` does not name stays.

    Args:
        metadata: ``{"bindings"?: [...], "keep_bindings"?: [types], "compatibility_date"?, …}``. When bindings
            are given they replace all but secrets; one with only name and type keeps what it was.
        if_match: id of the version that the changes were made from.

    Raises:
        ApiError: 10412 (HTTP 412) when another version than `if_match` is live; 10007 10092 not found,
            10222 nothing is deployed yet, those of `Declared.resolve`.
    """

    def work(connection: Connection) -> Deployed:
        live = environments.live(connection, service, environment)
        check_match(connection, live, if_match)
        base = _version(live)
        bindings = base.bindings
        declared = metadata.get("bindings")
        if declared is not None:
            if not isinstance(declared, list) or not all(isinstance(each, dict) for each in declared):
                raise ApiError(10026, "bindings is a list of objects")
            keep = metadata.get("keep_bindings")
            bindings = Declared(connection, store.secrets, service, environment, base).resolve(
                declared, None if keep is None else frozenset(keep)
            )
        kept_out = {key: metadata[key] for key in SCRIPT_SETTINGS if key in metadata}
        if kept_out:
            _merge(connection, live.environment, kept_out)
        content = publish.Content.of(base, bindings, parse_settings(metadata, base.settings))
        note = publish.Note(actor, "settings", message)
        return publish.deployed(connection, store, live.environment, content, note)

    return await store.write(work)


async def put_secrets(
    store: Store,
    service: str,
    environment: str,
    secrets: Mapping[str, str | None],
    actor: Actor,
    *,
    message: str | None = None,
) -> Deployed:
    """Sets secrets (None deletes one) in one new version, deployed at once.

    Raises:
        ApiError: 10007 10092 not found, 10215 when the latest version is not the one deployed, 10056 no such
            secret to delete, 10052 10054 10055 bad name, size or count.
    """

    def work(connection: Connection) -> Deployed:
        live = environments.live(connection, service, environment)
        base = _version(live)
        latest = versions.latest(connection, live.environment.id)
        if (
            latest is not None
            and live.deployment is not None
            and live.deployment.versions != ((latest.id, 100),)
        ):
            raise ApiError(
                10215,
                f"The latest version (v{latest.number}) is not the one deployed: deploy it first, "
                "or change the secret of the version alone (wrangler versions secret put)",
            )
        content = publish.Content.of(base, _with_secrets(connection, store, live.environment, base, secrets))
        note = publish.Note(actor, "secret", message)
        return publish.deployed(connection, store, live.environment, content, note)

    return await store.write(work)


async def put_version_secrets(
    store: Store,
    service: str,
    environment: str,
    secrets: Mapping[str, str | None],
    actor: Actor,
    *,
    message: str | None = None,
    tag: str | None = None,
) -> Version:
    """Sets secrets in a new version of the latest one, without deploying it (`versions secret put`).

    Raises:
        ApiError: 10222 no version yet, else as `put_secrets` without 10215.
    """

    def work(connection: Connection) -> Version:
        place = environments.get(connection, service, environment)
        base = versions.latest(connection, place.id)
        if base is None:
            raise NotFound(10222, f"{environment} of {service} has no version yet: deploy one first")
        content = publish.Content.of(base, _with_secrets(connection, store, place, base, secrets))
        note = publish.Note(actor, "secret", message, tag)
        return publish.version_only(connection, store, place, content, note)

    return await store.write(work)


async def change_script_settings(
    store: Store, service: str, environment: str, values: Mapping[str, Any], actor: Actor
) -> Environment:
    """Changes tags, observability, logpush and tail consumers, which are not versioned.

    Raises:
        ApiError: 10007 10092 not found.
    """

    def work(connection: Connection) -> Environment:
        place = environments.get(connection, service, environment)
        _merge(connection, place, {key: values[key] for key in SCRIPT_SETTINGS if key in values})
        return _changed(connection, store, place, actor)

    return await store.write(work)


async def change_subdomain(
    store: Store, service: str, environment: str, enabled: bool, previews_enabled: bool | None, actor: Actor
) -> Environment:
    """Switches the generated hostname on or off; `previews_enabled` None follows `enabled`.

    Raises:
        ApiError: 10007 10092 not found.
    """

    def work(connection: Connection) -> Environment:
        place = environments.get(connection, service, environment)
        previews = enabled if previews_enabled is None else previews_enabled
        environments.set_subdomain(connection, place.id, enabled, previews)
        return _changed(connection, store, place, actor)

    return await store.write(work)


def _changed(connection: Connection, store: Store, place: Environment, actor: Actor) -> Environment:
    at = store.now()
    environments.touch(connection, place.id, at)
    changed = environments.get(connection, place.service, place.name)
    changes.append(
        connection,
        at,
        "environment.changed",
        actor,
        service=place.service,
        environment=place.name,
        detail={
            "subdomain_enabled": changed.subdomain_enabled,
            "previews_enabled": changed.previews_enabled,
        },
    )
    return changed


def _merge(connection: Connection, place: Environment, values: Mapping[str, Any]) -> None:
    retention.check(values)
    merged = {key: value for key, value in {**place.script_settings, **values}.items() if value is not None}
    environments.set_script_settings(connection, place.id, merged)


def _version(live: Live) -> Version:
    if live.version is None:
        place = live.environment
        raise NotFound(10222, f"{place.name} of {place.service} has no version yet: deploy one first")
    return live.version


def _with_secrets(
    connection: Connection,
    store: Store,
    place: Environment,
    base: Version,
    secrets: Mapping[str, str | None],
) -> tuple[Binding, ...]:
    """The base's bindings with these secrets set or deleted, in their places."""
    declared: list[dict[str, Any]] = []
    for binding in base.bindings:
        if binding.name not in secrets:
            declared.append({"name": binding.name, "type": "inherit"})
        elif binding.type not in SECRET_TYPES:
            raise ApiError(10053, f"There is a binding {binding.name} already, and it is no secret")
    for name, text in secrets.items():
        if text is not None:
            declared.append({"name": name, "type": "secret_text", "text": text})
        elif base.binding(name) is None:
            raise NotFound(10056, f"{place.name} of {place.service} has no secret {name}")
    resolver = Declared(connection, store.secrets, place.service, place.name, base)
    return resolver.resolve(declared, frozenset())
