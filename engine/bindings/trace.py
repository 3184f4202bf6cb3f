"""The one way from a worker to its bindings, and the one place that records what a call did.

Every kind gets its timing, size, subject, result or error, nesting and "kept back" from here. When nobody
listens, as for deployed traffic, a call costs one comparison more than calling the binding itself.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.kept import Marked
from engine.runtime.invocation import Call, nobody

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation

_current: ContextVar[int | None] = ContextVar("current_call", default=None)


def current_call() -> int | None:
    """Id of the recorded call that is being made: the parent of what it causes. None when not recorded."""
    return _current.get()


async def traced_call(
    binding: Binding, invocation: Invocation, operation: str, args: list[Any], body: Body = None
) -> Result:
    """Call a binding on behalf of an invocation.

    A sandboxed invocation (one with an overlay) reaches the binding's sandboxed form. When somebody
    listens, `on_call_start` is told before and `on_call` after the call, also when it fails.

    Raises:
        BindingError: the call failed; the user's code gets it as an exception.
    """
    if not invocation.count_subrequest():
        raise BindingError("Too many API requests by single worker invocation.")
    overlay = invocation.overlay
    if overlay is None:
        if invocation.on_call is nobody and invocation.on_call_start is nobody:
            return await binding.call(invocation, operation, args, body)
        return await _recorded(binding, invocation, operation, args, body)
    call = binding.sandboxed(overlay)
    with Marked():
        keeps_back = operation in binding.writes
        return await _recorded(call, invocation, operation, args, body, keeps_back=keeps_back)


async def _recorded(
    binding: Binding,
    invocation: Invocation,
    operation: str,
    args: list[Any],
    body: Body,
    keeps_back: bool = False,
) -> Result:
    call = Call(
        id=invocation.next_call(),
        parent=invocation.parent_call,
        binding=binding.name,
        kind=binding.type,
        operation=binding.title(operation, args),
        subject=binding.subject(operation, args),
        start=invocation.elapsed_ms(),
        service=invocation.service,
        environment=invocation.environment,
    )
    invocation.on_call_start(call)
    token = _current.set(call.id)
    began = time.perf_counter()
    try:
        result = await binding.call(invocation, operation, args, body)
        call.size = result.size
        call.result = binding.outcome(operation, result)
        if keeps_back or (result.wrote and invocation.overlay is not None):
            call.kept_back = True
            invocation.overlay.record(call)
        return result
    except BindingError as error:
        call.error = f"{error.name}: {error.message}"
        raise
    except asyncio.CancelledError:
        call.error = "canceled"
        raise
    except Exception as error:
        # A fault of the engine: its text may name files or values, so the trace has its kind only.
        call.error = f"internal error ({type(error).__name__})"
        raise
    finally:
        _current.reset(token)
        call.duration = (time.perf_counter() - began) * 1000
        invocation.on_call(call)
