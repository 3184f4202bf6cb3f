"""Cloning an environment: code and settings travel, data does not unless asked."""

from __future__ import annotations

from typing import Literal

from engine import namespaces, publish
from engine.errors import ApiError, NotFound
from engine.model import Actor, Binding, Deployed, check_environment_name
from engine.store import Connection, Store, changes, environments, kv, services

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
        data: ``own`` gives each KV binding an empty namespace titled ``<service>-<target>-<BINDING>``;
            ``share`` binds the source's namespaces.

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
    """The bindings with a new namespace for each old one; two bindings of one namespace share its new one."""
    made: dict[str, str] = {}
    changed = []
    for binding in bindings:
        if binding.type == "kv_namespace":
            old = str(binding.settings["namespace_id"])
            if old not in made:
                title = kv.free_title(connection, f"{service}-{target}-{binding.name}")
                namespace = kv.create_namespace(connection, title, store.now())
                namespaces.record(connection, store, namespace, "created", actor)
                made[old] = namespace.id
            binding = Binding(binding.name, binding.type, {**binding.settings, "namespace_id": made[old]})
        changed.append(binding)
    return tuple(changed)
