"""A service with something of every kind of data, for the pictures of what is looked into."""

from __future__ import annotations

from enginekit import RunningEngine

CODE = """\
import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch() {
    await this.ctx.storage.put({ plain: { n: 1 }, seats: new Map([["ana", 2]]) });
    return new Response("ok");
  }
}

export class Flow extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("look it up", async () => ({ word: event.payload.word }));
    return await step.do("count letters", async () => event.payload.word.length);
  }
}

export default { fetch: (request, env) => env.ROOM.getByName("lobby").fetch(request) };
"""


def open_shop(engine: RunningEngine) -> None:
    """The service `shop`, with rows, objects, messages and instances."""
    d1 = engine.result("POST", "/d1/database", json={"name": "shop-d1"})["uuid"]
    rows = ",".join(f"({n}, '{name}', {n * 17 % 5})" for n, name in enumerate(("ana", "bo", "cy", "di") * 15))
    text = f"CREATE TABLE users (id INTEGER, name TEXT, orders INTEGER); INSERT INTO users VALUES {rows}"
    engine.result("POST", f"/d1/database/{d1}/query", json={"sql": text})
    engine.result("POST", "/r2/buckets", json={"name": "shop-r2"})
    for key in ("photos%2Fa.jpg", "readme.md", "prices.json"):
        engine.result("PUT", f"/r2/buckets/shop-r2/objects/{key}", content=b'{"bread": [1, 2]}')
    queue = engine.result("POST", "/queues", json={"queue_name": "shop-queue"})["queue_id"]
    for number in range(5):
        message = {"body": {"mail": number}, "content_type": "json"}
        engine.result("POST", f"/queues/{queue}/messages", json=message)
    bindings = [
        {"type": "d1", "name": "DB", "id": d1},
        {"type": "r2_bucket", "name": "FILES", "bucket_name": "shop-r2"},
        {"type": "durable_object_namespace", "name": "ROOM", "class_name": "Room"},
        {"type": "queue", "name": "MAIL", "queue_name": "shop-queue"},
        {"type": "workflow", "name": "FLOW", "workflow_name": "shop-flow", "class_name": "Flow"},
    ]
    engine.result("POST", "/workers/services", json={"id": "shop"}, status=201)
    classes = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Room"]}]}
    engine.deploy("shop", CODE, bindings=bindings, migrations=classes)
    engine.get("shop", "/")
    for word in ("four", "seven", None):
        engine.result("POST", "/workflows/shop-flow/instances", json={"params": {"word": word}})
