"""``ctx.exports``: a worker calls its own entrypoints, as through a service binding to the same version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.bindings.binding import Result
from engine.bindings.service import Service

if TYPE_CHECKING:
    from .http import Body, Request, Response
    from .invocation import Invocation
    from .rpc import Handles
    from .worker import Worker


class _Own:
    """The one worker, where a service binding has all environments (``bindings.context.Environments``)."""

    platform = None

    def __init__(self, worker: Worker, handles: Handles) -> None:
        self._worker = worker
        self._handles = handles

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
        return await self._worker.fetch(request, invocation, entrypoint=entrypoint, props=props)

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
        async def run(call: dict[str, Any], body: Body, child: Invocation) -> Result:
            return await self._worker.remote(call, body, child, entrypoint=entrypoint, props=props)

        child = caller.child(service, environment, parent_call)
        return await self._handles.invoke(caller, child, call, body, run)


def loopback(
    worker: Worker, handles: Handles, invocation: Invocation, entrypoint: str | None, props: Any
) -> Service:
    """A binding to one of a worker's own exports.

    Args:
        worker: Whose.
        handles: Of the runtime.
        invocation: The run that calls.
        entrypoint: The export's name, None for the default one.
        props: What it sees as ``ctx.props``.
    """
    name = f"exports.{entrypoint or 'default'}"
    own = _Own(worker, handles)
    return Service(name, own, invocation.service, invocation.environment, entrypoint, props)
