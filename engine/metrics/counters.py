"""The numbers of one version, and of one environment: its versions' and what it did in the last minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.metrics.histogram import Histogram

#: Versions of one environment that are counted apart; older ones are counted together.
VERSIONS: Final = 6
#: Seconds to a step of the rates, and steps that are kept: five minutes.
STEP: Final = 5
STEPS: Final = 60


class Counters:
    """What was counted of one version since `since`; every number only rises.

    Attributes:
        since: when counting began, seconds since 1970.
        requests: fetch events that were answered or failed.
        events: others: crons, RPC calls, queue batches.
        errors: requests answered with a status of 500 or above, or not by the worker at all.
        exceptions: uncaught ones, those after the answer too.
        statuses: answers by the first digit of their status; 0 where there was none.
        outcomes: invocations by how they ended.
        latency: of requests, until the head of the answer.
        cpu_ms: processor time of invocations, milliseconds.
        fresh: something was counted since it was last kept.
    """

    __slots__ = (
        "cpu_ms",
        "errors",
        "events",
        "exceptions",
        "fresh",
        "latency",
        "outcomes",
        "requests",
        "since",
        "statuses",
    )

    def __init__(self, since: float) -> None:
        self.since = since
        self.requests = self.events = self.errors = self.exceptions = 0
        self.statuses = [0] * 6
        self.outcomes: dict[str, int] = {}
        self.latency = Histogram()
        self.cpu_ms = 0.0
        self.fresh = False

    def copy(self) -> Counters:
        """The same numbers, which do not rise any more."""
        made = Counters(self.since)
        made.merge(self)
        return made

    def merge(self, other: Counters) -> None:
        """Count everything that another one has counted."""
        self.since = min(self.since, other.since)
        self.requests += other.requests
        self.events += other.events
        self.errors += other.errors
        self.exceptions += other.exceptions
        self.statuses = [ours + theirs for ours, theirs in zip(self.statuses, other.statuses, strict=True)]
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        self.latency.merge(other.latency)
        self.cpu_ms += other.cpu_ms

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON, to be kept."""
        return {
            "since": self.since,
            "requests": self.requests,
            "events": self.events,
            "errors": self.errors,
            "exceptions": self.exceptions,
            "statuses": self.statuses,
            "outcomes": self.outcomes,
            "latency": self.latency.to_json(),
            "cpu_ms": self.cpu_ms,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Counters:
        """What `to_json` gave. Raises KeyError, TypeError or ValueError when it is something else."""
        made = Counters(float(value["since"]))
        made.requests, made.events = int(value["requests"]), int(value["events"])
        made.errors, made.exceptions = int(value["errors"]), int(value["exceptions"])
        made.statuses = [int(value["statuses"][place]) for place in range(6)]
        made.outcomes = {str(name): int(count) for name, count in value["outcomes"].items()}
        made.latency = Histogram.from_json(value["latency"])
        made.cpu_ms = float(value["cpu_ms"])
        return made


#: The shares of requests whose latency is kept of each step.
STEP_SHARES: Final = (0.5, 0.99)
Latency = list[float | None]
"""Of a step: milliseconds for each of `STEP_SHARES`, None where there was no request."""


class Rates:
    """Requests, errors and latency of the last `STEPS` steps, which are numbers of `STEP` seconds since 1970.

    The durations of the newest step are counted; of those before only what came of them is kept.
    """

    __slots__ = ("durations", "errors", "latency", "newest", "requests")

    def __init__(self) -> None:
        self.newest = 0
        self.requests = [0] * STEPS
        self.errors = [0] * STEPS
        self.latency: list[Latency] = [[None, None]] * STEPS
        self.durations = Histogram()

    def count(self, step: int, failed: bool, microseconds: int) -> None:
        """Count a request of a step, and how long it took."""
        if step > self.newest:
            self.latency[self.newest % STEPS] = self._now()
            self.durations = Histogram()
            for each in range(max(self.newest + 1, step - STEPS + 1), step + 1):
                self.requests[each % STEPS] = self.errors[each % STEPS] = 0
                self.latency[each % STEPS] = [None, None]
            self.newest = step
        elif step <= self.newest - STEPS:  # the clock was set back: nothing of that time is shown
            return
        self.requests[step % STEPS] += 1
        if failed:
            self.errors[step % STEPS] += 1
        if step == self.newest:
            self.durations.add(microseconds)

    def latencies(self, step: int) -> list[list[float | None]]:
        """For each of `STEP_SHARES` the latency of the `STEPS` steps up to this one, oldest first."""
        silent = min(max(0, step - self.newest), STEPS)
        first = (self.newest + 1) % STEPS
        every = [*self.latency[first:], *self.latency[:first]]
        every[-1] = self._now()
        every = every[silent:] + [[None, None]] * silent
        return [[each[place] for each in every] for place in range(len(STEP_SHARES))]

    def _now(self) -> Latency:
        """Of the newest step: what was counted, or what was kept of it by the process before."""
        if not self.durations.count:
            return self.latency[self.newest % STEPS]
        return self.durations.quantiles(STEP_SHARES)

    def shown(self, step: int) -> tuple[list[int], list[int]]:
        """Requests and errors of the `STEPS` steps up to this one, oldest first."""
        silent = min(max(0, step - self.newest), STEPS)
        first = (self.newest + 1) % STEPS
        return (
            [*self.requests[first:], *self.requests[:first]][silent:] + [0] * silent,
            [*self.errors[first:], *self.errors[:first]][silent:] + [0] * silent,
        )


class Series:
    """The numbers of one environment.

    Attributes:
        versions: by version id, the one that was first counted longest ago first.
        before: those of versions that are not counted apart any more, None while there is none.
        rates: of the last minutes.
        told: what a list says of it, and what it was made for.
    """

    __slots__ = ("before", "rates", "told", "versions")

    def __init__(self) -> None:
        self.versions: dict[str, Counters] = {}
        self.before: Counters | None = None
        self.rates = Rates()
        self.told: tuple[tuple[int, int], dict[str, Any]] | None = None

    def of(self, version: str, now: float) -> Counters:
        """The counters of a version, made if need be; then the oldest may join those before."""
        found = self.versions.get(version)
        if found is None:
            if len(self.versions) >= VERSIONS:
                oldest = self.versions.pop(next(iter(self.versions)))
                self.before = self.before or Counters(oldest.since)
                self.before.merge(oldest)
            found = self.versions[version] = Counters(now)
        return found

    def each(self) -> Iterator[Counters]:
        """Its counters: of every version, and of those before."""
        yield from self.versions.values()
        if self.before is not None:
            yield self.before

    def total(self) -> Counters:
        """Everything together."""
        every = list(self.each())
        made = Counters(min((each.since for each in every), default=0.0))
        for each in every:
            made.merge(each)
        return made

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON, to be kept."""
        requests, errors = self.rates.shown(self.rates.newest)
        return {
            "versions": {version: counters.to_json() for version, counters in self.versions.items()},
            "before": None if self.before is None else self.before.to_json(),
            "rates": [self.rates.newest, requests, errors, *self.rates.latencies(self.rates.newest)],
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Series:
        """What `to_json` gave. Raises KeyError, TypeError or ValueError when it is something else."""
        made = Series()
        made.versions = {str(name): Counters.from_json(each) for name, each in value["versions"].items()}
        made.before = None if value["before"] is None else Counters.from_json(value["before"])
        newest, requests, errors, *latencies = value["rates"]
        made.rates.newest = int(newest)
        for place in range(STEPS):
            step = made.rates.newest - STEPS + 1 + place
            made.rates.requests[step % STEPS] = int(requests[place])
            made.rates.errors[step % STEPS] = int(errors[place])
            if len(latencies) == len(STEP_SHARES):
                made.rates.latency[step % STEPS] = [_or_none(each[place]) for each in latencies]
        return made


def _or_none(value: Any) -> float | None:
    return None if value is None else float(value)
