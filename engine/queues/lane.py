"""One queue with a worker that consumes it: when a batch is due, and what comes of its delivery.

A batch is due when it is full, or when its first message has waited for as long as the consumer says. Both
follow from what is in the store, so nothing but a timer is kept here.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, Protocol

from engine.errors import ApiError, StoreError
from engine.model import Actor
from engine.queues import limits, verbs
from engine.runtime.errors import WorkerError
from engine.runtime.invocation import Invocation
from engine.store import Connection, Store, queue_messages
from engine.store.queue_messages import Message
from engine.store.queues import Consumer, Queue

log = logging.getLogger("engine.queues")

#: Seconds a delivery may take (queues/platform/limits: 15 minutes wall time).
WALL: Final = 15 * 60.0
#: A timer of the event loop is not set further ahead than this, in seconds.
_FARTHEST: Final = 86_400.0
#: Seconds until the store is asked again after it failed.
_AGAIN: Final = 1.0
_ENGINE: Final = Actor("engine", "api")


class Dispatcher(Protocol):
    """What runs the handlers (`engine.gateway.environments.Environments`)."""

    async def dispatch(
        self,
        name: str,
        payload: Any,
        invocation: Invocation,
        event: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the handler of an event, which `event` tells in traces."""
        ...


class Lane:
    """The deliveries of one queue.

    Args:
        store: where messages are.
        dispatcher: runs the consumer's handler.
        queue: which one.
        consumer: a worker.
        sent: told the id of a queue that got messages.
    """

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        queue: Queue,
        consumer: Consumer,
        sent: Callable[[str], None],
    ) -> None:
        self.queue = queue
        self.consumer = consumer
        self._store = store
        self._dispatcher = dispatcher
        self._sent = sent
        self._size = consumer.setting("batch_size", limits.BATCH_SIZE)
        self._wait = consumer.setting("max_wait_time_ms", limits.WAIT_MS)
        self._most = consumer.setting("max_concurrency", limits.CONCURRENCY)
        self._retries = consumer.setting("max_retries", limits.RETRIES)
        self._retry_delay = consumer.setting("retry_delay", 0)
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking = False
        self._again = False
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def look(self) -> None:
        """See what is due now, and when the next will be."""
        if self._looking:
            self._again = True
        elif not self._closed:
            self._looking = True
            self._spawn(self._look())

    def stop(self) -> None:
        """Begin no more deliveries; those under way end."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def finished(self) -> None:
        """Wait until what is under way has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self, patience: float) -> None:
        """End it; what does not end within `patience` seconds is delivered again after the next start."""
        self.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # ------------------------------------------------------------------ when

    async def _look(self) -> None:
        try:
            wake = await self._begin()
        except StoreError as error:
            log.error("queue %s could not be read: %s", self.queue.name, error)
            wake = _now() + int(_AGAIN * 1000)
        finally:
            self._looking = False
        if self._again:
            self._again = False
            self.look()
        elif wake is not None:
            self._arm(wake)

    async def _begin(self) -> int | None:
        """Begin every delivery that is due; gives when to look again, None for when something happens."""
        while self._running < self._most and not self._closed and not self.queue.delivery_paused:
            self._again = False
            now = _now()
            count, since, later = await self._store.read(
                lambda connection: queue_messages.ready(connection, self.queue, _now(), self._size)
            )
            if count < self._size and (count == 0 or since + self._wait > now):
                waits = [later] if later is not None else []
                return min([*waits, since + self._wait] if count else waits, default=None)
            taken = await self._store.write(self._take)
            if taken and not self._closed:
                self._running += 1
                self._spawn(self._deliver(taken))
        return None

    def _take(self, connection: Connection) -> list[Message]:
        return queue_messages.take(connection, self.queue, _now(), self._size)

    def _arm(self, at: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._closed:
            wait = min(max(0.001, at / 1000 - time.time()), _FARTHEST)
            self._timer = asyncio.get_running_loop().call_later(wait, self.look)

    # ------------------------------------------------------------------ what

    async def _deliver(self, batch: list[Message]) -> None:
        try:
            answer = await self._handle(batch)
            await self._settle(batch, answer)
        except StoreError as error:  # they are delivered again after the next start
            log.error("a batch of queue %s was not settled: %s", self.queue.name, error)
        finally:
            self._running -= 1
            if self._closed:
                self._sent(self.queue.id)  # whoever delivers now looks
            else:
                self.look()

    async def _handle(self, batch: list[Message]) -> Mapping[str, Any]:
        """What the handler says of its batch; nothing where it failed before it could."""
        consumer = self.consumer
        invocation = Invocation(str(consumer.service), str(consumer.environment))
        payload = {"queue": self.queue.name, "messages": [_told(each) for each in batch]}
        event = {"queue": self.queue.name, "batchSize": len(batch)}
        try:
            async with asyncio.timeout(WALL):
                answer = await self._dispatcher.dispatch("queue", payload, invocation, event)
                return answer if isinstance(answer, dict) else _FAILED
        except WorkerError as error:
            log.info("a batch of queue %s failed: %s", self.queue.name, error)
        except ApiError as error:
            log.warning("a batch of queue %s had no consumer: %s", self.queue.name, error)
        except TimeoutError:
            invocation.cancel("The batch took longer than 15 minutes.")
        except StoreError:
            raise
        except Exception:
            log.exception("a batch of queue %s could not be delivered", self.queue.name)
        return _FAILED

    async def _settle(self, batch: Sequence[Message], answer: Mapping[str, Any]) -> None:
        """Remove what was consumed, and put back or bury the rest."""
        now = _now()
        acks = set(answer.get("acks", ()))
        retries = dict(answer.get("retries", ()))
        all_again = bool(answer["failed"]) or answer.get("retryAll", False) is not False
        delay_of_all = answer.get("retryAll") or None
        done: list[int] = []
        again: list[tuple[int, int]] = []
        dead: list[Message] = []
        for index, message in enumerate(batch):
            if index in acks or (index not in retries and not all_again):
                done.append(message.seq)
            elif message.attempts > self._retries:
                dead.append(message)
            else:
                delay = retries.get(index)
                if delay is None:
                    delay = delay_of_all["delay"] if delay_of_all else None
                seconds = self._retry_delay if delay is None else delay
                again.append((message.seq, now + int(seconds * 1000)))

        def work(connection: Connection) -> str | None:
            queue_messages.settle(connection, done, again)
            if not dead:
                return None
            name = self.consumer.dead_letter_queue
            grave = verbs.dead_letters(connection, self._store, name, _ENGINE) if name else None
            queue_messages.bury(connection, dead, grave, now)
            return grave.id if grave else None

        buried = await asyncio.shield(asyncio.ensure_future(self._store.write(work)))
        if buried is not None:
            self._sent(buried)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_FAILED: Final[Mapping[str, Any]] = {"failed": True}


def _told(message: Message) -> dict[str, Any]:
    """A message as the isolate gets it: src/bindings/queue-consumer.js."""
    told: dict[str, Any] = {
        "id": message.id,
        "timestamp": message.sent,
        "attempts": message.attempts,
        "type": message.content_type,
    }
    if message.content_type in ("text", "json"):
        return told | {"text": message.body.decode("utf-8", "replace")}
    return told | {"base64": base64.b64encode(message.body).decode("ascii")}


def _now() -> int:
    return int(time.time() * 1000)
