"""What the steps of a workflow ask of the host: js/src/workflow/run.js."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.bindings.binding import BindingError, Result
from engine.workflows.run import RUNS, Run

from ..http import read

if TYPE_CHECKING:
    from ..http import Body
    from ..invocation import Invocation


def _run(invocation: Invocation) -> Run:
    found = RUNS.get(invocation.id)
    if found is None:
        raise BindingError("A step belongs to a workflow that runs")
    return found


async def _begin(invocation: Invocation, args: list[Any], body: Body) -> Result:
    return await _run(invocation).begin(*args)


async def _done(invocation: Invocation, args: list[Any], body: Body) -> Result:
    return await _run(invocation).done(args[0], await read(body))


async def _fail(invocation: Invocation, args: list[Any], body: Body) -> Result:
    return await _run(invocation).fail(*args)


async def _sleep(invocation: Invocation, args: list[Any], body: Body) -> Result:
    return await _run(invocation).sleep(*args)


async def _event(invocation: Invocation, args: list[Any], body: Body) -> Result:
    return await _run(invocation).event(*args)


async def _expire(invocation: Invocation, args: list[Any], body: Body) -> Result:
    return await _run(invocation).expire(*args)


async def _finish(invocation: Invocation, args: list[Any], body: Body) -> Result:
    return await _run(invocation).finish(await read(body))


async def _crash(invocation: Invocation, args: list[Any], body: Body) -> Result:
    return await _run(invocation).crash(*args)


ASYNC = {
    "begin": _begin,
    "done": _done,
    "fail": _fail,
    "sleep": _sleep,
    "event": _event,
    "expire": _expire,
    "finish": _finish,
    "crash": _crash,
}
