"""Cloning an environment: code and settings travel, data does not unless asked."""

from __future__ import annotations

import asyncio
from typing import Final, Literal

from engine import publish, resources
from engine.copies import Copies
from engine.durable import migrations
from engine.errors import ApiError, NotFound
from engine.model import Actor, Binding, Deployed, check_environment_name
from engine.queues.verbs import follow_clone
from engine.store import Connection, Store, changes, durable, environments, services
from engine.workflows import owners

Data = Literal["own", "share", "copy"]
DATA: Final = ("own", "share", "copy")


async def clone(
    store: Store,
    service: str,
    source: str,
    target: str,
    actor: Actor,
    *,
    data: Data = "own",
    message: str | None = None,
) -> Deployed:
    """Makes environment `target` from what is live in `source`: code, variables, secrets, bindings.

    Args:
        data: ``own`` gives each binding of a KV namespace, D1 database, R2 bucket, queue or workflow an empty
            one of its own, named ``<service>-<target>-<BINDING>``; ``copy`` gives these what the source's
            hold, queues and workflows apart; ``share`` binds the source's. Durable Objects are its own in
            every case: they run its code; with ``copy`` they hold what the source's do, under the same names
            and ids.

    Raises:
        ApiError: 10094 name, 10007 10092 not found, 10040 the target exists, 10222 nothing is live in the
            source, 10026 another value of `data`.
    """
    check_environment_name(target)
    if data not in DATA:
        raise ApiError(10026, f"data is {data!r}: {', '.join(DATA[:-1])} or {DATA[-1]}")
    if data != "copy":
        return await _clone(store, service, source, target, actor, data, message, None)

    def seen(connection: Connection) -> tuple[tuple[Binding, ...], list[durable.Namespace]]:
        live = environments.live(connection, service, source)
        bindings = live.version.bindings if live.version else ()
        return bindings, durable.of_environment(connection, live.environment.id)

    bindings, classes = await store.read(seen)
    with await asyncio.to_thread(Copies, store) as copies:
        await asyncio.to_thread(copies.take, bindings, classes)
        return await _clone(store, service, source, target, actor, data, message, copies)


async def _clone(
    store: Store,
    service: str,
    source: str,
    target: str,
    actor: Actor,
    data: Data,
    message: str | None,
    copies: Copies | None,
) -> Deployed:
    def work(connection: Connection) -> Deployed:
        live = environments.live(connection, service, source)
        if live.version is None:
            raise NotFound(10222, f"{source} of {service} has no version yet: deploy one first")
        at = store.now()
        place = environments.insert(connection, service, target, at)
        if live.environment.script_settings:
            environments.set_script_settings(connection, place.id, live.environment.script_settings)
        changes.append(
            connection, at, "environment.created", actor, service=service, environment=target, message=message
        )
        bindings = live.version.bindings
        if data != "share":
            bindings = _own(connection, store, service, target, bindings, actor)
            bindings = owners.adopt(connection, store, place, bindings)
            pairs = list(zip(live.version.bindings, bindings, strict=True))
            follow_clone(connection, store, live.environment, place, pairs, actor)
            if copies is not None:
                copies.place_all(connection, pairs)
                copies.place_objects(connection, live.environment, place, at)
        bindings = migrations.adopt(connection, store, live.environment, place, bindings, all_classes=True)
        note = publish.Note(actor, "clone", message or f"Cloned from {source} v{live.version.number}")
        content = publish.Content.of(live.version, bindings)
        deployed = publish.deployed(connection, store, place, content, note, created=True)
        services.touch(connection, service, deployed.deployment.created_on)
        return deployed

    return await store.write(work)


def _own(
    connection: Connection,
    store: Store,
    service: str,
    target: str,
    bindings: tuple[Binding, ...],
    actor: Actor,
) -> tuple[Binding, ...]:
    """The bindings with a new resource for each old one; two bindings of one resource share its new one."""
    made: dict[tuple[str, str], str] = {}
    changed = []
    for binding in bindings:
        found = resources.of(binding)
        if found is not None and found[0].create is not None:
            kind, old = found
            create = found[0].create
            if (binding.type, old) not in made:
                name = f"{service}-{target}-{binding.name}"
                made[binding.type, old] = create(connection, store, name, actor)
            settings = {**binding.settings, kind.setting: made[binding.type, old]}
            binding = Binding(binding.name, binding.type, settings)
        changed.append(binding)
    return tuple(changed)
