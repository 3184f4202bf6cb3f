"""The numbers of every environment of this process.

They are counted where an invocation is recorded, twice: when its answer is known (it may stay open for hours
after that, as a WebSocket does) and when it has ended. Neither asks the store nor makes a task.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import orjson

from engine.metrics.counters import STEP, Counters, Series
from engine.model import Change

if TYPE_CHECKING:
    from engine.logs.record import Record
    from engine.runtime.invocation import Invocation

#: Environments that are counted; beyond it those that were asked longest ago begin anew when they are asked.
KEPT: Final = 2048
LET_GO: Final = KEPT // 16
#: Where a request is counted that no version answered.
NO_VERSION: Final = ""

Key = tuple[str, str]
Listener = Callable[["Record"], None]


log = logging.getLogger("engine.metrics")


class Metrics:
    """What was counted, by service and environment."""

    def __init__(self) -> None:
        self._series: dict[Key, Series] = {}
        self._kept: dict[Key, bytes] = {}
        """What the process before has kept, newest first, until it is asked for: a start reads no JSON."""
        self._listeners: list[Listener] = []

    def answered(self, record: Record, wall_ms: float) -> None:
        """Count an invocation whose answer is known now.

        Args:
            record: its record; it is given the counters that `ended` goes on with.
            wall_ms: milliseconds since it began.
        """
        key = (record.service, record.environment)
        series = self._series.get(key) or self._add(key)
        now = record.at + wall_ms / 1000
        version = record.version or NO_VERSION
        counters = series.versions.get(version) or series.of(version, now)
        record.counters = counters
        counters.fresh = True
        if record.method:
            _count(series, counters, record.status, wall_ms, now)
        else:
            counters.events += 1

    def served(self, invocation: Invocation, status: int) -> None:
        """Count a request that was answered without running the worker."""
        key = (invocation.service, invocation.environment)
        series = self._series.get(key) or self._add(key)
        now = time.time()
        counters = series.of(invocation.version or NO_VERSION, now)
        counters.outcomes["ok"] = counters.outcomes.get("ok", 0) + 1
        counters.fresh = True
        _count(series, counters, status, invocation.elapsed_ms(), now)

    def ended(self, record: Record) -> None:
        """Count how an invocation ended, and tell the listeners."""
        counters = record.counters
        if counters is not None:
            outcomes = counters.outcomes
            outcomes[record.outcome] = outcomes.get(record.outcome, 0) + 1
            counters.exceptions += len(record.exceptions)
            counters.cpu_ms += record.cpu_ms
            counters.fresh = True
        for listener in self._listeners:
            listener(record)

    def listen(self, listener: Listener) -> None:
        """Tell a listener every invocation that ends, from here on."""
        self._listeners.append(listener)

    def find(self, service: str, environment: str) -> Series | None:
        """The numbers of an environment; None when nothing was counted."""
        key = (service, environment)
        return self._series.get(key) or self._unpack(key)

    def each(self) -> Iterator[tuple[Key, Series]]:
        """Every environment that was counted, by this process or by one before."""
        for key in list(self._kept):
            self._unpack(key)
        return iter(self._series.items())

    def used(self) -> Iterator[tuple[Key, Series]]:
        """Those that were asked for or counted since the start."""
        return iter(self._series.items())

    def put(self, key: Key, data: bytes) -> None:
        """Take over what was kept of an environment that has not been counted yet, the newest first."""
        if key not in self._series:
            self._kept[key] = data

    def _unpack(self, key: Key) -> Series | None:
        data = self._kept.pop(key, None)
        if data is None:
            return None
        try:
            # A collector asks on a thread of its own: what was counted meanwhile stays.
            return self._series.setdefault(key, Series.from_json(orjson.loads(data)))
        except (KeyError, TypeError, ValueError) as error:
            log.warning("the numbers of %s (%s) begin anew: %r", *key, error)
            return None

    def on_change(self, change: Change) -> None:
        """Follow environments that are renamed, and forget what is deleted."""
        service, environment, old = change.service, change.environment, change.old_environment
        if service is None:
            return
        if change.kind == "environment.deleted" and environment:
            self._series.pop((service, environment), None)
            self._kept.pop((service, environment), None)
        elif change.kind == "environment.renamed" and environment and old:
            self._move((service, old), (service, environment))
        elif change.kind == "service.deleted":
            for key in self._of(service):
                self._series.pop(key, None)
                self._kept.pop(key, None)
        elif change.kind == "service.renamed":
            for key in self._of(change.detail.get("old_service")):
                self._move(key, (service, key[1]))

    def _of(self, service: str | None) -> list[Key]:
        return [key for key in (*self._series, *self._kept) if key[0] == service]

    def _move(self, old: Key, new: Key) -> None:
        series = self._series.pop(old, None) or self._unpack(old)
        if series is not None:
            self._series[new] = self._series.pop(old, series)

    def _add(self, key: Key) -> Series:
        """The numbers of an environment that is counted for the first time since the start."""
        kept = self._unpack(key)
        if kept is not None:
            return kept
        while self._kept and len(self._series) + len(self._kept) >= KEPT:
            self._kept.popitem()
        if len(self._series) >= KEPT:
            oldest = sorted(self._series, key=lambda each: self._series[each].rates.newest)
            for each in oldest[:LET_GO]:
                del self._series[each]
        made = self._series[key] = Series()
        return made


def _count(series: Series, counters: Counters, status: int | None, wall_ms: float, now: float) -> None:
    """Count an answer to a request; `status` is None where there was none."""
    failed = status is None or status >= 500
    counters.requests += 1
    if failed:
        counters.errors += 1
    counters.statuses[status // 100 if status is not None and status < 600 else 0] += 1
    microseconds = int(wall_ms * 1000)
    counters.latency.add(microseconds)
    series.rates.count(int(now) // STEP, failed, microseconds)


def fresh(series: Series) -> list[Counters]:
    """The counters of an environment that were used since they were last kept."""
    return [each for each in series.each() if each.fresh]
