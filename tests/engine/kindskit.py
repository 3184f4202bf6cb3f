"""A service that writes every kind of store there is, for tests of what is left when something goes wrong."""

from __future__ import annotations

from typing import Any

from enginekit import RunningEngine

KINDS = ("kv", "r2", "d1", "durable", "alarm", "queue", "workflow", "analytics")
CODE = """
import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";
export class Flow extends WorkflowEntrypoint {
  async run({ instanceId, payload }, step) {
    const first = await step.do("first", async () => payload);
    return step.do("second", async () => [instanceId, first]);
  }
}
export class Thing extends DurableObject {
  async keep(id) {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    this.ctx.storage.put(id, 1);
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (id TEXT PRIMARY KEY)");
    this.ctx.storage.sql.exec("INSERT INTO t VALUES (?)", id);
    this.ctx.storage.put("n", n);
    return n;
  }
  async kept() {
    const keys = [...(await this.ctx.storage.list()).keys()].filter((key) => key !== "n");
    const rows = this.ctx.storage.sql.exec("SELECT id FROM t ORDER BY id").toArray().map((row) => row.id);
    return { keys, rows, n: await this.ctx.storage.get("n") };
  }
  wake() { return this.ctx.storage.setAlarm(Date.now() + 300 * Math.random()); }
  alarm() { return this.ctx.storage.put("rang", true); }
  rang() { return this.ctx.storage.get("rang"); }
}
const all = async (list, names) => {
  const found = [];
  for (let cursor; ;) {
    const page = await list({ cursor });
    found.push(...names(page));
    cursor = page.cursor;
    if (!cursor || page.list_complete || page.truncated === false) return found;
  }
};
const verbs = {
  kv: (env, id) => env.KV.put(id, id),
  r2: (env, id) => env.R2.put(id, id.repeat(500)),
  d1: (env, id) => env.DB.batch([id, id + "+"].map((each) =>
    env.DB.prepare("INSERT INTO t VALUES (?)").bind(each))),
  durable: (env, id) => env.THING.getByName("kept").keep(id),
  alarm: (env, id) => env.THING.getByName(id).wake(),
  queue: (env, id) => env.Q.send(id),
  workflow: async (env, id) => (await env.FLOW.create({ id, params: id })).id,
  analytics: (env, id) => env.POINTS.writeDataPoint({ blobs: [id], indexes: ["kept"] }),
};
const looks = {
  kv: (env) => all((more) => env.KV.list(more), (page) => page.keys.map((key) => key.name)),
  async r2(env) {
    const names = await all((more) => env.R2.list(more), (page) => page.objects.map((each) => each.key));
    for (const name of names.filter((_, index) => index % 20 === 0)) {
      const text = await (await env.R2.get(name)).text();
      if (text !== name.repeat(500)) throw new Error(`${name} is damaged`);
    }
    return names;
  },
  d1: async (env) => (await env.DB.prepare("SELECT id FROM t").raw()).flat(),
  durable: (env) => env.THING.getByName("kept").kept(),
  seen: async (env) => (await env.DB.prepare("SELECT id FROM seen").raw()).flat(),
};
export default {
  async fetch(request, env) {
    const [, verb, id] = new URL(request.url).pathname.split("/");
    if (request.method === "POST") {
      const asked = {
        rang: (each) => env.THING.getByName(each).rang(),
        ran: async (each) => {
          const { status, output } = await (await env.FLOW.get(each)).status();
          return status === "complete" && `${output}` === `${each},${each}`;
        },
      };
      return Response.json(await Promise.all((await request.json()).map(asked[verb])));
    }
    try {
      return Response.json((id ? await verbs[verb](env, id) : await looks[verb](env)) ?? null);
    } catch (error) {
      return Response.json(`${error.name}: ${error.message}`, { status: 500 });
    }
  },
  async queue(batch, env) {
    await env.DB.batch(batch.messages.map((message) =>
      env.DB.prepare("INSERT OR IGNORE INTO seen VALUES (?)").bind(message.body)));
  },
};
"""


def prepare(engine: RunningEngine) -> None:
    """One service that has every kind, and consumes its own queue."""
    kv = engine.result("POST", "/storage/kv/namespaces", json={"title": "kept"})["id"]
    database = engine.result("POST", "/d1/database", json={"name": "kept"})["uuid"]
    for table in ("t", "seen"):
        sql = f"CREATE TABLE {table} (id TEXT PRIMARY KEY)"
        engine.result("POST", f"/d1/database/{database}/query", json={"sql": sql})
    engine.result("POST", "/r2/buckets", json={"name": "kept"})
    queue = engine.result("POST", "/queues", json={"queue_name": "kept"})["queue_id"]
    bindings = [
        {"type": "kv_namespace", "name": "KV", "namespace_id": kv},
        {"type": "d1", "name": "DB", "id": database},
        {"type": "r2_bucket", "name": "R2", "bucket_name": "kept"},
        {"type": "durable_object_namespace", "name": "THING", "class_name": "Thing"},
        {"type": "queue", "name": "Q", "queue_name": "kept"},
        {"type": "workflow", "name": "FLOW", "workflow_name": "kept", "class_name": "Flow"},
        {"type": "analytics_engine", "name": "POINTS", "dataset": "kept"},
    ]
    migrations = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Thing"]}]}
    engine.deploy("all", CODE, bindings=bindings, migrations=migrations)
    consumer = {"type": "worker", "script_name": "all", "settings": {"max_wait_time_ms": 0}}
    engine.result("POST", f"/queues/{queue}/consumers", json=consumer)


def ask(engine: RunningEngine, path: str, **more: Any) -> Any:
    answer = engine.send("POST" if more else "GET", "all", path, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()
