"""The queues of one process. The live one delivers; the others tell it what they have sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, Final

from engine.errors import StoreError
from engine.model import Change
from engine.queues.bell import Bell, ring
from engine.queues.lane import Dispatcher, Lane
from engine.store import Connection, Store, queue_messages, queues
from engine.store.queues import Consumer, Queue

log = logging.getLogger("engine.queues")

#: Seconds that deliveries under way get when the process ends.
FAREWELL: Final = 1.0
_CONSUMERS: Final = frozenset(
    {"environment.deleted", "environment.renamed", "service.deleted", "service.renamed"}
)


class Queues:
    """The deliveries of every queue.

    Args:
        store: where messages are.
        dispatcher: runs the handlers of consumers.
    """

    def __init__(self, store: Store, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._lanes: dict[str, Lane] = {}
        self._leaving: set[Lane] = set()
        self._bell: Bell | None = None
        self._stale: set[str | None] = set()
        self._loading: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Deliver from now on: first what was being delivered when the engine ended."""
        await self._store.write(
            lambda connection: queue_messages.release(connection, int(time.time() * 1000))
        )
        self._bell = Bell(self._store.folder, self.sent)
        self._bell.hang()
        self._reload(None)

    def sent(self, queue_id: str) -> None:
        """Messages were committed."""
        if self._bell is None:
            ring(self._store.folder, queue_id)
        elif (lane := self._lanes.get(queue_id)) is not None:
            lane.look()

    def on_change(self, change: Change) -> None:
        """Follow a committed change."""
        if self._bell is None:
            return
        if change.kind == "queue":
            self._reload(change.detail.get("queue_id"))
        elif change.kind in _CONSUMERS:
            self._reload(None)

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._closed = True
        for lane in self._lanes.values():
            lane.stop()

    async def close(self) -> None:
        """End the deliveries under way; they get a moment to do so by themselves."""
        self.stop()
        if self._bell is not None:
            self._bell.close()
        for task in list(self._tasks):
            task.cancel()
        lanes = [*self._lanes.values(), *self._leaving]
        await asyncio.gather(*(lane.close(FAREWELL) for lane in lanes))
        self._lanes.clear()

    # ------------------------------------------------------------------ who consumes what

    def _reload(self, queue_id: str | None) -> None:
        """Read a queue and its consumer again, or with None all of them."""
        if self._closed:
            return
        self._stale.add(queue_id)
        if self._loading is None:
            self._loading = self._spawn(self._load())

    async def _load(self) -> None:
        try:
            while self._stale:
                stale, self._stale = self._stale, set()
                found = await self._store.read(_read)
                for queue_id in {*found, *self._lanes} if None in stale else stale:
                    if queue_id is not None:
                        self._put(queue_id, found.get(queue_id))
        except StoreError as error:
            log.error("queues are not delivered: %s", error)
        finally:
            self._loading = None

    def _put(self, queue_id: str, found: tuple[Queue, Consumer] | None) -> None:
        old = self._lanes.get(queue_id)
        if self._closed:
            return
        if old is not None:
            if found == (old.queue, old.consumer):
                old.look()
                return
            del self._lanes[queue_id]
            old.stop()
            self._leaving.add(old)
            self._spawn(self._leave(old))
        if found is not None:
            lane = self._lanes[queue_id] = Lane(self._store, self._dispatcher, *found, self.sent)
            lane.look()

    async def _leave(self, lane: Lane) -> None:
        await lane.finished()
        self._leaving.discard(lane)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _read(connection: Connection) -> dict[str, tuple[Queue, Consumer]]:
    """Every queue that a worker consumes, by id."""
    consumers = {each.queue_id: each for each in queues.consumers(connection) if not each.pulls}
    return {
        queue.id: (queue, consumers[queue.id])
        for queue in queues.listing(connection)
        if queue.id in consumers
    }
