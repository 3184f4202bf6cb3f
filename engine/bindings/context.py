"""What bindings need from the process they live in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from engine.bindings.ratelimit import RateLimits

if TYPE_CHECKING:
    from engine.analytics.points import Points
    from engine.assets.sites import Sites
    from engine.bindings.binding import Result
    from engine.durable.objects import Objects
    from engine.queues.queues import Queues
    from engine.runtime.http import Body, Request, Response
    from engine.runtime.invocation import Invocation
    from engine.store import Store
    from engine.workflows.workflows import Workflows


class Environments(Protocol):
    """Whoever runs the live version of an environment (engine.gateway.environments)."""

    @property
    def platform(self) -> Callable[[Request], Awaitable[Response]] | None:
        """Answers for the platform API; None where there is none, as in a draft run."""
        ...

    async def fetch(
        self,
        service: str,
        environment: str,
        request: Request,
        invocation: Invocation,
        *,
        entrypoint: str | None = None,
        props: Any = None,
    ) -> Response:
        """Answer a request in the target's worker.

        Raises:
            ApiError: there is no such service, environment or entrypoint, or nothing was deployed to it.
            WorkerError: its code failed.
        """
        ...

    async def remote(
        self,
        service: str,
        environment: str,
        caller: Invocation,
        call: dict[str, Any],
        body: Body,
        *,
        parent_call: int | None = None,
        entrypoint: str | None = None,
        props: Any = None,
    ) -> Result:
        """Make an RPC call in the target's worker, for a binding of `caller`'s.

        Raises:
            ApiError: as `fetch`.
            WorkerError: its code failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """The store (with its secrets), the environments, Durable Objects and queues of one process."""

    store: Store
    environments: Environments
    objects: Objects | None = None
    sites: Sites | None = None
    queues: Queues | None = None
    limits: RateLimits = field(default_factory=RateLimits)
    points: Points | None = None
    workflows: Workflows | None = None
