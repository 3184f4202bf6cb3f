"""What answers for one environment: the versions of its live deployment, each with worker and share."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from engine.assets.site import Site
from engine.gateway import overrides
from engine.model import Deployment, Version
from engine.runtime.limits import Limits
from engine.runtime.worker import Worker
from engine.store import Connection, deployments, environments, versions

#: Header that makes the choice between versions the same for equal values (gradual-deployments).
VERSION_KEY = "cloudflare-workers-version-key"


@dataclass(slots=True, eq=False)
class Slot:
    """One version that runs, its static files if it has some, and how many entries use it."""

    version: Version
    worker: Worker
    uses: int = 0
    site: Site | None = None


@dataclass(slots=True, eq=False)
class Entry:
    """What answers for an environment.

    Attributes:
        deployment_id: the deployment it was made for.
        slots: the versions, in the deployment's order.
        shares: their percentages.
        used: when it was last asked, on the counter of all requests.
        single: the version, where there is only one.
    """

    deployment_id: str
    slots: tuple[Slot, ...]
    shares: tuple[float, ...]
    used: int = 0
    single: Slot | None = field(init=False)

    def __post_init__(self) -> None:
        self.single = self.slots[0] if len(self.slots) == 1 else None

    def choose(self, headers: Sequence[tuple[str, str]], service: str, environment: str) -> Slot:
        """A version by its percentage, unless the request asks for one; equal version keys get the same one.

        Args:
            headers: the request's field lines, names in lower case.
            service: whose entry it is.
            environment: whose entry it is.
        """
        wanted = overrides.wanted(headers, service, environment)
        for slot in self.slots:
            if slot.version.id == wanted:
                return slot
        key = next((value for name, value in headers if name == VERSION_KEY), None)
        if key is None:
            point = random.random() * 100
        else:
            digest = blake2b(f"{self.deployment_id}\0{key}".encode(), digest_size=8).digest()
            point = int.from_bytes(digest) / 2**64 * 100
        for slot, share in zip(self.slots, self.shares, strict=True):
            point -= share
            if point < 0:
                return slot
        return self.slots[-1]


def read_live(connection: Connection, key: tuple[str, str]) -> tuple[Deployment | None, list[Version]]:
    """The deployment that is live in an environment (None before the first), and its versions."""
    place = environments.get(connection, *key)
    deployment = deployments.current(connection, place.id)
    if deployment is None:
        return None, []
    return deployment, [versions.get(connection, place.id, each) for each, _ in deployment.versions]


def current_deployment(connection: Connection, key: tuple[str, str]) -> Deployment | None:
    """The deployment that is live in an environment; None when there is none, or no environment."""
    place = environments.find(connection, *key)
    return deployments.current(connection, place.id) if place else None


def limits_of(version: Version, limits: Limits) -> Limits:
    """The limits with the version's own CPU limit, where it has one."""
    cpu = version.settings.limits.get("cpu_ms")
    return limits if cpu is None else replace(limits, cpu_ms=int(cpu))
