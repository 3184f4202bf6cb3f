"""Numbers of environments: counters, latencies, rates, OpenMetrics, OTLP, request ids."""

from __future__ import annotations

import itertools
import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from enginekit import RunningEngine, environment_path, worker_path
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from engine.metrics.counters import STEPS, VERSIONS, Counters, Rates, Series
from engine.metrics.histogram import Histogram, bounds
from engine.metrics.metrics import KEPT, Metrics
from engine.runtime.invocation import Invocation

CODE = """export default { async fetch(request, env, ctx) {
  const path = new URL(request.url).pathname;
  if (path === "/throw") throw new Error("on purpose");
  if (path === "/late") ctx.waitUntil(Promise.reject(new Error("later")));
  return new Response(request.headers.get("cf-ray"), { status: Number(path.slice(1)) || 200 });
} }"""


def until(look: Callable[[], Any], limit: float = 60.0) -> Any:
    """What `look` gives, as soon as it is true."""
    end = time.monotonic() + limit
    while not (found := look()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)
    return found


def numbers(engine: RunningEngine, service: str, environment: str = "production") -> dict[str, Any]:
    return engine.result("GET", f"{environment_path(service, environment)}/metrics")


def test_counters_of_an_environment_and_its_versions(engine: RunningEngine, service: str):
    empty = numbers(engine, service)
    assert (empty["requests"], empty["versions"], empty["latency"]["p50"]) == (0, [], None)
    engine.deploy(service, CODE)
    for path in ("/", "/", "/404", "/503", "/throw", "/late"):
        engine.get(service, path)
    found = until(lambda: (made := numbers(engine, service))["exceptions"] == 2 and made)
    assert (found["requests"], found["errors"]) == (6, 2)
    assert found["statuses"] == {"2xx": 3, "4xx": 1, "5xx": 1, "none": 1}
    assert found["outcomes"]["ok"] + found["outcomes"]["exception"] == 6
    latency = found["latency"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"]
    assert sum(found["rates"]["requests"]) == 6
    assert sum(found["rates"]["errors"]) == 2
    assert len(found["rates"]["requests"]) == len(found["rates"]["p99"]) == STEPS
    assert any(found["rates"]["p50"])

    engine.deploy(service, CODE)
    engine.get(service)
    found = numbers(engine, service)
    assert [(each["number"], each["requests"]) for each in found["versions"]] == [(2, 6), (3, 1)]
    assert engine.result("GET", f"{worker_path(service)}/metrics")["requests"] == 7

    rows = engine.result("GET", "/metrics")
    (row,) = [each for each in rows if each["service"] == service]
    assert (row["environment"], row["requests"], row["errors"], row["exceptions"]) == ("production", 7, 2, 2)
    engine.refusal("GET", f"{environment_path(service, 'none')}/metrics", 404, 10092)


def test_numbers_follow_a_renamed_environment(engine: RunningEngine, service: str):
    engine.deploy(service, CODE, "before", status=201)
    engine.get(service, "/", "before")
    engine.result("PATCH", environment_path(service, "before"), json={"environment": "after"})
    assert numbers(engine, service, "after")["requests"] == 1
    engine.result("DELETE", environment_path(service, "after"))
    assert not [
        each
        for each in engine.result("GET", "/metrics")
        if (each["service"], each["environment"]) == (service, "after")
    ]


def test_request_ids(engine: RunningEngine, service: str):
    engine.deploy(service, CODE)
    answer = engine.get(service, "/", headers={"cf-ray": "made-up"})
    ray = answer.headers["cf-ray"]
    assert answer.text == ray
    assert len(ray) == 16
    failed = engine.get(service, "/throw")
    assert failed.headers["cf-ray"] in failed.text
    logs = f"{environment_path(service)}/logs"
    (record,) = until(lambda: engine.result("GET", f"{logs}?ray={failed.headers['cf-ray']}"))
    assert (record["ray"], record["outcome"]) == (failed.headers["cf-ray"], "exception")
    assert record["exceptions"][0]["message"] == "on purpose"
    (record,) = until(lambda: engine.result("GET", f"{logs}?ray={ray.upper()}"))
    assert record["event"]["request"]["headers"]["cf-ray"] == ray


def test_openmetrics_on_this_machine_only(engine: RunningEngine, service: str):
    engine.deploy(service, CODE)
    engine.get(service)
    engine.get(service, "/503")
    page = httpx.get(f"{engine.address}/metrics", timeout=60, trust_env=False)
    assert page.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = {each.name: each for each in text_string_to_metric_families(page.text)}
    ours = [each for each in families["svc_requests"].samples if each.labels["service"] == service]
    counts = {each.labels["status"]: each.value for each in ours if each.name == "svc_requests_total"}
    assert counts == {"2xx": 1, "5xx": 1}
    buckets = [
        each
        for each in families["svc_request_duration_seconds"].samples
        if each.labels["service"] == service and each.name.endswith("_bucket")
    ]
    assert buckets[-1].labels["le"] == "+Inf"
    assert buckets[-1].value == 2
    assert [each.value for each in buckets] == sorted(each.value for each in buckets)

    old = httpx.get(
        f"{engine.address}/metrics", timeout=60, headers={"accept": "text/plain"}, trust_env=False
    )
    assert old.headers["content-type"].startswith("text/plain")
    assert "svc_requests_total{" in old.text
    assert httpx.post(f"{engine.address}/metrics", timeout=60, trust_env=False).status_code == 405
    rebound = httpx.get(
        f"{engine.address}/metrics", timeout=60, headers={"host": "example.com"}, trust_env=False
    )
    assert rebound.status_code == 404
    assert engine.get(service, "/metrics").text != page.text  # an environment's own path


def test_numbers_outlive_the_process(own_engine: RunningEngine):
    own_engine.deploy("numbered")
    own_engine.get("numbered")
    live = own_engine.child("live")
    os.kill(live, signal.SIGTERM)  # an orderly end: everything is written down
    own_engine.child("live", other_than=live)
    found = until(lambda: (made := numbers(own_engine, "numbered"))["requests"] == 1 and made)
    assert found["versions"][0]["number"] == 1
    assert sum(found["rates"]["requests"]) == 1
    own_engine.get("numbered")
    assert numbers(own_engine, "numbered")["requests"] == 2


# ------------------------------------------------------------------ histogram, rates, bounds


@given(st.lists(st.integers(0, 2**34), min_size=1, max_size=300))
def test_quantiles_are_near_the_true_ones(durations: list[int]):
    histogram = Histogram()
    for each in durations:
        histogram.add(each)
    ordered = sorted(durations)
    shares = (0.5, 0.9, 0.99, 1.0)
    for share, found in zip(shares, histogram.quantiles(shares), strict=True):
        true = ordered[max(1, -(-round(share * 100) * len(ordered) // 100)) - 1]
        assert found is not None
        assert found * 1000 == pytest.approx(true, rel=0.033, abs=0.51)
    assert histogram.below([8, 20]) == [sum(x < 2**n for x in durations) for n in (8, 20)]
    again = Histogram.from_json(histogram.to_json())
    assert again.quantiles(shares) == histogram.quantiles(shares)
    assert (again.count, again.sum, again.longest) == (len(durations), sum(durations), max(durations))


def test_a_histogram_is_bounded():
    histogram = Histogram()
    source = random.Random(7)
    for exponent in range(80):
        for _ in range(200):
            histogram.add(source.randrange(2**exponent))
    assert len(histogram.counts) <= 528
    edges = [bounds(each) for each in sorted(histogram.counts)]
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(edges))
    assert statistics.fmean((high - low) / low for low, high in edges if low >= 32) < 0.0625


def test_rates_are_a_ring():
    rates = Rates()
    for step in (100, 100, 101, 103):
        rates.count(step, step == 101, 20)
    requests, errors = rates.shown(104)
    assert (requests[-5:], errors[-5:]) == ([2, 1, 0, 1, 0], [0, 1, 0, 0, 0])
    middle, slow = rates.latencies(104)
    assert [None if each is None else round(each, 3) for each in middle[-5:]] == [
        0.02,
        0.02,
        None,
        0.02,
        None,
    ]
    assert len(slow) == STEPS
    rates.count(103 + STEPS * 3, False, 20)
    assert sum(rates.shown(103 + STEPS * 3)[0]) == 1
    rates.count(5, False, 20)  # the clock was set back
    assert sum(rates.shown(103 + STEPS * 3)[0]) == 1
    assert sum(rates.shown(103 + STEPS * 9)[0]) == 0


def test_versions_and_environments_are_bounded():
    metrics = Metrics()
    for number in range(VERSIONS + 3):
        invocation = Invocation("s", "e")
        invocation.version = f"v{number}"
        metrics.served(invocation, 200)
    series = metrics.find("s", "e")
    assert series is not None
    assert len(series.versions) == VERSIONS
    assert series.before is not None
    assert (series.before.requests, series.total().requests) == (3, VERSIONS + 3)
    again = Series.from_json(series.to_json())
    assert again.to_json() == series.to_json()
    for number in range(KEPT + 10):
        metrics.served(Invocation("s", f"e{number}"), 200)
    assert len(list(metrics.each())) <= KEPT
    with pytest.raises(KeyError):
        Counters.from_json({})


# ------------------------------------------------------------------ OTLP


class Collector(ThreadingHTTPServer):
    """A collector of OTLP over HTTP that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.bodies: dict[str, list[bytes]] = {"/v1/traces": [], "/v1/metrics": []}


class _Take(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert isinstance(self.server, Collector)
        self.server.bodies[self.path].append(body)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_otlp(collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    traces = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    counts = pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")
    monkeypatch.setenv("SVC_TUI_OTLP", f"http://127.0.0.1:{collector.server_port}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    engine = RunningEngine(tmp_path / "state")
    try:
        engine.deploy("below", CODE, status=200)
        binding = {"type": "service", "name": "BELOW", "service": "below"}
        engine.deploy(
            "above",
            "export default { fetch: (request, env) => env.BELOW.fetch(request) }",
            bindings=[binding],
        )
        trace = "0af7651916cd43dd8448eb211c80319c"
        header = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}

        def spans() -> dict[str, Any]:
            engine.get("above", "/503", headers=header)  # the export begins some moments after the engine
            found = {}
            for body in list(collector.bodies["/v1/traces"]):
                message = traces.ExportTraceServiceRequest.FromString(body)
                for resource in message.resource_spans:
                    for scope in resource.scope_spans:
                        found |= {each.name: each for each in scope.spans}
            return found if {"GET above", "GET below"} <= set(found) else {}

        found = until(spans)
        above, below = found["GET above"], found["GET below"]
        assert above.trace_id.hex() == below.trace_id.hex() == trace
        assert above.parent_span_id.hex() == "b7ad6b7169203331"
        assert above.status.code == 2
        shown = {each.key: each.value for each in below.attributes}
        assert shown["http.response.status_code"].int_value == 503
        assert shown["svc.service"].string_value == "below"
    finally:
        engine.stop()
    names = set()
    for body in collector.bodies["/v1/metrics"]:  # what the end of the process has sent
        for resource in counts.ExportMetricsServiceRequest.FromString(body).resource_metrics:
            names |= {each.name for scope in resource.scope_metrics for each in scope.metrics}
    assert {"svc.requests", "svc.errors", "svc.cpu", "svc.invocation.duration"} <= names
