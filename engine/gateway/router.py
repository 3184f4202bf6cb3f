"""From a request's URL to the environment that answers it: routes, custom domains, generated hostnames.

A route runs before the custom domain of its host, and that before a generated hostname. Everything is in
memory and follows the store's changes; what a request costs does not depend on how many there are of any.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from engine.gateway.hostnames import LOOPBACK, Hostnames, Target, name_of
from engine.gateway.routes import Routes, Scheme, parse
from engine.model import Change
from engine.store import Connection, domains, environments, former_hostnames, routes
from engine.zones import registrable

#: Ways of writing one host that are remembered (other ports, capitals); then the memory starts anew.
REMEMBERED = 4096

Place = tuple[str, str]
OFF: Final = Target("", "", "")
"""A route without a script: Workers are switched off there, and there is no origin behind them."""


@dataclass(slots=True)
class Leads:
    """Where a pattern leads; a place that is renamed changes in here, in all of its patterns at once.

    Attributes:
        place: service and environment, None when Workers are switched off.
        patterns: the routes that lead there.
        hosts: the custom domains that do.
        zones: the domains that these are in, once somebody asked.
    """

    place: Place | None
    patterns: set[str]
    hosts: set[str]
    zones: frozenset[str] | None = None


class Router:
    """The tables of one process.

    Args:
        hostnames: the generated hostnames.
    """

    def __init__(self, hostnames: Hostnames) -> None:
        self.hostnames = hostnames
        self._routes: Routes[Leads] = Routes()
        self._domains: dict[str, Leads] = {}
        self._patterns: dict[str, Leads] = {}
        self._leads: dict[Place | None, Leads] = {}
        self._plain: dict[bytes, Target] = {}

    # ------------------------------------------------------------------ asking

    def find(self, host: bytes, scheme: str, path_and_query: str) -> Target | None:
        """The environment that answers a request; `OFF` when a route switches Workers off.

        Args:
            host: the Host header.
            scheme: "http" or "https".
            path_and_query: as on the request line.
        """
        name = name_of(host)
        if name in LOOPBACK:
            return None
        if not self._routes.covers(name):
            target = self.origin(name)
            if target is not None:
                if len(self._plain) >= REMEMBERED:
                    self._plain.clear()
                self._plain[host] = target
            return target
        kind: Scheme = "https" if scheme == "https" else "http"
        found = self._routes.match(kind, name, path_and_query)
        if found is None:
            return self.origin(name)
        if found.place is None:
            return self.origin(name) or OFF
        return Target(*found.place, name)

    def remembered(self, host: bytes) -> Target | None:
        """What a Host header leads to whatever the path is, if it was asked for before."""
        return self._plain.get(host)

    def serves(self, name: str) -> bool:
        """Whether anything answers at a hostname: a route, a custom domain, an environment."""
        return self._routes.covers(name) or self.origin(name) is not None

    def origin(self, name: str) -> Target | None:
        """What is behind the routes of a hostname: its custom domain, or the environment whose own it is."""
        leads = self._domains.get(name)
        if leads is not None and leads.place is not None:
            return Target(*leads.place, name)
        return self.hostnames.named(name)

    def fetched(
        self, caller: Place, name: str, scheme: str, path_and_query: str, public: bool = False
    ) -> Target | None:
        """Where a worker's own `fetch` goes; None is the network.

        Within its zone a worker reaches what is behind a route, never a route itself, or it would reach
        itself; from elsewhere it is a request like any other. `OFF`: there is nothing behind the route here.
        With `public` (global_fetch_strictly_public) it is one from anywhere, its own route too.
        """
        if name in LOOPBACK:
            return None
        kind: Scheme = "https" if scheme == "https" else "http"
        found = self._routes.match(kind, name, path_and_query)
        if found is None:
            domain = self._domains.get(name)
            return Target(*domain.place, name) if domain is not None and domain.place is not None else None
        place = found.place
        if place is None or (not public and (place == caller or self._near(caller, registrable(name)))):
            return self.origin(name) or OFF
        return Target(*place, name)

    def _near(self, caller: Place, zone: str) -> bool:
        """Whether an environment answers in a zone itself."""
        leads = self._leads.get(caller)
        if leads is None:
            return False
        if leads.zones is None:
            hosts = [*leads.hosts, *(parse(each).host for each in leads.patterns)]
            leads.zones = frozenset(map(registrable, hosts))
        return zone in leads.zones

    def __len__(self) -> int:
        return len(self._patterns) + len(self._domains)

    # ------------------------------------------------------------------ learning

    def load(self, connection: Connection) -> None:
        """Learn everything that is in the store."""
        self.hostnames.load(environments.names(connection))
        for text, service, environment in former_hostnames.listing(connection):
            self.hostnames.set_former(text, service, environment)
        for route in routes.listing(connection):
            self._set_route(route.pattern, _place(route.service, route.environment))
        for domain in domains.listing(connection):
            self._set_domain(domain.hostname, (domain.service, domain.environment), domain.enabled)

    def on_change(self, change: Change) -> None:
        """Follow a committed change, before it is acknowledged."""
        self.hostnames.on_change(change)
        service, environment, old = change.service, change.environment, change.old_environment
        match change.kind:
            case "route.changed":
                self._unset(self._patterns, change.detail.get("removed", ()))
                for pattern, owner, name in change.detail.get("set", ()):
                    self._set_route(pattern, _place(owner, name))
            case "domain.changed":
                self._unset(self._domains, change.detail.get("removed", ()))
                for hostname, owner, name, enabled in change.detail.get("set", ()):
                    self._set_domain(hostname, (owner, name), enabled)
            case "environment.deleted" if service and environment:
                self._remove((service, environment))
            case "environment.renamed" if service and environment and old:
                self._move((service, old), (service, environment))
            case "service.deleted":
                for place in [each for each in self._leads if each is not None and each[0] == service]:
                    self._remove(place)
            case "service.renamed" if service:
                former = change.detail.get("old_service")
                for place in [each for each in self._leads if each is not None and each[0] == former]:
                    self._move(place, (service, place[1]))
        self._plain.clear()

    def _to(self, place: Place | None) -> Leads:
        leads = self._leads.get(place)
        if leads is None:
            leads = self._leads[place] = Leads(place, set(), set())
        return leads

    def _set_route(self, pattern: str, place: Place | None) -> None:
        self._unset(self._patterns, [pattern])
        leads = self._to(place)
        leads.patterns.add(pattern)
        leads.zones = None
        self._patterns[pattern] = leads
        self._routes.add(parse(pattern), leads)

    def _set_domain(self, hostname: str, place: Place, enabled: bool) -> None:
        self._unset(self._domains, [hostname])
        if enabled:
            leads = self._to(place)
            leads.hosts.add(hostname)
            leads.zones = None
            self._domains[hostname] = leads

    def _unset(self, table: dict[str, Any], names: Iterable[str]) -> None:
        for name in list(names):
            leads = table.pop(name, None)
            if leads is None:
                continue
            leads.zones = None
            if table is self._patterns:
                self._routes.remove(parse(name))
                leads.patterns.discard(name)
            else:
                leads.hosts.discard(name)
            if not leads.patterns and not leads.hosts:
                self._leads.pop(leads.place, None)

    def _remove(self, place: Place) -> None:
        leads = self._leads.get(place)
        if leads is not None:
            self._unset(self._patterns, leads.patterns)
            self._unset(self._domains, leads.hosts)

    def _move(self, place: Place, to: Place) -> None:
        leads = self._leads.pop(place, None)
        if leads is not None:
            leads.place = to
            self._leads[to] = leads


def _place(service: str | None, environment: str | None) -> Place | None:
    return None if service is None or environment is None else (service, environment)
