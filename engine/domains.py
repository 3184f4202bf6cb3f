"""Verbs of custom domains: hostnames of one's own that lead to an environment. They make no deployment."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import ApiError, Conflict
from engine.model import Actor, Environment
from engine.store import Connection, Store, accounts, changes, domains, environments
from engine.store import zones as stored
from engine.traffic import Domain, Zone
from engine.zones import NAME, Zones

LIMIT: Final = 100
"""Custom domains of a zone (platform/limits)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A custom domain as a client asks for it; the zone may be left to the platform."""

    hostname: str
    zone_id: str | None = None
    zone_name: str | None = None
    enabled: bool = True
    previews_enabled: bool = False


@dataclass(frozen=True, slots=True)
class Changeset:
    """What putting some origins would do; `updated` pairs domains as they are and would be."""

    added: tuple[Domain, ...]
    removed: tuple[Domain, ...]
    updated: tuple[tuple[Domain, Domain], ...]


def plan(
    connection: Connection,
    store: Store,
    zones: Zones,
    place: Environment,
    origins: Sequence[Origin],
    *,
    replace_state: bool,
) -> Changeset:
    """What would change if the environment got these custom domains.

    Raises:
        ApiError: 100112 a hostname that cannot be one, 7003 10022 its zone, 100149 too many.
    """
    added, updated = [], []
    wanted = {_check(connection, each.hostname): each for each in origins}
    at = store.now()
    for hostname, origin in wanted.items():
        zone = zones.of_host(connection, hostname, origin.zone_id, origin.zone_name)
        former = domains.find(connection, hostname)
        made = Domain(
            former.id if former else secrets.token_hex(16),
            hostname,
            zone.id,
            zone.name,
            place.id,
            place.service,
            place.name,
            origin.enabled,
            origin.previews_enabled,
            former.created_on if former else at,
            at,
        )
        if former is not None:
            updated.append((former, made))
        else:
            if domains.count(connection, zone.id) >= LIMIT:
                raise ApiError(100149, f"The zone {zone.name} has {LIMIT} custom domains already")
            added.append(made)
    removed = (
        [each for each in domains.of_environment(connection, place.id) if each.hostname not in wanted]
        if replace_state
        else []
    )
    return Changeset(tuple(added), tuple(removed), tuple(updated))


async def preview(
    store: Store,
    zones: Zones,
    service: str,
    environment: str,
    origins: Sequence[Origin],
    *,
    replace_state: bool,
) -> Changeset:
    """What `put` would do; nothing is changed. Raises as `plan`, and ApiError 10007 10092."""

    def work(connection: Connection) -> Changeset:
        place = environments.get(connection, service, environment)
        return plan(connection, store, zones, place, origins, replace_state=replace_state)

    return await store.read(work)


async def put(
    store: Store,
    zones: Zones,
    service: str,
    environment: str,
    origins: Sequence[Origin],
    actor: Actor,
    *,
    replace_state: bool,
    take_over: bool,
) -> list[Domain]:
    """Gives an environment custom domains.

    Args:
        replace_state: whether its other custom domains go.
        take_over: whether a hostname that another environment has is moved.

    Raises:
        ApiError: 10007 10092 not found, 100116 another has the hostname, and those of `plan`.
    """

    def work(connection: Connection) -> list[Domain]:
        place = environments.get(connection, service, environment)
        changeset = plan(connection, store, zones, place, origins, replace_state=replace_state)
        for former, _ in changeset.updated:
            if former.environment_id != place.id and not take_over:
                raise Conflict(
                    100116,
                    f"{former.hostname} is a custom domain of {former.service} › {former.environment}: "
                    "send override_existing_origin to move it",
                )
        for domain in changeset.removed:
            domains.delete(connection, domain.id)
        new = [*changeset.added, *(made for _, made in changeset.updated)]
        for domain in new:
            stored.insert(connection, Zone(domain.zone_id, domain.zone_name, domain.created_on))
            domains.put(connection, domain)
        if new or changeset.removed:
            _record(connection, store, actor, place, new, [each.hostname for each in changeset.removed])
        return [domains.get(connection, domain.id) for domain in new]

    return await store.write(work)


async def delete(store: Store, domain_id: str, actor: Actor) -> Domain:
    """Removes a custom domain; raises ApiError 100114."""

    def work(connection: Connection) -> Domain:
        former = domains.get(connection, domain_id)
        domains.delete(connection, domain_id)
        place = environments.get(connection, former.service, former.environment)
        _record(connection, store, actor, place, [], [former.hostname])
        return former

    return await store.write(work)


def _check(connection: Connection, hostname: str) -> str:
    """The hostname in lower case, if it may be a custom domain."""
    name = hostname.lower().rstrip(".")
    own = accounts.get(connection).subdomain
    if not NAME.match(name) or name.replace(".", "").isdigit():
        raise ApiError(100112, f"{hostname!r:.80} is no hostname: give one such as shop.example.com")
    if name.endswith(f".{own}.localhost"):
        raise ApiError(100112, f"{name} is given by the platform: choose a hostname of a zone of yours")
    return name


def _record(
    connection: Connection,
    store: Store,
    actor: Actor,
    place: Environment,
    new: Sequence[Domain],
    removed: Sequence[str],
) -> None:
    detail: dict[str, Any] = {
        "set": [[each.hostname, each.service, each.environment, each.enabled] for each in new],
        "removed": list(removed),
    }
    changes.append(
        connection,
        store.now(),
        "domain.changed",
        actor,
        service=place.service,
        environment=place.name,
        detail=detail,
    )
