"""`svc-tui export`: what is written, and that a project of wrangler's deploys back."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from clikit import Cli, write

CODE = """import { title } from "./lib/title.js";
import text from "./page.txt";
export default { fetch: (request, env) =>
  Response.json([title, text, env.GREETING, env.DATA, env.KEY ?? null, env.KV !== undefined]) };"""


@pytest.fixture
def project(cli: Cli, name: str, tmp_path: Path) -> str:
    """A service with modules of two types, variables, resources, a secret and a bound service."""
    config = {
        "name": name,
        "main": "worker.js",
        "compatibility_date": "2026-02-01",
        "vars": {"GREETING": 'a "b"\n\u0001ü', "DATA": {"a": [1]}},
        "kv_namespaces": [{"binding": "KV"}],
        "d1_databases": [{"binding": "DB"}],
        "services": [{"binding": "OTHER", "service": f"{name}-b"}],
    }
    other = write(
        tmp_path / "b",
        w_js='addEventListener("fetch", (event) => event.respondWith(new Response("b")));',
        wrangler_json=json.dumps({"name": f"{name}-b", "main": "w.js"}),
    )
    assert cli("deploy", other).code == 0
    folder = write(
        tmp_path / "a",
        worker_js=CODE,
        lib__title_js='export const title = "T";',
        page_txt="p",
        wrangler_json=json.dumps(config),
    )
    (folder / ".dev.vars").write_text('KEY="se\\"cret"\n')
    done = cli("deploy", folder, "--dev-vars")
    assert done.code == 0, done.err
    return name


def test_a_project_of_wranglers_deploys_back(cli: Cli, project: str, engine, tmp_path: Path):
    out = tmp_path / "out"
    before = engine.get(project).json()
    done = cli("export", project, "--wrangler", out)
    assert (done.code, done.err) == (0, "")
    text = (out / "wrangler.jsonc").read_text()
    assert "cret" not in text
    assert (out / ".dev.vars.example").read_text() == 'KEY=""\n'
    config = json.loads(text.partition("\n")[2])
    bound = engine.result("GET", f"/workers/scripts/{project}/settings")["bindings"]
    assert config["kv_namespaces"][0]["id"] == next(e["namespace_id"] for e in bound if e["name"] == "KV")
    assert config["d1_databases"][0]["database_name"] == f"{project}-production-DB"

    (out / "src" / "lib" / "title.js").write_text('export const title = "back";')
    assert cli("deploy", out).code == 0
    assert engine.get(project).json() == ["back", *before[1:]]
    again = engine.result("GET", f"/workers/scripts/{project}/settings")["bindings"]
    assert sorted(again, key=lambda e: e["name"]) == sorted(bound, key=lambda e: e["name"])
    assert cli("deploy", out, "--env", "other").code == 0
    assert engine.get(project, environment="other").json()[0] == "back"


def test_secrets_are_written_only_when_given(cli: Cli, project: str, tmp_path: Path):
    secrets = tmp_path / "secrets"
    secrets.write_text(f'{project}.KEY="it\'s \\"so\\""\nother.KEY=no\nUNBOUND=no\n')
    out = tmp_path / "out"
    assert cli("export", project, "--wrangler", out, "--secrets", secrets).code == 0
    kept = out / ".dev.vars"
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == ('KEY="it\'s \\"so\\""\n', 0o600)
    assert ".dev.vars" in (out / ".gitignore").read_text().split()

    done = cli("export", project, "--workerd", tmp_path / "plain")
    config = (tmp_path / "plain" / "config.capnp").read_text()
    assert '( name = "KEY", fromEnvironment = "KEY" )' in config
    assert "left out: d1 DB" in done.err
    assert cli("export", project, "--workerd", tmp_path / "open", "--secrets", secrets).code == 0
    file = tmp_path / "open" / "config.capnp"
    assert 'text = "it\'s \\"so\\""' in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_a_service_binds_to_comes_along(cli: Cli, project: str, tmp_path: Path):
    out = tmp_path / "out"
    done = cli("export", project, "--workerd", out, "--port", "9000", "--json")
    assert [each["service"] for each in done.json["services"]] == [project, f"{project}-b"]
    config = (out / "config.capnp").read_text()
    assert f'service = ( name = "{project}-b" )' in config
    assert f'address = "127.0.0.1:9001", http = (), service = "{project}-b"' in config
    assert (out / project / "lib" / "title.js").read_text() == 'export const title = "T";'
    assert (out / f"{project}-b" / "w.js").exists()
    assert set(done.json["files"]) >= {"config.capnp", "kv.js", f"{project}/page.txt"}


def test_several_projects_have_a_folder_each(cli: Cli, project: str, tmp_path: Path):
    out = tmp_path / "out"
    assert cli("export", project, f"{project}-b", "--wrangler", out).code == 0
    assert sorted(each.name for each in out.iterdir()) == [project, f"{project}-b"]


def test_what_cannot_be_exported_is_told_and_nothing_is_written(cli: Cli, name: str, tmp_path: Path):
    source = write(tmp_path, main_ts="export default { fetch: (r: Request): Response => new Response('') };")
    assert cli("deploy", source / "main.ts", "--service", name).code == 0
    done = cli("export", name, "--workerd", tmp_path / "out")
    assert (done.code, "main.ts" in done.err, (tmp_path / "out").exists()) == (1, True, False)
    done = cli("export", "nobody-here", "--wrangler", tmp_path / "out")
    assert (done.code, (tmp_path / "out").exists()) == (1, False)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    done = cli("export", name, "--wrangler", tmp_path / "full")
    assert (done.code, "--force" in done.err) == (1, True)
    assert cli("export", name, "--wrangler", tmp_path / "full", "--force").code == 0
    assert (tmp_path / "full" / "mine").read_text() == "mine"
    assert cli("export", name).code == 2
