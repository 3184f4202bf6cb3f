"""Services: create, rename, delete."""

from __future__ import annotations

from typing import Final

from engine import publish
from engine.errors import ApiError, Conflict
from engine.model import PRODUCTION, Actor, Deployed, Module, Service, Settings, check_service_name
from engine.store import Connection, Store, changes, environments, modules, services

STARTER: Final = Module(
    "worker.js",
    "esm",
    b"""export default {
  async fetch(request, env, ctx) {
    return new Response("Hello World!");
  },
};
""",
)
"""The script that a new environment begins with, so that its hostname answers at once."""

STARTER_DATE: Final = "2026-11-01"


async def create(store: Store, service: str, actor: Actor, *, template: str = "hello") -> Deployed:
    """Makes a service whose production environment answers with the starter script.

    Raises:
        ApiError: 10016 name, 10040 taken, 10021 unknown template (``hello`` is the only one).
    """
    check_service_name(service)
    if template != "hello":
        raise ApiError(10021, f"There is no template {template}: the only one is hello")

    def work(connection: Connection) -> Deployed:
        at = store.now()
        services.insert(connection, service, at)
        changes.append(connection, at, "service.created", actor, service=service)
        return start(connection, store, service, PRODUCTION, actor)

    return await store.write(work)


async def rename(store: Store, service: str, name: str, actor: Actor, *, force: bool = False) -> Service:
    """Gives a service another name; its hostnames follow.

    Raises:
        ApiError: 10016 name, 10007 not found, 10040 taken, 10142 others bind to it (unless `force`).
    """
    check_service_name(name)

    def work(connection: Connection) -> Service:
        services.get(connection, service)
        if name != service:
            if not force:
                check_unbound(connection, service, None, f"rename {service}")
            at = store.now()
            services.rename(connection, service, name, at)
            changes.append(
                connection, at, "service.renamed", actor, service=name, detail={"old_service": service}
            )
        return services.get(connection, name)

    return await store.write(work)


async def delete(store: Store, service: str, actor: Actor, *, force: bool = False) -> None:
    """Removes a service with its environments, versions and deployments. KV namespaces stay.

    Raises:
        ApiError: 10007 not found, 10142 other services bind to it (unless `force`).
    """

    def work(connection: Connection) -> None:
        services.get(connection, service)
        if not force:
            check_unbound(connection, service, None, f"delete {service}")
        remove(connection, store, service, actor)

    await store.write(work)


def start(connection: Connection, store: Store, service: str, environment: str, actor: Actor) -> Deployed:
    """Inside a transaction: adds an environment that answers with the starter script."""
    at = store.now()
    place = environments.insert(connection, service, environment, at)
    changes.append(connection, at, "environment.created", actor, service=service, environment=environment)
    ref = modules.refer(STARTER)
    modules.keep(connection, (ref,), (STARTER,))
    content = publish.Content(
        STARTER.name, (ref,), (), Settings(compatibility_date=STARTER_DATE), handlers=("fetch",)
    )
    return publish.deployed(connection, store, place, content, publish.Note(actor), created=True)


def remove(connection: Connection, store: Store, service: str, actor: Actor) -> None:
    """Inside a transaction: removes a service and the module contents that only it used."""
    hashes = modules.hashes_of(connection, service)
    services.delete(connection, service)
    modules.sweep(connection, hashes)
    changes.append(connection, store.now(), "service.deleted", actor, service=service)


def check_unbound(connection: Connection, service: str, environment: str | None, verb: str) -> None:
    """Raises ApiError 10142 when live versions of others bind to the service, or to its environment."""
    found = [
        f"{owner} › {place} ({binding})"
        for owner, place, binding in services.referrers(connection, service, environment)
        if owner != service or (environment is not None and place != environment)
    ]
    if found:
        raise Conflict(
            10142,
            f"Cannot {verb}: {', '.join(found[:5])}{' and others' if len(found) > 5 else ''} "
            f"bind{'s' if len(found) == 1 else ''} to it. Remove these bindings first, or force it",
        )
