"""The records of every environment: the newest ones in bounded memory, and all of them to listeners."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.logs.record import Record
from engine.model import Change
from engine.runtime.http import Request, Response
from engine.runtime.invocation import Invocation

if TYPE_CHECKING:
    from engine.metrics.metrics import Metrics

#: Records and bytes kept of one environment, and bytes of all of them.
KEPT: Final = 1000
KEPT_BYTES: Final = 2 << 20
ALL_BYTES: Final = 48 << 20

Key = tuple[str, str]
Event = Request | Mapping[str, Any]
"""A request, or what a trace says of another event."""
Listener = Callable[[Record], None]
T = TypeVar("T")

log = logging.getLogger("engine.logs")


class Logs:
    """What the environments of this process did.

    Args:
        metrics: counts it; None counts nothing.
    """

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._metrics = metrics
        self._answered = metrics.answered if metrics is not None else None
        self._rings: OrderedDict[Key, _Ring] = OrderedDict()
        self._listeners: dict[Key, list[Listener]] = {}
        self._bytes = 0
        self._seq = 0

    def begin(self, invocation: Invocation, event: Event, entrypoint: str | None = None) -> Record:
        """Record an invocation from here on.

        Tell the record the answer (`responded`, `failed`); it ends when the invocation has closed as well.

        Args:
            invocation: before its worker is asked.
            event: the request, or what a trace says of another event.
            entrypoint: the exported class that is asked, None for the default export.
        """
        listened = (invocation.service, invocation.environment) in self._listeners
        return Record(invocation, event, entrypoint, listened, self._ended, self._answered)

    async def record(
        self,
        invocation: Invocation,
        event: Event,
        work: Awaitable[T],
        entrypoint: str | None = None,
    ) -> T:
        """Do the work of an invocation, `work`, and record it; gives what it gives, raises what it raises."""
        record = self.begin(invocation, event, entrypoint)
        try:
            answer = await work
        except BaseException as error:
            record.failed(error)
            raise
        record.responded(answer.status if isinstance(answer, Response) else None)
        return answer

    def served(self, invocation: Invocation, status: int) -> None:
        """Count a request that a static file answered: there is nothing to record of it."""
        if self._metrics is not None:
            self._metrics.served(invocation, status)

    def listen(self, service: str, environment: str, listener: Listener) -> Callable[[], None]:
        """Tell a listener every record when it ends; the answer stops that."""
        key = (service, environment)
        self._listeners.setdefault(key, []).append(listener)

        def stop() -> None:
            found = self._listeners.get(key, [])
            if listener in found:
                found.remove(listener)
            if not found:
                self._listeners.pop(key, None)

        return stop

    def newest(self, service: str, environment: str, limit: int, since: int = 0) -> list[Record]:
        """The newest records whose number is above `since`, oldest first; at most `limit`."""
        ring = self._rings.get((service, environment))
        if ring is None:
            return []
        found = [record for record in islice(reversed(ring.records), limit) if record.seq > since]
        found.reverse()
        return found

    def on_change(self, change: Change) -> None:
        """Follow environments that are renamed, and forget what is deleted."""
        if change.service is None:
            return
        if change.kind == "environment.deleted" and change.environment:
            self._forget((change.service, change.environment))
        elif change.kind == "environment.renamed" and change.environment and change.old_environment:
            self._move((change.service, change.old_environment), (change.service, change.environment))
        elif change.kind == "service.deleted":
            for key in [key for key in self._rings if key[0] == change.service]:
                self._forget(key)
        elif change.kind == "service.renamed":
            old = change.detail.get("old_service")
            for key in [key for key in self._rings if key[0] == old]:
                self._move(key, (change.service, key[1]))

    def _ended(self, record: Record) -> None:
        self._seq += 1
        record.seq = self._seq
        if self._metrics is not None:
            self._metrics.ended(record)
        key = (record.service, record.environment)
        ring = self._rings.get(key)
        if ring is None:
            ring = self._rings[key] = _Ring()
        self._bytes += ring.add(record)
        if self._bytes > ALL_BYTES:
            self._rings.move_to_end(key)
            while self._bytes > ALL_BYTES and len(self._rings) > 1:
                self._bytes -= self._rings.popitem(last=False)[1].size
        listeners = self._listeners.get(key)
        if listeners is not None:
            for listener in list(listeners):
                try:
                    listener(record)
                except Exception:  # one listener's fault is not the request's, nor the others'
                    log.exception("a listener of %s failed", key)

    def _forget(self, key: Key) -> None:
        ring = self._rings.pop(key, None)
        if ring is not None:
            self._bytes -= ring.size

    def _move(self, old: Key, new: Key) -> None:
        ring = self._rings.pop(old, None)
        if ring is not None:
            self._forget(new)
            self._rings[new] = ring


class _Ring:
    """The newest records of one environment."""

    __slots__ = ("records", "size")

    def __init__(self) -> None:
        self.records: deque[Record] = deque()
        self.size = 0

    def add(self, record: Record) -> int:
        """Keep a record and let go of the oldest; gives by how many bytes the ring has grown."""
        before = self.size
        records = self.records
        records.append(record)
        self.size += record.size
        while len(records) > 1 and (len(records) > KEPT or self.size > KEPT_BYTES):
            self.size -= records.popleft().size
        return self.size - before
