"""`svc-tui promote … --to ACCOUNT`: a second engine plays the other account, asked as Cloudflare is."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from clikit import Cli, write
from enginekit import RunningEngine

#: Paths below the account that Cloudflare publishes, of those that a promotion may want.
PUBLIC = re.compile(
    r"/workers/scripts/[^/]+(/settings|/deployments|/content/v2)?"
    r"|/workers/services/[^/]+(/environments/[^/]+(/settings|/deployments|/content/v2)?)?"
    r"|/storage/kv/namespaces|/d1/database|/r2/buckets|/queues"
)
CODE = """export default { async fetch(request, env) {
  await env.NOTES.put("seen", env.GREETING);
  return Response.json([env.GREETING, env.KEY ?? null, await env.NOTES.get("seen")]); } };"""


@pytest.fixture
def asked(cli: Cli, remote: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The account `away`, and what it is asked: method and path."""
    found: list[tuple[str, str]] = []
    send = httpx.Client.send

    def record(self, request: httpx.Request, **more):
        if request.url.port == remote.port and request.headers.get("x-svc-source") == "cli":
            found.append((request.method, request.url.path.partition(remote.account)[2]))
        return send(self, request, **more)

    base = f"{remote.address}/client/v4"
    add = ["account", "add", "away", "--account-id", remote.account, "--base-url", base, "--write"]
    assert cli(*add, stdin=remote.token).code == 0
    monkeypatch.setattr(httpx.Client, "send", record)
    return found


@pytest.fixture
def local(cli: Cli, name: str, tmp_path: Path) -> str:
    """A service whose staging has a variable, a KV namespace and a secret."""
    config = (
        f'{{"name": "{name}", "main": "worker.js", "compatibility_date": "2026-02-01",'
        ' "env": {"staging": {"vars": {"GREETING": "here"}, "kv_namespaces": [{"binding": "NOTES"}]}},'
        ' "legacy_env": false}'
    )
    folder = write(tmp_path / "project", worker_js=CODE, wrangler_json=config)
    (folder / ".dev.vars").write_text("KEY=local\n")
    assert cli("deploy", folder, "--env", "staging", "--dev-vars").code == 0
    return name


def test_what_the_target_lacks_is_listed_and_stops_it(cli: Cli, local: str, remote, asked):
    done = cli("promote", local, "staging", "--to", "away", "--yes")
    assert done.code == 1
    for words in (f"no KV namespace {local}-staging-NOTES", "the secret KEY is not set there"):
        assert words in done.err
    assert "✗ stops it" in done.out
    assert {method for method, _ in asked} == {"GET"}
    remote.refusal("GET", f"/workers/scripts/{local}/settings", 404, 10007)


def test_it_goes_live_there_and_keeps_what_is_the_targets(
    cli: Cli, local: str, remote, asked, tmp_path: Path
):
    title = f"{local}-staging-NOTES"
    made = remote.result("POST", "/storage/kv/namespaces", json={"title": title})
    secrets = tmp_path / "secrets"
    secrets.write_text("KEY=theirs\n")
    order = ["promote", local, "staging", "--to", "away", "--secrets", secrets]
    plan = cli(*order, "--dry-run", "--json").json
    assert (plan["blocked"], plan["confirm"]) == ([], "production")
    done = cli(*order, stdin="prod\n")
    assert (done.code, "nothing was changed" in done.err) == (4, True)
    remote.refusal("GET", f"/workers/scripts/{local}/settings", 404, 10007)

    done = cli(*order, stdin="production\n")
    assert done.code == 0, done.err
    assert remote.get(local).json() == ["here", "theirs", "here"]
    bound = {
        each["name"]: each for each in remote.result("GET", f"/workers/scripts/{local}/settings")["bindings"]
    }
    assert bound["NOTES"]["namespace_id"] == made["id"]

    # What it has now stays its own: the variable and the secret.
    settings = {"bindings": [{**bound["GREETING"], "text": "there"}, {**bound["NOTES"]}]}
    remote.result("PATCH", f"/workers/scripts/{local}/settings", json=settings)
    order = ["promote", local, "--from", "staging", "--to", f"away/{local}/production", "--yes"]
    shown = cli(*order, "--diff")
    assert shown.code == 0, shown.err
    assert remote.get(local).json() == ["there", "theirs", "there"]
    assert cli(*order, "--move", "GREETING", "--json").json["service"] == local
    assert remote.get(local).json()[:2] == ["here", "theirs"]

    assert {method for method, _ in asked} == {"GET", "PUT"}
    strange = [path for _, path in asked if not PUBLIC.fullmatch(path)]
    assert strange == []


def test_another_name_and_another_environment(cli: Cli, local: str, remote, asked):
    remote.result("POST", "/storage/kv/namespaces", json={"title": f"{local}-staging-NOTES"})
    remote.deploy(f"{local}-b")
    path = f"/workers/services/{local}-b/environments/canary"
    assert cli("env", "create", f"{local}-b", "canary", "--account", "away").code == 0
    remote.result("PUT", f"{path}/secrets", json={"name": "KEY", "text": "own", "type": "secret_text"})
    done = cli("promote", local, "staging", "--to", f"away/{local}-b/canary", stdin="y\n")
    assert done.code == 0, done.err
    assert remote.get(f"{local}-b", environment="canary").json()[:2] == ["here", "own"]
    assert remote.get(f"{local}-b").text == "hello"


def test_a_read_only_account_is_compared_and_not_changed(cli: Cli, service: str, remote, asked):
    base = f"{remote.address}/client/v4"
    cli("account", "add", "away", "--account-id", remote.account, "--base-url", base, stdin=remote.token)
    order = ["promote", service, "production", "--to", "away"]
    assert "replaces nothing" in cli(*order, "--dry-run").out
    done = cli(*order, "--yes")
    assert (done.code, "away is read-only" in done.err) == (1, True)
    remote.refusal("GET", f"/workers/scripts/{service}/settings", 404, 10007)


def test_durable_objects_bring_their_migration(cli: Cli, name: str, remote, asked, tmp_path: Path):
    config = (
        f'name = "{name}"\nmain = "worker.js"\n[[durable_objects.bindings]]\nname = "COUNT"\n'
        'class_name = "Count"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Count"]\n'
    )
    code = """import { DurableObject } from "cloudflare:workers";
    export class Count extends DurableObject { more() {
      const n = (this.ctx.storage.kv.get("n") ?? 0) + 1; this.ctx.storage.kv.put("n", n); return n; } }
    export default { fetch: async (request, env) =>
      new Response(await env.COUNT.get(env.COUNT.idFromName("one")).more()) };"""
    assert cli("deploy", write(tmp_path, worker_js=code, wrangler_toml=config)).code == 0
    for expected in ("1", "2"):
        done = cli("promote", name, "production", "--to", "away", "--yes")
        assert done.code == 0, done.err
        assert remote.get(name).text == expected


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["x", "staging", "--to", "nowhere"], 1, ""),
        (["x", "staging", "--from", "y", "--to", "a"], 2, "once"),
        (["x", "--to", "production"], 2, "--from"),
        (["x", "staging", "--to", "a/b/c/d"], 2, "no target"),
    ],
)
def test_what_cannot_be_meant_is_refused(cli: Cli, arguments: list[str], code: int, words: str):
    done = cli("promote", *arguments)
    assert done.code == code
    assert words in done.err
