"""A worker whose isolate has objects in it: one frame a turn, and nothing goes out before the writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.runtime.channel import Channel
from engine.runtime.errors import Unavailable
from engine.runtime.worker import Worker

if TYPE_CHECKING:
    from engine.bindings.binding import Result
    from engine.durable.house import House
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.runtime.job import Job


class Unseen(Unavailable):
    """The isolate ended before the event began there: nothing of it has happened."""


_UNGATED = frozenset({"durable", "rpc"})


class ObjectWorker(Worker):
    """The isolate of one namespace.

    Attributes:
        house: whose objects it has; set right after it was made.
        gated: whether the gates work; tests show what happens without.
    """

    house: House
    gated = True

    async def _start(self) -> Channel:
        channel = await super()._start()
        channel.turns = self.gated
        channel.patient = True
        return channel

    async def call(
        self, invocation: Invocation, target: int | str, operation: str, args: list[Any], body: Body
    ) -> Result:
        """The output gate: what leaves the object waits until what it wrote before is on the disk."""
        if self.gated and (target not in _UNGATED or operation == "call"):
            await self.house.settled()
        return await super().call(invocation, target, operation, args, body)

    def ended(self, channel: Channel, unseen: list[Job]) -> None:
        """The isolate is gone, and the instances with it."""
        self.house.isolate_ended({job.invocation for job in unseen})
        for job in unseen:
            if not job.answer.done():
                job.answer.set_exception(Unseen())
            job.finish()
        super().ended(channel, [])
