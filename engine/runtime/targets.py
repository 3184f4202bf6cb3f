"""What JavaScript calls on the host by a name, where a binding has an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.bindings.trace import traced_call

from . import services
from .loopback import loopback

if TYPE_CHECKING:
    from engine.bindings.binding import Result

    from .http import Body
    from .invocation import Invocation
    from .pool import Runtime
    from .worker import Worker


async def call(
    worker: Worker,
    runtime: Runtime,
    invocation: Invocation,
    target: str,
    operation: str,
    args: list[Any],
    body: Body,
) -> Result:
    """Answer a call; those that leave the worker are traced and counted as a binding's are.

    Raises:
        BindingError: It failed, or there is no such target.
    """
    match target:
        case "fetch":
            invocation.public = worker.compatibility.public
            return await traced_call(runtime.outgoing, invocation, operation, args, body)
        case "cache" if runtime.caches is not None:
            return await traced_call(runtime.caches, invocation, operation, args, body)
        case "self":
            binding = loopback(worker, runtime.handles, invocation, args[0], args[1])
            return await traced_call(binding, invocation, operation, args[2:], body)
        case "connect" if operation == "connect":
            return await traced_call(runtime.sockets, invocation, operation, args, body)
        case "connect":
            return await runtime.sockets.call(invocation, operation, args, body)
        case "rpc":
            return await runtime.handles.call(invocation, operation, args, body)
        case _:
            return await services.call(invocation, target, operation, args, body)
