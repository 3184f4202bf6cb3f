"""The trace: what is told about a call, when, and what it costs when nobody listens."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest
from bindingkit import FakeEnvironments, Listener, get, use

from engine.bindings import Binding, BindingError, Result
from engine.bindings.service import Service
from engine.runtime.http import Response
from engine.runtime.invocation import Invocation


class Echo(Binding):
    """A binding that does what its operation says."""

    type: ClassVar[str] = "echo"

    async def call(self, invocation, operation: str, args: list[Any], body: Any) -> Result:
        match operation:
            case "fail":
                raise BindingError("no such thing", "RangeError")
            case "break":
                raise RuntimeError("/home/somebody/secret")
            case "wait":
                await asyncio.sleep(args[0])
        return Result(args, size=3)

    def subject(self, operation: str, args: list[Any]) -> str:
        return f"about {args}"

    def outcome(self, operation: str, result: Result) -> str:
        return "fine"


async def test_a_call_is_told_before_and_after():
    listener = Listener()
    invocation = listener.invocation()
    task = asyncio.create_task(use(Echo("E"), "wait", 0.02, invocation=invocation))
    await asyncio.sleep(0)
    [begun] = listener.started
    assert (begun.id, begun.parent, begun.binding, begun.kind) == (1, None, "E", "echo")
    assert (begun.operation, begun.subject) == ("wait", "about [0.02]")
    assert (begun.service, begun.environment) == ("caller", "production")
    assert listener.ended == []
    await task
    [call] = listener.ended
    assert (call.size, call.result, call.error, call.kept_back) == (3, "fine", None, False)
    assert call.start >= 0
    assert call.duration >= 15


async def test_failures_are_told_and_raised():
    listener = Listener()
    invocation = listener.invocation()
    with pytest.raises(BindingError):
        await use(Echo("E"), "fail", invocation=invocation)
    with pytest.raises(RuntimeError):
        await use(Echo("E"), "break", invocation=invocation)
    task = asyncio.create_task(use(Echo("E"), "wait", 5, invocation=invocation))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [call.error for call in listener.ended] == [
        "RangeError: no such thing",
        "internal error (RuntimeError)",
        "canceled",
    ]


async def test_calls_of_a_called_service_name_their_parent():
    environments = FakeEnvironments()
    inner = Echo("INNER")

    async def target(request, invocation: Invocation) -> Response:
        await asyncio.gather(*(use(inner, "wait", 0, invocation=invocation) for _ in range(2)))
        return Response(200, "", [], b"ok")

    environments.targets["other/production"] = target
    listener = Listener()
    invocation = listener.invocation()
    service = Service("OTHER", environments, "other")
    await asyncio.gather(*(use(service, "fetch", get("http://x/a"), invocation=invocation) for _ in range(2)))
    outer = {call.id: call for call in listener.ended if call.binding == "OTHER"}
    inner_calls = [call for call in listener.ended if call.binding == "INNER"]
    assert len(outer) == 2
    assert sorted(call.parent for call in inner_calls) == sorted([*outer, *outer])
    assert {call.service for call in inner_calls} == {"other"}
    assert len({call.id for call in listener.ended}) == 6


async def test_an_invocation_has_a_thousand_calls():
    invocation = Invocation()
    for _ in range(1000):
        await use(Echo("E"), "echo", invocation=invocation)
    with pytest.raises(BindingError, match="Too many API requests by single worker invocation"):
        await use(Echo("E"), "echo", invocation=invocation)
