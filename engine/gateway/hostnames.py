"""Which environment a hostname belongs to: one dictionary in memory.

`<service>.<subdomain>.localhost` is production, `<environment>.<service>.<subdomain>.localhost` any
other environment. A look-up costs the same with ten environments as with ten thousand; the store is
asked only when a service's environments change, never by a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.model import hostnames

#: Ways of writing one host that are remembered (other ports, capitals); then the memory starts anew.
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Target:
    """The environment that a hostname leads to."""

    service: str
    environment: str
    hostname: str


class Hostnames:
    """The table of hostnames.

    Args:
        subdomain: the account's label between the service and `localhost`.
    """

    def __init__(self, subdomain: str = "dev") -> None:
        self.subdomain = subdomain
        self._targets: dict[str, Target] = {}
        self._services: dict[str, tuple[str, ...]] = {}
        self._remembered: dict[bytes, Target] = {}

    def hostname(self, service: str, environment: str) -> str:
        """The hostname that an environment has by its name."""
        return hostnames(service, environment, self.subdomain)[0]

    def environments(self, service: str) -> Sequence[str]:
        """The environments of a service that have a hostname."""
        return self._services.get(service, ())

    def set_service(self, service: str, environments: Iterable[str]) -> None:
        """Replace what is known of one service; no environments removes it."""
        for environment in self._services.pop(service, ()):
            self._targets.pop(self.hostname(service, environment), None)
        names = tuple(dict.fromkeys(environments))
        for environment in names:
            hostname = self.hostname(service, environment)
            self._targets[hostname] = Target(service, environment, hostname)
        if names:
            self._services[service] = names
        self._remembered.clear()

    def find(self, host: bytes) -> Target | None:
        """Look a Host header up, whatever its port, capitals and final dot."""
        target = self._remembered.get(host)
        if target is None:
            target = self._targets.get(name_of(host))
            if target is not None:
                if len(self._remembered) >= REMEMBERED:
                    self._remembered.clear()
                self._remembered[host] = target
        return target

    def __len__(self) -> int:
        return len(self._targets)


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
