"""Previews of a Worker: `workers/workers/:n/previews`, as wrangler preview speaks to it."""

from __future__ import annotations

import base64
import json
from typing import Any

from enginekit import RunningEngine

CODE = """import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async fetch() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return new Response(String(n));
  }
}
export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/count") return env.DO.getByName("one").fetch(request);
    return Response.json({ words: "WORDS", A: env.A ?? null, S: env.S ?? null, T: env.T ?? null });
  },
};
"""
#: 4.86 sends JSON; 4.164 a form whose modules are all named "files".
COUNTER = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Counter"]}]}
DO = {"type": "durable_object_namespace", "class_name": "Counter"}


def deploy(
    engine: RunningEngine, service: str, preview: str, words: str, status: int = 200, **metadata: Any
) -> Any:
    path = f"/workers/workers/{service}/previews/{preview}/deployments"
    body = {"main_module": "index.js", "compatibility_date": "2026-01-01", **metadata}
    module = ("index.js", CODE.replace("WORDS", words), "application/javascript+module")
    return engine.result(
        "POST", path, status, files=[("metadata", (None, json.dumps(body))), ("files", module)]
    )


def said(engine: RunningEngine, host: str) -> dict[str, Any]:
    answer = engine.http.get("/", headers={"host": host})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_branch_has_its_own_hostname_history_and_objects(engine: RunningEngine, service: str) -> None:
    top = f"/workers/workers/{service}/previews"
    engine.deploy(service, CODE, bindings=[{"name": "DO", **DO}], migrations=COUNTER)
    assert engine.get(service, "/count").text == "1"
    engine.refusal("GET", f"{top}/feat%2FOne", 404, 10025)
    made = engine.result("POST", top, json={"name": "feat/One"})
    assert made["slug"] == "feat-one"
    engine.refusal("POST", top, 409, 10040, json={"name": "feat/One"})
    engine.refusal("GET", f"{top}/{made['id']}/deployments/latest", 404, 10222)

    first = deploy(
        engine,
        service,
        made["id"],
        "first",
        migrations=COUNTER,
        env={"A": {"type": "plain_text", "text": "a"}, "DO": DO},
    )
    assert first["migration_tag"] == "v1"
    assert engine.get(service, "/count", "feat-one").text == "1"
    assert engine.get(service, "/count").text == "2"
    env = {"A": {"type": "json", "json": {"b": 1}}, "DO": {"type": "inherit"}}
    second = deploy(engine, service, "feat%2FOne", "second", env=env, annotations={"workers/message": "m"})
    assert second["annotations"] == {"workers/message": "m"}
    assert said(engine, engine.host(service, "feat-one")) == {
        "words": "second",
        "A": {"b": 1},
        "S": None,
        "T": None,
    }
    listed = engine.result("GET", f"{top}/feat-one/deployments")
    assert [each["id"] for each in listed] == [second["id"], first["id"]]
    assert engine.result("GET", f"{top}/feat-one/deployments/latest") == second
    assert [each["name"] for each in engine.result("GET", top)] == ["feat/One"]

    other = engine.result("POST", top, json={"name": "feat-One"})  # another name of the same slug
    assert other["slug"].startswith("feat-one-")
    engine.result("DELETE", f"{top}/feat%2FOne")
    assert engine.get(service, environment="feat-one").status_code == 404
    assert engine.result("GET", f"{top}/{other['slug']}")["id"] == other["id"]
    assert engine.get(service, "/count").text == "3"


def test_each_deployment_has_a_hostname(engine: RunningEngine, service: str) -> None:
    engine.deploy(service)
    top = f"/workers/workers/{service}/previews"
    made = engine.result("POST", top, json={"name": "main"})
    first = deploy(engine, service, "main", "first")
    deploy(engine, service, "main", "second")
    host = f"{first['id'][:8]}-main.{engine.host(service)}"
    assert first["urls"] == engine.urls(host)
    assert said(engine, host)["words"] == "first"
    assert made["urls"] == engine.urls(engine.host(service, "main"))
    assert said(engine, engine.host(service, "main"))["words"] == "second"
    assert said(engine, f"main-{engine.host(service)}")["words"] == "second"

    worker = f"/workers/workers/{service}"
    engine.result("PATCH", worker, json={"subdomain": {"enabled": True, "previews_enabled": False}})
    hidden = engine.result("POST", top, json={"name": "hidden"})
    assert hidden["urls"] == deploy(engine, service, "hidden", "x")["urls"] == []
    assert engine.get(service, environment="hidden").status_code == 404


def test_secrets_and_the_base(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, CODE, bindings=[{"name": "T", "type": "secret_text", "text": "production's"}])
    worker = f"/workers/workers/{service}"
    base = {
        "env": {"S": {"type": "secret_text", "text": "hidden"}, "A": {"type": "plain_text", "text": "base"}}
    }
    shown = engine.result("PATCH", worker, json={"previews_base_config": base})["previews_base_config"]
    assert shown["env"] == {"S": {"type": "secret_text"}, "A": {"type": "plain_text", "text": "base"}}

    top = f"{worker}/previews"
    engine.result("POST", top, json={"name": "one"})
    engine.result("POST", top, params={"ignore_base_config": "true"}, json={"name": "bare"})
    engine.refusal("PATCH", f"{top}/one/deployments/latest", 400, 10032, json={"env": {"S": None}})
    engine.result("PATCH", worker, json={"previews_base_config": {"env": {"S": None}}})
    made = deploy(engine, service, "one", "one", env={"A": {"type": "plain_text", "text": "own"}})
    assert made["env"]["S"] == {"type": "secret_text"}
    host = engine.host(service, "one")
    assert said(engine, host) == {"words": "one", "A": "own", "S": "hidden", "T": "production's"}
    deploy(engine, service, "bare", "bare")
    assert said(engine, engine.host(service, "bare")) == {"words": "bare", "A": None, "S": None, "T": None}

    patch = {"env": {"S": {"type": "secret_text", "text": "new"}, "T": None}}
    engine.result("PATCH", f"{top}/one/deployments/latest", json=patch)
    assert said(engine, host) == {"words": "one", "A": "own", "S": "new", "T": None}
    assert "new" not in engine.api.get(f"{top}/one/deployments").text
    deploy(engine, service, "one", "two")
    assert said(engine, host)["S"] == "new"


def test_json_with_base64(engine: RunningEngine, service: str) -> None:
    top, service = "/workers/workers", f"{service}-json"
    engine.result(
        "POST", top, json={"name": service, "subdomain": {"enabled": True, "previews_enabled": True}}
    )
    engine.result("POST", f"{top}/{service}/previews", json={"name": "p"})
    code = base64.b64encode(CODE.replace("WORDS", "json").encode()).decode()
    module = {"name": "i.js", "content_type": "application/javascript+module", "content_base64": code}
    path = f"{top}/{service}/previews/p/deployments"
    engine.result("POST", path, json={"main_module": "i.js", "modules": [module]})
    assert said(engine, engine.host(service, "p"))["words"] == "json"
    module["content_base64"] = "é"
    engine.refusal("POST", path, 400, 10021, json={"main_module": "i.js", "modules": [module]})
    engine.refusal("POST", f"{top}/{service}/previews", 400, 10026, json={"name": "/x"})
    engine.refusal("POST", f"{top}/nobody-there/previews", 404, 10007, json={"name": "x"})
