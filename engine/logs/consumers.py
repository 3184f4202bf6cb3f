"""Tail workers: what an environment's `tail_consumers` are told of its invocations.

Source: developers.cloudflare.com/workers/observability/logs/tail-workers. A consumer's `tail()` gets the
traces that came up while it was busy with those before, a hundred at most at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from engine.errors import ApiError, StoreError
from engine.logs.logs import Logs
from engine.logs.record import Record
from engine.model import PRODUCTION, Change, Environment
from engine.queues.lane import Dispatcher
from engine.runtime.errors import WorkerError
from engine.runtime.invocation import Invocation
from engine.store import Store, environments

log = logging.getLogger("engine.logs")

#: Traces that one call of tail() gets, and those that wait for a consumer; what comes beyond is left out.
BATCH: Final = 100
WAITING: Final = 2000

Key = tuple[str, str]


class Consumers:
    """The tail workers of one process.

    Args:
        store: says who consumes what.
        logs: what is consumed.
        dispatcher: runs `tail` handlers.
    """

    def __init__(self, store: Store, logs: Logs, dispatcher: Dispatcher) -> None:
        self._store = store
        self._logs = logs
        self._dispatcher = dispatcher
        self._stops: dict[Key, Callable[[], None]] = {}
        self._waiting: dict[Key, deque[Record]] = {}
        self._busy: set[Key] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen to every environment that has consumers."""
        for place in await self._store.read(environments.with_tail_consumers):
            self._follow((place.service, place.name), place)

    def on_change(self, change: Change) -> None:
        """An environment may have other consumers, or another name, by now."""
        if change.service is None:
            return
        if change.environment is None:
            self._spawn(self._again())
        else:
            for name in {change.environment, change.old_environment} - {None}:
                self._spawn(self._look((change.service, str(name))))

    def close(self) -> None:
        """Tell nobody anything any more."""
        for stop in self._stops.values():
            stop()
        self._stops.clear()
        for task in self._tasks:
            task.cancel()

    async def _again(self) -> None:
        """A service has another name, or is gone."""
        found = await self._store.read(environments.with_tail_consumers)
        places = {(place.service, place.name): place for place in found}
        for key in {*self._stops, *places}:
            self._follow(key, places.get(key))

    async def _look(self, key: Key) -> None:
        found = await self._store.read(lambda connection: environments.find(connection, *key))
        self._follow(key, found)

    def _follow(self, key: Key, place: Environment | None) -> None:
        stop = self._stops.pop(key, None)
        if stop is not None:
            stop()
        consumers = _consumers(place)
        if consumers:
            self._stops[key] = self._logs.listen(*key, lambda record: self._take(record, consumers))

    def _take(self, record: Record, consumers: Iterable[Key]) -> None:
        if record.other is not None and "consumedEvents" in record.other:
            return  # a tail worker's own: two that consume each other would go on for ever
        for consumer in consumers:
            waiting = self._waiting.setdefault(consumer, deque())
            if len(waiting) < WAITING:
                waiting.append(record)
            if consumer not in self._busy:
                self._busy.add(consumer)
                self._spawn(self._tell(consumer, waiting))

    async def _tell(self, consumer: Key, waiting: deque[Record]) -> None:
        try:
            while waiting:
                records = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
                event = {
                    "consumedEvents": [{"scriptName": name} for name in sorted({r.service for r in records})]
                }
                traces = [record.trace() for record in records]
                try:
                    await self._dispatcher.dispatch("tail", traces, Invocation(*consumer), event)
                except (ApiError, WorkerError) as error:  # its own logs have what its code threw
                    log.info("tail worker %s of %s failed: %s", consumer[1], consumer[0], error)
        finally:
            self._busy.discard(consumer)
            self._waiting.pop(consumer, None)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreError as error:
            log.error("tail workers are not told: %s", error)


def _consumers(place: Environment | None) -> tuple[Key, ...]:
    """Who consumes an environment's traces; what is no consumer in its settings is none."""
    listed = (place.script_settings.get("tail_consumers") if place else None) or ()
    return tuple(
        (str(each["service"]), str(each.get("environment") or PRODUCTION))
        for each in listed
        if isinstance(each, dict) and each.get("service")
    )
