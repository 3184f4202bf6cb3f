"""Environments of a service: create, rename, delete."""

from __future__ import annotations

from engine import services as service_verbs
from engine.errors import ApiError
from engine.model import PRODUCTION, Actor, Deployed, Environment, check_environment_name
from engine.store import Connection, Store, changes, environments, modules, services


async def create(store: Store, service: str, environment: str, actor: Actor) -> Deployed:
    """Makes an environment that answers with the starter script at its own hostname.

    Raises:
        ApiError: 10094 name, 10007 no such service, 10040 taken.
    """
    check_environment_name(environment)

    def work(connection: Connection) -> Deployed:
        services.get(connection, service)
        return service_verbs.start(connection, store, service, environment, actor)

    return await store.write(work)


async def rename(
    store: Store, service: str, environment: str, name: str, actor: Actor, *, force: bool = False
) -> Environment:
    """Gives an environment another name; its hostname follows. Production keeps its name.

    Raises:
        ApiError: 10094 name, 10007 10092 not found, 10040 taken, 10142 others bind to it (unless `force`).
    """
    check_environment_name(name)

    def work(connection: Connection) -> Environment:
        place = environments.get(connection, service, environment)
        if name == environment:
            return place
        if place.production:
            raise ApiError(10094, f"{PRODUCTION} keeps its name: clone it to have another environment")
        if not force:
            service_verbs.check_unbound(connection, service, environment, f"rename {environment}")
        at = store.now()
        environments.rename(connection, place, name, at)
        changes.append(
            connection,
            at,
            "environment.renamed",
            actor,
            service=service,
            environment=name,
            old_environment=environment,
        )
        return environments.get(connection, service, name)

    return await store.write(work)


async def delete(store: Store, service: str, environment: str, actor: Actor, *, force: bool = False) -> None:
    """Removes an environment with its versions and deployments; the service goes with its last one.

    KV namespaces stay: they may hold data that others bind.

    Raises:
        ApiError: 10007 10092 not found, 10142 others bind to it (unless `force`).
    """

    def work(connection: Connection) -> None:
        place = environments.get(connection, service, environment)
        if not force:
            service_verbs.check_unbound(connection, service, environment, f"delete {environment}")
        hashes = modules.hashes_of(connection, service, place.id)
        environments.delete(connection, place)
        modules.sweep(connection, hashes)
        at = store.now()
        changes.append(connection, at, "environment.deleted", actor, service=service, environment=environment)
        services.touch(connection, service, at)
        if not environments.of_service(connection, service):
            service_verbs.remove(connection, store, service, actor)

    await store.write(work)
