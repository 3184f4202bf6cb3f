"""What the bindings' tests share: a namespace, calls through the trace, and what the trace was told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from engine.bindings import Binding, Result
from engine.bindings.overlay import Overlay
from engine.bindings.trace import traced_call
from engine.runtime.http import Request, Response
from engine.runtime.invocation import Call, Invocation


@dataclass
class Listener:
    """Records the calls of an invocation."""

    started: list[Call] = field(default_factory=list)
    ended: list[Call] = field(default_factory=list)

    def invocation(self, overlay: Overlay | None = None) -> Invocation:
        """A top-level invocation that is listened to."""
        return Invocation(
            "caller",
            "production",
            "live" if overlay is None else "sandbox",
            overlay,
            on_call_start=self.started.append,
            on_call=self.ended.append,
        )


async def use(
    binding: Binding, operation: str, *args: Any, body: Any = None, invocation: Invocation | None = None
) -> Result:
    """One call, as a worker makes it."""
    return await traced_call(binding, invocation or Invocation(), operation, list(args), body)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """A body that comes in pieces."""
    for part in parts:
        yield part


@dataclass
class FakeEnvironments:
    """Answers service bindings with functions: name/environment → async (request, invocation) → response."""

    targets: dict[str, Any] = field(default_factory=dict)
    seen: list[tuple[str, str, str, Any]] = field(default_factory=list)

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
        """As engine.gateway.environments does it."""
        self.seen.append((service, environment, request.url, entrypoint))
        answer: Response = await self.targets[f"{service}/{environment}"](request, invocation)
        return answer


def get(url: str, redirect: str = "manual", method: str = "GET") -> dict[str, Any]:
    """The argument that service.js sends."""
    return {"method": method, "url": url, "headers": [], "redirect": redirect, "cf": None}
