"""Code that brings V8 down: what else runs goes on, and from then on it has a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
import pytest
from enginekit import RunningEngine, environment_path

WAIT = 30.0
BAD = """
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
export class Counter extends DurableObject {
  async bump() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (n INTEGER, data BLOB)");
    this.ctx.storage.sql.exec("INSERT INTO t VALUES (?, ?)", n, new Uint8Array(70000));
    const { rows, size } = this.ctx.storage.sql.exec(
      "SELECT count(*) AS rows, sum(length(data)) AS size FROM t").one();
    return [n, rows, size];
  }
}
export class Math extends WorkerEntrypoint { add(a, b) { return a + b; } }
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/spin") {
      await env.KV.put("spins", crypto.randomUUID());
      for (;;);
    }
    if (pathname === "/fill") new Array(3e8).fill(1);
    if (pathname === "/fall") "x".repeat(2 ** 28).split("");
    if (pathname === "/echo") return new Response(request.body);
    await env.KV.put("k", "v");
    const sum = await crypto.subtle.digest("SHA-256", new Uint8Array(3));
    return Response.json({
      kv: await env.KV.get("k"),
      object: await env.COUNTER.getByName("c").bump(),
      service: await (await env.GOOD.fetch("http://x/plain")).text(),
      digest: sum.byteLength,
    });
  },
};
"""
GOOD = """
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/add") return Response.json(await env.MATH.add(1, 2));
    return new Response("good");
  },
};
"""

T = TypeVar("T")


def until(look: Callable[[], T | None]) -> T:
    """What `look` gives, once it gives something; a request that meets the end of a process is made again."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        try:
            found = look()
        except httpx.TransportError:
            found = None
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    engine = RunningEngine(tmp_path_factory.mktemp("quarantine") / "state", "--no-samples")
    engine.result("POST", "/storage/kv/namespaces", json={"title": "kept"})
    engine.deploy("good", GOOD)
    deploy(engine, migrations={"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Counter"]}]})
    bindings = [{"type": "service", "name": "MATH", "service": "bad", "entrypoint": "Math"}]
    engine.deploy("good", GOOD, bindings=bindings)
    yield engine
    engine.stop()


def deploy(engine: RunningEngine, **more: Any) -> None:
    """A new version of the bad one."""
    [kv] = engine.result("GET", "/storage/kv/namespaces")
    bindings = [
        {"type": "kv_namespace", "name": "KV", "namespace_id": kv["id"]},
        {"type": "durable_object_namespace", "name": "COUNTER", "class_name": "Counter"},
        {"type": "service", "name": "GOOD", "service": "good"},
    ]
    engine.deploy("bad", BAD, bindings=bindings, **more)


def quarantine(engine: RunningEngine) -> Any:
    return engine.result("GET", environment_path("bad"))["quarantine"]


def processes(parent: int) -> list[int]:
    """The processes of isolates that a live process has."""
    command = ["ps", "-o", "pid=,args=", "--ppid", str(parent)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "child isolate" in line]


def spin(engine: RunningEngine, path: str) -> threading.Thread:
    """Ask for what never ends, on a connection of its own."""

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=WAIT) as client:
            try:
                client.get(engine.address + path, headers={"host": engine.host("bad")})
            except httpx.TransportError:
                return

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def begin_to_spin(engine: RunningEngine) -> threading.Thread:
    """Have V8 busy, and wait until it is."""
    [kv] = engine.result("GET", "/storage/kv/namespaces")

    def told() -> str:
        return engine.api.get(f"/storage/kv/namespaces/{kv['id']}/values/spins").text

    before = told()
    thread = spin(engine, "/spin")
    until(lambda: True if told() != before else None)
    return thread


@contextmanager
def steady(engine: RunningEngine) -> Iterator[list[Any]]:
    """Requests to another environment all the while, each on a connection of its own: those that failed."""
    failed: list[Any] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                with httpx.Client(trust_env=False, timeout=WAIT) as client:
                    answer = client.get(engine.address, headers={"host": engine.host("good")})
                failed.extend([] if answer.text == "good" else [answer.status_code])
            except httpx.TransportError as error:
                failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield failed
    finally:
        over.set()
        for thread in threads:
            thread.join(WAIT)


def crash(engine: RunningEngine) -> None:
    """V8 ends the live process while the bad one runs: it does that with this signal."""
    live = engine.child("live")
    marks = engine.state / "busy.map"
    begin_to_spin(engine)
    # 2: JavaScript runs (engine.runtime.busy). Nothing else does, so it is the one that spins.
    until(lambda: True if any(marks.read_bytes()[at] == 2 for at in range(0, 65536, 64)) else None)
    os.kill(live, signal.SIGTRAP)
    engine.child("live", other_than=live)
    until(lambda: quarantine(engine))


def test_quarantine(made: RunningEngine) -> None:
    deploy(made)
    assert quarantine(made) is None
    bumped = made.get("bad").json()["object"][0]
    live = made.result("GET", environment_path("bad"))["live"]["number"]
    crash(made)
    found = quarantine(made)
    assert (found["crashes"], found["number"]) == (1, live)

    # Everything it is bound to still works, both ways.
    answer = made.get("bad")
    assert answer.status_code == 200, answer.text
    bumped += 1
    rows = [bumped, bumped, bumped * 70000]
    assert answer.json() == {"kv": "v", "object": rows, "service": "good", "digest": 32}
    assert made.get("good", "/add").json() == 3
    body = os.urandom(3_000_000)
    assert made.send("POST", "bad", "/echo", content=body).content == body

    # Once more, in its own process: nobody else notices.
    process = made.child("live")
    assert processes(process)
    with steady(made) as failed:
        spinning = begin_to_spin(made)
        for pid in processes(process):
            os.kill(pid, signal.SIGTRAP)
        spinning.join(WAIT)
        until(lambda: True if quarantine(made)["crashes"] > 1 else None)
        until(lambda: True if made.get("bad").status_code == 200 else None)
    assert failed == []
    assert made.child("live") == process

    # Out of it when asked.
    command = [sys.executable, "-m", "engine", "env", "release", "bad", "production", "--json"]
    done = subprocess.run(
        [*command, "--state", str(made.state)], capture_output=True, text=True, timeout=WAIT, check=True
    )
    assert json.loads(done.stdout)["quarantine"] is None
    made.refusal("DELETE", environment_path("bad") + "/quarantine", 404, 10007)
    until(lambda: True if not processes(process) else None)
    assert made.get("bad").json()["object"][0] > bumped
    assert processes(process) == []
    kinds = [each["kind"] for each in changes(made)]
    assert "quarantine.entered" in kinds
    assert "quarantine.left" in kinds


def test_a_kill_is_nobodys_fault(made: RunningEngine) -> None:
    deploy(made)
    live = made.child("live")
    begin_to_spin(made)
    os.kill(live, signal.SIGKILL)
    made.child("live", other_than=live)
    assert until(lambda: made.get("bad")).status_code == 200
    assert quarantine(made) is None


def test_what_v8_ends_in(made: RunningEngine) -> None:
    """A size that V8 takes for its own mistake ends it at once: all other requests are answered."""
    deploy(made)
    live = made.child("live")
    with steady(made) as failed:
        spin(made, "/fall").join(WAIT)
        made.child("live", other_than=live)
        assert until(lambda: quarantine(made))["crashes"] == 1
        live = made.child("live")
        spin(made, "/fall").join(WAIT)  # the process of its own ends, or is ended for its memory
        assert until(lambda: made.get("bad")).status_code == 200
    assert failed == []
    assert made.child("live") == live
    deploy(made)
    assert quarantine(made) is None


def test_what_v8_cannot_be_stopped_in(made: RunningEngine) -> None:
    """A builtin that runs for minutes: V8 is given up, the port stays open, a new version is let out."""
    deploy(made)
    live = made.child("live")
    cold = ("cold", "colder", "coldest")
    for name in cold:
        made.deploy(name, GOOD)
    # What has no isolate yet gets one elsewhere while V8 is stuck.
    log = made.state / "engine.log"
    before = log.read_text().count("exceeded memory limit")
    spin(made, "/fill")
    until(lambda: log.read_text().count("exceeded memory limit") > before or None)
    assert [made.get(name).text for name in cold] == ["good"] * 3
    assert processes(live)
    until(lambda: True if made.children().get("live", live) != live else None)
    assert until(lambda: made.get("good")).text == "good"
    assert until(lambda: quarantine(made))["crashes"] == 1
    spinning = spin(made, "/fill")  # again: its own process is ended, and the others never wait
    assert made.get("good").text == "good"
    spinning.join(WAIT)
    assert until(lambda: True if made.get("bad").status_code == 200 else None)
    assert made.child("live") != live
    deploy(made)
    assert quarantine(made) is None
    assert made.get("bad").json()["kv"] == "v"


def changes(engine: RunningEngine) -> list[Any]:
    """All changes so far."""
    with engine.api.stream("GET", "/changes", params={"since": 0}) as feed:
        found = []
        for line in feed.iter_lines():
            if not line and found:
                break
            found += [json.loads(line)] if line else []
            if found and found[-1]["kind"] == "quarantine.left":
                break
        return found
