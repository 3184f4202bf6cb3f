"""Classes of Durable Objects that an upload declares as `exports`, without migrations, as 4.164 does."""

from __future__ import annotations

from typing import Any

from enginekit import RunningEngine, upload, worker_path

CODE = """import { DurableObject } from "cloudflare:workers";
export class NAME extends DurableObject {
  async fetch() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return new Response(String(n));
  }
}
export default { fetch: (request, env) => env.DO?.getByName("one").fetch(request) ?? new Response("none") };
"""
OLD = {"type": "durable-object", "storage": "sqlite"}


def deploy(engine: RunningEngine, service: str, name: str, **exports: Any) -> None:
    bindings = [{"name": "DO", "type": "durable_object_namespace", "class_name": name}] if name else []
    engine.deploy(service, CODE.replace("NAME", name or "Gone"), bindings=bindings, exports=exports)


def test_created_renamed_and_deleted(engine: RunningEngine, service: str) -> None:
    deploy(engine, service, "Old", Old=OLD, default={"type": "worker"})
    assert engine.get(service).text == "1"
    deploy(engine, service, "Old", Old=OLD)  # there already
    assert engine.get(service).text == "2"
    moved = {"type": "durable-object", "state": "renamed", "renamed_to": "New"}
    deploy(engine, service, "New", Old=moved, New=OLD)
    assert engine.get(service).text == "3"
    deploy(engine, service, "New", Old=moved, New=OLD)
    assert engine.get(service).text == "4"
    deploy(engine, service, "", New={"type": "durable-object", "state": "deleted"})
    assert engine.get(service).text == "none"
    deploy(engine, service, "New", New=OLD)
    assert engine.get(service).text == "1"


def test_what_cannot_be(engine: RunningEngine, service: str) -> None:
    path = worker_path(service)
    wrong = {"type": "durable-object", "state": "expecting-transfer", "transfer_from": "x"}
    sent = upload({"worker.js": CODE.replace("NAME", "Old")}, exports={"Old": wrong})
    assert "exports.Old.state" in engine.refusal("PUT", path, 400, 10021, **sent)
    sent = upload({"worker.js": CODE.replace("NAME", "Old")}, exports={"Old": OLD})
    engine.refusal("POST", f"{path}/versions", 400, 10211, **sent)
    engine.deploy(service, CODE.replace("NAME", "Old"), exports={"Old": OLD})
    engine.result("POST", f"{path}/versions", **sent)
