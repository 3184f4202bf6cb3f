"""What a sandboxed draft session keeps back: listed, applied by choice, or dropped."""

from __future__ import annotations

from typing import Any

import pytest
from enginekit import RunningEngine, environment_path, events_of

WRITES = """export default { async fetch(request, env) {
  await env.KV.put("kept", "by choice");
  await env.KV.delete("old");
  await env.R2.put("file", "content");
  await env.DB.prepare("INSERT INTO notes VALUES (?)").bind("a note").run();
  return new Response(await env.KV.get("kept"));
} }"""
READS = """export default { async fetch(request, env) {
  const { results } = await env.DB.prepare("SELECT text FROM notes").all();
  const file = await env.R2.get("file");
  const texts = results.map((each) => each.text);
  return Response.json([await env.KV.get("kept"), await env.KV.get("old"), file && await file.text(), texts]);
} }"""
OBJECT = """import { DurableObject } from "cloudflare:workers";
export class Thing extends DurableObject {
  async bump() { await this.ctx.storage.put("n", 1 + ((await this.ctx.storage.get("n")) ?? 0)); }
}
export default { async fetch(request, env) {
  await env.DO.getByName("x").bump();
  return new Response("bumped");
} }"""


@pytest.fixture
def place(engine: RunningEngine, service: str) -> str:
    """A service with a namespace, a bucket and a database, deployed to read them."""
    space = engine.result("POST", "/storage/kv/namespaces", json={"title": f"apply-{service}"})["id"]
    engine.result("PUT", f"/storage/kv/namespaces/{space}/values/old", content=b"still here")
    engine.result("POST", "/r2/buckets", json={"name": f"apply-{service}"})
    database = engine.result("POST", "/d1/database", json={"name": f"apply-{service}"})["uuid"]
    engine.result("POST", f"/d1/database/{database}/query", json={"sql": "CREATE TABLE notes (text)"})
    bindings = [
        {"name": "KV", "type": "kv_namespace", "namespace_id": space},
        {"name": "R2", "type": "r2_bucket", "bucket_name": f"apply-{service}"},
        {"name": "DB", "type": "d1", "id": database},
    ]
    engine.deploy(service, READS, bindings=bindings)
    return service


def session(service: str, name: str = "s1") -> str:
    return f"{environment_path(service)}/runs/{name}"


def live(engine: RunningEngine, service: str) -> Any:
    return engine.get(service).json()


def test_nothing_is_done_before_it_is_applied(engine: RunningEngine, place: str) -> None:
    events = engine.run(place, WRITES, session="s1")
    assert events_of(events, "writes")[0]["count"] == 4
    kept = engine.result("GET", session(place))
    assert kept["count"] == 4
    assert [(each["binding"], each["operation"], each["kind"]) for each in kept["items"]][:3] == [
        ("KV", "put", "kv_namespace"),
        ("KV", "delete", "kv_namespace"),
        ("R2", "put", "r2_bucket"),
    ]
    assert live(engine, place) == [None, "still here", None, []]

    assert engine.result("POST", f"{session(place)}/apply")["count"] == 4
    assert live(engine, place) == ["by choice", None, "content", ["a note"]]
    assert engine.result("GET", session(place)) == {"count": 0, "items": []}
    engine.result("POST", f"{session(place)}/apply")  # a second time does nothing twice
    assert live(engine, place)[3] == ["a note"]


def test_what_is_dropped_is_gone(engine: RunningEngine, place: str) -> None:
    engine.run(place, WRITES, session="s1")
    assert engine.result("DELETE", session(place))["count"] == 4
    assert engine.result("POST", f"{session(place)}/apply")["count"] == 0
    assert live(engine, place) == [None, "still here", None, []]


def test_d1_that_no_longer_fits_applies_nothing(engine: RunningEngine, place: str) -> None:
    engine.run(place, WRITES, session="s1")
    database = next(
        each["uuid"]
        for each in engine.result("GET", "/d1/database", params={"per_page": 100})
        if each["name"] == f"apply-{place}"
    )
    query = f"/d1/database/{database}/query"
    engine.result("POST", query, json={"sql": "ALTER TABLE notes RENAME TO other"})
    assert "no such table" in engine.refusal("POST", f"{session(place)}/apply", 409, 10026)
    assert engine.result("GET", session(place))["count"] == 4  # still there to be applied
    engine.result("POST", query, json={"sql": "ALTER TABLE other RENAME TO notes"})
    assert live(engine, place) == [None, "still here", None, []]
    engine.result("POST", f"{session(place)}/apply")
    assert live(engine, place) == ["by choice", None, "content", ["a note"]]


def test_writes_of_objects_are_not_applied(engine: RunningEngine, service: str) -> None:
    engine.deploy(
        service,
        OBJECT,
        bindings=[{"name": "DO", "type": "durable_object_namespace", "class_name": "Thing"}],
        migrations={"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Thing"]}]},
    )
    engine.run(service, OBJECT, session="s1")
    assert "Durable Objects" in engine.refusal("POST", f"{session(service)}/apply", 409, 10026)
    assert engine.result("GET", session(service))["count"] == 1


def test_sessions_that_are_not_there(engine: RunningEngine, service: str) -> None:
    engine.deploy(service)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/apply")):
        assert "nobody" in engine.refusal(method, f"{session(service, 'nobody')}{path}", 404, 10007)
