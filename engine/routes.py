"""Verbs of routes: which environment answers for a pattern of URLs. They make no deployment."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.errors import ApiError, Conflict, service_not_found
from engine.gateway.routes import parse
from engine.model import PRODUCTION, Actor, Environment
from engine.store import Connection, Store, changes, environments, routes, services
from engine.store import zones as stored
from engine.traffic import Route
from engine.zones import Zones

LIMIT: Final = 1000
"""Routes of a zone (platform/limits)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A route as a client asks for it; the zone may be left to the platform."""

    pattern: str
    zone_id: str | None = None
    zone_name: str | None = None


async def replace_all(
    store: Store, zones: Zones, service: str, environment: str, wanted: Sequence[Wanted], actor: Actor
) -> list[Route]:
    """Gives an environment exactly these routes (`PUT {worker}/routes`).

    Raises:
        ApiError: 10007 10092 not found, 10022 a pattern, 10020 it is another's, 10073 too many, 7003 zone.
    """

    def work(connection: Connection) -> list[Route]:
        place = environments.get(connection, service, environment)
        former = {each.pattern: each for each in routes.of_environment(connection, place.id)}
        kept = {str(parse(each.pattern)): each for each in wanted}
        for pattern in [pattern for pattern in former if pattern not in kept]:
            routes.delete(connection, former[pattern].id)
        added = [
            _insert(connection, store, zones, each, place)
            for pattern, each in kept.items()
            if pattern not in former
        ]
        removed = sorted(former.keys() - kept.keys())
        if added or removed:
            _record(connection, store, actor, added, removed, place)
        return routes.of_environment(connection, place.id)

    return await store.write(work)


async def create(
    store: Store, zones: Zones, zone_id: str, pattern: str, script: str | None, environment: str, actor: Actor
) -> Route:
    """Adds a route to a zone; without a script it switches Workers off for what it matches.

    Raises:
        ApiError: 7003 zone, 10022 pattern, 10019 no such Worker, 10020 there is one, 10073 too many.
    """

    def work(connection: Connection) -> Route:
        place = _target(connection, script, environment)
        made = _insert(connection, store, zones, Wanted(pattern, zone_id), place)
        _record(connection, store, actor, [made], [], place)
        return made

    return await store.write(work)


async def change(
    store: Store,
    zones: Zones,
    zone_id: str,
    route_id: str,
    pattern: str,
    script: str | None,
    environment: str,
    actor: Actor,
) -> Route:
    """Changes pattern and script of a route.

    Raises:
        ApiError: as `create`, and 10009 no such route.
    """

    def work(connection: Connection) -> Route:
        former = routes.get(connection, zone_id, route_id)
        place = _target(connection, script, environment)
        canonical = str(parse(pattern))
        zones.of_host(connection, parse(pattern).host, zone_id)
        other = routes.find(connection, canonical)
        if other is not None and other.id != route_id:
            raise _taken(other)
        routes.put(connection, replace(former, pattern=canonical, environment_id=place.id if place else None))
        made = routes.get(connection, zone_id, route_id)
        removed = [former.pattern] if former.pattern != canonical else []
        _record(connection, store, actor, [made], removed, place)
        return made

    return await store.write(work)


async def delete(store: Store, zone_id: str, route_id: str, actor: Actor) -> Route:
    """Removes a route; raises ApiError 10009."""

    def work(connection: Connection) -> Route:
        former = routes.get(connection, zone_id, route_id)
        routes.delete(connection, route_id)
        place = None
        if former.service is not None and former.environment is not None:
            place = environments.find(connection, former.service, former.environment)
        _record(connection, store, actor, [], [former.pattern], place)
        return former

    return await store.write(work)


def _insert(
    connection: Connection, store: Store, zones: Zones, wanted: Wanted, place: Environment | None
) -> Route:
    pattern = parse(wanted.pattern)
    zone = zones.of_host(connection, pattern.host, wanted.zone_id, wanted.zone_name)
    stored.insert(connection, zone)
    other = routes.find(connection, str(pattern))
    if other is not None:
        raise _taken(other)
    if routes.count(connection, zone.id) >= LIMIT:
        raise ApiError(10073, f"The zone {zone.name} has {LIMIT} routes, which is as many as one may have")
    made = Route(
        secrets.token_hex(16),
        str(pattern),
        zone.id,
        zone.name,
        place.id if place else None,
        place.service if place else None,
        place.name if place else None,
        store.now(),
    )
    routes.put(connection, made)
    return made


def _target(connection: Connection, script: str | None, environment: str) -> Environment | None:
    if not script:
        return None
    if services.find(connection, script) is None:
        raise ApiError(10019, f"{service_not_found(script).message}: deploy it before it gets a route")
    return environments.get(connection, script, environment)


def _taken(other: Route) -> Conflict:
    if other.service is None:
        held = "a route without a Worker"
    else:
        held = other.service if other.environment == PRODUCTION else f"{other.service} › {other.environment}"
    return Conflict(10020, f"The route {other.pattern} already belongs to {held}: remove it there first")


def _record(
    connection: Connection,
    store: Store,
    actor: Actor,
    added: Sequence[Route],
    removed: Sequence[str],
    place: Environment | None,
) -> None:
    detail: dict[str, Any] = {
        "set": [[each.pattern, each.service, each.environment] for each in added],
        "removed": list(removed),
    }
    changes.append(
        connection,
        store.now(),
        "route.changed",
        actor,
        service=place.service if place else None,
        environment=place.name if place else None,
        detail=detail,
    )
