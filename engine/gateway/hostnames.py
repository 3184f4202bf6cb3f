"""Which environment a hostname belongs to: dictionaries in memory.

`<service>.<subdomain>.localhost` is production, `<environment>.<service>.<subdomain>.localhost` any
other environment, and `<first 8 of a version's id or its alias>-` before either is one version. A look-up
costs the same with ten environments as with ten thousand; the store is asked only when a service's
environments change, never by a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.model import PRODUCTION, Change


@dataclass(frozen=True, slots=True)
class Target:
    """The environment that a hostname leads to; `preview` is the part that names one version of it."""

    service: str
    environment: str
    hostname: str
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class Switches:
    """Whether an environment answers at its generated hostname, and whether its versions do."""

    enabled: bool = True
    previews: bool = True


ON = Switches()


class Hostnames:
    """The table of generated hostnames.

    Args:
        subdomain: the account's label between the service and `localhost`.
    """

    def __init__(self, subdomain: str = "dev") -> None:
        self.subdomain = subdomain
        self._services: dict[str, dict[str, Switches]] = {}
        self._labels: dict[str, tuple[str, str]] = {}
        self._former: dict[str, tuple[str, str]] = {}

    def __len__(self) -> int:
        return sum(switches.enabled for places in self._services.values() for switches in places.values())

    # ------------------------------------------------------------------ asking

    def hostname(self, service: str, environment: str) -> str:
        """The hostname that an environment has by its name."""
        return f"{label(service, environment)}.{self.subdomain}.localhost"

    def environments(self, service: str) -> Sequence[str]:
        """The environments of a service that have a hostname."""
        return [name for name, switches in self._services.get(service, {}).items() if switches.enabled]

    def named(self, name: str) -> Target | None:
        """Look a hostname up, lower-case and without a port: an environment, or a version of one."""
        text = self._label_of(name)
        if text is None:
            return None
        place = self._labels.get(text)
        if place is not None:
            return Target(*place, name) if self._switches(place).enabled else None
        return self._preview(text, name)

    def moved(self, name: str) -> str | None:
        """The hostname, now, of the environment that once had this one; None when it is nobody's."""
        place = self._former.get(self._label_of(name) or "")
        return self.hostname(*place) if place is not None and self._switches(place).enabled else None

    def _label_of(self, name: str) -> str | None:
        """What stands before the subdomain."""
        ending = f".{self.subdomain}.localhost"
        return name[: -len(ending)] if name.endswith(ending) else None

    def _switches(self, place: tuple[str, str]) -> Switches:
        return self._services[place[0]][place[1]]

    def _preview(self, text: str, name: str) -> Target | None:
        first, dot, rest = text.partition(".")
        at = first.find("-")
        while at > 0:
            place = self._labels.get(first[at + 1 :] + dot + rest)
            if place is not None and self._switches(place).previews:
                return Target(*place, name, first[:at])
            at = first.find("-", at + 1)
        return None

    # ------------------------------------------------------------------ learning

    def set_subdomain(self, subdomain: str) -> None:
        """Give every hostname another ending."""
        self.subdomain = subdomain

    def load(self, rows: Iterable[tuple[str, str, bool, bool]]) -> None:
        """Learn many environments at once: service, name, and what the two switches say."""
        known = {(True, True): ON}
        services, labels = self._services, self._labels
        for service, environment, enabled, previews in rows:
            switches = known.get((enabled, previews))
            if switches is None:
                switches = known[enabled, previews] = Switches(bool(enabled), bool(previews))
            places = services.get(service)
            if places is None:
                places = services[service] = {}
            places[environment] = switches
            labels[label(service, environment)] = (service, environment)

    def set_former(self, text: str, service: str, environment: str) -> None:
        """Say where the environment is that had the hostname of this label."""
        if environment in self._services.get(service, {}):
            self._former[text] = (service, environment)

    def set_service(self, service: str, environments: Iterable[str]) -> None:
        """Replace what is known of one service: its environments, all switched on; none removes it."""
        for environment in list(self._services.get(service, ())):
            self.remove(service, environment)
        for environment in environments:
            self.place(service, environment)

    def place(self, service: str, environment: str, switches: Switches = ON) -> None:
        """Add an environment, or change its switches."""
        self._services.setdefault(service, {})[environment] = switches
        text = label(service, environment)
        self._labels[text] = (service, environment)
        self._former.pop(text, None)

    def remove(self, service: str, environment: str) -> None:
        """Forget an environment, and the hostnames that it had before."""
        self._drop(service, environment)
        for text in [text for text, place in self._former.items() if place == (service, environment)]:
            del self._former[text]

    def move(self, service: str, environment: str, to: tuple[str, str]) -> None:
        """An environment has other names; its old hostname says so until somebody else gets it."""
        switches = self._services.get(service, {}).get(environment, ON)
        self._drop(service, environment)
        for text, place in self._former.items():
            if place == (service, environment):
                self._former[text] = to
        self.place(*to, switches)
        self._former[label(service, environment)] = to

    def _drop(self, service: str, environment: str) -> None:
        places = self._services.get(service, {})
        places.pop(environment, None)
        if not places:
            self._services.pop(service, None)
        self._labels.pop(label(service, environment), None)

    def on_change(self, change: Change) -> None:
        """Follow a committed change, before it is acknowledged; names tell all that is needed."""
        service, environment, old = change.service, change.environment, change.old_environment
        match change.kind:
            case "account.changed":
                self.set_subdomain(str(change.detail["subdomain"]))
            case "environment.created" if service and environment:
                self.place(service, environment)
            case "environment.deleted" if service and environment:
                self.remove(service, environment)
            case "environment.renamed" if service and environment and old:
                self.move(service, old, (service, environment))
            case "environment.changed" if service and environment:
                on = change.detail.get("subdomain_enabled", True), change.detail.get("previews_enabled", True)
                self.place(service, environment, Switches(*map(bool, on)))
            case "service.deleted" if service:
                self.set_service(service, [])
            case "service.renamed" if service:
                former = str(change.detail.get("old_service"))
                for name in list(self._services.get(former, ())):
                    self.move(former, name, (service, name))


def label(service: str, environment: str) -> str:
    """What an environment's hostname has before the subdomain."""
    return service if environment == PRODUCTION else f"{environment}.{service}"


def name_of(host: bytes) -> str:
    """The name in a Host header: without port and final dot, lower-case."""
    text = host.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0].rstrip(".")


LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def is_loopback(host: bytes) -> bool:
    """Whether a Host header names this machine itself, which a rebound foreign name never does."""
    return name_of(host) in LOOPBACK
