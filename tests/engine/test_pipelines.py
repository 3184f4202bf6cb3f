"""Runs of pipelines over the API: gates, steps, soaks, approvals, aborts, and a killed engine."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from enginekit import RunningEngine, environment_path

LIMIT = 30.0
Json = dict[str, Any]

CODE = """
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/fail") throw new Error("on purpose");
    if (url.pathname === "/put") { await env.DATA.put("k", "v"); return new Response("put") }
    if (url.pathname === "/get") return new Response(await env.DATA.get("k"));
    return Response.json({ text: "NAME", word: env.WORD, at: url.hostname, list: [{ id: 1 }] });
  }
}
"""


@pytest.fixture
def staged(engine: RunningEngine, service: str) -> str:
    """A service with other code, and another WORD, in staging than in production; both have a DATA."""
    return prepare(engine, service)


def prepare(engine: RunningEngine, service: str) -> str:
    for environment, name in (("production", "old"), ("staging", "new")):
        title = f"{service}-{environment}"
        found = engine.result("POST", "/storage/kv/namespaces", json={"title": title})
        bindings = [
            {"name": "WORD", "type": "plain_text", "text": environment},
            {"name": "DATA", "type": "kv_namespace", "namespace_id": found["id"]},
        ]
        status = 200 if environment == "production" else 201
        engine.deploy(service, CODE.replace("NAME", name), environment, status=status, bindings=bindings)
    return service


def put(engine: RunningEngine, service: str, *gates: Json, status: int = 201, **stage: Any) -> str:
    """A pipeline from staging to production; gives its path."""
    path = f"/workers/services/{service}/pipelines/release"
    stages = [{"environment": "staging"}, {"environment": "production", "gates": list(gates), **stage}]
    engine.result("PUT", path, status=status, json={"stages": stages})
    return path


def start(engine: RunningEngine, path: str, **body: Any) -> str:
    """Begin a run; gives its path."""
    return f"{path}/runs/{engine.result('POST', path + '/runs', status=201, json=body)['number']}"


def until(engine: RunningEngine, run: str, holds: Callable[[Json], bool]) -> Json:
    """The run as soon as it is so."""
    deadline = time.monotonic() + LIMIT
    while True:
        found: Json = engine.result("GET", run)
        if holds(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def ended(engine: RunningEngine, run: str) -> Json:
    return until(engine, run, lambda found: not found["active"])


def kinds(run: Json) -> list[str]:
    return [each["kind"] for each in run["events"]]


def text(engine: RunningEngine, service: str) -> str:
    found: str = engine.get(service).json()["text"]
    return found


def request(path: str = "/", **expect: Any) -> Json:
    return {"type": "request", "path": path, "expect": expect}


# ---------------------------------------------------------------------- runs


def test_gates_ask_the_candidate_with_the_targets_settings(engine: RunningEngine, staged: str) -> None:
    wanted = {"$.text": "new", "$.word": "production", "$.list[0]['id']": 1.0, "$.list[-1].id": 1}
    gates = [
        request(json=wanted, headers={"content-type": "application/json", "x-none": False}, time_ms=60_000),
        request(text='"new"', matches=r'^\{.*"new"'),
        request("/put", text="put"),
        request("/get", text="v"),  # it sees what the gate before it "wrote"
        {"type": "request", "method": "POST", "path": "/", "body": "x", "headers": {"a": "b"}},
    ]
    path = put(engine, staged, *gates)
    found = ended(engine, start(engine, path, message="ship it"))
    assert (found["state"], found["reason"]) == ("succeeded", "")
    passed = ["gate.passed"] * 5
    assert kinds(found) == ["started", "planned", *passed, "deployed", "stage.done", "ended"]
    assert text(engine, staged) == "new"
    assert engine.get(staged).json()["word"] == "production"
    assert engine.get(staged, "/get").text == ""  # nothing was written
    newest = engine.result("GET", environment_path(staged) + "/deployments")["deployments"][0]
    assert newest["source"] == "pipeline"
    assert newest["annotations"]["workers/message"] == "release #1: ship it, staging v3"
    again = ended(engine, start(engine, path))
    assert (again["state"], kinds(again)) == ("succeeded", ["started", "skipped", "ended"])


FAILING: list[tuple[Json, str]] = [
    (request(status=201), "status is 200, not 201"),
    (request("/fail"), "on purpose"),
    (request(headers={"x-a": "1"}), 'header x-a is missing, not "1"'),
    (request(headers={"content-type": False}), "has header content-type"),
    (request(text="nowhere"), 'body has no "nowhere"'),
    (request(matches="^new$"), "does not match /^new$/"),
    (request(json={"$.text": "old"}), 'JSON at $.text is "new", not "old"'),
    (request(json={"$.no": 1}), "JSON has nothing at $.no"),
    (request("/put", json={"$.a": 1}), 'body is no JSON: "put"'),
    (request(time_ms=0.0001), "ms, not at most 0.0001"),
]


def test_a_gate_that_fails_changes_nothing(engine: RunningEngine, staged: str) -> None:
    before = engine.result("GET", environment_path(staged))
    for number, (gate, reason) in enumerate(FAILING):
        path = put(engine, staged, gate, status=200 if number else 201)
        found = ended(engine, start(engine, path))
        assert found["state"] == "failed"
        assert reason in found["reason"]
        assert kinds(found)[-2:] == ["gate.failed", "ended"]
    assert engine.result("GET", environment_path(staged)) == before


def test_an_approval_lets_it_through_step_by_step(engine: RunningEngine, staged: str) -> None:
    approval = {"type": "approval", "name": "somebody"}
    path = put(engine, staged, approval, steps=[10, 50, 100])
    run = start(engine, path)
    waiting = until(engine, run, lambda found: found["state"] == "waiting")
    assert (waiting["environment"], waiting["phase"], text(engine, staged)) == ("production", "gates", "old")
    assert "under way" in engine.refusal("POST", path + "/runs", 409, 10422)
    assert "abort it" in engine.refusal("DELETE", path, 409, 10422)
    headers = {"x-svc-author": "ben", "x-svc-source": "app"}
    engine.result("POST", run + "/approve", json={"message": "fine"}, headers=headers)
    found = ended(engine, run)
    assert found["state"] == "succeeded"
    steps = [each["detail"]["percentage"] for each in found["events"] if each["kind"] == "deployed"]
    assert steps == [10, 50, 100]
    history = engine.result("GET", environment_path(staged) + "/deployments")["deployments"]
    shares = [[each["percentage"] for each in row["versions"]] for row in history[:3]]
    assert shares == [[100], [50, 50], [90, 10]]
    assert history[2]["annotations"]["workers/message"].endswith("at 10 %, approved by ben")
    assert "waits for no approval" in engine.refusal("POST", run + "/approve", 409, 10423)
    assert "has ended" in engine.refusal("POST", run + "/abort", 409, 10423)
    engine.result("DELETE", path)
    engine.refusal("GET", path, 404, 10420)


def test_too_many_errors_take_a_step_back(engine: RunningEngine, staged: str) -> None:
    soak = {"seconds": 600, "max_error_rate": 20, "min_requests": 3}
    path = put(engine, staged, steps=[50, 100], soak=soak)
    before = engine.result("GET", environment_path(staged) + "/deployments")["deployments"][0]
    run = start(engine, path)
    found = until(engine, run, lambda found: found["phase"] == "soak")
    assert found["share"] == 50
    wanted = {"Cloudflare-Workers-Version-Overrides": f'{staged}="{found["candidate"]}"'}

    def fails(found: Json) -> bool:
        engine.get(staged, "/fail", headers=wanted)
        return not found["active"]

    found = until(engine, run, fails)
    assert found["state"] == "rolled_back"
    assert "more than 20 %" in found["reason"]
    assert kinds(found)[-3:] == ["soak.failed", "rolled_back", "ended"]
    newest = engine.result("GET", environment_path(staged) + "/deployments")["deployments"][0]
    assert newest["versions"] == before["versions"]
    assert (newest["source"], newest["annotations"]["workers/triggered_by"]) == ("pipeline", "rollback")
    assert text(engine, staged) == "old"


def test_a_calm_soak_goes_on(engine: RunningEngine, staged: str) -> None:
    path = put(engine, staged, soak={"seconds": 0.2})
    found = ended(engine, start(engine, path))
    assert found["state"] == "succeeded"
    assert kinds(found)[2:5] == ["deployed", "soak.passed", "stage.done"]


def test_abort_takes_a_step_back(engine: RunningEngine, staged: str) -> None:
    path = put(engine, staged, steps=[10, 100], soak={"seconds": 600})
    run = start(engine, path)
    until(engine, run, lambda found: found["phase"] == "soak")
    engine.result("POST", run + "/abort", json={"message": "no"}, headers={"x-svc-author": "ben"})
    found = ended(engine, run)
    assert (found["state"], found["reason"]) == ("aborted", "aborted by ben: no")
    newest = engine.result("GET", environment_path(staged) + "/deployments")["deployments"][0]
    assert [each["percentage"] for each in newest["versions"]] == [100]
    assert newest["author_email"].startswith("ben")
    assert text(engine, staged) == "old"


def test_a_run_stops_when_somebody_else_deploys(engine: RunningEngine, staged: str) -> None:
    path = put(engine, staged, {"type": "approval"}, steps=[10, 100], soak={"seconds": 600})
    run = start(engine, path)
    until(engine, run, lambda found: found["state"] == "waiting")
    engine.deploy(
        staged, CODE.replace("NAME", "newer"), "staging", keep_bindings=["plain_text", "kv_namespace"]
    )
    found = ended(engine, run)
    assert found["state"] == "stale"
    assert "to staging meanwhile" in found["reason"]
    run = start(engine, path)
    until(engine, run, lambda found: found["state"] == "waiting")
    engine.result("POST", run + "/approve")
    until(engine, run, lambda found: found["phase"] == "soak")
    engine.deploy(staged, CODE.replace("NAME", "else"))
    found = ended(engine, run)
    assert found["state"] == "stale"
    assert text(engine, staged) == "else"  # theirs stays


def test_a_missing_binding_fails_it_before_anything_else(engine: RunningEngine, staged: str) -> None:
    engine.result("PATCH", environment_path(staged) + "/settings", json={"bindings": []})
    found = ended(engine, start(engine, put(engine, staged)))
    assert found["state"] == "failed"
    assert "production has no" in found["reason"]
    found = ended(engine, start(engine, put(engine, staged, status=200, move=["WORD", "DATA"])))
    assert found["state"] == "succeeded"
    assert engine.get(staged).json()["word"] == "staging"


def test_stages_follow_one_another_and_a_rename(engine: RunningEngine, staged: str) -> None:
    engine.result("POST", f"{environment_path(staged, 'production')}/copy/canary", status=201)
    stages = [{"environment": "staging"}, {"environment": "canary"}, {"environment": "production"}]
    stages[2]["gates"] = [{"type": "approval"}]
    path = f"/workers/services/{staged}/pipelines/long"
    engine.result("PUT", path, status=201, json={"stages": stages})
    run = start(engine, path)
    found = until(engine, run, lambda found: found["state"] == "waiting")
    assert (found["stage"], found["environment"]) == (2, "production")
    assert engine.get(staged, environment="canary").json()["text"] == "new"
    engine.result("PATCH", environment_path(staged, "canary"), json={"environment": "bird"})
    definition = engine.result("GET", path)["definition"]
    assert [each["environment"] for each in definition["stages"]] == ["staging", "bird", "production"]
    engine.result("POST", run + "/approve")
    assert ended(engine, run)["state"] == "succeeded"
    assert text(engine, staged) == "new"


def test_events_come_as_they_happen(engine: RunningEngine, staged: str) -> None:
    run = start(engine, put(engine, staged, {"type": "approval"}))
    seen = []
    with engine.api.stream("GET", run + "/events") as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        for line in answer.iter_lines():
            if line:
                seen.append(json.loads(line))
                if seen[-1]["kind"] == "gate.waiting":
                    engine.result("POST", run + "/approve")
    assert [each["kind"] for each in seen] == kinds(engine.result("GET", run))
    assert seen[-1]["detail"]["state"] == "succeeded"
    with engine.api.stream("GET", f"{run}/events?since={seen[-2]['seq']}") as answer:
        assert [json.loads(line)["kind"] for line in answer.iter_lines() if line] == ["ended"]


def test_a_run_survives_a_killed_engine(own_engine: RunningEngine) -> None:
    engine = own_engine
    engine.result("POST", "/workers/services", status=201, json={"id": "kept-run"})
    prepare(engine, "kept-run")
    path = put(
        engine, "kept-run", request(text="new"), {"type": "approval"}, steps=[10, 100], soak={"seconds": 1.5}
    )
    run = start(engine, path)
    until(engine, run, lambda found: found["state"] == "waiting")
    kill(engine)
    engine.result("POST", run + "/approve")
    until(engine, run, lambda found: found["phase"] == "soak")
    kill(engine)
    found = ended(engine, run)
    assert found["state"] == "succeeded", found["reason"]
    assert "resumed" in kinds(found)
    steps = [each["detail"]["percentage"] for each in found["events"] if each["kind"] == "deployed"]
    assert steps == [10, 100]  # none twice
    assert text(engine, "kept-run") == "new"


def kill(engine: RunningEngine) -> None:
    """SIGKILL the live process, and wait for the next one."""
    pid = engine.child("live")
    os.kill(pid, signal.SIGKILL)
    engine.child("live", other_than=pid)
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            assert engine.result("GET", "/engine")["pid"] != pid
            return
        except Exception:  # it is being started
            assert time.monotonic() < deadline
            time.sleep(0.05)
