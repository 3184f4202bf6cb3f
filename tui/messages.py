"""What happens between engine and screens, in the order in which it happens.

    EngineState(starting) → EngineState(ready) → Connected → Change* → EngineState(away) → …

`EngineState` is what the app's `engine_state` holds (widgets watch it); `Connected` and `Change` come
through the signal `app.account_changed`, for whoever shows the account.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Phase = Literal["starting", "ready", "away", "failed"]


@dataclass(frozen=True)
class EngineState:
    """How the engine is, as far as the app knows."""

    phase: Phase
    """`away`: it stopped and is being started again; `failed`: that was tried often enough."""
    port: str = ""
    """`8787`, for the top bar; empty before it was ever seen."""
    reason: str = ""
    """Why it is away or did not start, one sentence's end."""
    attempt: int = 0
    """Which try to start it this is, from 1."""
    since: str = ""
    """When it was last heard (ISO 8601, UTC); what is shown is of that time."""

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        return self.phase == "ready"

    @property
    def stale(self) -> bool:
        """Whether what is on the screen may be old."""
        return self.phase in ("away", "failed")


@dataclass(frozen=True)
class Connected:
    """The change feed is open: read everything once, nothing is missed from here on."""


@dataclass(frozen=True)
class Change:
    """Something in the account changed, made here or by anybody else."""

    kind: str
    """`deployment`, `environment.created`, `service.deleted`, `kv`, …"""
    service: str
    environment: str | None
    author: str = ""
    source: str = ""
    """`app`, `cli`, `wrangler`, `api`, `seed`."""
    version: int | None = None
    """The version's number, for deployments."""
    old_environment: str | None = None
    """The former name, after a rename."""
    message: str = ""
    seq: int = 0
    raw: dict[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, event: dict[str, Any]) -> Change:
        """From the API's form."""
        return cls(
            kind=event["kind"],
            service=event.get("service") or "",
            environment=event.get("environment"),
            author=event.get("author") or "",
            source=event.get("source") or "",
            version=event.get("version_number"),
            old_environment=event.get("old_environment"),
            message=event.get("message") or "",
            seq=event.get("seq") or 0,
            raw=event,
        )
