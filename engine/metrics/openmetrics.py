"""The numbers as OpenMetrics text, or as Prometheus' older one where the scraper asks for that.

Every series has the labels `service`, `environment` and `version`; versions that are not counted apart
any more are together as "before". A counter begins anew, with a new `_created`, when an environment was
forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from engine.metrics.counters import Counters

#: Bounds of the latency's buckets, as powers of two of a microsecond: 256 µs, 512 µs, … 33.6 s.
EXPONENTS: Final = range(8, 26)
LABELS: Final = ("service", "environment", "version")

Row = tuple[str, str, str, Counters]


class _Rows(Collector):
    def __init__(self, rows: Sequence[Row], isolates: int) -> None:
        self._rows, self._isolates = rows, isolates

    def collect(self) -> Iterable[Metric]:
        """The families, each with all of its series."""
        yield GaugeMetricFamily("svc_isolates", "Isolates of the live process now.", self._isolates)
        requests = CounterMetricFamily(
            "svc_requests",
            "Requests, by the first digit of the status; 0 had no answer.",
            labels=[*LABELS, "status"],
        )
        outcomes = CounterMetricFamily(
            "svc_invocations", "Invocations that ended, by their outcome.", labels=[*LABELS, "outcome"]
        )
        exceptions = CounterMetricFamily("svc_exceptions", "Uncaught exceptions.", labels=LABELS)
        cpu = CounterMetricFamily("svc_cpu_seconds", "Processor time.", labels=LABELS, unit="seconds")
        latency = HistogramMetricFamily(
            "svc_request_duration_seconds", "Until the head of the answer.", labels=LABELS, unit="seconds"
        )
        for service, environment, version, counters in self._rows:
            labels = (service, environment, version)
            since = counters.since
            for digit, count in enumerate(counters.statuses):
                if count:
                    requests.add_metric((*labels, f"{digit}xx" if digit else "none"), count, since)
            for outcome, count in counters.outcomes.items():
                outcomes.add_metric((*labels, outcome), count, since)
            exceptions.add_metric(labels, counters.exceptions, since)
            cpu.add_metric(labels, counters.cpu_ms / 1000, since)
            below = zip(EXPONENTS, counters.latency.below(EXPONENTS), strict=True)
            buckets: list[Any] = [(str(2**exponent / 1e6), count) for exponent, count in below]
            buckets.append(("+Inf", counters.latency.count))
            latency.add_metric(labels, buckets, counters.latency.sum / 1e6)
        yield from (requests, outcomes, exceptions, cpu, latency)


def render(rows: Sequence[Row], isolates: int, accept: str) -> tuple[bytes, str]:
    """The text, and its Content-Type.

    Args:
        rows: service, environment, version and its counters, which nobody counts in meanwhile.
        isolates: how many there are.
        accept: the scraper's Accept header; OpenMetrics where it does not say.
    """
    registry = CollectorRegistry()
    registry.register(_Rows(rows, isolates))
    encode, kind = choose_encoder(accept if accept and accept != "*/*" else "application/openmetrics-text")
    return encode(registry), kind
