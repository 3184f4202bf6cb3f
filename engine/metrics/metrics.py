"""The numbers of every environment of this process.

They are counted where an invocation is recorded, twice: when its answer is known (it may stay open for hours
after that, as a WebSocket does) and when it has ended. Neither asks the store nor makes a task.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

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


class Metrics:
    """What was counted, by service and environment."""

    def __init__(self) -> None:
        self._series: dict[Key, Series] = {}
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
        return self._series.get((service, environment))

    def each(self) -> Iterator[tuple[Key, Series]]:
        """Every environment that was counted."""
        return iter(self._series.items())

    def put(self, key: Key, series: Series) -> None:
        """Take over what was kept of an environment that has not been counted yet."""
        self._series.setdefault(key, series)

    def on_change(self, change: Change) -> None:
        """Follow environments that are renamed, and forget what is deleted."""
        service, environment, old = change.service, change.environment, change.old_environment
        if service is None:
            return
        if change.kind == "environment.deleted" and environment:
            self._series.pop((service, environment), None)
        elif change.kind == "environment.renamed" and environment and old:
            self._move((service, old), (service, environment))
        elif change.kind == "service.deleted":
            for key in [key for key in self._series if key[0] == service]:
                del self._series[key]
        elif change.kind == "service.renamed":
            former = change.detail.get("old_service")
            for key in [key for key in self._series if key[0] == former]:
                self._move(key, (service, key[1]))

    def _move(self, old: Key, new: Key) -> None:
        series = self._series.pop(old, None)
        if series is not None:
            self._series[new] = series

    def _add(self, key: Key) -> Series:
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
