"""`svc-tui run`."""

from __future__ import annotations

import json
from pathlib import Path

from clikit import Cli, write

NOTES = Path(__file__).resolve().parents[2] / "engine/seed/notes/worker.js"
ECHO = """import { greet } from "./lib/greet.js";
export default {
  async fetch(request) {
    console.warn("seen", { n: 1 });
    return new Response(greet(request.method, await request.text()), { headers: { "x-a": "1" } });
  },
};
"""
GREET = "export const greet = (...words) => words.join(' ') + '\\n';"


def test_body_on_stdout_console_on_stderr(process: Cli, tmp_path: Path):
    folder = write(tmp_path, main_js=ECHO, lib__greet_js=GREET)
    done = process("run", folder / "main.js", "/path", "-d", "hi")
    assert (done.code, done.out) == (0, "POST hi\n")
    assert done.err == "warn  seen { n: 1 }  main.js:4:13\n"


def test_include_prints_the_head(cli: Cli, tmp_path: Path):
    folder = write(tmp_path, main_js=ECHO, lib__greet_js=GREET)
    done = cli("run", folder / "main.js", "-i", "-X", "PUT", "-d", "@-", stdin="from stdin")
    assert done.out.startswith("HTTP/1.1 200 OK\r\n")
    assert "\r\nx-a: 1\r\n" in done.out
    assert done.out.endswith("\r\n\r\nPUT from stdin\n")


def test_writes_of_a_draft_are_kept_back_and_shown(cli: Cli):
    header = "Authorization: Bearer open-sesame"
    put = ("run", NOTES, "/notes/kept", "-X", "PUT", "-H", header, "-d", '{"title": "x"}')
    done = cli(*put, "--service", "notes", "--env", "staging", "--trace")
    assert done.code == 0, done.err
    assert json.loads(done.out)["title"] == "x"
    assert "kept back 1 write: NOTES.put note:kept" in done.err
    assert "call  NOTES.list note:*" in done.err
    again = cli("run", NOTES, "/notes/kept", "--service", "notes", "--env", "staging", "-i")
    assert again.out.startswith("HTTP/1.1 404 Not Found\r\n")


def test_live_writes_are_done(cli: Cli, name: str):
    header = "Authorization: Bearer open-sesame"
    put = ("run", NOTES, f"/notes/{name}", "-X", "PUT", "-H", header, "-d", '{"title": "x"}')
    assert cli(*put, "--service", "notes", "--env", "staging", "--live").code == 0
    read = cli("run", NOTES, f"/notes/{name}", "--service", "notes", "--env", "staging")
    assert json.loads(read.out)["title"] == "x"


def test_json_gives_every_event(cli: Cli):
    done = cli("run", NOTES, "/notes", "--service", "notes", "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "started"
    assert kinds[-1] == "end"
    assert {"call_start", "call", "response", "body", "body_end", "writes"} <= set(kinds)


def test_an_exception_has_its_place_and_exit_code_1(cli: Cli, tmp_path: Path):
    code = "export default {\n  fetch() {\n    null.x;\n  },\n};\n"
    done = cli("run", write(tmp_path, main_js=code) / "main.js")
    assert (done.code, done.out) == (1, "")
    assert "TypeError: Cannot read properties of null (reading 'x')  at main.js:3:10" in done.err


def test_code_that_does_not_compile(cli: Cli, tmp_path: Path):
    done = cli("run", write(tmp_path, main_js="export default {\n  fetch( {\n};\n") / "main.js")
    assert done.code == 1
    assert "SyntaxError" in done.err
    assert "main.js:3" in done.err


def test_a_missing_import_is_placed(cli: Cli, tmp_path: Path):
    done = cli("run", write(tmp_path, main_js='import "./gone.js";\nexport default {};') / "main.js")
    assert done.code == 1
    assert 'No such module "./gone.js"' in done.err
    assert "main.js:1" in done.err


def test_an_endless_loop_ends(cli: Cli, tmp_path: Path):
    code = "export default { fetch() { for (;;); } };"
    done = cli("run", write(tmp_path, main_js=code) / "main.js", "--cpu-ms", "50")
    assert done.code == 1
    assert "exceeded CPU time limit of 50 ms" in done.err


def test_a_project_brings_its_variables(cli: Cli, tmp_path: Path):
    code = "export default { fetch: (request, env) => Response.json(env) };"
    config = 'name = "p"\nmain = "main.js"\n[vars]\nA = "1"\nB = { c = [2] }\n[env.staging.vars]\nA = "2"\n'
    folder = write(tmp_path, main_js=code, wrangler_toml=config)
    (folder / ".dev.vars").write_text("KEY='k'\n")
    assert json.loads(cli("run", folder).out) == {"A": "1", "B": {"c": [2]}, "KEY": "k"}
    assert json.loads(cli("run", folder, "--env", "staging").out) == {"A": "2", "KEY": "k"}


def test_wrong_usage_is_one_line(cli: Cli, tmp_path: Path):
    folder = write(tmp_path, main_js=ECHO, lib__greet_js=GREET)
    for arguments in (
        ("run",),
        ("run", folder / "main.js", "-H", "nonsense"),
        ("run", folder / "main.js", "ftp://x/"),
        ("run", folder / "main.js", "-d", "@/gone"),
        ("run", folder / "main.js", "--env", "staging"),
    ):
        done = cli(*arguments)
        assert done.code == 2, arguments
        assert done.err.count("\n") == 1
        assert done.err.startswith("svc-tui: ")


def test_what_was_kept_back_is_applied_when_confirmed(cli: Cli):
    header = "Authorization: Bearer open-sesame"
    place = ("--service", "notes", "--env", "staging")
    put = ("run", NOTES, "/notes/applied", "-X", "PUT", "-H", header, "-d", '{"title": "x"}', *place)
    get = ("run", NOTES, "/notes/applied", "-H", header, "-i", *place)
    refused = cli(*put, "--apply", stdin="n\n")
    assert (refused.code, "not confirmed" in refused.err) == (4, True), refused.err
    assert cli(*get).out.startswith("HTTP/1.1 404 ")
    production = cli(*put[:-1], "production", "--apply", stdin="y\n")
    assert (production.code, "Type notes" in production.err) == (4, True), production.err
    done = cli(*put, "--apply", stdin="y\n")
    assert (done.code, "applied 1 write" in done.err) == (0, True), done.err
    assert cli(*get).out.startswith("HTTP/1.1 200 ")
    assert cli("run", NOTES, "--apply", "--live", *place).code == 2
