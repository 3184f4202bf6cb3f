"""The endpoints behind the app's data and settings screens, which Cloudflare's API does not have."""

from __future__ import annotations

import time

from enginekit import RunningEngine, environment_path

OBJECTS = """
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  async fetch(request) {
    const { storage } = this.ctx;
    if (new URL(request.url).pathname === "/seed") {
      await storage.put({ plain: { n: [1, "two", null] }, odd: new Map([[1n, new Date(0)]]) });
      await storage.put("bytes", new Uint8Array([7, 8]));
      storage.sql.exec("CREATE TABLE users (name TEXT, data BLOB)");
      storage.sql.exec("INSERT INTO users VALUES ('ana', x'0102'), ('bo', NULL)");
    }
    return Response.json({
      plain: await storage.get("plain"), typed: await storage.get("typed"),
      users: storage.sql.exec("SELECT count(*) AS n FROM users").one().n, alarm: await storage.getAlarm(),
    });
  }
}
export default { fetch: (request, env) => env.ROOM.getByName("lobby").fetch(request) };
"""
ROOM = {"type": "durable_object_namespace", "name": "ROOM", "class_name": "Room"}


def test_kv_as_a_tree(engine: RunningEngine) -> None:
    made = engine.result("POST", "/storage/kv/namespaces", json={"title": "tree"})
    base = f"/storage/kv/namespaces/{made['id']}"
    names = [f"note:{n}" for n in range(12)] + ["by:ana:1", "by:bo:1", "plain", "ä/1", "zz:"]
    pairs = [{"key": name, "value": "x" * 7, "metadata": {"n": 1}} for name in names]
    engine.result("PUT", f"{base}/bulk", json=pairs)
    found = engine.result("GET", f"{base}/prefixes")
    assert [(each["name"], each["keys"], each["folder"]) for each in found] == [
        ("by:", 2, True),
        ("note:", 12, True),
        ("plain", 1, False),
        ("zz:", 1, True),
        ("ä/", 1, True),
    ]
    inner = engine.result("GET", f"{base}/prefixes", params={"prefix": "by:"})
    assert [each["name"] for each in inner] == ["by:ana:", "by:bo:"]
    first = engine.api.get(f"{base}/prefixes", params={"limit": 2}).json()
    rest = engine.result(
        "GET", f"{base}/prefixes", params={"limit": 9, "cursor": first["result_info"]["cursor"]}
    )
    assert [each["name"] for each in (*first["result"], *rest)] == [each["name"] for each in found]

    page = engine.api.get(f"{base}/entries", params={"prefix": "note:", "limit": 5}).json()
    assert page["result"][0] == {"name": "note:0", "size": 7, "metadata": {"n": 1}}
    seen = [each["name"] for each in page["result"]]
    while page["result_info"]["cursor"]:
        asked = {"prefix": "note:", "limit": 5, "cursor": page["result_info"]["cursor"]}
        page = engine.api.get(f"{base}/entries", params=asked).json()
        seen += [each["name"] for each in page["result"]]
    assert sorted(seen) == sorted(names[:12])
    engine.refusal("GET", "/storage/kv/namespaces/" + "0" * 32 + "/prefixes", 404, 10013)


def test_inside_a_durable_object(engine: RunningEngine, service: str) -> None:
    engine.deploy(
        service,
        OBJECTS,
        bindings=[ROOM],
        migrations={"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Room"]}]},
    )
    engine.get(service, "/seed")
    listed = engine.result("GET", "/workers/durable_objects/namespaces?per_page=1000")
    space = next(each for each in listed if each["script"] == service)["id"]
    base = f"/workers/durable_objects/namespaces/{space}"
    (one,) = engine.result("GET", f"{base}/objects")
    assert one["size"] > 0
    assert one["alarm"] is None
    assert engine.result("GET", f"{base}/names/lobby") == {"id": one["id"], "hasStoredData": True}
    assert engine.result("GET", f"{base}/names/hall")["hasStoredData"] is False
    inside = f"{base}/objects/{one['id']}"
    assert engine.result("GET", inside)["tables"] == ["users"]

    found = {each["key"]: each for each in engine.result("GET", f"{inside}/keys")}
    assert found["plain"]["json"] is True
    assert '"two"' in found["plain"]["text"]
    assert found["odd"]["text"] == "Map(1) {\n  1n => Date(1970-01-01T00:00:00.000+00:00)\n}"
    assert found["odd"]["json"] is False
    assert found["bytes"]["text"] == "Uint8Array(2) <07 08>"
    page = engine.api.get(f"{inside}/keys", params={"limit": 2}).json()
    rest = engine.result("GET", f"{inside}/keys", params={"cursor": page["result_info"]["cursor"]})
    assert [each["key"] for each in (*page["result"], *rest)] == ["bytes", "odd", "plain"]

    engine.result("PUT", f"{inside}/keys/typed", json={"list": [1, {"deep": "ü"}]})
    engine.result("DELETE", f"{inside}/keys/plain")
    (answer,) = engine.result("POST", f"{inside}/query", json={"sql": "SELECT * FROM users ORDER BY name"})
    assert answer["results"] == {"columns": ["name", "data"], "rows": [["ana", [1, 2]], ["bo", None]]}
    sql = {"sql": "INSERT INTO users VALUES (?, NULL)", "params": ["chen"]}
    assert engine.result("POST", f"{inside}/query", json=sql)[0]["meta"]["rows_written"] == 1
    message = engine.refusal("POST", f"{inside}/query", 400, 7500, json={"sql": "SELECT * FROM _cf_KV"})
    assert "prohibited" in message or "not authorized" in message
    at = int(time.time() * 1000) + 3_600_000
    engine.result("PUT", f"{inside}/alarm", json={"at": at})
    assert engine.get(service).json() == {"typed": {"list": [1, {"deep": "ü"}]}, "users": 3, "alarm": at}
    assert engine.result("GET", f"{base}/objects")[0]["alarm"] == at
    engine.result("DELETE", f"{inside}/alarm")
    assert engine.result("GET", inside)["alarm"] is None
    engine.refusal("GET", f"{base}/objects/{'0' * 64}", 404, 10066)


def test_settings_are_not_overwritten_unseen(engine: RunningEngine, service: str) -> None:
    path = environment_path(service)
    before = engine.result("GET", path)["live"]["version_id"]
    first = {"bindings": [{"type": "plain_text", "name": "A", "text": "1"}]}
    fields = {"if-match": f'"{before}"'}
    engine.result("PATCH", f"{path}/settings", json=first, headers=fields)
    message = engine.refusal(
        "PATCH", f"{path}/settings", 412, 10412, json={"limits": {"cpu_ms": 1000}}, headers=fields
    )
    assert "reload" in message
    assert engine.result("GET", f"{path}/settings")["limits"] == {}
