"""Everything that wrangler does to an account, with both versions.

    SVC_WRANGLER=all [SVC_NODE=/path/to/node] python -m pytest -n0 tests/wrangler

They take minutes, so they run when asked for; `test_wrangler_short.py` runs always.
"""

from __future__ import annotations

import base64
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from enginekit import RunningEngine
from wranglerkit import NODES, Tail, Wrangler

pytestmark = pytest.mark.skipif(
    os.environ.get("SVC_WRANGLER") != "all", reason="takes minutes: set SVC_WRANGLER=all to run it"
)

HELLO = "export default { fetch(request, env) { return new Response(`hello ${env.A ?? '-'}`) } };\n"
#: (module (func (export "answer") (result i32) i32.const 42))
WASM = base64.b64decode("AGFzbQEAAAABBQFgAAF/AwIBAAcKAQZhbnN3ZXIAAAoGAQQAQSoL")


@pytest.fixture(params=list(NODES))
def wrangler(request: pytest.FixtureRequest, engine: RunningEngine, tmp_path: Path) -> Wrangler:
    """Each version, in a project of its own."""
    return Wrangler(request.param, engine, tmp_path)


@pytest.fixture
def name() -> str:
    """A Worker's name that nobody has."""
    return f"w-{uuid.uuid4().hex[:8]}"


def configure(wrangler: Wrangler, name: str, main: str = "index.js", **more: Any) -> None:
    """Write a project's configuration."""
    config = {"name": name, "main": main, "compatibility_date": "2026-01-01", **more}
    wrangler.write(wrangler__json=json.dumps(config))


def test_whoami(wrangler: Wrangler):
    said = wrangler.run("whoami").out
    assert wrangler.engine.account in said


def test_kinds_of_scripts(wrangler: Wrangler, name: str):
    engine = wrangler.engine
    configure(wrangler, name)
    wrangler.write(
        index__js='addEventListener("fetch", event => event.respondWith(new Response("classic " + A)))'
    )
    wrangler.run("deploy", "--var", "A:1")
    assert engine.get(name).text == "classic 1"

    wrangler.write(
        index__ts="import { answer } from './lib';\nimport wasm from './answer.wasm';\n"
        "interface Env { A?: string }\n"
        "export default { async fetch(_: Request, env: Env): Promise<Response> {\n"
        "  const made = await WebAssembly.instantiate(wasm, {});\n"
        "  return new Response(`${answer()} ${(made.exports.answer as () => number)()}`) } };\n",
        lib__ts="export const answer = (): string => 'typed';\n",
    )
    (wrangler.project / "answer.wasm").write_bytes(WASM)
    configure(wrangler, name, "index.ts")
    wrangler.run("deploy", "--minify")
    assert engine.get(name).text == "typed 42"

    (wrangler.project / "public").mkdir()
    (wrangler.project / "public" / "file.txt").write_text("a file")
    wrangler.write(index__js=HELLO)
    configure(wrangler, name, assets={"directory": "public"})
    wrangler.run("deploy")
    assert engine.get(name, "/file.txt").text == "a file"
    assert engine.get(name, "/other").text == "hello -"

    before = wrangler.json("versions", "list", "--json")
    wrangler.run("deploy", "--dry-run", "--outdir", "out")
    assert (wrangler.project / "out" / "index.js").exists()
    assert wrangler.json("versions", "list", "--json") == before


def test_environments_and_variables(wrangler: Wrangler, name: str):
    engine = wrangler.engine
    configure(wrangler, name, vars={"A": "top"}, env={"staging": {"vars": {"A": "staging"}}})
    wrangler.write(index__js=HELLO)
    wrangler.run("deploy", "--env", "staging")
    assert engine.get(f"{name}-staging").text == "hello staging"
    wrangler.run("deploy", "--env=")
    assert engine.get(name).text == "hello top"
    configure(wrangler, name)
    wrangler.run("deploy", "--keep-vars")
    assert engine.get(name).text == "hello top"
    wrangler.run("deploy")
    assert engine.get(name).text == "hello -"
    if wrangler.version == "4.86.0":  # later ones know no service environments
        configure(wrangler, name, legacy_env=False, env={"canary": {"vars": {"A": "canary"}}})
        wrangler.run("deploy", "--env", "canary")
        assert engine.get(name, environment="canary").text == "hello canary"


def test_versions_deployments_and_secrets(wrangler: Wrangler, name: str):
    engine = wrangler.engine
    configure(wrangler, name)
    wrangler.write(index__js=HELLO)
    wrangler.run("deploy")
    wrangler.write(index__js=HELLO.replace("hello", "bye"))
    wrangler.run("versions", "upload", "--message", "m", "--tag", "t")
    assert engine.get(name).text == "hello -"
    old, new = wrangler.json("versions", "list", "--json")
    assert new["annotations"]["workers/tag"] == "t"
    assert new["id"] in wrangler.run("versions", "view", new["id"]).out
    wrangler.run("versions", "deploy", f"{old['id']}@0%", f"{new['id']}@100%", "--yes")
    assert engine.get(name).text == "bye -"
    shares = {
        each["version_id"]: each["percentage"]
        for each in wrangler.json("deployments", "status", "--json")["versions"]
    }
    assert shares == {old["id"]: 0, new["id"]: 100}
    wrangler.run("versions", "deploy", f"{new['id']}@100%", "--yes")
    assert len(wrangler.json("deployments", "list", "--json")) == 3

    wrangler.run("secret", "put", "A", stdin="one")
    assert engine.get(name).text == "bye one"
    wrangler.write(secrets__json=json.dumps({"A": "two", "B": "three"}))
    wrangler.run("secret", "bulk", "secrets.json")
    assert engine.get(name).text == "bye two"
    assert [each["name"] for each in wrangler.json("secret", "list")] == ["A", "B"]
    wrangler.run("secret", "delete", "A")
    assert engine.get(name).text == "bye -"
    wrangler.run("versions", "secret", "put", "A", stdin="later")
    assert engine.get(name).text == "bye -"
    assert "B" in wrangler.run("versions", "secret", "list").out
    wrangler.run("rollback", old["id"], "--message", "back", "--yes")
    assert engine.get(name).text == "hello -"


def test_preview(wrangler: Wrangler, name: str):
    engine = wrangler.engine
    wrangler.write(index__js=HELLO)
    configure(wrangler, name, previews={"vars": {"A": "preview"}}, vars={"A": "top"})
    wrangler.run("deploy")
    made = wrangler.json("preview", "--name", "feat/one", "--json")
    assert made["preview"]["slug"] == "feat-one"
    assert engine.get(name, environment="feat-one").text == "hello preview"
    assert engine.get(name).text == "hello top"
    wrangler.write(index__js=HELLO.replace("hello", "again"))
    assert made["preview"]["urls"][0] in wrangler.run("preview", "--name", "feat/one").out
    assert engine.get(name, environment="feat-one").text == "again preview"
    wrangler.run("preview", "delete", "--name", "feat/one", "--skip-confirmation")
    assert engine.get(name, environment="feat-one").status_code == 404


def test_kv(wrangler: Wrangler, name: str):
    configure(wrangler, name)
    wrangler.run("kv", "namespace", "create", name)
    found = {each["title"]: each["id"] for each in wrangler.json("kv", "namespace", "list")}
    where = (f"--namespace-id={found[name]}", "--remote")
    wrangler.run("kv", "key", "put", "a", "1", "--ttl", "600", *where)
    wrangler.write(bulk__json=json.dumps([{"key": "b", "value": "2"}, {"key": "c/d", "value": "3"}]))
    wrangler.run("kv", "bulk", "put", "bulk.json", *where)
    assert [each["name"] for each in wrangler.json("kv", "key", "list", *where)] == ["a", "b", "c/d"]
    assert wrangler.run("kv", "key", "get", "c/d", "--text", *where).out.strip() == "3"
    wrangler.run("kv", "key", "delete", "a", *where)
    assert "not found" in wrangler.run("kv", "key", "get", "a", *where, code=1).err.lower()
    wrangler.run("kv", "namespace", "delete", f"--namespace-id={found[name]}", "--skip-confirmation")


def test_d1_and_r2(wrangler: Wrangler, name: str):
    configure(wrangler, name)
    wrangler.run("d1", "create", name)
    wrangler.write(setup__sql="CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);")
    wrangler.run("d1", "execute", name, "--remote", "--yes", "--file", "setup.sql")
    rows = wrangler.json("d1", "execute", name, "--remote", "--json", "--command", "SELECT a FROM t")
    assert rows[0]["results"] == [{"a": 1}, {"a": 2}]
    wrangler.run("d1", "export", name, "--remote", "--output", "dump.sql")
    assert "INSERT INTO" in (wrangler.project / "dump.sql").read_text()
    assert name in {each["name"] for each in wrangler.json("d1", "list", "--json")}
    wrangler.run("d1", "delete", name, "--skip-confirmation")

    wrangler.run("r2", "bucket", "create", name)
    assert name in wrangler.run("r2", "bucket", "list").out
    wrangler.write(object__txt="content")
    wrangler.run("r2", "object", "put", f"{name}/a/b c.txt", "--file", "object.txt", "--remote")
    wrangler.run("r2", "object", "get", f"{name}/a/b c.txt", "--file", "back.txt", "--remote")
    assert (wrangler.project / "back.txt").read_text() == "content"
    wrangler.run("r2", "object", "delete", f"{name}/a/b c.txt", "--remote")
    wrangler.run("r2", "bucket", "delete", name)


FLOW = """import { WorkflowEntrypoint } from "cloudflare:workers";
export class Flow extends WorkflowEntrypoint {
  async run(event, step) {
    const n = await step.do("count", async () => event.payload.n);
    const { payload } = await step.waitForEvent("approval", { type: "go" });
    return step.do("sum", async () => n + payload.more);
  }
}
export default { fetch: () => new Response("x") };
"""


def test_workflows(wrangler: Wrangler, name: str):
    configure(wrangler, name, workflows=[{"binding": "FLOW", "name": f"f-{name}", "class_name": "Flow"}])
    wrangler.write(index__js=FLOW)
    assert f"workflow: f-{name}" in wrangler.run("deploy").out
    wrangler.run("deploy")  # it is there, and its own: nothing to ask
    flow = ("workflows", "instances")
    assert f"f-{name}" in wrangler.run("workflows", "list").out
    assert "Flow" in wrangler.run("workflows", "describe", f"f-{name}").out
    started = wrangler.run("workflows", "trigger", f"f-{name}", '{"n": 40}', "--id", "one").out
    assert '"one" has been queued' in started
    wrangler.run(*flow, "pause", f"f-{name}", "one")
    wrangler.run(*flow, "resume", f"f-{name}", "latest")
    wrangler.run(*flow, "send-event", f"f-{name}", "one", "--type", "go", "--payload", '{"more": 2}')
    deadline = time.monotonic() + 60
    while "Completed" not in (told := wrangler.run(*flow, "describe", f"f-{name}", "one").out):
        assert time.monotonic() < deadline, told
    assert "sum-1" in told
    assert wrangler.engine.result("GET", f"/workflows/f-{name}/instances/one")["output"] == 42
    assert "Completed" in wrangler.run(*flow, "list", f"f-{name}", "--status", "complete").out
    wrangler.run(*flow, "restart", f"f-{name}", "one")
    wrangler.run(*flow, "terminate", f"f-{name}", "one")
    wrangler.run("workflows", "delete", f"f-{name}")
    assert "10200" in str(wrangler.engine.api.get(f"/workflows/f-{name}").json())
    wrangler.run("delete", "--force")


def test_triggers_and_tail(wrangler: Wrangler, name: str):
    engine = wrangler.engine
    configure(wrangler, name, triggers={"crons": ["*/5 * * * *"]}, workers_dev=True)
    wrangler.write(
        index__js='export default { fetch() { console.log("said it"); return new Response("x") } };'
    )
    wrangler.run("deploy")
    schedules = engine.result("GET", f"/workers/scripts/{name}/schedules")["schedules"]
    assert [each["cron"] for each in schedules] == ["*/5 * * * *"]
    configure(wrangler, name, triggers={"crons": []}, workers_dev=False)
    wrangler.run("triggers", "deploy")
    assert engine.result("GET", f"/workers/scripts/{name}/schedules")["schedules"] == []
    assert engine.get(name).status_code == 404
    configure(wrangler, name, workers_dev=True)
    wrangler.run("triggers", "deploy")
    with Tail(wrangler, name, "pretty") as tail:
        tail.until("said it", lambda: engine.get(name))
    wrangler.run("delete", "--force")
    engine.refusal("GET", f"/workers/services/{name}", 404, 10007)
