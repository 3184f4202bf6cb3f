"""Tails: their WebSocket as wrangler uses it, their filters, and what an event looks like."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from enginekit import RunningEngine
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

CODE = """export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    console.log("path", pathname);
    if (pathname === "/throw") throw new TypeError("broken on purpose");
    if (pathname === "/later") {
      ctx.waitUntil((async () => { await scheduler.wait(30); console.warn("later"); })());
    }
    if (pathname === "/loop") while (true) {}
    return new Response("ok", { status: 201 });
  },
};"""


@pytest.fixture(scope="module")
def tailed(engine: RunningEngine) -> str:
    """A service that logs its path, and throws at /throw."""
    engine.deploy("tailed", CODE, limits={"cpu_ms": 100})
    return "tailed"


@contextmanager
def tail(engine: RunningEngine, service: str, *filters: dict[str, Any]) -> Iterator[ClientConnection]:
    """A tail's open socket."""
    path = f"/workers/scripts/{service}/tails"
    # wrangler sends JSON as text/plain
    made = engine.result(
        "POST", path, content=json.dumps({"filters": list(filters)}), headers={"content-type": "text/plain"}
    )
    with connect(made["url"], subprotocols=["trace-v1"], compression=None, proxy=None) as connection:  # type: ignore[list-item]
        assert connection.subprotocol == "trace-v1"
        yield connection


def next_event(connection: ClientConnection, timeout: float = 30) -> dict[str, Any]:
    """The next event."""
    event: dict[str, Any] = json.loads(connection.recv(timeout))
    return event


def test_an_event(engine: RunningEngine, tailed: str) -> None:
    with tail(engine, tailed) as connection:
        began = time.time() * 1000
        headers = {"authorization": "Bearer private", "x-shown": "1"}
        assert engine.get(tailed, "/a?b=1", headers=headers).status_code == 201
        event = next_event(connection)
    assert event["outcome"] == "ok"
    assert event["scriptName"] == tailed
    assert event["exceptions"] == []
    assert [(line["level"], line["message"]) for line in event["logs"]] == [("log", ["path /a"])]
    assert event["event"]["request"]["url"] == "http://tailed.dev.localhost/a?b=1"
    assert event["event"]["request"]["method"] == "GET"
    assert event["event"]["request"]["headers"]["x-shown"] == "1"
    assert event["event"]["request"]["headers"]["authorization"] == "REDACTED"
    assert event["event"]["response"] == {"status": 201}
    assert began - 100 <= event["eventTimestamp"] <= time.time() * 1000
    live = engine.result("GET", f"/workers/scripts/{tailed}/deployments")["deployments"][0]
    assert event["scriptVersion"] == {"id": live["versions"][0]["version_id"]}


def test_an_exception(engine: RunningEngine, tailed: str) -> None:
    with tail(engine, tailed) as connection:
        assert engine.get(tailed, "/throw").status_code == 500
        event = next_event(connection)
    assert event["outcome"] == "exception"
    assert "response" not in event["event"]
    [error] = event["exceptions"]
    assert (error["name"], error["message"]) == ("TypeError", "broken on purpose")
    assert "worker.js:5:" in error["stack"]


def test_cpu_limit(engine: RunningEngine, tailed: str) -> None:
    with tail(engine, tailed, {"outcome": ["exceededCpu"]}) as connection:
        engine.get(tailed, "/loop")
        assert next_event(connection, 10)["outcome"] == "exceededCpu"


def test_it_waits_for_wait_until(engine: RunningEngine, tailed: str) -> None:
    with tail(engine, tailed) as connection:
        engine.get(tailed, "/later")
        event = next_event(connection)
    assert [line["level"] for line in event["logs"]] == ["log", "warn"]
    assert event["wallTime"] >= 25


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"outcome": ["exception", "exceededCpu"]}, ["/throw"]),
        ({"method": ["POST", "DELETE"]}, ["/posted"]),
        ({"header": {"key": "X-Kind", "query": "spec"}}, ["/special"]),
        ({"header": {"key": "x-kind"}}, ["/special"]),
        ({"query": "/pos"}, ["/posted"]),
        ({"client_ip": ["self"]}, ["/plain", "/posted", "/special", "/throw"]),
        ({"client_ip": ["192.0.2.1"]}, []),
        ({"sampling_rate": 0}, []),
        ({"scriptVersion": "another"}, []),
    ],
)
def test_filters(engine: RunningEngine, tailed: str, given: dict[str, Any], seen: list[str]) -> None:
    with tail(engine, tailed, given) as connection, tail(engine, tailed) as every:
        engine.get(tailed, "/plain")
        engine.send("POST", tailed, "/posted")
        engine.get(tailed, "/special", headers={"x-kind": "special"})
        engine.get(tailed, "/throw")
        for _ in range(4):
            next_event(every)
        found = [urlsplit(next_event(connection)["event"]["request"]["url"]).path for _ in seen]
        assert found == seen
        with pytest.raises(TimeoutError):
            connection.recv(0.05)


@pytest.mark.parametrize("given", [{"sampling_rate": 2}, {"nonsense": 1}, {"header": "x"}, "text", {}])
def test_filters_that_are_none(engine: RunningEngine, tailed: str, given: Any) -> None:
    path = f"/workers/scripts/{tailed}/tails"
    engine.refusal("POST", path, 400, 10026, json={"filters": [given]})


def test_unmasked_frames_and_pings(engine: RunningEngine, tailed: str) -> None:
    """As wrangler speaks: its first frame is not masked, and it waits for the pong to its ping."""
    made = engine.result("POST", f"/workers/scripts/{tailed}/tails", json={"filters": []})
    parts = urlsplit(made["url"])
    with socket.create_connection(("127.0.0.1", engine.port), 5) as connection:
        connection.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: trace-v1\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
        )
        head = connection.recv(4096)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
        assert b"permessage" not in head
        connection.sendall(b'\x81\x0f{"debug":false}')
        ping = b"wrangler tail ping"
        connection.sendall(bytes([0x89, len(ping)]) + ping)
        assert connection.recv(4096) == bytes([0x8A, len(ping)]) + ping
        engine.get(tailed, "/unmasked")
        received = connection.recv(65536)
        assert received[0] == 0x81
        assert b"/unmasked" in received
        engine.result("DELETE", f"/workers/scripts/{tailed}/tails/{made['id']}")
        assert connection.recv(100) == b"\x88\x02\x03\xe8"


def test_a_tail_ends_with_its_socket(engine: RunningEngine, tailed: str) -> None:
    path = f"/workers/scripts/{tailed}/tails"
    made = engine.result("POST", path, json={})
    assert made["id"] in [each["id"] for each in engine.result("GET", path)]
    with connect(made["url"], proxy=None), pytest.raises(InvalidStatus):  # one client a tail
        connect(made["url"], proxy=None)
    for _ in range(100):
        if made["id"] not in [each["id"] for each in engine.result("GET", path)]:
            break
        time.sleep(0.02)
    engine.refusal("DELETE", f"{path}/{made['id']}", 404, 10057)
    assert engine.http.get(urlsplit(made["url"]).path).status_code == 404


def test_no_such_environment(engine: RunningEngine) -> None:
    engine.refusal("POST", "/workers/scripts/nobody-here/tails", 404, 10007, json={})


def test_a_service_behind_a_binding_has_events_of_its_own(engine: RunningEngine, tailed: str) -> None:
    front = 'export default { fetch(r, env) { console.log("front"); return env.BACK.fetch(r) } }'
    engine.deploy("tailed-front", front, bindings=[{"name": "BACK", "type": "service", "service": tailed}])
    with tail(engine, tailed) as back, tail(engine, "tailed-front") as first:
        engine.get("tailed-front", "/through")
        assert [line["message"] for line in next_event(back)["logs"]] == [["path /through"]]
        assert [line["message"] for line in next_event(first)["logs"]] == [["front"]]


def test_rpc_has_events(engine: RunningEngine) -> None:
    code = """import { WorkerEntrypoint } from "cloudflare:workers";
    export default class extends WorkerEntrypoint {
      fetch() { return new Response("x") }
      add(a, b) { console.log("adding"); return a + b }
    }"""
    engine.deploy("tailed-rpc", code)
    front = "export default { async fetch(r, env) { return new Response(await env.RPC.add(1, 2)) } }"
    bindings = [{"name": "RPC", "type": "service", "service": "tailed-rpc"}]
    engine.deploy("tailed-rpc-front", front, bindings=bindings)
    with tail(engine, "tailed-rpc") as connection:
        assert engine.get("tailed-rpc-front").text == "3"
        event = next_event(connection)
    assert event["event"] == {"rpcMethod": "add"}
    assert [line["message"] for line in event["logs"]] == [["adding"]]
