"""Calls between isolates: what one lets another call, who holds it, and how a call finds it.

A function, an RpcTarget or a stream that is sent in a message (js/src/rpc) stays in its isolate as an export,
and the receiver gets a handle. A handle belongs to the invocation that received it and ends with it at the
latest (developers.cloudflare.com/workers/runtime-apis/rpc/lifecycle); an export ends with its last handle.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.bindings.binding import BindingError, Result
from engine.bindings.trace import current_call

from .errors import WorkerError
from .frames import RELEASE, pack

if TYPE_CHECKING:
    from .channel import Channel
    from .http import Body
    from .invocation import Invocation

Caps = list[list[Any]]
Run = Callable[[dict[str, Any], "Body", "Invocation"], Awaitable[Result]]
"""Runs a call ``{"path", "called", "caps"}`` somewhere, in the invocation it is given."""

_DISPOSED = "RPC stub used after being disposed."


@dataclass(slots=True, eq=False)
class Export:
    """Something that an isolate lets others use."""

    channel: Channel
    number: int
    service: str
    environment: str
    holders: int = 0


class Handles:
    """All handles of one process."""

    def __init__(self) -> None:
        self._exports: dict[int, Export] = {}
        self._ids = itertools.count(1)

    async def invoke(
        self, caller: Invocation, child: Invocation, call: dict[str, Any], body: Body, run: Run
    ) -> Result:
        """Make a call in another worker, and bring its result back.

        Args:
            caller: Whose isolate sends the message.
            child: The invocation that the call runs in.
            call: ``{"path", "called", "caps"}``, its caps as the caller's isolate names them.
            body: The arguments' message.
            run: Runs it.

        Returns:
            The result's message, and as value the handles that the caller now has.
        """
        try:
            call["caps"] = self._hand_over(call["caps"], caller, child)
            result = await run(call, body, child)
        except BaseException:
            self.drop(child)
            raise
        return replace(result, value=self._hand_over(result.value or [], child, caller))

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """What a stub of this isolate does: "call", "open" a stream, "dup", "release".

        Raises:
            BindingError: The stub was disposed, its isolate has ended, or the called code threw.
        """
        handle = args[0]
        if operation == "release":
            self._release(invocation, handle)
            return Result()
        export = self._exports.get(handle)
        if export is None or handle not in invocation.handles:
            raise BindingError(_DISPOSED)
        if operation == "dup":
            return Result(self._give(export, invocation))
        if export.channel.closed:
            raise BindingError("The RPC stub is broken: the isolate that it pointed to has ended.")
        child = invocation.child(export.service, export.environment, current_call(), counted=False)
        call: dict[str, Any] = {"path": [], "called": False, "caps": [], "export": export.number}
        if operation == "open":
            call["open"] = True
        else:
            call |= {"path": args[1], "called": args[2], "caps": args[3]}

        async def run(call: dict[str, Any], body: Body, child: Invocation) -> Result:
            return await export.channel.owner.remote(call, body, child, channel=export.channel)

        try:
            return await self.invoke(invocation, child, call, body, run)
        except WorkerError as error:
            raise BindingError(error.message, error.name or "Error") from error

    def drop(self, invocation: Invocation) -> None:
        """Let go of everything that an invocation holds."""
        for handle in list(invocation.handles):
            self._release(invocation, handle)

    def _hand_over(self, caps: Sequence[Sequence[Any]], sender: Invocation, receiver: Invocation) -> Caps:
        """From the sender's exports and handles to handles of the receiver's."""
        given: Caps = []
        for origin, number, kind in caps:
            if origin == "h":
                export = self._exports.get(number)
                if export is None:
                    raise BindingError(_DISPOSED)
            else:
                channel = sender.channel
                assert channel is not None
                export = Export(channel, number, sender.service, sender.environment)
                channel.exports += 1
            given.append([self._give(export, receiver), kind])
        return given

    def _give(self, export: Export, holder: Invocation) -> int:
        handle = next(self._ids)
        export.holders += 1
        self._exports[handle] = export
        holder.handles.add(handle)
        return handle

    def _release(self, holder: Invocation, handle: int) -> None:
        export = self._exports.get(handle)
        if export is None or handle not in holder.handles:
            return
        holder.handles.discard(handle)
        del self._exports[handle]
        export.holders -= 1
        if export.holders == 0:
            export.channel.exports -= 1
            export.channel.send(pack(RELEASE, 0, export.number))
            export.channel.note_rest()
