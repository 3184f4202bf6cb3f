"""What R2 buckets are told: CORS, lifecycle, locks and notifications."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from enginekit import RunningEngine
from storekit import ANA, opened

from engine import buckets
from engine.errors import ApiError
from engine.r2 import rules
from engine.r2.bucket import Bucket
from engine.r2.metadata import Put
from engine.store import Store, r2, r2_uploads

DAY = 24 * 3600


@pytest.fixture
def bucket(engine: RunningEngine, service: str) -> str:
    name = f"{service}-rules"
    engine.result("POST", "/r2/buckets", json={"name": name})
    return f"/r2/buckets/{name}"


def test_cors_is_kept(engine: RunningEngine, bucket: str) -> None:
    engine.refusal("GET", f"{bucket}/cors", 404, 10059)
    rule = {"allowed": {"origins": ["*"], "methods": ["GET"]}, "maxAgeSeconds": 60}
    engine.result("PUT", f"{bucket}/cors", json={"rules": [rule]})
    assert engine.result("GET", f"{bucket}/cors") == {"rules": [rule]}
    bad = {"allowed": {"origins": ["*"], "methods": ["FETCH"]}}
    assert "Rule 2: " in engine.refusal("PUT", f"{bucket}/cors", 400, 10040, json={"rules": [rule, bad]})
    engine.result("DELETE", f"{bucket}/cors")
    engine.refusal("GET", f"{bucket}/cors", 404, 10059)
    engine.refusal("GET", "/r2/buckets/no-such-bucket/lock", 404, 10006)


@pytest.mark.parametrize(
    "condition",
    [
        {"type": "Indefinite"},
        {"type": "Age", "maxAgeSeconds": 3600},
        {"type": "Date", "date": "2999-01-01"},
    ],
)
def test_a_lock_holds_objects(engine: RunningEngine, service: str, bucket: str, condition: Any) -> None:
    for key in ("kept/a", "free"):
        engine.result("PUT", f"{bucket}/objects/{key}", content=b"first")
    lock = {"id": "mine", "enabled": True, "prefix": "kept/", "condition": condition}
    engine.result("PUT", f"{bucket}/lock", json={"rules": [lock]})
    (shown,) = engine.result("GET", f"{bucket}/lock")["rules"]
    assert (shown["id"], shown["condition"]["type"]) == ("mine", condition["type"])
    engine.refusal("PUT", f"{bucket}/objects/kept/a", 403, 10069, content=b"second")
    engine.refusal("DELETE", f"{bucket}/objects/kept/a", 403, 10069)
    code = """export default { async fetch(request, env) {
      try { await env.B.delete("kept/a"); return new Response("deleted"); }
      catch (error) { return new Response(error.message); } } };"""
    binding = {"name": "B", "type": "r2_bucket", "bucket_name": bucket.rpartition("/")[2]}
    engine.deploy(service, code, bindings=[binding])
    assert "locked by the rule mine" in engine.get(service).text
    engine.result("PUT", f"{bucket}/objects/kept/new", content=b"a new one may come")
    engine.result("DELETE", f"{bucket}/objects/free")
    engine.result("PUT", f"{bucket}/lock", json={"rules": [{**lock, "enabled": False}]})
    engine.result("DELETE", f"{bucket}/objects/kept/a")


def test_events_go_to_a_queue(engine: RunningEngine, service: str, bucket: str) -> None:
    queue = engine.result("POST", "/queues", json={"queue_name": f"{service}-events"})["queue_id"]
    name = bucket.rpartition("/")[2]
    path = f"/event_notifications/r2/{name}/configuration"
    engine.refusal("GET", path, 404, 11015)
    rule = {"prefix": "in/", "suffix": ".txt", "actions": ["PutObject", "DeleteObject"]}
    engine.result("PUT", f"{path}/queues/{queue}", json={"rules": [rule]})
    (shown,) = engine.result("GET", path)["queues"]
    assert shown["queueName"] == f"{service}-events"
    code = """export default {
      async queue(batch, env) {
        for (const { body } of batch.messages) await env.KV.put(body.action, JSON.stringify(body));
      },
      async fetch(request, env) {
        const got = ["PutObject", "DeleteObject"].map((action) => env.KV.get(action, "json"));
        return Response.json(await Promise.all(got));
      },
    };"""
    kv = engine.result("POST", "/storage/kv/namespaces", json={"title": f"{service}-events"})["id"]
    engine.deploy(service, code, bindings=[{"name": "KV", "type": "kv_namespace", "namespace_id": kv}])
    consumer = {
        "type": "worker",
        "script_name": service,
        "settings": {"batch_size": 1, "max_wait_time_ms": 0},
    }
    engine.result("POST", f"/queues/{queue}/consumers", json=consumer)
    for key in ("in/a.txt", "in/a.bin", "out/a.txt"):
        engine.result("PUT", f"{bucket}/objects/{key}", content=b"four")
    engine.result("DELETE", f"{bucket}/objects/in/a.txt")
    end = time.monotonic() + 60
    while None in (got := engine.get(service).json()):
        assert time.monotonic() < end, got
        time.sleep(0.05)
    put, gone = got
    assert put["bucket"] == name
    assert put["object"] == {"key": "in/a.txt", "size": 4, "eTag": put["object"]["eTag"]}
    assert gone["object"] == {"key": "in/a.txt"}
    engine.result("DELETE", f"{path}/queues/{queue}", content=b"")
    engine.refusal("DELETE", f"{path}/queues/{queue}", 404, 11012)


def test_what_a_bucket_has_not_here(engine: RunningEngine, bucket: str) -> None:
    assert engine.result("GET", f"{bucket}/domains/managed")["enabled"] is False
    assert engine.result("GET", f"{bucket}/domains/custom") == {"domains": []}
    engine.refusal("PUT", f"{bucket}/domains/managed", 400, 10058, json={"enabled": True})
    engine.refusal("PUT", f"{bucket}/sippy", 400, 10058, json={})


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


async def aged(store: Store, key: str, days: int) -> None:
    """An object that was uploaded so long ago."""
    await Bucket(store, "b-1").put(key, b"content", Put({}, {}, None))
    when = int((time.time() - days * DAY) * 1000)
    await store.write(
        lambda connection: connection.execute(
            "UPDATE r2_objects SET uploaded = ? WHERE key = ?", (when, key.encode())
        )
    )


async def test_a_lifecycle_ends_what_is_old(store: Store) -> None:
    await buckets.create(store, "b-1", ANA)
    for key, days in (("logs/old", 8), ("logs/new", 6), ("other", 8), ("logs/held", 8)):
        await aged(store, key, days)
    ends = {"condition": {"type": "Age", "maxAge": 7 * DAY}}
    moves = {"condition": {"type": "Age", "maxAge": 7 * DAY}, "storageClass": "InfrequentAccess"}
    made = [
        {"id": "logs", "enabled": True, "conditions": {"prefix": "logs/"}, "deleteObjectsTransition": ends},
        {"id": "cold", "enabled": True, "conditions": {}, "storageClassTransitions": [moves]},
        {"id": "off", "enabled": False, "conditions": {}, "deleteObjectsTransition": ends},
    ]
    await rules.replace(store, "b-1", "lifecycle", made, ANA)
    lock = {"id": "l", "prefix": "logs/held", "condition": {"type": "Indefinite"}}
    await rules.replace(store, "b-1", "lock", [lock], ANA)
    assert await rules.apply_lifecycle(store) == 1
    assert await rules.apply_lifecycle(store) == 0
    found = await store.read(lambda connection: r2.scan(connection, "b-1", b"", None, 10))
    assert {each.key: each.storage_class for each in found} == {
        "logs/held": "InfrequentAccess",
        "logs/new": "Standard",
        "other": "InfrequentAccess",
    }
    wrong = [{**made[0], "deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": "7"}}}]
    with pytest.raises(ApiError, match="maxAge is a number of seconds"):
        await rules.replace(store, "b-1", "lifecycle", wrong, ANA)


async def test_a_day_that_has_not_come(store: Store) -> None:
    await buckets.create(store, "b-1", ANA)
    await aged(store, "a", 1)
    upload = await Bucket(store, "b-1").create_upload("b", Put({}, {}, None))
    for date, left in (("2999-01-01", ["a"]), ("2020-01-01T00:00:00Z", [])):
        ends = {"condition": {"type": "Date", "date": date}}
        rule = {
            "conditions": {"prefix": ""},
            "deleteObjectsTransition": ends,
            "abortMultipartUploadsTransition": ends,
        }
        await rules.replace(store, "b-1", "lifecycle", [rule], ANA)
        await rules.apply_lifecycle(store)
        found = await store.read(lambda connection: r2.scan(connection, "b-1", b"", None, 10))
        assert [each.key for each in found] == left
        state = await store.read(lambda connection: r2_uploads.upload(connection, "b-1", upload))
        assert state is not None
        assert (state.state == "open") == bool(left)
