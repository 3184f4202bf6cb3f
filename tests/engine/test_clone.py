"""Cloning: code and settings travel, KV data does not unless asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from enginekit import RunningEngine
from storekit import ANA, BOB, deployed, kv_binding, opened, secret, service_binding, text

from engine import namespaces
from engine.clone import clone
from engine.errors import ApiError
from engine.model import Settings
from engine.store import Store, environments, kv


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


@pytest.fixture
async def ns(store: Store) -> str:
    """A namespace with one key, bound twice in notes/production beside a variable, a secret and a service."""
    made = (await namespaces.create(store, "notes", ANA)).id
    await store.write(lambda connection: kv.put(connection, made, "note:1", b"one"))
    await deployed(store, "whoami")
    await deployed(
        store,
        "notes",
        bindings=(
            kv_binding("NOTES", made),
            kv_binding("SAME", made),
            text("MAX", "50"),
            secret("TOKEN", "t"),
            service_binding("WHO", "whoami"),
        ),
        settings=Settings("2026-01-01", ("flag",)),
        script_settings={"observability": {"enabled": True}},
    )
    return made


async def test_a_clone_has_its_own_empty_data(store: Store, ns: str) -> None:
    made = await clone(store, "notes", "production", "ana-dev", BOB)
    source = await store.read(lambda connection: environments.live(connection, "notes", "production"))
    own = made.version.binding("NOTES").settings["namespace_id"]
    assert own != ns
    assert made.version.binding("SAME").settings == {"namespace_id": own}
    found = await store.read(lambda connection: kv.namespace(connection, own))
    assert (found.title, found.keys) == ("notes-ana-dev-NOTES", 0)
    assert made.version.etag == source.version.etag
    assert made.version.settings == source.version.settings
    for name in ("MAX", "TOKEN", "WHO"):
        assert made.version.binding(name) == source.version.binding(name)
    assert made.environment.script_settings == {"observability": {"enabled": True}}
    assert made.deployment.versions == ((made.version.id, 100),)
    assert (made.version.author, made.version.message) == ("bob", "Cloned from production v1")
    kinds = [change.kind for change in await store.changes_since(0)]
    assert kinds[-3:] == ["environment.created", "kv", "deployment"]


async def test_a_clone_shares_data_when_told(store: Store, ns: str) -> None:
    before = await store.read(kv.namespace_count)
    made = await clone(store, "notes", "production", "ana-dev", ANA, data="share")
    assert made.version.binding("NOTES").settings == {"namespace_id": ns}
    assert await store.read(kv.namespace_count) == before


async def test_a_title_in_use_gets_a_number(store: Store, ns: str) -> None:
    await namespaces.create(store, "notes-two-NOTES", ANA)
    made = await clone(store, "notes", "production", "two", ANA)
    own = made.version.binding("NOTES").settings["namespace_id"]
    found = await store.read(lambda connection: kv.namespace(connection, own))
    assert found.title == "notes-two-NOTES-2"


@pytest.mark.parametrize(
    ("source", "target", "how", "code"),
    [
        ("production", "production", {}, 10040),
        ("missing", "new", {}, 10092),
        ("production", "Bad", {}, 10094),
        ("production", "new", {"data": "some"}, 10026),
    ],
)
async def test_refusals_leave_nothing_behind(
    store: Store, ns: str, source: str, target: str, how: dict, code: int
) -> None:
    before = await store.last_change()
    with pytest.raises(ApiError) as caught:
        await clone(store, "notes", source, target, ANA, **how)
    assert caught.value.code == code
    assert await store.last_change() == before
    assert await store.read(kv.namespace_count) == 1


async def test_a_clone_of_nothing_is_refused(store: Store) -> None:
    with pytest.raises(ApiError) as caught:
        await clone(store, "no", "production", "new", ANA)
    assert caught.value.code == 10007


COUNTER = """import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async fetch() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return Response.json([String(this.ctx.id), n]);
  }
}
export default {
  async fetch(request, env) {
    const { DO, KV, DB, BUCKET } = env;
    if (new URL(request.url).pathname === "/write") {
      await KV.put("k", "v", { metadata: { a: 1 } });
      await DB.exec("CREATE TABLE IF NOT EXISTS t (a); INSERT INTO t VALUES (1)");
      await BUCKET.put("o", "content");
    }
    const { results } = await DB.prepare("SELECT count(*) n FROM sqlite_schema").all();
    return Response.json({
      object: await (await DO.getByName("one").fetch(request)).json(),
      kv: await KV.getWithMetadata("k"),
      tables: results[0].n,
      bucket: await (await BUCKET.get("o"))?.text() ?? null,
    });
  },
};
"""


def test_a_clone_with_a_copy_of_all_data(engine: RunningEngine, service: str) -> None:
    kv_id = engine.result("POST", "/storage/kv/namespaces", json={"title": f"{service}-kv"})["id"]
    d1_id = engine.result("POST", "/d1/database", json={"name": f"{service}-db"})["uuid"]
    engine.result("POST", "/r2/buckets", json={"name": f"{service}-bucket"})
    engine.deploy(
        service,
        COUNTER,
        bindings=[
            {"name": "KV", "type": "kv_namespace", "namespace_id": kv_id},
            {"name": "KV2", "type": "kv_namespace", "namespace_id": kv_id},
            {"name": "DB", "type": "d1", "id": d1_id},
            {"name": "BUCKET", "type": "r2_bucket", "bucket_name": f"{service}-bucket"},
            {"name": "DO", "type": "durable_object_namespace", "class_name": "Counter"},
        ],
        migrations={"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Counter"]}]},
    )
    first = engine.get(service, "/write").json()
    path = f"/workers/services/{service}/environments/production/copy"
    engine.result("POST", f"{path}/copied", 201, json={"data": "copy"})
    engine.result("POST", f"{path}/empty", 201)
    number, count = first["object"]
    assert (count, first["tables"], first["bucket"]) == (1, 1, "content")

    copied = engine.get(service, environment="copied").json()
    assert copied == {**first, "object": [number, 2]}  # the same object, which had counted to one
    empty = engine.get(service, environment="empty").json()
    assert (empty["object"][1], empty["kv"]["value"], empty["tables"], empty["bucket"]) == (1, None, 0, None)

    # From now on each has its own.
    assert engine.get(service).json()["object"] == [number, 2]
    assert engine.get(service, environment="copied").json()["object"] == [number, 3]
    engine.result("DELETE", f"/r2/buckets/{service}-bucket/objects/o")
    engine.result("PUT", f"/storage/kv/namespaces/{kv_id}/values/k", content=b"changed")
    again = engine.get(service, environment="copied").json()
    assert (again["bucket"], again["kv"]) == ("content", first["kv"])
    # A copy of a copy, while the first one's objects are in memory.
    engine.result("POST", path.replace("production", "copied") + "/twice", 201, json={"data": "copy"})
    assert engine.get(service, environment="twice").json()["object"] == [number, 5]
