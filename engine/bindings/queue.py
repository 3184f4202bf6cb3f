"""Queues as a worker's binding: sending (developers.cloudflare.com/queues/configuration/javascript-apis).

What depends on JavaScript values is checked by the other half (`runtime/js/src/bindings/queue.js`). The
contents of all messages of a call come as one body.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Final

from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.overlay import Key, Overlay, Space
from engine.errors import ApiError, StoreError
from engine.queues.limits import MAX_BATCH_BYTES, Refused, check_send
from engine.runtime.http import read
from engine.store import queue_messages, queues
from engine.store.queue_messages import Backlog, Message
from engine.store.queues import Queue

if TYPE_CHECKING:
    from engine.queues.queues import Queues
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Connection, Store

log = logging.getLogger(__name__)

#: From this compatibility date on, messages are JSON where nothing else is said (queues_json_messages).
JSON_SINCE: Final = "2024-03-18"


class Sender(Binding):
    """A queue to send to.

    Args:
        name: the binding's name.
        store: where the queue is.
        queue: its name.
        heard: told of what was sent; None where nobody delivers.
        delay: the binding's own delay in seconds, None for the queue's.
        json: whether messages are JSON where nothing else is said.
    """

    type: ClassVar[str] = "queue"
    writes: ClassVar[frozenset[str]] = frozenset({"send", "sendBatch"})

    def __init__(
        self,
        name: str,
        store: Store,
        queue: str,
        heard: Queues | None,
        delay: int | None = None,
        json: bool = True,
    ) -> None:
        super().__init__(name)
        self.queue = queue
        self._store = store
        self._heard = heard
        self._delay = delay
        self._json = json

    def spec(self) -> dict[str, Any]:
        """Also what a message is where nothing else is said."""
        return super().spec() | {"contentType": "json" if self._json else "v8"}

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The queue with what is sent kept back."""
        return SandboxedSender(
            self.name, self._store, self.queue, self._heard, self._delay, self._json, overlay=overlay
        )

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`send` `sendBatch` `metrics`, as queue.js sends them."""
        try:
            match operation:
                case "send" | "sendBatch":
                    return await self._send(operation, args[0], args[1], body)
                case "metrics":
                    found = await self._store.read(
                        lambda connection: queue_messages.backlog(connection, self._find(connection).id)
                    )
                    return Result(_metrics(found))
        except Refused as error:
            raise BindingError(f"Queue {operation} failed: {error}") from error
        except StoreError as error:
            log.error("Queue %s failed: %s", operation, error)
            raise BindingError(f"Queue {operation} failed: Internal Server Error") from error
        raise BindingError(f'Queue "{self.name}" has no operation "{operation}".', "TypeError")

    def subject(self, operation: str, args: list[Any]) -> str:
        """The queue, and how many messages."""
        return f"{self.queue} ×{len(args[0])}" if operation == "sendBatch" else self.queue

    async def _send(self, operation: str, heads: list[Any], delay: int | None, body: Body) -> Result:
        kinds = [str(head[0]) for head in heads]
        delays = [head[1] for head in heads]
        sizes = [int(head[2]) for head in heads]
        check_send(sizes, kinds, [*delays, delay], operation == "sendBatch")
        content = await read(body, MAX_BATCH_BYTES)
        now = int(time.time() * 1000)
        messages: list[Message] = []
        at = 0
        for kind, own, size in zip(kinds, delays, sizes, strict=True):
            seconds = next((each for each in (own, delay, self._delay) if each is not None), None)
            due = -1 if seconds is None else now + seconds * 1000  # -1: as the queue says
            id = queue_messages.new_id()
            messages.append(Message(id, kind, content[at : at + size], now, due=due))
            at += size
        return Result({"metadata": {"metrics": _metrics(await self._put(messages))}}, size=len(content))

    async def _put(self, messages: list[Message]) -> Backlog:
        """Add the messages; what the queue holds then."""

        def work(connection: Connection) -> tuple[str, Backlog]:
            found = self._find(connection)
            queue_messages.send(connection, found.id, [_timed(found, each) for each in messages])
            return found.id, queue_messages.backlog(connection, found.id)

        queue_id, backlog = await self._store.write(work)
        if self._heard is not None:
            self._heard.sent(queue_id)
        return backlog

    def _find(self, connection: Connection) -> Queue:
        found = queues.find(connection, self.queue)
        if found is None:
            raise Refused(f"Queue {self.queue} does not exist")
        return found


class QueueSpace(Space):
    """Messages that a draft would have sent to one queue, by the number of the call that sent them."""

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self.calls: dict[int, list[Message]] = {}
        self.heard: Queues | None = None
        self._applied = ""
        self._last = 0

    @property
    def messages(self) -> list[Message]:
        """All of them, in order."""
        return [each for sent in self.calls.values() for each in sent]

    def send(self, messages: list[Message]) -> None:
        """Keep messages back; raises BindingError when the overlay is full."""
        self.overlay.grow(_bytes(messages))
        self._last += 1
        self.calls[self._last] = messages
        self.wrote(self._last)

    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Send them for real, as if it were now."""
        if not keys:
            return
        found = queues.find(connection, self.resource)
        if found is None:
            raise ApiError(10026, f"Nothing was applied: there is no queue {self.resource} any more.", 409)
        now = int(time.time() * 1000)
        queue_messages.send(
            connection,
            found.id,
            [
                _timed(
                    found,
                    Message(
                        each.id,
                        each.content_type,
                        each.body,
                        now,
                        due=each.due if each.due < 0 else each.due - each.sent + now,
                    ),
                )
                for number, sent in self.calls.items()
                if number in keys
                for each in sent
            ],
        )
        self._applied = found.id

    async def finish(self, keys: Collection[Key], forced: Collection[Key]) -> None:
        """Have delivered what was sent."""
        if self._applied and self.heard is not None:
            self.heard.sent(self._applied)

    def forget(self, keys: Collection[Key]) -> None:
        """These calls' messages were sent."""
        for number in list(self.calls):
            if number in keys:
                self.overlay.grow(-_bytes(self.calls.pop(number)))


class SandboxedSender(Sender):
    """A queue to which nothing is sent yet."""

    def __init__(self, *args: Any, overlay: Overlay) -> None:
        super().__init__(*args)
        self._overlay = overlay

    async def _put(self, messages: list[Message]) -> Backlog:
        found = await self._store.read(
            lambda connection: queue_messages.backlog(connection, self._find(connection).id)
        )
        space = self._overlay.space(QueueSpace, self.queue)
        space.heard = self._heard
        space.send(messages)
        kept = space.messages
        return Backlog(found.count + len(kept), found.bytes + _bytes(kept), found.oldest or kept[0].sent)


def _bytes(messages: list[Message]) -> int:
    return sum(len(each.body) for each in messages)


def _timed(queue: Queue, message: Message) -> Message:
    """The message with the queue's own delay, if it has no other."""
    if message.due >= 0:
        return message
    due = message.sent + queue.delivery_delay * 1000
    return Message(message.id, message.content_type, message.body, message.sent, due=due)


def _metrics(backlog: Backlog) -> dict[str, Any]:
    return {
        "backlogCount": backlog.count,
        "backlogBytes": backlog.bytes,
        "oldestMessageTimestamp": backlog.oldest,
    }
