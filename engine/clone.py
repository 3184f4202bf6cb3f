"""Cloning an environment: code and settings travel, data does not unless asked."""

from __future__ import annotations

from typing import Literal

from engine import publish, resources
from engine.durable import migrations
from engine.errors import ApiError, NotFound
from engine.model import Actor, Binding, Deployed, check_environment_name
from engine.queues.verbs import follow_clone
from engine.store import Connection, Store, changes, environments, services
from engine.workflows import owners

Data = Literal["own", "share"]


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
            one of its own, named ``<service>-<target>-<BINDING>``; ``share`` binds the source's. Durable
            Objects are its own either way: they run its code.

    Raises:
        ApiError: 10094 name, 10007 10092 not found, 10040 the target exists, 10222 nothing is live in the
            source, 10026 another value of `data`.
    """
    check_environment_name(target)
    if data not in ("own", "share"):
        raise ApiError(10026, f"data is {data!r}: own or share")

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
        if data == "own":
            bindings = _own(connection, store, service, target, bindings, actor)
            bindings = owners.adopt(connection, store, place, bindings)
            pairs = zip(live.version.bindings, bindings, strict=True)
            follow_clone(connection, store, live.environment, place, pairs, actor)
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
