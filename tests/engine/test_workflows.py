"""Workflows through a running engine: steps that are kept, tried again, slept between, and outlive a kill."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from enginekit import RunningEngine, environment_path, events_of, upload, worker_path

#: Each kind of run by the name in its parameters; `fetch` does what the path says to the binding.
CODE = """import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
const quick = { retries: { limit: 2, delay: 1, backoff: "constant" } };
const kinds = {
  async all(event, step, env) {
    const first = await step.do("first", async (ctx) => ({ ctx, map: new Map([["k", new Date(5)]]) }));
    await step.sleep("a moment", 1);
    await step.sleepUntil("the past", new Date(0));
    const twice = [await step.do("same", async () => 1), await step.do("same", async () => 2)];
    return { payload: event.payload, id: event.instanceId, workflow: event.workflowName,
      stamp: event.timestamp instanceof Date, map: first.map.get("k").getTime(), ctx: first.ctx, twice,
      env: typeof env.FLOW.create };
  },
  async retries(event, step) {
    return step.do("flaky", quick, async ({ attempt }) => {
      if (attempt < 3) throw new TypeError(`attempt ${attempt}`);
      return attempt;
    });
  },
  async gives(event, step) {
    try {
      await step.do("never", quick, async () => { throw new RangeError("no luck"); });
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  },
  async final(event, step) {
    await step.do("final", quick, async () => { throw new NonRetryableError("enough"); });
  },
  async slow(event, step) {
    await step.do("slow", { retries: { limit: 0 }, timeout: 30 }, () => new Promise(() => {}));
  },
  async delays(event, step) {
    const seen = [];
    const delay = ({ ctx, error }) => { seen.push([ctx.attempt, error.message]); return 1; };
    await step.do("delays", { retries: { limit: 1, delay } }, async ({ attempt }) => {
      if (attempt === 1) throw new Error("once");
    });
    return seen;
  },
  async waits(event, step) {
    const { payload, type, timestamp } = await step.waitForEvent("approval", { type: "go" });
    return [payload, type, timestamp instanceof Date];
  },
  async late(event, step) {
    await step.waitForEvent("nobody", { type: "go", timeout: 30 });
  },
  async large(event, step) {
    await step.do("large", { retries: { limit: 0 } }, async () => "x".repeat(2 ** 20 + 1));
  },
  async sides(event, step) {
    return Promise.all([1, 2, 3].map((n) => step.do(`n${n}`, async () => n)));
  },
  async long(event, step, env) {
    await step.do("before", async () => env.KV.put(`before-${crypto.randomUUID()}`, "1"));
    await step.sleep("long", event.payload.sleep ?? "1 hour");
    return step.do("after", async () => "woken");
  },
  async steps(event, step, env) {
    for (let n = 0; n < event.payload.steps; n++) {
      const key = `step-${event.payload.tag}-${n}-`;
      await step.do("count", async () => env.KV.put(key + crypto.randomUUID(), "1"));
    }
    await step.sleep("rest", 300);
    return "ended";
  },
  async wrong() { throw new TypeError("it is broken"); },
};
export class Flow extends WorkflowEntrypoint {
  run(event, step) { return kinds[event.payload.kind](event, step, this.env); }
}
export default { async fetch(request, env) {
  const { pathname } = new URL(request.url);
  const given = await request.json();
  const shown = (each) => each.id;
  try {
    if (pathname === "/create") return Response.json(shown(await env.FLOW.create(given)));
    if (pathname === "/batch") return Response.json((await env.FLOW.createBatch(given)).map(shown));
    const instance = await env.FLOW.get(given.id);
    if (pathname === "/status") return Response.json(await instance.status());
    return Response.json((await instance[pathname.slice(1)](given.options)) ?? null);
  } catch (error) {
    return Response.json({ error: `${error.name}: ${error.message}` });
  }
} };"""


class Lab:
    """A service with a workflow of its own."""

    def __init__(self, engine: RunningEngine, service: str) -> None:
        self.engine = engine
        self.service = service
        self.workflow = f"flow-{service}"
        self.path = f"/workflows/{self.workflow}"
        self.space = engine.result("POST", "/storage/kv/namespaces", json={"title": f"wf-{service}"})["id"]
        engine.deploy(service, CODE, bindings=self.bindings())

    def bindings(self, **more: Any) -> list[dict[str, Any]]:
        flow = {"name": "FLOW", "type": "workflow", "workflow_name": self.workflow, "class_name": "Flow"}
        return [{**flow, **more}, {"name": "KV", "type": "kv_namespace", "namespace_id": self.space}]

    def ask(self, path: str, given: Any, environment: str = "production") -> Any:
        return self.engine.send("POST", self.service, f"/{path}", environment, json=given).json()

    def start(self, kind: str, **payload: Any) -> str:
        made: str = self.ask("create", {"params": {"kind": kind, **payload}})
        assert isinstance(made, str), made
        return made

    def status(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("status", {"id": id})
        return found

    def ended(self, id: str, limit: float = 60.0) -> dict[str, Any]:
        """Its status once it has ended."""

        def look() -> dict[str, Any] | None:
            found = self.status(id)
            return found if found["status"] in ("complete", "errored", "terminated") else None

        found: dict[str, Any] = until(look, limit)
        return found

    def until(self, id: str, status: str) -> None:
        until(lambda: self.status(id)["status"] == status)

    def run(self, kind: str, **payload: Any) -> Any:
        found = self.ended(self.start(kind, **payload))
        return found["output"] if found["status"] == "complete" else found

    def instance(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.engine.result("GET", f"{self.path}/instances/{id}")
        return found

    def keys(self, prefix: str) -> list[str]:
        path = f"/storage/kv/namespaces/{self.space}/keys"
        return [each["name"] for each in self.engine.result("GET", path, params={"prefix": prefix})]


def until(holds: Callable[[], Any], limit: float = 60.0) -> Any:
    deadline = time.monotonic() + limit
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


@pytest.fixture
def lab(engine: RunningEngine, service: str) -> Lab:
    return Lab(engine, service)


def test_a_run_with_every_kind_of_step(lab: Lab) -> None:
    id = lab.ask("create", {"id": "my-own", "params": {"kind": "all", "deep": [1, {"a": None}]}})
    assert id == "my-own"
    found = lab.ended(id)
    assert found["status"] == "complete"
    config = {"retries": {"limit": 5, "delay": 10000, "backoff": "exponential"}, "timeout": "10 minutes"}
    assert found["output"] == {
        "payload": {"kind": "all", "deep": [1, {"a": None}]},
        "id": "my-own",
        "workflow": lab.workflow,
        "stamp": True,
        "map": 5,
        "ctx": {"step": {"name": "first", "count": 1}, "attempt": 1, "config": config},
        "twice": [1, 2],
        "env": "function",
    }
    seen = lab.instance(id)
    assert [(each["type"], each["name"]) for each in seen["steps"]] == [
        ("step", "first-1"),
        ("sleep", "a moment-1"),
        ("sleep", "the past-1"),
        ("step", "same-1"),
        ("step", "same-2"),
    ]
    assert (seen["success"], seen["trigger"], seen["params"]["deep"]) == (
        True,
        {"source": "binding"},
        [1, {"a": None}],
    )


def test_steps_that_fail_are_tried_again_as_they_say(lab: Lab) -> None:
    assert lab.run("retries") == 3
    assert lab.run("gives") == "RangeError: no luck"
    assert lab.run("delays") == [[1, "once"]]
    final = lab.start("final")
    assert lab.ended(final)["error"] == {"name": "NonRetryableError", "message": "enough"}
    [step] = lab.instance(final)["steps"]
    assert (step["success"], len(step["attempts"])) == (False, 1)
    slow = lab.run("slow")
    assert slow["error"] == {"name": "WorkflowTimeoutError", "message": "Execution timed out after 30ms"}
    assert "at most 1 MiB" in lab.run("large")["error"]["message"]
    assert lab.run("sides") == [1, 2, 3]
    wrong = lab.run("wrong")
    assert (wrong["status"], wrong["error"]["name"]) == ("errored", "TypeError")


def test_events_are_waited_for_and_kept_until_they_are(lab: Lab) -> None:
    waiting = lab.start("waits")
    lab.until(waiting, "waiting")
    assert lab.ask("sendEvent", {"id": waiting, "options": {"type": "other"}}) is None
    assert lab.ask("sendEvent", {"id": waiting, "options": {"type": "go", "payload": {"n": 1}}}) is None
    assert lab.ended(waiting)["output"] == [{"n": 1}, "go", True]
    again = lab.ask("sendEvent", {"id": waiting, "options": {"type": "go"}})
    assert "cannot_send_event" in again["error"]
    late = lab.run("late")
    assert (late["status"], late["error"]["name"]) == ("errored", "WorkflowTimeoutError")
    told = lab.start("waits")
    lab.engine.result("POST", f"{lab.path}/instances/{told}/events/go", json=[2])
    assert lab.ended(told)["output"] == [[2], "go", True]


def test_an_instance_is_paused_resumed_ended_and_begun_anew(lab: Lab) -> None:
    id = lab.start("long")
    lab.until(id, "waiting")
    assert lab.ask("pause", {"id": id}) is None
    lab.until(id, "paused")
    assert lab.ask("resume", {"id": id}) is None
    lab.until(id, "waiting")
    assert len(lab.keys("before-")) == 1  # what was done stays done
    assert lab.ask("restart", {"id": id}) is None
    until(lambda: len(lab.keys("before-")) == 2)
    lab.until(id, "waiting")
    assert lab.ask("terminate", {"id": id}) is None
    assert lab.ended(id)["status"] == "terminated"
    assert "cannot_terminate" in lab.ask("terminate", {"id": id})["error"]
    done = lab.start("long", sleep=1)
    assert lab.ended(done)["output"] == "woken"
    assert lab.ask("restart", {"id": done, "options": {"from": {"name": "after"}}}) is None
    until(lambda: lab.status(done)["status"] == "complete")
    assert len(lab.keys("before-")) == 3  # the first step was kept
    refused = lab.ask("restart", {"id": done, "options": {"from": {"name": "no such"}}})
    assert "has no step" in refused["error"]


def test_ids_and_batches(lab: Lab) -> None:
    params = {"kind": "waits"}
    assert lab.ask("batch", [{"id": "b1", "params": params}, {"id": "b2", "params": params}]) == ["b1", "b2"]
    refused = lab.ask("batch", [{"id": "b3", "params": params}, {"id": "b1", "params": params}])
    assert refused["error"] == "Error: (instance.already_exists) Provided id b1 is already in use"
    assert "instance.not_found" in lab.ask("status", {"id": "b3"})["error"]  # all of them, or none
    assert "invalid_id" in lab.ask("create", {"id": "not an id"})["error"]
    assert "empty" in lab.ask("batch", [])["error"]
    assert "at most 1 MiB" in lab.ask("create", {"params": "x" * 2**20})["error"]
    assert "at most 100" in lab.ask("batch", [{}] * 101)["error"]


def test_the_api_makes_and_lists_and_deletes(lab: Lab) -> None:
    engine, path = lab.engine, lab.path
    made = engine.result("POST", f"{path}/instances", json={"instance_id": "x1", "params": {"kind": "waits"}})
    assert (made["id"], made["status"]) == ("x1", "queued")
    two = [{"instance_id": f"x{n}", "params": {"kind": "waits"}} for n in (2, 3)]
    assert [each["id"] for each in engine.result("POST", f"{path}/instances/batch", json=two)] == ["x2", "x3"]
    answer = engine.api.get(f"{path}/instances", params={"per_page": 2}).json()
    assert [each["id"] for each in answer["result"]] == ["x3", "x2"]
    more = engine.result("GET", f"{path}/instances", params={"cursor": answer["result_info"]["cursor"]})
    assert [each["id"] for each in more] == ["x1"]
    lab.until("x1", "waiting")
    found = engine.result("PATCH", f"{path}/instances/x1/status", json={"status": "terminate"})
    assert found["status"] == "terminated"
    assert lab.instance("x1")["steps"][-1]["type"] == "termination"
    [only] = engine.result("GET", f"{path}/instances", params={"status": "terminated"})
    assert only["id"] == "x1"
    engine.result("DELETE", f"{path}/instances/x1")
    assert engine.api.get(f"{path}/instances/x1").json()["errors"][0]["code"] == 10204
    shown = engine.result("GET", path)
    assert (shown["script_name"], shown["class_name"]) == (lab.service, "Flow")
    assert sum(shown["instances"].values()) == 2
    [version] = engine.result("GET", f"{path}/versions")
    assert engine.result("GET", f"{path}/versions/{version['id']}")["workflow_id"] == shown["id"]
    assert lab.workflow in [each["name"] for each in engine.result("GET", "/workflows?per_page=100")]
    engine.result("DELETE", path)
    assert engine.api.get(path).json()["errors"][0]["code"] == 10200
    assert "There is no workflow" in lab.ask("create", {})["error"]
    kept = engine.result("PUT", path, json={"script_name": lab.service, "class_name": "Flow"})
    assert kept["name"] == lab.workflow
    assert lab.run("sides") == [1, 2, 3]


def test_those_that_only_wait_make_way(lab: Lab) -> None:
    sleeping = lab.ask("batch", [{"params": {"kind": "long", "sleep": 6_000}}] * 70)  # more than run at once
    until(lambda: len(lab.keys("before-")) == 70)
    assert lab.run("sides") == [1, 2, 3]
    states = {lab.status(id)["status"] for id in sleeping}
    assert states & {"waiting", "running"}, states
    assert [lab.ended(id).get("output") for id in sleeping] == ["woken"] * 70, list(map(lab.status, sleeping))
    assert len(lab.keys("before-")) == 70


def test_what_cannot_be_deployed_is_told(lab: Lab) -> None:
    path = worker_path(lab.service)

    def code(**binding: Any) -> int:
        more = upload({"worker.js": CODE}, bindings=lab.bindings(**binding))
        return int(lab.engine.api.put(path, **more).json()["errors"][0]["code"])

    assert code(class_name="Missing") == 10070
    assert code(workflow_name="no such name!") == 10201
    assert code(workflow_name="not-there", script_name="another") == 10200
    assert code(class_name=None) == 10021


def test_another_service_takes_no_workflow_by_its_deploy(lab: Lab) -> None:
    engine, other = lab.engine, f"{lab.service}-other"
    parts = upload({"worker.js": CODE}, bindings=lab.bindings())
    told = engine.api.put(worker_path(other), **parts)
    assert (told.status_code, told.json()["errors"][0]["code"]) == (409, 10212)
    token = {
        "name": other,
        "policies": [
            {
                "effect": "allow",
                "resources": {f"com.cloudflare.edge.worker.service.{engine.account}_{other}": "*"},
                "permission_groups": [{"name": "deploy"}],
            }
        ],
    }
    made = engine.api.post(f"{engine.address}/client/v4/user/tokens", json=token).json()["result"]
    headers = {"authorization": f"Bearer {made['value']}"}
    body = {"script_name": other, "class_name": "Flow"}
    assert engine.api.put(lab.path, json=body, headers=headers).status_code == 403
    own = lab.bindings(workflow_name=f"own-{other}")
    parts = upload({"worker.js": CODE}, bindings=own)
    parts["headers"] = {**parts.get("headers", {}), **headers}
    assert engine.api.put(worker_path(other), **parts).status_code == 200
    assert engine.api.put(f"/workflows/own-{other}", json=body, headers=headers).status_code == 200
    assert engine.result("PUT", lab.path, json=body)["script_name"] == other  # the owner of all may


def test_a_clone_has_a_workflow_of_its_own_and_a_deleted_one_none(lab: Lab) -> None:
    engine, service = lab.engine, lab.service
    engine.result("POST", f"/workers/services/{service}/environments/production/copy/preview", status=201)
    shown = engine.result("GET", environment_path(service, "preview"))
    [own] = [each for each in shown["bindings"] if each["name"] == "FLOW"]
    assert own["workflow_name"] == f"{service}-preview-FLOW"
    made = lab.ask("create", {"params": {"kind": "all"}}, "preview")
    path = f"/workflows/{own['workflow_name']}"
    until(lambda: engine.result("GET", f"{path}/instances/{made}")["status"] == "complete")
    assert engine.result("GET", path)["environment"] == "preview"
    assert engine.result("GET", f"{lab.path}/instances") == []
    engine.result("PATCH", environment_path(service, "preview"), json={"environment": "other"})
    assert engine.result("GET", path)["environment"] == "other"
    again = lab.ask("create", {"params": {"kind": "sides"}}, "other")
    until(lambda: engine.result("GET", f"{path}/instances/{again}")["status"] == "complete")
    engine.result("DELETE", environment_path(service, "other"))
    assert engine.result("GET", path)["script_name"] == ""
    orphan = engine.result("POST", f"{path}/instances", json={"params": {"kind": "sides"}})["id"]
    until(lambda: engine.result("GET", f"{path}/instances/{orphan}")["status"] == "errored")


def test_a_draft_starts_nothing_unless_it_is_applied(lab: Lab) -> None:
    code = """export default { async fetch(request, env) {
      const made = await env.FLOW.create({ id: "drafted", params: { kind: "sides" } });
      const { status } = await made.status();
      const refused = await (await env.FLOW.get("there")).terminate().catch((error) => error.message);
      return Response.json([made.id, status, refused]);
    } };"""
    lab.ask("create", {"id": "there", "params": {"kind": "waits"}})
    events = lab.engine.run(lab.service, code, session="s1")
    body = b"".join(base64.b64decode(each["base64"]) for each in events_of(events, "body"))
    assert json.loads(body) == [
        "drafted",
        "queued",
        "A sandboxed draft cannot terminate an instance that is there: run it live.",
    ]
    assert "instance.not_found" in lab.ask("status", {"id": "drafted"})["error"]
    [write] = events_of(events, "writes")
    assert write["count"] == 1
    path = f"{environment_path(lab.service)}/runs/s1/apply"
    lab.engine.result("POST", path, json={})
    assert lab.ended("drafted")["output"] == [1, 2, 3]
    live = lab.engine.run(lab.service, code.replace("drafted", "living"), mode="live")
    assert events_of(live, "end")[0]["outcome"] == "ok"
    assert lab.ended("living")["output"] == [1, 2, 3]


def test_a_killed_engine_goes_on_where_it_was(own_engine: RunningEngine) -> None:
    service = "killed-flows"
    lab = Lab(own_engine, service)
    steps, flows = 25, 4
    ids = {tag: lab.start("steps", steps=steps, tag=tag) for tag in map(str, range(flows))}
    asleep = lab.start("long", sleep=2500)
    waiting = lab.start("waits")
    for _ in range(2):
        seen = len(lab.keys("step-"))
        until(lambda seen=seen: len(lab.keys("step-")) > min(seen + 10, flows * steps - 1))  # type: ignore[misc]
        live = own_engine.child("live")
        os.kill(live, signal.SIGKILL)
        own_engine.child("live", other_than=live)
    own_engine.result("POST", f"{lab.path}/instances/{waiting}/events/go", json=1)
    for tag, id in ids.items():
        assert lab.ended(id)["output"] == "ended"
        done = [key.split("-")[2] for key in lab.keys(f"step-{tag}-")]
        # None is lost; only the one that was under way at a kill may have been done once more.
        assert sorted(set(done), key=int) == [str(n) for n in range(steps)]
        assert len(done) <= steps + 2
    assert lab.ended(asleep)["output"] == "woken"
    assert lab.ended(waiting)["output"] == [1, "go", True]
    assert len(lab.keys("before-")) == 1
