"""One object that lives now."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

from engine.durable.operations import OPEN
from engine.durable.sockets import ROOMS, ObjectSockets
from engine.durable.storage import Storage
from engine.runtime.invocation import Invocation

_handles = itertools.count(1)


@dataclass(slots=True, eq=False)
class Actor:
    """An object, and what belongs to its instance.

    Attributes:
        handle: what JavaScript calls it by, and what its storage and its sockets are found by.
        jobs: how many events it has, those that wait for its isolate too.
        inside: the invocations that were handed to its isolate and have not answered.
        invocations: those that have something under way, and perhaps some that have ended.
        timer: when to see whether it has been idle.
        rested: when its last event was answered, as the event loop tells the time.
    """

    id: str
    name: str | None
    jurisdiction: str | None
    storage: Storage
    sockets: ObjectSockets
    handle: int = field(default_factory=lambda: next(_handles))
    jobs: int = 0
    inside: set[Invocation] = field(default_factory=set)
    invocations: set[Invocation] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None
    rested: float = 0.0

    def enter(self) -> None:
        """From now on JavaScript finds its storage and its sockets."""
        OPEN[self.handle] = self.storage
        ROOMS[self.handle] = self.sockets

    def leave(self) -> None:
        """Its instance is gone: nothing that is left of it may touch them."""
        OPEN.pop(self.handle, None)
        ROOMS.pop(self.handle, None)

    def renumber(self) -> None:
        """The next instance is another one."""
        self.leave()
        self.handle = next(_handles)
        self.enter()

    def sift(self) -> None:
        """Forget the invocations that have ended."""
        self.invocations = {each for each in self.invocations if each.open or each.lingering}
