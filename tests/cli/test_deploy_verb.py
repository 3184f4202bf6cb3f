"""`svc-tui deploy`."""

from __future__ import annotations

from pathlib import Path

from clikit import Cli, write


def worker(text: str) -> str:
    return f"export default {{ fetch: (request, env) => new Response(`{text}`) }};"


def test_a_file_goes_live_and_keeps_bindings(cli: Cli, name: str, tmp_path: Path, answer):
    config = f'name = "{name}"\nmain = "main.ts"\ncompatibility_date = 2026-03-01\n[vars]\nA = "1"\n'
    folder = write(tmp_path, main_ts=worker("one ${env.A}"), wrangler_toml=config)
    done = cli("deploy", folder, "--json")
    assert done.code == 0, done.err
    assert (done.json["number"], done.json["environment"]) == (1, "production")
    assert answer(name) == (200, "one 1")

    write(tmp_path, other_js=worker("two ${env.A}"))
    done = cli("deploy", tmp_path / "other.js", "--service", name, "-m", "again")
    assert done.out.startswith(f"{name} › production  v2  http://{name}.dev.localhost:")
    assert answer(name) == (200, "two 1")
    assert cli("deploy", tmp_path / "other.js", "--service", name, "--env", "staging").code == 0
    assert answer(f"staging.{name}") == (200, "two undefined")


def test_wrangler_environments(cli: Cli, name: str, tmp_path: Path, answer):
    config = (
        f'{{ // jsonc\n"name": "{name}", "main": "main.js", "vars": {{"A": "top"}},'
        ' "env": {"staging": {"vars": {"A": "env"}}},}'
    )
    folder = write(tmp_path, main_js=worker("${env.A}"), wrangler_jsonc=config)
    assert cli("deploy", folder, "--env", "staging").code == 0
    assert answer(f"{name}-staging") == (200, "env")
    (folder / "wrangler.jsonc").write_text(config.replace('"main"', '"legacy_env": false, "main"'))
    assert cli("deploy", folder, "--env", "staging").code == 0
    assert answer(f"staging.{name}") == (200, "env")


def test_a_kv_binding_without_id_gets_a_namespace_once(cli: Cli, name: str, tmp_path: Path, answer):
    config = f'name = "{name}"\nmain = "main.js"\n[[kv_namespaces]]\nbinding = "KV"\n'
    code = """export default { async fetch(request, env) {
      await env.KV.put("n", `${Number(await env.KV.get("n")) + 1}`);
      return new Response(await env.KV.get("n")); } };"""
    folder = write(tmp_path, main_js=code, wrangler_toml=config)
    first = cli("deploy", folder)
    assert f"made the KV namespace {name}-production-KV" in first.err
    assert answer(name) == (200, "1")
    assert cli("deploy", folder).err == ""
    assert answer(name) == (200, "2")


def test_dev_vars_become_secrets_when_asked(cli: Cli, name: str, tmp_path: Path, answer):
    folder = write(
        tmp_path, main_js=worker("${env.KEY}"), wrangler_toml=f'name = "{name}"\nmain = "main.js"\n'
    )
    (folder / ".dev.vars").write_text('KEY="a\\nb" # comment\n')
    assert cli("deploy", folder).code == 0
    assert answer(name) == (200, "undefined")
    assert cli("deploy", folder, "--dev-vars").code == 0
    assert answer(name) == (200, "a\nb")
    assert cli("deploy", folder).code == 0
    assert answer(name) == (200, "a\nb")


def test_broken_code_changes_nothing(cli: Cli, name: str, tmp_path: Path, answer):
    folder = write(tmp_path, main_js=worker("fine"))
    assert cli("deploy", folder / "main.js", "--service", name).code == 0
    write(tmp_path, main_js="export default {\n  fetch() { return }}\n};")
    done = cli("deploy", folder / "main.js", "--service", name)
    assert done.code == 1
    assert "main.js:3:1" in done.err
    assert done.err.count("\n") == 1
    assert answer(name) == (200, "fine")


def test_refusals_name_file_and_key(cli: Cli, name: str, tmp_path: Path):
    folder = write(
        tmp_path,
        main_js=worker(""),
        wrangler_toml=f'name = "{name}"\nmain = "main.js"\n[[containers]]\nimage = "i"\n',
    )
    done = cli("deploy", folder)
    assert (done.code, done.err) == (
        1,
        f"svc-tui: {folder}/wrangler.toml: containers: this engine has nothing for it yet\n",
    )
    missing = '[[services]]\nbinding = "X"\nservice = "never-deployed"\n'
    write(tmp_path, wrangler_toml=f'name = "{name}"\nmain = "main.js"\n{missing}')
    assert "there is no service never-deployed. Deploy it first" in cli("deploy", folder).err
    foreign = f'[[kv_namespaces]]\nbinding = "X"\nid = "{"0" * 32}"\n'
    write(tmp_path, wrangler_toml=f'name = "{name}"\nmain = "main.js"\n{foreign}')
    assert "take its id out of the configuration to have one made" in cli("deploy", folder).err
    assert cli("deploy", folder / "main.js").code == 2
    assert cli("deploy", tmp_path / "gone").code == 1
