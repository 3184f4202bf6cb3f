"""Draft runs: their events, the overlay, and code that would take a lesser engine down."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from enginekit import RunningEngine, environment_path, events_of, run_payload

NOTES = """export default { async fetch(request, env, ctx) {
  console.log("start", { a: 1 });
  const before = await env.NOTES.get("draft:1");
  await env.NOTES.put("draft:1", "kept back");
  const after = await env.NOTES.get("draft:1");
  ctx.waitUntil(env.NOTES.delete("welcome"));
  return new Response(`${before} ${after}`, { status: 201, statusText: "Made", headers: { "x-a": "b" } });
} }"""


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def body(events: list[dict[str, Any]]) -> bytes:
    return b"".join(base64.b64decode(event["base64"]) for event in events_of(events, "body"))


def failure(events: list[dict[str, Any]]) -> Any:
    found = events_of(events, "exception")
    assert len(found) == 1, events
    return found[0]


def test_events(engine: RunningEngine) -> None:
    events = engine.run("notes", NOTES, "staging")
    assert kinds(events)[0] == "started"
    assert kinds(events)[-2:] == ["writes", "end"]
    assert events[0]["mode"] == "sandbox"
    line = events_of(events, "console")[0]
    assert line["text"] == "start { a: 1 }"
    assert (line["file"], line["line"], line["level"]) == ("worker.js", 2, "log")
    calls = events_of(events, "call")
    assert [(each["operation"], each["kept_back"]) for each in calls] == [
        ("get", False),
        ("put", True),
        ("get", False),
        ("delete", True),
    ]
    assert {each["binding"] for each in calls} == {"NOTES"}
    assert len(events_of(events, "call_start")) == 4
    head = events_of(events, "response")[0]
    assert (head["status"], head["status_text"]) == (201, "Made")
    assert ["x-a", "b"] in head["headers"]
    assert body(events) == b"null kept back"
    assert events_of(events, "body_end")[0]["size"] == len(body(events))
    writes = events_of(events, "writes")[0]
    assert [(each["operation"], each["subject"]) for each in writes["items"]] == [
        ("put", "draft:1"),
        ("delete", "welcome"),
    ]
    assert (events[-1]["outcome"], events[-1]["engine_restarted"]) == ("ok", False)


def test_nothing_of_a_sandboxed_run_stays(engine: RunningEngine) -> None:
    first = body(engine.run("notes", NOTES))
    assert body(engine.run("notes", NOTES)) == first == b"null kept back"


def test_a_session_sees_its_own_writes(engine: RunningEngine) -> None:
    engine.run("notes", NOTES, session="s1")
    assert body(engine.run("notes", NOTES, session="s1")) == b"kept back kept back"
    assert body(engine.run("notes", NOTES, session="s2")) == b"null kept back"


def test_live_mode_writes(engine: RunningEngine, service: str) -> None:
    space = engine.result("POST", "/storage/kv/namespaces", json={"title": f"live-{service}"})["id"]
    binding = {"name": "KV", "type": "kv_namespace", "namespace_id": space}
    engine.deploy(service, bindings=[binding])
    code = 'export default { async fetch(r, env) { await env.KV.put("k", "v"); return new Response() } }'
    events = engine.run(service, code, mode="live")
    assert events_of(events, "writes") == []
    assert events_of(events, "call")[0]["kept_back"] is False
    assert engine.api.get(f"/storage/kv/namespaces/{space}/values/k").text == "v"


def test_calls_nest_through_services(engine: RunningEngine) -> None:
    code = """export default { fetch: (r, env) => env.NOTES.fetch("http://n/notes", {
      headers: { authorization: "Bearer open-sesame" } }) }"""
    events = engine.run("gateway", code)
    calls = {each["id"]: each for each in events_of(events, "call")}
    top = next(each for each in calls.values() if each["kind"] == "service")
    below = [each for each in calls.values() if each["parent"] == top["id"]]
    assert below
    assert {each["service"] for each in below} == {"notes"}
    assert events_of(events, "response")[0]["status"] == 200


def test_request_reaches_the_draft(engine: RunningEngine, service: str) -> None:
    code = """export default { async fetch(r) {
      return Response.json([r.method, r.url, r.headers.get("x-h"), await r.text()]) } }"""
    request = {"method": "PUT", "url": "http://any.host/p?q", "headers": [["x-h", "1"]], "body": "é"}
    assert json.loads(body(engine.run(service, code, request=request))) == [
        "PUT",
        "http://any.host/p?q",
        "1",
        "é",
    ]


@pytest.mark.parametrize(
    ("code", "name", "phase", "line", "outcome"),
    [
        ("export default {\n  fetch() { const = 1 }\n}", "SyntaxError", "compile", 2, "scriptError"),
        ("\n\nmissing.thing;\nexport default {}", "ReferenceError", "startup", 3, "scriptError"),
        ("export default {\n  fetch() {\n    null.x\n  } }", "TypeError", "run", 3, "exception"),
        (
            "export default {\n fetch(r, e, c) { c.waitUntil(Promise.resolve().then(() => {\n"
            " throw new RangeError('l')}));\n return new Response('x') } }",
            "RangeError",
            "waituntil",
            3,
            "exception",
        ),
        ("export default { fetch: () => new Promise(() => {}) }", "Error", "run", None, "exception"),
        ("export default { fetch: () => 'no response' }", "TypeError", "run", None, "exception"),
    ],
)
def test_failures_name_their_place(
    engine: RunningEngine, service: str, code: str, name: str, phase: str, line: int | None, outcome: str
) -> None:
    events = engine.run(service, code)
    found = failure(events)
    assert (found["name"], found["phase"], found["line"]) == (name, phase, line)
    assert events[-1]["outcome"] == outcome


@pytest.mark.parametrize(
    "statement",
    [
        "while (true) {}",
        "await Promise.resolve().then(() => { while (true) {} })",
        "await new Promise(() => setTimeout(() => { while (true) {} }, 1))",
    ],
)
def test_endless_loops_end(engine: RunningEngine, service: str, statement: str) -> None:
    code = f"export default {{ async fetch() {{ {statement} }} }}"
    events = engine.run(service, code, limits={"cpu_ms": 300})
    found = failure(events)
    assert found["code"] == 1102
    assert "300 ms" in found["message"]
    assert events[-1]["outcome"] == "exceededCpu"
    assert engine.get("hello").status_code == 200


def test_endless_recursion_ends(engine: RunningEngine, service: str) -> None:
    code = "export default { fetch() { function f() { return f() + 1 } return new Response(f()) } }"
    found = failure(engine.run(service, code))
    assert (found["name"], found["message"]) == ("RangeError", "Maximum call stack size exceeded")


@pytest.mark.parametrize(
    "statement",
    [
        "const a = new Array(3e8).fill(1); return new Response(String(a.length))",
        "const kept = []; while (true) kept.push(new Array(1000).fill(Math.random()))",
        "const kept = []; while (true) kept.push(new Uint8Array(8e6).fill(1))",
    ],
)
def test_memory_is_limited(engine: RunningEngine, service: str, statement: str) -> None:
    code = f"export default {{ async fetch() {{ {statement} }} }}"
    events = engine.run(service, code)
    assert failure(events)["code"] == 1102
    assert events[-1]["outcome"] == "exceededMemory"
    assert engine.get("hello").status_code == 200
    after = engine.run(service, "export default { fetch: () => new Response('well') }")
    assert body(after) == b"well"


def test_closing_the_connection_stops_the_run(engine: RunningEngine, service: str) -> None:
    code = "export default { async fetch() { console.log('on'); while (true) {} } }"
    began = time.monotonic()
    path = environment_path(service) + "/runs"
    with engine.api.stream("POST", path, json=run_payload(code, limits={"cpu_ms": 30_000})) as answer:
        for line in answer.iter_lines():
            if line:
                break
    after = engine.run(service, "export default { fetch: () => new Response('next') }")
    assert body(after) == b"next"
    assert time.monotonic() - began < 25  # the loop would take its 30 s of processor time


def test_check(engine: RunningEngine, service: str) -> None:
    path = environment_path(service) + "/check"
    good = {"modules": [{"name": "w.ts", "text": "export default { fetch(): number { return 1 } }"}]}
    assert engine.result("POST", path, json={**good, "main_module": "w.ts"}) == {"diagnostics": []}
    bad = {"modules": [{"name": "w.js", "text": "\nconst ="}], "main_module": "w.js"}
    found = engine.result("POST", path, json=bad)["diagnostics"][0]
    assert (found["file"], found["line"], found["severity"]) == ("w.js", 2, "error")


@pytest.mark.parametrize(
    "change",
    [
        {"modules": []},
        {"modules": [{"name": "worker.js"}]},
        {"modules": [{"name": "worker.js", "base64": "*"}]},
        {"modules": [{"name": "worker.js", "text": "", "type": "cobol"}]},
        {"main_module": "other.js"},
        {"mode": "reckless"},
        {"request": {"url": "/relative"}},
        {"request": {"url": "http://x/", "headers": {"a": "b"}}},
        {"request": {"url": "http://x/", "method": "GET /"}},
        {"limits": {"cpu_ms": 0}},
    ],
)
def test_bad_requests(engine: RunningEngine, service: str, change: dict[str, Any]) -> None:
    path = environment_path(service) + "/runs"
    engine.refusal("POST", path, 400, 10026, json={**run_payload("export default {}"), **change})


def test_unknown_environment(engine: RunningEngine, service: str) -> None:
    path = environment_path(service, "nope") + "/runs"
    engine.refusal("POST", path, 404, 10092, json=run_payload("export default {}"))


def test_secrets_reach_the_draft_but_not_its_trace(engine: RunningEngine) -> None:
    code = "export default { fetch: (r, env) => new Response(String(env.API_KEY.length)) }"
    events = engine.run("notes", code)
    assert body(events) == b"11"
    assert "open-sesame" not in json.dumps(events)
