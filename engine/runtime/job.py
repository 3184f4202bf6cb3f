"""One event on its way through a worker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .errors import Canceled, WorkerError

if TYPE_CHECKING:
    from .channel import Channel
    from .http import Body
    from .invocation import Invocation


class Job:
    """One event, its answer to come, and the invocation it belongs to.

    Attributes:
        name: "fetch", "scheduled" ...
        head: What goes to JavaScript as JSON.
        body: The event's body.
        answer: A Response for a fetch, else what the handler returned.
        id: The event's number in its isolate, 0 while it has none.
        entered: JavaScript has begun with it: it must not be sent a second time.
        responded: The answer has been given.
        finished: Nothing more of it follows.
        detached: Nobody waits for its end any more: what is left of it belongs to its object.
        channel: Where it was sent, None while it waits for an isolate.
        pinned: It belongs to its isolate: another one has not what it asks for.
        whole: Its body goes with its head however large it is: what comes later must not overtake it.
    """

    __slots__ = (
        "answer",
        "body",
        "channel",
        "detached",
        "entered",
        "finished",
        "head",
        "id",
        "invocation",
        "name",
        "pinned",
        "responded",
        "timer",
        "whole",
    )

    def __init__(
        self, name: str, head: bytes, body: Body, invocation: Invocation, answer: asyncio.Future[Any]
    ) -> None:
        self.name = name
        self.head = head
        self.body = body
        self.invocation = invocation
        self.answer = answer
        self.id = 0
        self.entered = False
        self.responded = False
        self.finished = False
        self.detached = False
        self.channel: Channel | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.pinned = False
        self.whole = name == "webSocketMessage"
        invocation.hold()

    def succeed(self, value: Any) -> None:
        """Give the answer."""
        self.responded = True
        if not self.answer.done():
            self.answer.set_result(value)

    def fail(self, error: WorkerError) -> None:
        """Give the error instead of an answer, or beside one that was given."""
        invocation = self.invocation
        if invocation.outcome == "ok":
            invocation.outcome = error.outcome
        invocation.on_exception(error)
        if not self.responded:
            self.responded = True
            if not self.answer.done():
                self.answer.set_exception(error)

    def drop(self, reason: str) -> None:
        """Its client has gone before JavaScript saw it."""
        self.responded = True
        self.invocation.outcome = "canceled"
        if not self.answer.done():
            self.answer.set_exception(Canceled(reason))
        self.finish()

    def finish(self) -> None:
        """Nothing more of it follows."""
        if self.finished:
            return
        self.finished = True
        if self.timer is not None:
            self.timer.cancel()
        if self.detached:
            self.invocation.lingering = False
        else:
            self.invocation.release()

    def detach(self) -> None:
        """What is left of it goes on, and nobody waits for it."""
        if self.detached or self.finished:
            return
        self.detached = True
        self.invocation.lingering = True
        self.invocation.release()
