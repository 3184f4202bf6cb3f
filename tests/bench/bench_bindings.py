"""Requests a second of every kind of binding, ours beside `wrangler dev`: the same project, in turns.

    python tests/bench/bench_bindings.py [--seconds 3] [--rounds 3] [--connections 16] [--only kv-get,echo]
                                         [--no-wrangler]

A request a call, a keep-alive connection each; "echo" is messages a second of WebSockets instead. Read the
ratio: the goal is ≥ 3. On a machine that is busy otherwise, "by cpu" tells more: the ratio of the processor
time that an answer takes. `objects` counts in 1,000 objects in turns. Ours answers when all is on the disk.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop
from engine_process import cpu_seconds, engine, get, machine
from load import Result, load
from socket_load import echo
from wrangler_dev import wrangler_dev, wrangler_folder

CODE = """
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)");
  }
  async bump() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return n;
  }
  sql(...args) { return this.ctx.storage.sql.exec(...args); }
  insert() { return this.sql("INSERT INTO t (text) VALUES (?) RETURNING id", "some text").one().id; }
  look() { return this.sql("SELECT id, text FROM t LIMIT 10").toArray().length; }
}
const many = (env) => env.COUNTER.getByName(`o${Math.floor(Math.random() * 1000)}`);
const verbs = {
  hello: () => "hello",
  "kv-get": (env) => env.KV.get("key"),
  "kv-put": (env) => env.KV.put(`k${Math.floor(Math.random() * 10000)}`, "a value"),
  counter: (env) => env.COUNTER.getByName("one").bump(),
  "sql-insert": (env) => env.COUNTER.getByName("sql").insert(),
  "sql-read": (env) => env.COUNTER.getByName("sql").look(),
  objects: (env) => many(env).bump(),
  d1: async (env) => (await env.DB.prepare("SELECT * FROM t WHERE id = ?").bind(7).first()).text,
  "d1-insert": async (env) => (await env.DB.prepare("INSERT INTO u (text) VALUES ('text')").run()).success,
  service: async (env) => (await env.BACK.fetch("http://back/")).text(),
  rpc: (env) => env.BACK.add(1, 2),
};
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const verb = pathname.slice(1);
    if (verb === "") return new Response("ready");
    if (verb === "prepare") {
      await env.KV.put("key", "v".repeat(1000));
      await env.R2.put("large", new Uint8Array(1 << 20));
      await env.DB.exec("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)");
      await env.DB.exec("CREATE TABLE IF NOT EXISTS u (id INTEGER PRIMARY KEY, text TEXT)");
      for (let i = 0; i < 20; i++) await env.DB.exec(`INSERT INTO t (text) VALUES ('${"x".repeat(100)}')`);
      return new Response("prepared");
    }
    if (verb === "echo") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.addEventListener("message", ({ data }) => server.send(data));
      return new Response(null, { status: 101, webSocket: client });
    }
    if (verb === "r2-get") return new Response((await env.R2.get("large")).body);
    return new Response(`${await verbs[verb](env)}`);
  },
};
"""
BACK = """
import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  fetch() { return new Response("back"); }
  add(a, b) { return a + b; }
}
"""
CONFIGURATION = """
name = "bench"
main = "worker.js"
compatibility_date = "2026-04-01"
services = [{ binding = "BACK", service = "back" }]
kv_namespaces = [{ binding = "KV" }]
r2_buckets = [{ binding = "R2", bucket_name = "bench" }]
durable_objects.bindings = [{ name = "COUNTER", class_name = "Counter" }]
migrations = [{ tag = "v1", new_sqlite_classes = ["Counter"] }]
[[d1_databases]]
binding = "DB"
database_name = "bench"
"""
BACK_CONFIGURATION = 'name = "back"\nmain = "worker.js"\ncompatibility_date = "2026-04-01"\n'
VERBS = (
    "hello", "kv-get", "kv-put", "counter", "sql-insert", "sql-read", "objects", "d1", "d1-insert", "r2-get",
    "service", "rpc", "echo",
)  # fmt: skip
Place = tuple[int, str, int]


def write_project(folder: Path) -> tuple[Path, Path]:
    """The two workers' folders: the one that is asked, and the one that it is bound to."""
    parts = (("bench", CODE, CONFIGURATION), ("back", BACK, BACK_CONFIGURATION))
    for name, code, configuration in parts:
        (folder / name).mkdir()
        (folder / name / "worker.js").write_text(code)
        (folder / name / "wrangler.toml").write_text(configuration)
    return folder / "bench", folder / "back"


def deploy(state: Path, project: Path) -> None:
    """Deploy a project, with what it is bound to."""
    command = [sys.executable, "-m", "engine", "deploy", str(project), "--state", str(state)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{project} was not deployed: {done.stdout}{done.stderr}")


async def measure(
    places: dict[str, Place], verbs: list[str], seconds: float, rounds: int, connections: int
) -> None:
    """Load each in turns and print medians."""
    for verb in verbs:
        asked: Callable[..., Awaitable[Result]] = echo if verb == "echo" else load
        found: dict[str, list[Result]] = {name: [] for name in places}
        for _ in range(rounds):
            for name, (port, host, pid) in places.items():
                probe = partial(cpu_seconds, pid)
                found[name].append(await asked(port, host, connections, seconds, f"/{verb}", probe))
        cpu = {name: statistics.median(each.cpu for each in results) for name, results in found.items()}
        rates = {name: statistics.median(each.rate for each in results) for name, results in found.items()}
        line = f"{verb:<11}"
        for name, results in found.items():
            middle = sorted(results, key=lambda each: each.rate)[len(results) // 2]
            bad = sum(each.bad for each in results)
            line += f"  {name} {rates[name]:7,.0f}/s p99 {middle.p99:5.1f} ms {cpu[name]:6.3f} ms cpu"
            line += f" {bad} BAD" if bad else ""
        if rates.get("wrangler dev"):
            line += f"   ratio {rates['svc-tui'] / rates['wrangler dev']:.1f}"
            line += f", by cpu {cpu['wrangler dev'] / cpu['svc-tui']:.1f}"
        print(line, flush=True)


def main() -> None:
    """Ours alone, or beside wrangler."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", default=",".join(VERBS))
    parser.add_argument("--no-wrangler", action="store_true")
    args = parser.parse_args()
    verbs = args.only.split(",")
    print(machine(), f"{args.connections} connections")
    with tempfile.TemporaryDirectory(prefix="svc-bench-") as folder, engine("--no-samples") as running:
        project, back = write_project(Path(folder))
        deploy(running.state, back)
        deploy(running.state, project)
        places: dict[str, Place] = {"svc-tui": (running.port, "bench.dev.localhost", running.pid)}
        prepare(places["svc-tui"])
        options = (verbs, args.seconds, args.rounds, args.connections)
        wrangler = None if args.no_wrangler else wrangler_folder()
        if wrangler is None:
            uvloop.run(measure(places, *options))
            return
        with wrangler_dev(wrangler, project, back / "wrangler.toml") as (port, pid):
            places["wrangler dev"] = (port, "localhost", pid)
            prepare(places["wrangler dev"])
            uvloop.run(measure(places, *options))


def prepare(place: Place) -> None:
    """Write what is read."""
    status, body = get(place[0], place[1], "/prepare", 60.0)
    if status != 200:
        raise RuntimeError(f"it could not be prepared: {status} {body[:300]!r}")


if __name__ == "__main__":
    main()
