"""Deploying: an upload becomes a version of an environment and, at once, its deployment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from engine import publish
from engine.declared import Declared
from engine.durable import migrations
from engine.errors import ApiError, Conflict
from engine.model import (
    Actor,
    Binding,
    Deployed,
    Environment,
    Live,
    Module,
    ModuleRef,
    Settings,
    Version,
    VersionDraft,
    check_environment_name,
    check_service_name,
)
from engine.store import Connection, Store, changes, environments, modules, services, versions
from engine.upload import Upload, check_code
from engine.workflows import owners

#: Bytes of code that are hashed in less time than a thread is woken.
SMALL = 1 << 16

Validate = Callable[[VersionDraft], Awaitable[Mapping[str, Any]]]
"""Compiles and evaluates a script before anything is written; gives `Worker.describe`'s result.

Raises ApiError 10021 with file and line when the script does not start.
"""


async def deploy(
    store: Store,
    service: str,
    environment: str,
    upload: Upload,
    actor: Actor,
    *,
    validate: Validate | None = None,
    triggered_by: str = "upload",
) -> Deployed:
    """Uploads a script and makes it live at 100 %; makes the service and the environment when they are new.

    Raises:
        ApiError: 10016 10094 names, 10021 10027 code, those of `Declared.resolve` for bindings, those of
            `engine.durable.migrations` and `engine.workflows.owners.claim`.
    """
    check_service_name(service)
    check_environment_name(environment)
    refs, facts = await _prepare(store, service, environment, upload, validate)

    def work(connection: Connection) -> Deployed:
        place, created = _ensure(connection, store, service, environment, actor)
        steps = upload.migrations or migrations.of_exports(connection, place, upload.exports)
        migrations.apply(connection, store, place, steps)
        fresh = migrations.pending(steps)
        migrations.check_exports(connection, place, facts.get("named_handlers"), fresh)
        bindings = _declared(connection, store, service, environment, upload)
        owners.claim(connection, store, place, bindings, facts.get("named_handlers"), actor)
        modules.keep(connection, refs, upload.modules)
        if upload.script_settings is not None:
            merged = {**place.script_settings, **upload.script_settings}
            environments.set_script_settings(connection, place.id, merged)
        content = publish.Content(upload.main_module, refs, bindings, upload.settings, **facts)
        return publish.deployed(
            connection, store, place, content, _note(upload, actor, triggered_by), created=created
        )

    return await store.write(work)


async def upload_version(
    store: Store,
    service: str,
    environment: str,
    upload: Upload,
    actor: Actor,
    *,
    validate: Validate | None = None,
    triggered_by: str = "upload",
) -> Version:
    """Uploads a script as a version that is not deployed; the environment must exist.

    Raises:
        ApiError: 10007 10092 not found, 10211 migrations, 10216 service-worker syntax, and those of `deploy`.
    """
    if upload.migrations:
        raise ApiError(10211, "Migrations cannot be uploaded as a version: deploy them")
    if any(each.name == upload.main_module and each.type == "script" for each in upload.modules):
        raise ApiError(
            10216, "Service-worker syntax cannot be uploaded as a version: deploy it, or use modules"
        )
    await store.read(lambda connection: environments.get(connection, service, environment))
    refs, facts = await _prepare(store, service, environment, upload, validate)

    def work(connection: Connection) -> Version:
        place = environments.get(connection, service, environment)
        if migrations.of_exports(connection, place, upload.exports):
            raise ApiError(10211, "Classes of Durable Objects cannot change with a version: deploy it")
        bindings = _declared(connection, store, service, environment, upload)
        modules.keep(connection, refs, upload.modules)
        content = publish.Content(upload.main_module, refs, bindings, upload.settings, **facts)
        return publish.version_only(connection, store, place, content, _note(upload, actor, triggered_by))

    return await store.write(work)


async def save_content(
    store: Store,
    service: str,
    environment: str,
    main_module: str,
    code: Sequence[Module],
    actor: Actor,
    *,
    if_match: str | None = None,
    message: str | None = None,
    validate: Validate | None = None,
) -> Deployed:
    """Replaces the code of an environment; its bindings and settings stay. The quick edit.

    Args:
        if_match: id of the version that the new code was written from.

    Raises:
        ApiError: 10412 (HTTP 412) when another version than `if_match` is live; 10007 10092 10021 10027.
    """

    def look(connection: Connection) -> Live:
        live = environments.live(connection, service, environment)
        check_match(connection, live, if_match)
        return live

    before = await store.read(look)
    refs = await _check_code(main_module, code)
    bindings, settings = _kept(before)
    facts = await _describe(
        validate, VersionDraft(service, environment, main_module, tuple(code), bindings, settings)
    )

    def work(connection: Connection) -> Deployed:
        live = environments.live(connection, service, environment)
        check_match(connection, live, if_match)
        modules.keep(connection, refs, code)
        bindings, settings = _kept(live)
        named = facts.get("named_handlers")
        migrations.check_exports(connection, live.environment, named, frozenset())
        content = publish.Content(main_module, refs, bindings, settings, **facts)
        return publish.deployed(
            connection, store, live.environment, content, publish.Note(actor, "upload", message)
        )

    return await store.write(work)


def _kept(live: Live) -> tuple[tuple[Binding, ...], Settings]:
    return (live.version.bindings, live.version.settings) if live.version else ((), Settings())


def check_match(connection: Connection, live: Live, if_match: str | None) -> None:
    """Raises ApiError 10412 (HTTP 412) when another version than `if_match` is live; None is always fine."""
    if if_match is None or (live.version is not None and live.version.id == if_match):
        return
    if live.version is None or live.deployment is None:
        raise Conflict(10412, f"{live.environment.name} has no live version any more", 412)
    by, version = live.deployment, live.version
    base = versions.by_id(connection, if_match)
    raise Conflict(
        10412,
        f"{by.author} deployed v{version.number} to {live.environment.name} at {by.created_on}"
        + (f", after v{base.number} that this was written from" if base else "")
        + ": reload, compare or overwrite",
        412,
        {
            "version_id": version.id,
            "number": version.number,
            "author": by.author,
            "source": by.source,
            "created_on": by.created_on,
        },
    )


async def _prepare(
    store: Store, service: str, environment: str, upload: Upload, validate: Validate | None
) -> tuple[tuple[ModuleRef, ...], dict[str, Any]]:
    """Everything that can be refused before the transaction; the transaction resolves bindings again."""
    refs = await _check_code(upload.main_module, upload.modules)
    bindings = await store.read(lambda connection: _declared(connection, store, service, environment, upload))
    draft = VersionDraft(service, environment, upload.main_module, upload.modules, bindings, upload.settings)
    return refs, await _describe(validate, draft)


async def _check_code(main_module: str, code: Sequence[Module]) -> tuple[ModuleRef, ...]:
    """`check_code`, in a thread where it takes longer than to find one."""
    if sum(len(each.content) for each in code) <= SMALL:
        return check_code(main_module, code)
    return await asyncio.to_thread(check_code, main_module, code)


async def _describe(validate: Validate | None, draft: VersionDraft) -> dict[str, Any]:
    return publish.described(await validate(draft) if validate is not None else None)


def _declared(
    connection: Connection, store: Store, service: str, environment: str, upload: Upload
) -> tuple[Binding, ...]:
    place = environments.find(connection, service, environment)
    previous = versions.latest(connection, place.id) if place is not None else None
    fresh = migrations.pending(upload.migrations or migrations.of_exports(connection, place, upload.exports))
    declared = Declared(connection, store.secrets, service, environment, previous, fresh)
    return declared.resolve(upload.bindings, upload.keep_bindings, upload.strict_inherit)


def _ensure(
    connection: Connection, store: Store, service: str, environment: str, actor: Actor
) -> tuple[Environment, bool]:
    """The environment, and whether it was made now."""
    if services.find(connection, service) is None:
        at = store.now()
        services.insert(connection, service, at)
        changes.append(connection, at, "service.created", actor, service=service)
    place = environments.find(connection, service, environment)
    if place is not None:
        return place, False
    at = store.now()
    place = environments.insert(connection, service, environment, at)
    changes.append(connection, at, "environment.created", actor, service=service, environment=environment)
    return place, True


def _note(upload: Upload, actor: Actor, triggered_by: str) -> publish.Note:
    return publish.Note(actor, triggered_by, upload.message, upload.tag, upload.alias)
