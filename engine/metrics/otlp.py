"""Export by OTLP over HTTP with the OpenTelemetry library: a span an invocation, and the counters.

Off unless the variable `SVC_TUI_OTLP` is set, to a collector's address (`http://127.0.0.1:4318`), or to 1,
and then the library's own `OTEL_EXPORTER_OTLP_…` variables say where. The library is the extra `otel`; it
sends from threads of its own, so a collector that is slow or gone costs requests nothing.

Invocations of one request are one trace: the service binding's is below that of its caller, and a request
with a `traceparent` header (W3C Trace Context) continues that trace.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from engine.logs.record import stack_text

if TYPE_CHECKING:
    from engine.logs.record import Record
    from engine.metrics.counters import Counters
    from engine.metrics.metrics import Metrics

#: Milliseconds between two exports of counters, and seconds that the last export may take.
INTERVAL_MS: Final = 10_000
FAREWELL: Final = 3.0

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)

log = logging.getLogger("engine.otlp")


class Otlp:
    """The export of one process.

    Args:
        metrics: what is exported, from now on.
        where: the variable's value.
    """

    def __init__(self, metrics: Metrics, where: str) -> None:
        base = where.rstrip("/") if where.startswith(("http://", "https://")) else None
        resource = Resource.create({"service.name": "svc-tui"})
        self._resource = resource
        self._scope = InstrumentationScope("svc-tui")
        # Numbers of invocations begin at 1 in every process: these keep two processes' ids apart.
        self._salt = secrets.randbits(32)
        self._trace_salt = secrets.randbits(64) | 1
        self._spans = BatchSpanProcessor(OTLPSpanExporter(endpoint=base and f"{base}/v1/traces"))
        exporter = OTLPMetricExporter(endpoint=base and f"{base}/v1/metrics")
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=INTERVAL_MS)
        self._meters = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._metrics = metrics
        meter = self._meters.get_meter("svc-tui")
        for name, unit, read in _COUNTERS:
            meter.create_observable_counter(f"svc.{name}", [self._observer(read)], unit)
        self._duration = meter.create_histogram(
            "svc.invocation.duration", "s", "Until nothing was under way."
        )
        metrics.listen(self._take)

    def close(self) -> None:
        """Send the rest, for `FAREWELL` seconds at most."""
        last = threading.Thread(target=self._shutdown, daemon=True)
        last.start()
        last.join(FAREWELL)

    def _shutdown(self) -> None:
        self._spans.shutdown()  # type: ignore[no-untyped-call]
        self._meters.shutdown()

    def _observer(
        self, read: Callable[[Counters], float]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(options: CallbackOptions) -> Iterable[Observation]:
            for (service, environment), series in list(self._metrics.each()):
                for version, counters in list(series.versions.items()):
                    labels = {"svc.service": service, "svc.environment": environment, "svc.version": version}
                    yield Observation(read(counters), labels)

        return observe

    def _take(self, record: Record) -> None:
        where = {"svc.service": record.service, "svc.environment": record.environment}
        self._duration.record(record.wall_ms / 1000, {**where, "svc.outcome": record.outcome})
        self._spans.on_end(self._span(record, where))

    def _span(self, record: Record, where: dict[str, str]) -> ReadableSpan:
        trace_id, parent_id, remote = self._trace_salt << 64 | record.first, 0, False
        given = next((value for name, value in record.origin if name == "traceparent"), "")
        if match := _TRACEPARENT.fullmatch(given):
            trace_id, parent_id, remote = int(match[1], 16), int(match[2], 16), True
        if record.caller:
            parent_id, remote = self._span_id(record.caller), False
        attributes: dict[str, Any] = {**where, "svc.outcome": record.outcome, "svc.ray": record.ray}
        attributes["svc.cpu_ms"] = record.cpu_ms
        if record.version is not None:
            attributes["svc.version"] = record.version
        if record.entrypoint is not None:
            attributes["svc.entrypoint"] = record.entrypoint
        name = "event"
        if record.method:
            name = record.method
            attributes |= {"http.request.method": record.method, "url.full": record.url}
            if record.status is not None:
                attributes["http.response.status_code"] = record.status
        elif record.other:
            name = next(iter(record.other))
        began = int(record.at * 1e9)
        failed = record.outcome != "ok" or (record.status or 0) >= 500
        return ReadableSpan(
            name=f"{name} {record.service}",
            context=SpanContext(trace_id, self._span_id(record.id), False, _SAMPLED),
            parent=SpanContext(trace_id, parent_id, remote, _SAMPLED) if parent_id else None,
            resource=self._resource,
            attributes=attributes,
            events=_events(record),
            kind=SpanKind.INTERNAL if record.caller else SpanKind.SERVER,
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=began,
            end_time=began + int(record.wall_ms * 1e6),
            instrumentation_scope=self._scope,
        )

    def _span_id(self, invocation: int) -> int:
        return (self._salt << 32 | (invocation & 0xFFFFFFFF)) or 1


_COUNTERS: Final[tuple[tuple[str, str, Callable[[Counters], float]], ...]] = (
    ("requests", "{request}", lambda counters: counters.requests),
    ("errors", "{request}", lambda counters: counters.errors),
    ("exceptions", "{exception}", lambda counters: counters.exceptions),
    ("cpu", "ms", lambda counters: counters.cpu_ms),
)


def _events(record: Record) -> list[Event]:
    """Console lines and exceptions, as a span has them."""
    lines = [
        Event("log", {"message": line.text, "level": line.level}, int(at * 1e9)) for line, at in record.lines
    ]
    return lines + [
        Event(
            "exception",
            {
                "exception.type": error.name,
                "exception.message": error.message,
                "exception.stacktrace": stack_text(error),
            },
            int(at * 1e9),
        )
        for error, at in record.exceptions
    ]
