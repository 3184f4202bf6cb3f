"""`svc-tui deploy` of projects with queues, assets, crons, rate limits and a database elsewhere."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from clikit import Cli, write
from enginekit import RunningEngine, environment_path

SENDER = """export default {
  async fetch(request, env) {
    await env.OUT.send({ n: 1 });
    return new Response((await env.LIMIT.limit({ key: "k" })).success + " " + env.DB.host);
  },
  async queue(batch, env) { await env.KV.put("seen", JSON.stringify(batch.messages[0].body)); },
  async scheduled() {},
};"""


def config(name: str, more: str) -> str:
    return f'name = "{name}"\nmain = "main.js"\ncompatibility_date = "2026-03-01"\n{more}'


def changes(engine: RunningEngine, end: str) -> list[dict]:
    """Every change so far: up to that of a queue that is made to end them."""
    engine.result("POST", "/queues", json={"queue_name": end})
    found = []
    with engine.api.stream("GET", "/changes", params={"since": 0}) as feed:
        for line in feed.iter_lines():
            if line:
                found.append(json.loads(line))
                if found[-1].get("name") == end:
                    break
    return found


def test_queues_crons_limits_and_hyperdrive(
    cli: Cli, name: str, tmp_path: Path, answer, engine: RunningEngine
):
    origin = {"scheme": "postgres", "host": "db.test", "database": "d", "user": "u", "password": "p"}
    made = engine.result("POST", "/hyperdrive/configs", json={"name": name, "origin": origin})
    more = f"""
[triggers]
crons = ["0 3 * * *"]
[[queues.producers]]
binding = "OUT"
queue = "jobs-{name}"
[[queues.consumers]]
queue = "jobs-{name}"
max_batch_size = 1
max_batch_timeout = 0
dead_letter_queue = "dead-{name}"
[[kv_namespaces]]
binding = "KV"
[[hyperdrive]]
binding = "DB"
id = "{made["id"]}"
[[ratelimits]]
name = "LIMIT"
namespace_id = "77"
simple = {{ limit = 1, period = 60 }}
"""
    folder = write(tmp_path, main_js=SENDER, wrangler_toml=config(name, more))
    done = cli("deploy", folder)
    assert (done.code, done.err) == (
        1,
        f"svc-tui: there is no queue jobs-{name}; make it with: svc-tui wrangler queues create jobs-{name}\n",
    )
    queue = engine.result("POST", "/queues", json={"queue_name": f"jobs-{name}"})["queue_id"]
    done = cli("deploy", folder)
    assert done.code == 0, done.err
    [consumer] = engine.result("GET", f"/queues/{queue}/consumers")
    assert (consumer["script"], consumer["settings"], consumer["dead_letter_queue"]) == (
        name,
        {"batch_size": 1, "max_wait_time_ms": 0},
        f"dead-{name}",
    )
    schedules = environment_path(name) + "/schedules"
    assert [each["cron"] for each in engine.result("GET", schedules)["schedules"]] == ["0 3 * * *"]
    assert answer(name)[0] == 200
    spaces = engine.result("GET", "/storage/kv/namespaces", params={"per_page": 100})
    [space] = [each["id"] for each in spaces if each["title"] == f"{name}-production-KV"]
    deadline = time.monotonic() + 60
    while (seen := engine.api.get(f"/storage/kv/namespaces/{space}/values/seen").text) != '{"n":1}':
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)

    changed = more.replace("max_batch_size = 1", "max_batch_size = 5").replace('["0 3 * * *"]', "[]")
    write(folder, wrangler_toml=config(name, changed))
    assert cli("deploy", folder).code == 0
    assert cli("deploy", folder).code == 0
    assert engine.result("GET", f"/queues/{queue}/consumers")[0]["settings"]["batch_size"] == 5
    assert engine.result("GET", schedules)["schedules"] == []
    found = changes(engine, f"end-{name}")
    consumers = [each for each in found if each.get("name") == f"jobs-{name}"]
    assert [each["operation"] for each in consumers] == ["created", *["changed the consumer of"] * 2]
    crons = [each for each in found if (each["kind"], each["service"]) == ("schedule.changed", name)]
    assert len(crons) == 2  # only what differs is sent


def test_assets_with_code_and_alone(cli: Cli, name: str, tmp_path: Path, answer, engine: RunningEngine):
    more = '[assets]\ndirectory = "public"\nbinding = "FILES"\nnot_found_handling = "404-page"\n'
    code = """export default { async fetch(request, env) {
      return new Response("code " + await (await env.FILES.fetch("http://a/about")).text()); } };"""
    folder = write(
        tmp_path,
        main_js=code,
        public__index_html="home",
        public__about_html="about us",
        public__deep__style_css="a{}",
        public__draft__secret_txt="not public",
        public___headers="/*\n  x-own: yes\n",
        public___redirects="/old /about 302\n",
        wrangler_toml=config(name, more),
    )
    (folder / "public" / ".headers").rename(folder / "public" / "_headers")
    (folder / "public" / ".redirects").rename(folder / "public" / "_redirects")
    (folder / "public" / ".assetsignore").write_text("draft/\n")
    done = cli("deploy", folder)
    assert done.code == 0, done.err
    assert [answer(name, path) for path in ("/", "/about")] == [(200, "home"), (200, "about us")]
    found = engine.get(name, "/deep/style.css")
    assert (found.headers["content-type"], found.headers["x-own"]) == ("text/css; charset=utf-8", "yes")
    assert engine.get(name, "/old").headers["location"] == "/about"
    assert answer(name, "/draft/secret.txt") == (200, "code about us")
    assert "_headers" not in answer(name, "/_headers")[1]

    (folder / "public" / "index.html").write_text("new home")
    (folder / "wrangler.toml").write_text(
        f'name = "{name}"\n[assets]\ndirectory = "public"\nnot_found_handling = "single-page-application"\n'
    )
    done = cli("deploy", folder)
    assert done.code == 0, done.err
    assert [answer(name, path) for path in ("/", "/any/page")] == [(200, "new home"), (200, "new home")]
    (folder / "public" / "_worker.js").write_text("")
    assert "_worker.js: is code and would be public" in cli("deploy", folder).err


def test_resources_that_are_named_or_not(cli: Cli, name: str, tmp_path: Path, answer, engine: RunningEngine):
    more = f"""
[[d1_databases]]
binding = "DB"
database_name = "data-{name}"
[[r2_buckets]]
binding = "FILES"
bucket_name = "files-{name}"
[[queues.producers]]
binding = "MY_JOBS"
[[unsafe.bindings]]
name = "LIMIT"
type = "ratelimit"
namespace_id = "78"
simple = {{ limit = 5, period = 10 }}
"""
    code = """export default { async fetch(request, env) {
      await env.MY_JOBS.send(1);
      await env.FILES.put("a", "b");
      return Response.json(await env.DB.prepare("SELECT 1 AS one").first()); } };"""
    folder = write(tmp_path, main_js=code, wrangler_toml=config(name, more))
    first = cli("deploy", folder)
    assert sorted(first.err.splitlines()) == [
        f"made the D1 database data-{name}",
        f"made the R2 bucket files-{name}",
        f"made the queue {name}-production-my-jobs",
    ]
    assert answer(name) == (200, '{"one":1}')
    second = cli("deploy", folder)
    assert (second.code, second.err) == (0, "")


def test_a_stored_secret_and_a_dataset(cli: Cli, name: str, tmp_path: Path, answer, engine: RunningEngine):
    store = engine.result("POST", "/secrets_store/stores", json={"name": name})["id"]
    secret = [{"name": "key", "value": "stored", "scopes": ["workers"]}]
    engine.result("POST", f"/secrets_store/stores/{store}/secrets", json=secret)
    more = f'''
[[secrets_store_secrets]]
binding = "KEY"
store_id = "{store}"
secret_name = "key"
[[analytics_engine_datasets]]
binding = "DATA"
dataset = "{name.replace("-", "_")}"
'''
    code = """export default { async fetch(request, env) {
      env.DATA.writeDataPoint({ blobs: ["deployed"] });
      return new Response(await env.KEY.get()); } };"""
    done = cli("deploy", write(tmp_path, main_js=code, wrangler_toml=config(name, more)))
    assert done.code == 0, done.err
    assert answer(name) == (200, "stored")
    query = f"SELECT blob1 FROM {name.replace('-', '_')} FORMAT TabSeparated"
    assert engine.api.post("/analytics_engine/sql", content=query).text == "deployed\n"


def test_what_no_machine_has(cli: Cli, name: str, tmp_path: Path, answer):
    more = """
[ai]
binding = "AI"
[[vectorize]]
binding = "INDEX"
index_name = "i"
[[send_email]]
name = "MAIL"
"""
    code = """export default { async fetch(request, env) {
      const tries = [() => env.AI.run("m", {}), () => env.INDEX.query([1]), () => env.MAIL.send({})];
      const told = await Promise.all(tries.map((use) => Promise.resolve().then(use).catch((e) => e.message)));
      return Response.json(told); } };"""
    done = cli("deploy", write(tmp_path, main_js=code, wrangler_toml=config(name, more)))
    assert done.code == 0, done.err
    status, body = answer(name)
    assert status == 200
    for told, binding in zip(json.loads(body), ("AI", "INDEX", "MAIL"), strict=True):
        assert binding in told
        assert "not available on this machine" in told


def test_workflows(cli: Cli, name: str, tmp_path: Path, answer, engine: RunningEngine):
    more = f"""
[[workflows]]
binding = "FLOW"
name = "orders-{name}"
class_name = "Orders"
"""
    code = """import { WorkflowEntrypoint } from "cloudflare:workers";
    export class Orders extends WorkflowEntrypoint {
      run(event, step) { return step.do("twice", async () => event.payload.n * 2); }
    }
    export default { async fetch(request, env) {
      return new Response((await env.FLOW.create({ params: { n: 21 } })).id); } };"""
    folder = write(tmp_path, main_js=code, wrangler_toml=config(name, more))
    done = cli("deploy", folder)
    assert done.code == 0, done.err
    status, id = answer(name)
    assert status == 200
    path = f"/workflows/orders-{name}"
    deadline = time.monotonic() + 60
    while (seen := engine.result("GET", f"{path}/instances/{id}"))["status"] != "complete":
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
    assert seen["output"] == 42
    exported = tmp_path / "out"
    assert cli("export", name, "--wrangler", exported).code == 0
    text = (exported / "wrangler.jsonc").read_text().partition("\n")[2]
    [found] = json.loads(text)["workflows"]
    assert found == {"binding": "FLOW", "name": f"orders-{name}", "class_name": "Orders"}
    write(folder, wrangler_toml=config(name, more.replace('"Orders"', '"Missing"')))
    assert "exports no class 'Missing'" in cli("deploy", folder).err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[[queues.consumers]]\nqueue = "q"\ntype = "other"\n', 'queues.consumers[0].type: is "worker" or'),
        ('[[queues.consumers]]\nqueue = "q"\nmax_retries = "1"\n', "max_retries: must be a number"),
        ('[[hyperdrive]]\nbinding = "A"\n', "hyperdrive[0].id: is missing"),
        ('[[ratelimits]]\nname = "A"\nnamespace_id = "1"\n', "ratelimits[0].simple: is a table"),
        ('[assets]\ndirectory = "gone"\n', "assets.directory: there is no folder"),
        ('[triggers]\ncrons = "* * * * *"\n', "triggers.crons: must be a list of cron expressions"),
        ('[[workflows]]\nbinding = "A"\nname = "a"\n', "workflows[0].class_name: is missing"),
        ("[unsafe.metadata]\nx = 1\n", "unsafe.metadata: this engine has nothing for it"),
        ('[[tail_consumers]]\nname = "x"\n', "tail_consumers[0].service: is missing"),
    ],
)
def test_what_is_wrong_names_the_key(cli: Cli, name: str, tmp_path: Path, more: str, message: str):
    folder = write(tmp_path, main_js=SENDER, wrangler_toml=config(name, more))
    done = cli("deploy", folder)
    assert done.code == 1
    assert message in done.err
    assert done.err.count("\n") == 1
