"""The records of every environment: the newest ones in bounded memory, and all of them to listeners.

What is not in memory any more, or was before this process, the keeper has (`engine.logs.keeper`).
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.logs.record import Record
from engine.model import Change
from engine.runtime.http import Request, Response
from engine.runtime.invocation import Invocation

if TYPE_CHECKING:
    from engine.logs.keeper import Keeper
    from engine.logs.query import Query
    from engine.metrics.metrics import Metrics

#: Records and bytes kept of one environment, and bytes of all of them.
KEPT: Final = 1000
KEPT_BYTES: Final = 2 << 20
ALL_BYTES: Final = 48 << 20
#: In the place of an environment's name: every environment of the service.
EVERY: Final = ""

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
        self.keeper: Keeper | None = None
        """Writes records down; None while nothing is."""

    async def keep(self, keeper: Keeper) -> None:
        """Have records written down from here on; their numbers rise above all that were ever given."""
        # A process that was killed gave numbers that were not written down: time goes on faster than those.
        self._seq = max(self._seq, await keeper.start(), int(time.time() * 1000))
        self.keeper = keeper

    def begin(
        self,
        invocation: Invocation,
        event: Event,
        entrypoint: str | None = None,
        object_id: str | None = None,
    ) -> Record:
        """Record an invocation from here on.

        Tell the record the answer (`responded`, `failed`); it ends when the invocation has closed as well.

        Args:
            invocation: before its worker is asked.
            event: the request, or what a trace says of another event.
            entrypoint: the exported class that is asked, None for the default export.
            object_id: the Durable Object that is asked. It is not counted: what it does is a part of what
                the environment that was asked does.
        """
        listeners = self._listeners
        listened = bool(listeners) and (
            (invocation.service, invocation.environment) in listeners
            or (invocation.service, EVERY) in listeners
        )
        if object_id is None:
            return Record(invocation, event, entrypoint, listened, self._ended, self._answered)
        record = Record(invocation, event, entrypoint, listened, self._ended)
        record.object_id = object_id
        return record

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
        """Tell a listener every record when it ends; the answer stops that.

        Args:
            service: the service.
            environment: the environment, `EVERY` for all of the service.
            listener: called on the event loop.
        """
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

    async def find(
        self, keys: Sequence[Key], query: Query, limit: int, after: int = 0, before: int | None = None
    ) -> tuple[list[dict[str, Any]], int | None]:
        """The newest records that pass, oldest first, at most `limit`: of memory, then of the disk.

        Args:
            keys: the environments.
            query: what is wanted.
            limit: how many at most.
            after: only those with a number above it.
            before: only those with a number below it.

        Returns:
            the records as the logs resource has them, and the number below which older ones are to be looked
            for; None where there are none.
        """
        rings = [self._rings.get(key) for key in keys]
        found = {
            record.seq: record
            for ring in rings
            if ring is not None
            for record in ring.records
            if record.seq > after and (before is None or record.seq < before) and query.passes(record)
        }
        # From this number on memory has everything.
        whole = max((ring.records[0].seq if ring and ring.records else self._seq + 1) for ring in rings)
        newest = [seq for seq in sorted(found, reverse=True) if seq >= whole]
        if self.keeper is None or whole <= after + 1 or len(newest) > limit:
            newest = sorted(found, reverse=True)[: limit + 1]
            shown = [found[seq].told() for seq in reversed(newest[:limit])]
            return shown, newest[limit - 1] if len(newest) > limit else None
        wanted = replace(query.wanted, after=after, before=before)
        kept, more = await self.keeper.read(keys, query, wanted, limit)
        every = {each["seq"]: each for each in kept}
        # Below `more` the disk was not looked at: what memory has from there would leave a gap.
        every |= {seq: record.told() for seq, record in found.items() if more is None or seq >= more}
        chosen = sorted(every, reverse=True)
        if len(chosen) > limit:
            chosen, more = chosen[:limit], chosen[limit - 1]
        return [every[seq] for seq in reversed(chosen)], more

    async def forget(self, key: Key) -> None:
        """Forget what an environment has said so far."""
        self._forget(key)
        if self.keeper is not None:
            await self.keeper.forget(key)

    def on_change(self, change: Change) -> None:
        """Follow environments that are renamed, and forget what is deleted."""
        if self.keeper is not None:
            self.keeper.on_change(change)
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
        if self.keeper is not None:
            self.keeper.add(record)
        if not self._listeners:
            return
        for listener in (*self._listeners.get(key, ()), *self._listeners.get((key[0], EVERY), ())):
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
