"""When alarms ring: one timer for the earliest, and none when there is none (durable-objects/api/alarms)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from engine.store import Store, durable
from engine.store.durable import Alarm

log = logging.getLogger("engine.durable")

_BATCH: Final = 256
#: A timer of the event loop is not set further ahead than this, in seconds.
_FARTHEST: Final = 86_400.0


class Alarms:
    """The alarms of all objects.

    Args:
        store: where they are.
        ring: runs one; False when it is to be tried again.
    """

    RETRIES: Final = 6
    FIRST_WAIT: float = 2.0

    def __init__(self, store: Store, ring: Callable[[Alarm], Awaitable[bool]]) -> None:
        self._store = store
        self._ring = ring
        self._running: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._next: int | None = None
        self._closed = False

    async def start(self) -> None:
        """Ring what is due, and wait for the next."""
        self._timer = None
        self._next = None
        now = int(time.time() * 1000)
        due, following = await self._store.read(lambda connection: durable.due(connection, now, _BATCH))
        if self._closed:
            return
        for alarm in due:
            key = (alarm.namespace_id, alarm.object)
            if key not in self._running:
                self._running.add(key)
                self._spawn(alarm)
        if following is not None:
            self._arm(following)

    async def set(self, alarm: Alarm) -> None:
        """Note an alarm; returns when it is on the disk."""
        await self._store.write(lambda connection: durable.set_alarm(connection, alarm))
        self._arm(alarm.at)

    def close(self) -> None:
        """Ring no more; what has not rung does when the engine starts again."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()

    @property
    def waiting(self) -> bool:
        """Whether a timer runs."""
        return self._timer is not None

    def _arm(self, at: int) -> None:
        if self._closed or (self._next is not None and self._next <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._next = at
        wait = min(max(0.0, at / 1000 - time.time()), _FARTHEST)
        self._timer = asyncio.get_running_loop().call_later(wait, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._next = None
        task = asyncio.ensure_future(self.start())
        self._keep(task)

    def _spawn(self, alarm: Alarm) -> None:
        self._keep(asyncio.ensure_future(self._run(alarm)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, alarm: Alarm) -> None:
        done = False
        try:
            done = await self._ring(alarm)
        except Exception:
            log.exception("an alarm could not be rung")
        finally:
            self._running.discard((alarm.namespace_id, alarm.object))
        if not done and not self._closed:
            wait = self.FIRST_WAIT * 2**alarm.attempt
            at = int((time.time() + wait) * 1000)
            await self.set(Alarm(alarm.namespace_id, alarm.object, at, alarm.attempt + 1))
        else:
            await self.start()
