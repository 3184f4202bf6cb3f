"""Zones: the domains that routes and custom domains are in. One comes to be when it is first needed.

Nothing on this machine has to be registered, so a client that asks for the zone of a host (as wrangler does
before it sends a route) is told of one that does not exist yet: its id is made of its name, and it is stored
with its first route or domain.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from typing import Final

from engine.errors import ApiError, Conflict, NotFound
from engine.model import Actor
from engine.store import Connection, Store, changes, domains, routes, zones
from engine.traffic import Zone

NAME: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+\Z"
)
"""A hostname of two labels or more, lower case."""

OFFERED: Final = 1024
"""Zones kept in mind that were asked for and are not stored."""


class Zones:
    """Zones by id and by name, those that are only offered too.

    Args:
        store: the database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offered: OrderedDict[str, Zone] = OrderedDict()

    def make(self, name: str) -> Zone:
        """The zone that a name would have; not stored."""
        digest = hashlib.sha256(f"{self._store.account.id}\0{name}".encode()).hexdigest()
        return Zone(digest[:32], name, self._store.now())

    def offer(self, name: str) -> Zone | None:
        """The zone to tell a client of that asks for a name; None when the name is within another domain."""
        if not NAME.match(name) or registrable(name) != name:
            return None
        zone = self.make(name)
        zone = self._offered.setdefault(zone.id, zone)
        if len(self._offered) > OFFERED:
            self._offered.popitem(last=False)
        return zone

    def get(self, connection: Connection, zone_id: str) -> Zone:
        """The zone with this id, stored or offered; raises ApiError 7003."""
        try:
            return zones.get(connection, zone_id)
        except NotFound:
            if zone_id in self._offered:
                return self._offered[zone_id]
            raise

    def of_host(
        self, connection: Connection, host: str, zone_id: str | None = None, zone_name: str | None = None
    ) -> Zone:
        """The zone of a host, which need not be stored yet.

        Args:
            zone_id: the zone the client names, if it does.
            zone_name: the same by name.

        Raises:
            ApiError: 7003 no such zone, 1049 no name for one, 10022 the host is not in it.
        """
        if zone_id:
            zone = self.get(connection, zone_id)
        else:
            name = zone_name.lower().rstrip(".") if zone_name else _longest(connection, host)
            zone = zones.find(connection, name) or self.make(check_name(name))
        if host != zone.name and not host.endswith("." + zone.name):
            raise ApiError(10022, f"{host} is not in the zone {zone.name}")
        return zone

    async def create(self, name: str, actor: Actor) -> Zone:
        """Stores a zone; raises ApiError 1049 (name) or 1061 (there is one)."""
        name = check_name(name.lower().rstrip("."))

        def work(connection: Connection) -> Zone:
            if zones.find(connection, name) is not None:
                raise Conflict(1061, f"{name} already exists")
            zone = zones.insert(connection, self.make(name))
            changes.append(connection, zone.created_on, "zone.created", actor, detail={"zone": name})
            return zone

        return await self._store.write(work)

    async def delete(self, zone_id: str, actor: Actor) -> Zone:
        """Removes a zone with its routes and custom domains; raises ApiError 7003."""

        def work(connection: Connection) -> Zone:
            zone = self.get(connection, zone_id)
            at = self._store.now()
            patterns = [each.pattern for each in routes.of_zone(connection, zone.id)]
            hosts = [each.hostname for each in domains.listing(connection) if each.zone_id == zone.id]
            zones.delete(connection, zone.id)
            if patterns:
                changes.append(connection, at, "route.changed", actor, detail={"removed": patterns})
            if hosts:
                changes.append(connection, at, "domain.changed", actor, detail={"removed": hosts})
            changes.append(connection, at, "zone.deleted", actor, detail={"zone": zone.name})
            self._offered.pop(zone.id, None)
            return zone

        return await self._store.write(work)


def registrable(host: str) -> str:
    """The domain that a host most likely belongs to: ``example.com``, ``example.co.uk``.

    The public suffix list is not asked: whoever means another zone names it.
    """
    labels = host.split(".")
    two_part = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3 if two_part else -2 :])


def check_name(name: str) -> str:
    """The name, if a zone may have it; raises ApiError 1049."""
    if not NAME.match(name):
        raise ApiError(1049, f"{name!r:.80} is no domain: give one such as example.com")
    return name


def _longest(connection: Connection, host: str) -> str:
    """The name of the narrowest stored zone that has the host, else the domain it belongs to."""
    at = 0
    while "." in host[at:]:
        if zones.find(connection, host[at:]) is not None:
            return host[at:]
        at = host.find(".", at) + 1
    return registrable(host)
