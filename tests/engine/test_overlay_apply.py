"""What a draft keeps back or does: listed, applied by choice, refused where live values have changed."""

from __future__ import annotations

import base64
import itertools
import json
import time
from typing import Any

import pytest
from enginekit import RunningEngine, environment_path, events_of, run_payload

NAME = "kept-writes"
OTHER = "kept-writes-other"
#: What is deployed, and what drafts run: the path names a function of these, the query its argument.
CODE = """import { DurableObject } from "cloudflare:workers";
export class Thing extends DurableObject {
  async bump(by) {
    const n = by + ((await this.ctx.storage.get("n")) ?? 0);
    await this.ctx.storage.put("n", n);
    console.log(`bumped to ${n}`);
    await this.env.KV.get(`seen-by-${n}`);
    return n;
  }
  undone() {
    try {
      this.ctx.storage.transactionSync(() => {
        this.ctx.storage.kv.put("n", -1);
        throw new Error("no");
      });
    } catch {}
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS notes (text); INSERT INTO notes VALUES ('a')");
  }
  async ring(at) { await this.ctx.storage.setAlarm(at); }
  async alarm() { await this.ctx.storage.put("rang", true); }
  look() {
    const tables = [...this.ctx.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'notes'")];
    const notes = tables.length && this.ctx.storage.sql.exec("SELECT * FROM notes").toArray().length;
    return [this.ctx.storage.kv.get("n") ?? null, notes, this.ctx.storage.kv.get("rang") ?? false];
  }
  async fetch(request) { return new Response(`${await request.text()} of an object`, { status: 202 }); }
  give() { return () => 1; }
}
const DOES = {
  async all(env, key) {
    await env.KV.put(`kept-${key}`, "by choice");
    await env.KV.delete("old");
    await env.R2.put(key, "content");
    await env.DB.prepare("INSERT INTO notes VALUES (?)").bind(key).run();
  },
  async read(env, key) {
    const found = await env.DB.prepare("SELECT text FROM notes WHERE text = ?").bind(key).all();
    const file = await env.R2.get(key);
    const cached = await caches.default.match(`https://cached/${key}`);
    const values = [await env.KV.get(`kept-${key}`), file && (await file.text())];
    return [...values, found.results.length, cached ? await cached.text() : null];
  },
  async twice(env, key) {
    await env.KV.put(key, "first");
    await env.KV.put(`${key}-b`, "b");
    await env.KV.put(key, "second");
  },
  async change(env, key) {
    await env.KV.put(key, (await env.KV.get(key)) + "!");
    await env.R2.put(key, "mine");
    await env.DB.prepare("UPDATE counts SET n = n + 1").run();
  },
  async send(env, key) {
    await env.Q.send({ key });
    const response = new Response("cached", { headers: { "cache-control": "max-age=600" } });
    await caches.default.put(`https://cached/${key}`, response);
    await env.OTHER.keep(`by-other-${key}`);
  },
  bump: (env, name) => env.DO.getByName(name).bump(1),
  undone: (env, name) => env.DO.getByName(name).undone(),
  ring: (env, name) => env.DO.getByName(name).ring(Date.now() + 3600_000),
  look: (env, name) => env.DO.getByName(name).look(),
  give: (env, name) => env.DO.getByName(name).give(),
  post: async (env, name) => {
    const answer = await env.DO.getByName(name).fetch("http://x/", { method: "POST", body: "body" });
    return [answer.status, await answer.text()];
  },
  leave: async (env, url) => (await fetch(url)).status,
};
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    return Response.json((await DOES[pathname.slice(1)](env, searchParams.get("a"))) ?? null);
  },
};"""
SERVED = """import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  async keep(key) { await this.env.KV.put(key, "kept by a service"); }
}"""
_names = itertools.count(1)


class Place:
    """A service with one binding of each kind that can be written to."""

    def __init__(self, engine: RunningEngine) -> None:
        self.engine = engine
        self.kv: str = engine.result("POST", "/storage/kv/namespaces", json={"title": NAME})["id"]
        self.put("old", "still here")
        engine.result("POST", "/r2/buckets", json={"name": NAME})
        engine.result("POST", "/queues", json={"queue_name": NAME})
        self.database: str = engine.result("POST", "/d1/database", json={"name": NAME})["uuid"]
        self.sql("CREATE TABLE notes (text); CREATE TABLE counts (n); INSERT INTO counts VALUES (1)")
        kv = {"name": "KV", "type": "kv_namespace", "namespace_id": self.kv}
        for each in (NAME, OTHER):
            engine.result("POST", "/workers/services", status=201, json={"id": each})
        engine.deploy(OTHER, SERVED, bindings=[kv])
        bindings = [
            kv,
            {"name": "R2", "type": "r2_bucket", "bucket_name": NAME},
            {"name": "DB", "type": "d1", "id": self.database},
            {"name": "Q", "type": "queue", "queue_name": NAME},
            {"name": "OTHER", "type": "service", "service": OTHER},
            {"name": "DO", "type": "durable_object_namespace", "class_name": "Thing"},
        ]
        steps = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Thing"]}]}
        engine.deploy(NAME, CODE, bindings=bindings, migrations=steps)

    def put(self, key: str, value: str) -> None:
        """Write to KV, as somebody else."""
        self.engine.result("PUT", f"/storage/kv/namespaces/{self.kv}/values/{key}", content=value.encode())

    def get(self, key: str) -> str | None:
        """A live value of KV."""
        found = self.engine.api.get(f"/storage/kv/namespaces/{self.kv}/values/{key}")
        return found.text if found.status_code == 200 else None

    def sql(self, text: str) -> Any:
        """Ask the live database."""
        return self.engine.result("POST", f"/d1/database/{self.database}/query", json={"sql": text})

    def live(self, what: str, key: str = "") -> Any:
        """What the deployed code answers."""
        return self.engine.get(NAME, f"/{what}?a={key}").json()

    def draft(self, what: str, key: str = "", **more: Any) -> tuple[Any, list[dict[str, Any]]]:
        """What a draft answers, None when it fails, and its events."""
        request = {"method": "GET", "url": f"http://draft/{what}?a={key}", "headers": []}
        events = self.engine.run(NAME, CODE, request=request, **more)
        body = b"".join(base64.b64decode(each["base64"]) for each in events_of(events, "body"))
        return json.loads(body) if body else None, events


@pytest.fixture(scope="session")
def place(engine: RunningEngine) -> Place:
    return Place(engine)


@pytest.fixture
def key() -> str:
    """A name that no other test uses, also of a session."""
    return f"k{next(_names)}"


def session(name: str, service: str = NAME) -> str:
    return f"{environment_path(service)}/runs/{name}"


def kept(engine: RunningEngine, name: str) -> dict[int, dict[str, Any]]:
    """What a session keeps back, by number."""
    return {each["id"]: each for each in engine.result("GET", session(name))["items"]}


def test_nothing_is_done_before_it_is_applied(engine: RunningEngine, place: Place, key: str) -> None:
    place.put("old", "still here")
    before = place.live("read", key)
    assert before == [None, None, 0, None]
    _, events = place.draft("all", key, session=key)
    assert events_of(events, "writes")[0]["count"] == 4
    found = kept(engine, key)
    assert [(each["binding"], each["operation"], each["kind"]) for each in found.values()][:3] == [
        ("KV", "put", "kv_namespace"),
        ("KV", "delete", "kv_namespace"),
        ("R2", "put", "r2_bucket"),
    ]
    assert found[1]["change"] == {"before": None, "after": {"size": 9, "text": "by choice"}}
    assert found[2]["change"] == {"before": {"size": 10, "text": "still here"}, "after": None}
    assert found[3]["change"] == {"before": None, "after": {"size": 7, "text": None}}
    assert not any(each["conflict"] or each["superseded"] or each["refusal"] for each in found.values())
    assert place.live("read", key) == before

    done = engine.result("POST", f"{session(key)}/apply")
    assert (done["count"], done["left"], len(done["items"])) == (4, 0, 4)
    assert place.live("read", key) == ["by choice", "content", 1, None]
    assert place.get("old") is None
    assert engine.result("GET", session(key)) == {"count": 0, "items": [], "left": 0}
    engine.result("POST", f"{session(key)}/apply")  # a second time does nothing twice
    assert place.live("read", key)[2] == 1


def test_what_is_dropped_is_gone(engine: RunningEngine, place: Place, key: str) -> None:
    place.draft("all", key, session=key)
    assert engine.result("DELETE", session(key))["count"] == 4
    assert engine.result("POST", f"{session(key)}/apply")["count"] == 0
    assert place.live("read", key) == [None, None, 0, None]


def test_single_writes_are_applied_by_their_numbers(engine: RunningEngine, place: Place, key: str) -> None:
    place.draft("twice", key, session=key)
    assert [each["superseded"] for each in kept(engine, key).values()] == [True, False, False]
    path = f"{session(key)}/apply"
    assert "replaced by a later one" in engine.refusal("POST", path, 409, 10026, json={"ids": [1]})
    assert "no write 9" in engine.refusal("POST", path, 400, 10026, json={"ids": [2, 9]})
    assert "numbers" in engine.refusal("POST", path, 400, 10026, json={"ids": "2"})
    assert (place.get(key), place.get(f"{key}-b")) == (None, None)

    done = engine.result("POST", path, json={"ids": [2]})
    assert ([each["id"] for each in done["items"]], done["left"]) == ([2], 2)
    assert (place.get(key), place.get(f"{key}-b")) == (None, "b")
    place.draft("twice", f"{key}-c", session=key)
    assert list(kept(engine, key)) == [1, 3, 4, 5, 6]  # a number is never given twice
    done = engine.result("POST", path, json={"ids": [3, 5]})
    assert [each["id"] for each in done["items"]] == [1, 3, 5]  # with what it had replaced
    assert (place.get(key), place.get(f"{key}-c"), place.get(f"{key}-c-b")) == ("second", None, "b")


def test_a_live_value_that_has_changed_is_not_overwritten_unasked(
    engine: RunningEngine, place: Place, key: str
) -> None:
    place.put(key, "mine")
    place.draft("change", key, session=key)
    assert not any(each["conflict"] for each in kept(engine, key).values())
    place.put(key, "theirs")
    engine.result("PUT", f"/r2/buckets/{NAME}/objects/{key}", content=b"theirs, too")
    place.sql("UPDATE counts SET n = 100")

    found = kept(engine, key)
    assert [each["conflict"] for each in found.values()] == [
        "changed meanwhile: 6 bytes now",
        "written meanwhile: 11 bytes now",
        "the database was written to meanwhile",
    ]
    answer = engine.api.post(f"{session(key)}/apply")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (409, 10409)
    assert [each["id"] for each in error["error_chain"]] == [1, 2, 3]
    engine.refusal("POST", f"{session(key)}/apply", 409, 10409, json={"ids": [1, 2], "force": [1]})
    assert place.get(key) == "theirs"

    engine.result("POST", f"{session(key)}/apply", json={"ids": [1], "force": [1]})
    assert (place.get(key), place.sql("SELECT n FROM counts")[0]["results"]) == ("mine!", [{"n": 100}])
    assert engine.result("POST", f"{session(key)}/apply", json={"force": True})["left"] == 0
    assert place.sql("SELECT n FROM counts")[0]["results"] == [{"n": 101}]


def test_what_a_draft_has_read_counts_too(engine: RunningEngine, place: Place, key: str) -> None:
    place.put(key, "1")
    place.draft("read", key, session=key)
    place.put(f"kept-{key}", "theirs")  # it was read as nothing
    place.draft("all", key, session=key)
    assert kept(engine, key)[1]["conflict"] == "changed meanwhile: 6 bytes now"
    engine.result("DELETE", session(key))


def test_messages_cached_answers_and_services_are_kept_back_too(
    engine: RunningEngine, place: Place, key: str
) -> None:
    _, events = place.draft("send", key, session=key)
    calls = {each["binding"]: each for each in events_of(events, "call")}
    assert calls["KV"]["parent"] == calls["OTHER"]["id"]  # nested through the service
    assert [(each["service"], each["kind"]) for each in kept(engine, key).values()] == [
        (NAME, "queue"),
        (NAME, "cache"),
        (OTHER, "kv_namespace"),
    ]
    assert place.live("read", key)[3] is None
    engine.result("POST", f"{session(key)}/apply")
    assert place.live("read", key)[3] == "cached"
    assert place.get(f"by-other-{key}") == "kept by a service"
    queue = next(each for each in engine.result("GET", "/queues") if each["queue_name"] == NAME)
    peeked = engine.result("POST", f"/queues/{queue['queue_id']}/messages/preview", json={"batch_size": 10})
    assert len(peeked["messages"] if isinstance(peeked, dict) else peeked) == 1


def test_d1_that_no_longer_fits_applies_nothing(engine: RunningEngine, place: Place, key: str) -> None:
    place.draft("all", key, session=key)
    place.sql("ALTER TABLE notes RENAME TO elsewhere")
    assert "no such table" in engine.refusal("POST", f"{session(key)}/apply", 409, 10026)
    assert engine.result("GET", session(key))["count"] == 4  # still there to be applied
    place.sql("ALTER TABLE elsewhere RENAME TO notes")
    assert place.live("read", key) == [None, None, 0, None]
    engine.result("POST", f"{session(key)}/apply")
    assert place.live("read", key) == ["by choice", "content", 1, None]


def test_writes_of_objects_are_applied_to_the_live_ones(
    engine: RunningEngine, place: Place, key: str
) -> None:
    assert place.live("bump", key) == 1
    for what in ("bump", "undone", "bump", "ring"):
        place.draft(what, key, session=key)
    assert place.draft("look", key, session=key)[0] == [3, 1, False]
    assert place.live("look", key) == [1, 0, False]
    assert [each["operation"] for each in kept(engine, key).values()] == ["bump", "undone", "bump", "ring"]

    engine.result("POST", f"{session(key)}/apply", json={"ids": [1, 2, 4]})
    assert place.live("look", key) == [2, 1, False]
    namespace = next(
        each
        for each in engine.result("GET", "/workers/durable_objects/namespaces?per_page=1000")
        if each["script"] == NAME
    )
    objects = f"/workers/durable_objects/namespaces/{namespace['id']}"
    object_id = engine.result("GET", f"{objects}/names/{key}")["id"]
    assert engine.result("GET", f"{objects}/objects/{object_id}")["alarm"] > time.time() * 1000

    assert kept(engine, key)[3]["conflict"] is None  # what was applied is its own doing
    place.live("bump", key)
    assert "meanwhile" in engine.refusal("POST", f"{session(key)}/apply", 409, 10409)
    engine.result("POST", f"{session(key)}/apply", json={"force": True})
    assert place.live("look", key) == [3, 1, False]


def test_a_draft_that_runs_live_reaches_the_one_instance(place: Place, key: str) -> None:
    assert place.live("bump", key) == 1
    answer, events = place.draft("bump", key, mode="live")
    assert answer == 2
    assert [each["text"] for each in events_of(events, "console")] == ["bumped to 2"]
    stub, nested = sorted(events_of(events, "call"), key=lambda each: each["id"])
    assert (stub["binding"], nested["binding"], nested["subject"]) == ("DO", "KV", "seen-by-2")
    assert nested["parent"] == stub["id"]
    assert stub["start"] <= nested["start"] <= stub["start"] + stub["duration"]
    assert events_of(events, "writes") == []
    assert place.live("bump", key) == 3
    assert place.draft("post", key, mode="live")[0] == [202, "body of an object"]
    _, events = place.draft("give", key, mode="live")
    assert "in another process" in events_of(events, "exception")[0]["message"]


def test_outgoing_fetch_is_marked_and_can_be_blocked(engine: RunningEngine, place: Place) -> None:
    answer, events = place.draft("leave", f"{engine.address}/client/v4/")
    [call] = events_of(events, "call")
    status = engine.http.get("/client/v4/").status_code
    assert (answer, call["outgoing"], call["kept_back"], call["error"]) == (status, True, False, None)
    answer, events = place.draft("leave", f"{engine.address}/client/v4/", network=False)
    [call] = events_of(events, "call")
    assert answer is None
    assert call["error"].startswith("TypeError: The network is off for this run: GET http://127.0.0.1")
    assert events_of(events, "exception")[0]["name"] == "TypeError"
    refused = engine.api.post(f"{environment_path(NAME)}/runs", json={**run_payload(CODE), "network": "no"})
    assert "network must be" in refused.json()["errors"][0]["message"]


def test_sessions_that_are_not_there(engine: RunningEngine, place: Place) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/apply")):
        assert "nobody" in engine.refusal(method, f"{session('nobody')}{path}", 404, 10007)
