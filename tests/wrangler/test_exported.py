"""What `svc-tui export` writes, in Cloudflare's own tools: workerd runs it, wrangler takes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
import pytest
from enginekit import RunningEngine, upload
from wranglerkit import Wrangler, installed

CODE = """import { DurableObject } from "cloudflare:workers";
import { title } from "./lib/title.js";
import text from "./page.txt";
export class Count extends DurableObject {
  more() { const n = (this.ctx.storage.kv.get("n") ?? 0) + 1; this.ctx.storage.kv.put("n", n); return n; } }
export default { async fetch(request, env) {
  await env.KV.put("b/ü", "1", { metadata: { a: 1 } });
  await env.KV.put("a", '{"x":1}', { expirationTtl: 3600 });
  await env.KV.put("gone", "1");
  await env.KV.delete("gone");
  const first = await env.KV.list({ limit: 1 });
  const { value, metadata } = await env.KV.getWithMetadata("b/ü");
  return Response.json({
    code: [title, text], vars: [env.WORDS, env.DATA, env.KEY],
    kv: [await env.KV.get("a", "json"), await env.KV.get("gone"), value, metadata, first.keys[0].name,
      (await env.KV.list({ cursor: first.cursor })).keys.map((key) => key.name),
      [...await env.KV.get(["a", "none"])]],
    count: await env.COUNT.get(env.COUNT.idFromName("one")).more(),
    other: await (await env.OTHER.fetch("http://other/")).text() }); } };"""
TYPES = {"page.txt": "text/plain"}


@pytest.fixture(scope="module")
def exported(engine: RunningEngine) -> str:
    """A service with everything that workerd has by itself."""
    name = f"out-{uuid.uuid4().hex[:8]}"
    engine.deploy(f"{name}-b", 'export default { fetch: () => new Response("b") };')
    space = engine.result("POST", "/storage/kv/namespaces", json={"title": name})
    modules = {"worker.js": CODE, "lib/title.js": 'export const title = "T";', "page.txt": "p"}
    bindings = [
        {"name": "KV", "type": "kv_namespace", "namespace_id": space["id"]},
        {"name": "WORDS", "type": "plain_text", "text": 'a "b"\n\u0001ü'},
        {"name": "DATA", "type": "json", "json": {"a": [1]}},
        {"name": "KEY", "type": "secret_text", "text": "hidden"},
        {"name": "OTHER", "type": "service", "service": f"{name}-b"},
        {"name": "COUNT", "type": "durable_object_namespace", "class_name": "Count"},
    ]
    migrations = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Count"]}]}
    form = upload(modules, types=TYPES, bindings=bindings, migrations=migrations)
    engine.result("PUT", f"/workers/scripts/{name}", **form)
    return name


def export(engine: RunningEngine, *arguments: str) -> None:
    command = [sys.executable, "-m", "engine", "export", *arguments, "--state", str(engine.state)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_workerd_answers_as_the_engine_does(engine: RunningEngine, exported: str, tmp_path: Path):
    _, cli = installed("4.86.0")
    programs = [*cli.parents[2].glob("@cloudflare/workerd-*/bin/workerd")]
    if not programs:
        pytest.skip("npm has no workerd for this platform")
    export(engine, exported, "--workerd", str(tmp_path / "out"), "--port", "0")
    command = [str(programs[0]), "serve", "config.capnp", "--experimental", "--control-fd=1"]
    environment = {**os.environ, "KEY": "hidden"}
    running = subprocess.Popen(
        command,
        cwd=tmp_path / "out",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        ports: dict[str, int] = {}
        assert running.stdout is not None
        while exported not in ports:
            line = running.stdout.readline()
            assert line, running.communicate()[1]
            event = json.loads(line)
            if event["event"] == "listen":
                ports[event["socket"]] = event["port"]
        found = [httpx.get(f"http://127.0.0.1:{ports[exported]}/", trust_env=False, timeout=30).json()]
        found.append(httpx.get(f"http://127.0.0.1:{ports[exported]}/", trust_env=False, timeout=30).json())
    finally:
        running.terminate()
        running.communicate(timeout=30)
    here = [engine.get(exported).json(), engine.get(exported).json()]
    assert found == here
    assert [each["count"] for each in found] == [1, 2]


def test_wrangler_takes_the_project(engine: RunningEngine, exported: str, tmp_path: Path):
    out = tmp_path / "out"
    export(engine, exported, "--wrangler", str(out))
    wrangler = Wrangler("4.86.0", engine, out)
    told = wrangler.run("deploy", "--dry-run", "--outdir", "built").out
    for words in ("env.KV", "env.OTHER", "env.COUNT", "--dry-run: exiting now"):
        assert words in told
    built = {
        each.relative_to(out / "built").as_posix() for each in (out / "built").rglob("*") if each.is_file()
    }
    assert built >= {"worker.js", "lib/title.js", "page.txt"}
