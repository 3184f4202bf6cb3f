"""Logs of deployed environments: what is remembered, the live stream, and whose line is whose."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest
from enginekit import RunningEngine
from workerkit import lab, request

from engine.logs import logs as logs_module
from engine.logs.filters import parse
from engine.logs.logs import KEPT, Logs
from engine.runtime.http import Request
from engine.runtime.invocation import ConsoleLine, Invocation

CODE = """export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    console.log("at", pathname);
    if (pathname === "/throw") throw new RangeError("no");
    return new Response("ok");
  },
};"""


@pytest.fixture(scope="module")
def logged(engine: RunningEngine) -> str:
    """A service that logs its path."""
    engine.deploy("logged", CODE)
    return "logged"


def path_of(service: str) -> str:
    """The logs resource of a service's production."""
    return f"/workers/services/{service}/environments/production/logs"


def test_what_is_remembered(engine: RunningEngine, logged: str) -> None:
    for path in ("/one", "/two", "/throw"):
        engine.get(logged, path)
    records = engine.result("GET", path_of(logged), params={"limit": 3})
    assert [record["logs"][0]["message"] for record in records] == [["at /one"], ["at /two"], ["at /throw"]]
    assert [record["outcome"] for record in records] == ["ok", "ok", "exception"]
    assert records[-1]["exceptions"][0]["frames"][0]["line"] == 5
    assert all(record["logs"][0]["invocation"] == record["id"] for record in records)
    since = records[1]["seq"]
    later = engine.result("GET", path_of(logged), params={"since": since})
    assert [record["seq"] for record in later] == [records[2]["seq"]]
    failed = engine.result("GET", path_of(logged), params={"outcome": "exception", "limit": 1})
    assert failed[0]["event"]["request"]["url"].endswith("/throw")
    assert engine.result("GET", path_of(logged), params={"search": "/tw", "limit": 1})[0]["seq"] == since


def test_the_stream(engine: RunningEngine, logged: str) -> None:
    params = {"search": "/streamed"}
    with engine.api.stream("GET", path_of(logged) + "/stream", params=params) as answer:
        lines = answer.iter_lines()
        assert next(lines) == ""
        engine.get(logged, "/quiet")
        engine.get(logged, "/streamed")
        record = json.loads(next(lines))
    assert record["event"]["request"]["url"].endswith("/streamed")
    line = record["logs"][0]
    assert (line["file"], line["line"]) == ("worker.js", 4)  # somebody listens, so places are known


def test_nobody_listens(engine: RunningEngine, logged: str) -> None:
    engine.get(logged, "/nobody")
    [record] = engine.result("GET", path_of(logged), params={"limit": 1})
    assert record["logs"][0]["file"] is None


@pytest.mark.parametrize("query", [{"limit": "0"}, {"since": "x"}, {"sampling_rate": "lots"}])
def test_bad_queries(engine: RunningEngine, logged: str, query: dict[str, str]) -> None:
    engine.refusal("GET", path_of(logged), 400, 10001, params=query)
    engine.refusal("GET", path_of("nobody-here"), 404, 10007)


def test_the_verb(engine: RunningEngine, logged: str) -> None:
    engine.get(logged, "/before")
    command = [sys.executable, "-m", "engine", "tail", logged, "--state", str(engine.state), "--last", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "Listening to logged" in process.stderr.readline()
        engine.get(logged, "/verb")
        found = "".join(process.stdout.readline() for _ in range(4))
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 130
    assert "GET http://logged.dev.localhost/before 200 - Ok" in found
    assert "GET http://logged.dev.localhost/verb 200 - Ok" in found
    assert "(log) at /verb  worker.js:4" in found


def record(logs: Logs, text: str = "x", environment: str = "production") -> None:
    """One invocation that wrote a line."""
    invocation = Invocation("s", environment)
    made = logs.begin(invocation, Request("GET", "http://s/", []))
    invocation.hold()
    invocation.on_console(ConsoleLine("log", text, 0.0))
    made.responded(200)
    invocation.release()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs()
    for _ in range(KEPT + 10):
        record(logs)
    found = logs.newest("s", "production", KEPT * 2)
    assert len(found) == KEPT
    assert found[-1].seq == KEPT + 10
    for _ in range(20):
        record(logs, "y" * 240_000)
    assert len(logs.newest("s", "production", KEPT)) <= 10
    monkeypatch.setattr(logs_module, "ALL_BYTES", 1 << 20)
    for number in range(20):
        record(logs, "z" * 200_000, f"e{number}")
    assert sum(len(logs.newest("s", f"e{number}", 10)) for number in range(20)) <= 6
    assert logs.newest("s", "e19", 10)


def test_long_logs_are_cut() -> None:
    logs = Logs()
    invocation = Invocation("s", "production")
    made = logs.begin(invocation, Request("GET", "http://s/", []))
    for _ in range(100):
        invocation.on_console(ConsoleLine("log", "x" * 10_000, 0.0))
    made.responded(200)
    assert made.truncated
    assert 20 < len(made.lines) < 30
    assert parse([{"query": "xxx"}])(made)


async def test_whose_line_is_whose() -> None:
    """What a handler writes before its first await is certainly its own."""
    source = """export default { async fetch(request) {
      console.log("first", request.url);
      await scheduler.wait(20);
      console.log("second");
      return new Response("ok");
    } };"""
    async with lab() as it:
        worker = await it.worker(source)
        first, second = it.invocation(), it.invocation()
        await asyncio.gather(worker.fetch(request("/1"), first), worker.fetch(request("/2"), second))
        await asyncio.gather(first.closed(), second.closed())
        exact = {line.text: line.invocation for line in it.lines if line.text.startswith("first")}
        assert sorted(exact.values(), key=str) == sorted([first.id, second.id], key=str)
        assert it.lines[0].line == 2
        before = len(it.lines)
        alone = it.invocation()
        await worker.fetch(request("/3"), alone)
        assert [line.invocation for line in it.lines[before:]] == [alone.id] * 2
        assert alone.cpu_ms >= 0
