"""What the API's resources need of the process they run in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from engine.logs.logs import Logs
from engine.logs.tails import Tails
from engine.metrics.metrics import Metrics
from engine.model import hostnames

if TYPE_CHECKING:
    from engine.deploy import Validate
    from engine.drafts.client import Drafts
    from engine.gateway.environments import Environments
    from engine.gateway.scheduler import Scheduler
    from engine.pipelines.runner import Runner
    from engine.statefolder import StateFolder
    from engine.store import Store
    from engine.tokens.keyring import Keyring
    from engine.tokens.token import Caller
    from engine.zones import Zones


@dataclass(eq=False)
class Engine:
    """What the resources need of the process they run in.

    Attributes:
        store: the database.
        environments: what runs; asked by nothing but the status page.
        drafts: the other process, which compiles and runs what may bring V8 down.
        validate: compiles and starts a script before it is deployed.
        folder: the state folder.
        address: `http://host:port` of this engine.
        token: the engine's own; its owner may do everything.
        started_at: when this process began, ISO 8601.
        logs: what deployed workers said.
        tails: who listens to it by WebSocket.
        metrics: what was counted of them.
        tls_address: `https://host:port`, None without https.
        zones: zones that exist or could.
        scheduler: runs the cron triggers.
        pipelines: takes the runs of pipelines on.
        stopping: set when no endless answer may go on.
    """

    store: Store
    environments: Environments
    drafts: Drafts
    validate: Validate
    folder: StateFolder
    address: str
    token: str
    started_at: str
    tls_address: str | None
    zones: Zones
    scheduler: Scheduler
    pipelines: Runner
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    logs: Logs = field(default_factory=Logs)
    tails: Tails = field(default_factory=Tails)
    metrics: Metrics = field(default_factory=Metrics)

    @cached_property
    def keyring(self) -> Keyring:
        """Knows whose token a text is."""
        from engine.tokens.keyring import Keyring  # here: a start does not wait for it

        return Keyring(self.store, self.token)

    def hostname(self, service: str, environment: str) -> str:
        """The generated hostname of an environment."""
        return hostnames(service, environment, self.store.account.subdomain)[0]

    def url(self, service: str, environment: str) -> str:
        """Where an environment answers."""
        port = self.address.rpartition(":")[2]
        return f"http://{self.hostname(service, environment)}:{port}"

    def urls(self, hostname: str) -> list[str]:
        """Where a hostname is reached: http, and https where there is that."""
        found = [f"http://{hostname}:{self.address.rpartition(':')[2]}"]
        if self.tls_address is not None:
            found.append(f"https://{hostname}:{self.tls_address.rpartition(':')[2]}")
        return found

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Whose token a request carries, as wrangler sends it or as an API key; raises ApiError 10000."""
        header = headers.get("authorization", "")
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "bearer":
            given = headers.get("x-auth-key", "")
        return await self.keyring.caller(given.strip())
