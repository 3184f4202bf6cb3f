"""Queues through a running engine: sent by one worker, consumed by another, retried, buried, never lost."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from enginekit import RunningEngine, environment_path, events_of, worker_path

PRODUCER = """export default { async fetch(request, env) {
  const { pathname } = new URL(request.url);
  const { queue = "Q", body, options, batch } =
    pathname === "/" ? await request.json() : {};
  try {
    if (pathname === "/types") {
      await env.Q.send("plain", { contentType: "text" });
      await env.Q.send(new Uint8Array([0, 200, 255]), { contentType: "bytes" });
      await env.Q.send({ a: [1, null] });
      await env.Q.send(new Map([["k", new Date(5)]]), { contentType: "v8" });
      return new Response("sent");
    }
    const answer = batch ? await env[queue].sendBatch(batch, options) : await env[queue].send(body, options);
    return Response.json(answer);
  } catch (error) {
    return Response.json({ error: `${error.name}: ${error.message}` });
  }
} }"""

#: Writes each batch to KV under a number of its own, and does as each message says.
CONSUMER = """const show = (body) =>
  body instanceof Map ? ["Map", ...body].map((x) => x instanceof Array ? [x[0], x[1].getTime()] : x)
  : body instanceof ArrayBuffer ? ["bytes", ...new Uint8Array(body)] : body;
export default {
  async queue(batch, env, ctx) {
    const seen = batch.messages.map((m) => ({
      body: show(m.body), attempts: m.attempts, id: m.id,
      date: m.timestamp instanceof Date, queue: batch.queue }));
    await env.KV.put(`${Date.now()}-${crypto.randomUUID()}`, JSON.stringify(seen));
    for (const message of batch.messages) {
      const { body } = message;
      if (body?.late) ctx.waitUntil(new Promise((ok) => setTimeout(ok, 20)).then(() => message.retry()));
      if (body?.ack) message.ack();
      if (body?.retry) message.retry({ delaySeconds: 0 });
      if (body?.retryAll) batch.retryAll();
    }
    if (batch.messages.some((m) => m.body?.fail && m.attempts <= m.body.fail)) throw new Error("no luck");
  },
  fetch: () => new Response("ok"),
};"""


class Lab:
    """A producer, a consumer, and what the consumer saw."""

    def __init__(self, engine: RunningEngine, service: str, **settings: Any) -> None:
        self.engine = engine
        self.service = service
        self.queue = engine.result("POST", "/queues", json={"queue_name": f"jobs-{service}"})["queue_id"]
        title = f"seen-{service}"
        self.space = engine.result("POST", "/storage/kv/namespaces", json={"title": title})["id"]
        engine.deploy(service, PRODUCER, bindings=[self.binding()])
        kv = {"name": "KV", "type": "kv_namespace", "namespace_id": self.space}
        engine.deploy(f"{service}-eats", CONSUMER, bindings=[kv])
        self.consume(**settings)

    def binding(self) -> dict[str, Any]:
        return {"name": "Q", "type": "queue", "queue_name": f"jobs-{self.service}"}

    def consume(self, dead: str | None = None, **settings: Any) -> None:
        body = {
            "type": "worker",
            "script_name": f"{self.service}-eats",
            "settings": {"max_wait_time_ms": 0, **settings},
            "dead_letter_queue": dead,
        }
        found = self.engine.result("GET", f"/queues/{self.queue}/consumers")
        path = f"/queues/{self.queue}/consumers"
        if found:
            self.engine.result("PUT", f"{path}/{found[0]['consumer_id']}", json=body)
        else:
            self.engine.result("POST", path, json=body)

    def send(self, body: Any, **options: Any) -> Any:
        return self.ask({"body": body, "options": options or None})

    def ask(self, what: dict[str, Any]) -> Any:
        return self.engine.send("POST", self.service, json=what).json()

    def batches(self) -> list[list[dict[str, Any]]]:
        path = f"/storage/kv/namespaces/{self.space}"
        names = [each["name"] for each in self.engine.result("GET", f"{path}/keys")]
        return [json.loads(self.engine.api.get(f"{path}/values/{name}").text) for name in names]

    def seen(self) -> list[dict[str, Any]]:
        return [each for batch in self.batches() for each in batch]

    def waiting(self) -> int:
        found: int = self.engine.result("GET", f"/queues/{self.queue}")["backlog"]["messages"]
        return found


def until(holds: Callable[[], Any], limit: float = 60.0) -> Any:
    deadline = time.monotonic() + limit
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


@pytest.fixture
def lab(engine: RunningEngine, service: str) -> Lab:
    return Lab(engine, service)


def test_a_message_of_each_kind_arrives(lab: Lab) -> None:
    assert lab.engine.get(lab.service, "/types").text == "sent"
    seen = until(lambda: len(found := lab.seen()) == 4 and found)
    bodies = sorted(json.dumps(each["body"]) for each in seen)
    assert bodies == ['"plain"', '["Map", ["k", 5]]', '["bytes", 0, 200, 255]', '{"a": [1, null]}']
    assert all(each["attempts"] == 1 and each["date"] and len(each["id"]) == 32 for each in seen)
    assert {each["queue"] for each in seen} == {f"jobs-{lab.service}"}
    until(lambda: lab.waiting() == 0)


def test_batches(lab: Lab) -> None:
    lab.consume(batch_size=4, max_wait_time_ms=60_000)
    answer = lab.ask({"batch": [{"body": n} for n in range(9)]})
    assert answer["metadata"]["metrics"]["backlogCount"] == 9
    batches = until(lambda: len(found := lab.batches()) == 2 and found)
    assert sorted(len(each) for each in batches) == [4, 4]
    until(lambda: lab.waiting() == 1)  # it waits for others, or for a minute
    lab.consume(batch_size=4)
    until(lambda: sorted(each["body"] for each in lab.seen()) == list(range(9)))


def test_retries_and_the_dead_letter_queue(lab: Lab) -> None:
    dead = f"dead-{lab.service}"
    lab.consume(dead, max_retries=2, batch_size=1)
    lab.send({"fail": 1, "n": 1})
    lab.send({"fail": 9, "n": 2})
    grave = until(lambda: [each for each in queues(lab.engine, dead) if each["backlog"]["messages"]])[0]
    until(lambda: lab.waiting() == 0)
    seen = lab.seen()
    assert sorted(each["attempts"] for each in seen if each["body"]["n"] == 1) == [1, 2]
    assert sorted(each["attempts"] for each in seen if each["body"]["n"] == 2) == [1, 2, 3]
    [buried] = lab.engine.result("GET", f"/queues/{grave['queue_id']}/messages")["messages"]
    assert buried["id"] in {each["id"] for each in seen if each["body"]["n"] == 2}
    assert (buried["attempts"], buried["metadata"]["CF-Content-Type"]) == (0, "json")


def test_acknowledged_one_by_one(lab: Lab) -> None:
    """What was acknowledged stays so when the handler throws; waitUntil may decide, too."""
    lab.consume(max_retries=1, batch_size=5)
    lab.ask({"batch": [{"body": {"n": 1, "ack": 1}}, {"body": {"n": 2, "fail": 1}}, {"body": {"n": 3}}]})
    until(lambda: lab.waiting() == 0)
    counts = [sum(each["body"]["n"] == n for each in lab.seen()) for n in (1, 2, 3)]
    assert counts == [1, 2, 2]
    lab.ask({"batch": [{"body": {"n": 4, "late": 1}}, {"body": {"n": 5}}]})
    until(lambda: lab.waiting() == 0)
    assert [sum(each["body"]["n"] == n for each in lab.seen()) for n in (4, 5)] == [2, 1]
    lab.ask({"batch": [{"body": {"n": 6, "retryAll": 1}}, {"body": {"n": 7}}, {"body": {"n": 8, "ack": 1}}]})
    until(lambda: lab.waiting() == 0)
    again = {n: sum(each["body"]["n"] == n for each in lab.seen()) for n in (6, 7, 8)}
    assert (again[6], again[7]) == (2, 2)


def test_delays_and_pauses(lab: Lab) -> None:
    path = f"/queues/{lab.queue}"
    lab.send("later", delaySeconds=3600, contentType="text")
    [held] = lab.engine.result("GET", f"{path}/messages")["messages"]
    assert (held["state"], held["body"], held["due_ms"] - held["timestamp_ms"]) == (
        "delayed",
        "later",
        3_600_000,
    )
    lab.engine.result("PATCH", path, json={"settings": {"delivery_paused": True}})
    lab.send("now")
    until(lambda: lab.waiting() == 2)
    assert lab.seen() == []
    lab.engine.result("PATCH", path, json={"settings": {"delivery_paused": False}})
    until(lambda: [each["body"] for each in lab.seen()] == ["now"])
    until(lambda: lab.waiting() == 1)
    lab.engine.result("POST", f"{path}/purge", json={"delete_messages_permanently": True})
    assert lab.waiting() == 0


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ({}, "TypeError: Message body cannot be undefined"),
        ({"batch": []}, "TypeError: sendBatch() requires at least one message"),
        (
            {"body": "x", "options": {"contentType": "xml"}},
            "TypeError: Unsupported queue message content type: xml",
        ),
        (
            {"body": 1, "options": {"contentType": "text"}},
            'TypeError: Content Type "text" requires a value of type string, but received: number',
        ),
        (
            {"body": "x", "options": {"contentType": "bytes"}},
            'TypeError: Content Type "bytes" requires a value of type ArrayBufferView, but received: string',
        ),
        (
            {"body": "x" * 128_000},
            "Error: Queue send failed: message length of 128002 bytes exceeds limit of 128000",
        ),
        (
            {"batch": [{"body": 1}] * 101},
            "Error: Queue sendBatch failed: batch message count of 101 exceeds limit of 100",
        ),
        (
            {"batch": [{"body": "x" * 100_000}] * 3},
            "Error: Queue sendBatch failed: batch size of 300006 bytes exceeds limit of 288000",
        ),
        (
            {"body": 1, "options": {"delaySeconds": 86_401}},
            "Error: Queue send failed: message delay 86401 is invalid: it must be between"
            " 0 and 86400 seconds",
        ),
    ],
)
def test_what_cannot_be_sent(lab_of_errors: Lab, what: dict[str, Any], error: str) -> None:
    assert lab_of_errors.ask(what) == {"error": error}
    assert lab_of_errors.waiting() == 0


@pytest.fixture(scope="module")
def lab_of_errors(engine: RunningEngine) -> Lab:
    return Lab(engine, "queue-errors")


def test_a_draft_sends_nothing(lab: Lab) -> None:
    code = """export default { async fetch(request, env) {
      await env.Q.send({ n: 1 }); await env.Q.sendBatch([{ body: 2 }, { body: "3" }]);
      return Response.json((await env.Q.metrics()).backlogCount) } }"""
    events = lab.engine.run(lab.service, code, trace=True)
    [writes] = events_of(events, "writes")
    shown = [(each["operation"], each["subject"], each["size"]) for each in writes["items"]]
    assert shown == [("send", f"jobs-{lab.service}", 7), ("sendBatch", f"jobs-{lab.service} ×2", 4)]
    calls = events_of(events, "call")
    assert [(each["kind"], each["kept_back"]) for each in calls] == [
        ("queue", True),
        ("queue", True),
        ("queue", False),
    ]
    assert lab.waiting() == 0
    assert lab.seen() == []


def test_a_live_draft_wakes_the_consumer(lab: Lab) -> None:
    code = 'export default { async fetch(r, env) { await env.Q.send("hi"); return new Response("sent") } }'
    events = lab.engine.run(lab.service, code, mode="live", trace=True)
    assert events_of(events, "end")[0]["outcome"] == "ok"
    until(lambda: [each["body"] for each in lab.seen()] == ["hi"])


def test_clones_have_queues_of_their_own(lab: Lab) -> None:
    both = f"{lab.service}-both"
    kv = {"name": "KV", "type": "kv_namespace", "namespace_id": lab.space}
    engine = lab.engine
    own = engine.result("POST", "/queues", json={"queue_name": f"self-{both}"})["queue_id"]
    engine.deploy(both, CONSUMER, bindings=[{**lab.binding(), "queue_name": f"self-{both}"}, kv])
    body = {"type": "worker", "script_name": both, "settings": {"batch_size": 7}}
    engine.result("POST", f"/queues/{own}/consumers", json=body)
    engine.result("POST", f"{environment_path(both)}/copy/staging", status=201)
    [made] = queues(engine, f"{both}-staging-Q")
    [consumer] = made["consumers"]
    shown = consumer["script"], consumer["environment"], consumer["settings"]
    assert shown == (both, "staging", {"batch_size": 7})
    assert [each["environment"] for each in made["producers"]] == ["staging"]
    engine.result("POST", f"{environment_path(both)}/copy/shared", status=201, json={"data": "share"})
    assert len(queues(engine, f"self-{both}")[0]["producers"]) == 2


def test_a_deleted_script_consumes_no_more(lab: Lab) -> None:
    lab.engine.result("DELETE", worker_path(f"{lab.service}-eats"))
    found = lab.engine.result("GET", f"/queues/{lab.queue}")
    assert (found["consumers"], found["consumers_total_count"]) == ([], 0)
    lab.send("kept")
    assert lab.waiting() == 1


def test_nothing_is_lost_when_the_engine_is_killed(own_engine: RunningEngine) -> None:
    """What was acknowledged is delivered after each kill, also what was being delivered then."""
    lab = Lab(own_engine, "killed-queue", batch_size=3)
    sent = 0
    for round in range(3):
        for _ in range(8):
            if "metadata" in lab.send({"n": sent}):
                sent += 1
        before = own_engine.child("live")
        if round < 2:
            os.kill(before, signal.SIGKILL)
            own_engine.child("live", other_than=before)
    until(lambda: {each["body"]["n"] for each in lab.seen()} >= set(range(sent)))
    until(lambda: lab.waiting() == 0)


def queues(engine: RunningEngine, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = engine.result("GET", f"/queues?page=1&name={name}")
    return found
