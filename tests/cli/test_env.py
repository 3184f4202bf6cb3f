"""`svc-tui env`, `promote` and `rollback`."""

from __future__ import annotations

from pathlib import Path

import pytest
from clikit import Cli, write
from enginekit import RunningEngine


@pytest.fixture
def service(cli: Cli, name: str, tmp_path: Path) -> str:
    """A service with code "one" in production and "two" in staging, each with a variable A."""
    for environment, text in (("production", "one"), ("staging", "two")):
        code = f"export default {{ fetch: (request, env) => new Response(`{text} ${{env.A}}`) }};"
        config = (
            f'name = "{name}"\nlegacy_env = false\nmain = "main.js"\n'
            '[vars]\nA = "prod"\n[env.staging.vars]\nA = "stage"\n'
        )
        folder = write(tmp_path, main_js=code, wrangler_toml=config)
        assert cli("deploy", folder, *(["--env", "staging"] if environment == "staging" else [])).code == 0
    return name


def test_the_samples_are_listed(cli: Cli):
    found = {(each["service"], each["environment"]) for each in cli("env", "list", "--json").json}
    assert {(s, e) for s in ("hello", "notes", "gateway") for e in ("production", "staging")} <= found
    lines = cli("env", "list", "notes").out.splitlines()
    assert lines[0].split() == ["SERVICE", "ENVIRONMENT", "LIVE", "SINCE", "(UTC)", "ADDRESS"]
    assert lines[2].startswith("notes    staging")


def test_the_samples_work_together(answer):
    assert answer("gateway", "/hello?name=Ana") == (200, "Hello, Ana!\n")
    status, text = answer("staging.gateway", "/notes/welcome")
    assert status == 200
    assert "Welcome to staging" in text
    assert answer("gateway", "/nowhere")[0] == 404


def test_create_clone_rename_delete(cli: Cli, name: str, answer):
    assert cli("env", "create", name, "production").out.startswith(f"{name} › production  http://{name}.dev")
    assert answer(name) == (200, "Hello World!")
    assert cli("env", "create", name, "staging", "--json").json["environment"] == "staging"
    assert cli("env", "clone", name, "staging", "try").code == 0
    assert answer(f"try.{name}") == (200, "Hello World!")
    assert cli("env", "rename", name, "try", "tried").code == 0
    assert answer(f"tried.{name}")[0] == 200
    assert answer(f"try.{name}")[0] == 404
    assert cli("env", "delete", name, "tried", "--yes").out == f"deleted {name} › tried\n"
    assert answer(f"tried.{name}")[0] == 404


def test_what_others_bind_to_is_renamed_when_forced(cli: Cli, name: str, engine: RunningEngine):
    cli("env", "create", name, "production")
    cli("env", "create", name, "api")
    binding = {"type": "service", "name": "API", "service": name, "environment": "api"}
    engine.deploy(f"{name}-caller", bindings=[binding])
    refused = cli("env", "rename", name, "api", "v2")
    assert refused.code == 1
    assert f"{name}-caller › production (API) binds to it" in refused.err
    assert cli("env", "rename", name, "api", "v2", "--force").code == 0
    assert engine.get(name, environment="v2").status_code == 200


def test_delete_asks(process: Cli, name: str):
    process("env", "create", name, "production")
    refused = process("env", "delete", name, "production", stdin="yes\n")
    assert refused.code == 4
    assert "nothing was changed" in refused.err
    assert process("env", "delete", name, "production", stdin="production\n").code == 0


def test_refusals_are_one_line(cli: Cli, name: str):
    for arguments in (
        ("env", "list", name),
        ("env", "create", "hello", "Staging"),
        ("env", "create", "hello", "staging"),
        ("env", "clone", "hello", "staging", "production"),
        ("env", "delete", "hello", "none", "--yes"),
    ):
        done = cli(*arguments)
        assert done.code == 1, arguments
        assert done.err.startswith("svc-tui: ")
        assert done.err.count("\n") == 1


def test_promote_shows_asks_and_moves_the_code(cli: Cli, service: str, answer):
    promote = ("promote", service, "--from", "staging", "--to", "production")
    plan = cli(*promote, "--dry-run", "--diff")
    assert plan.code == 0
    assert "→ moves  +1 −1" in plan.out
    assert "= stays" in plan.out
    assert cli(*promote, stdin="nope\n").code == 4
    assert answer(service) == (200, "one prod")
    done = cli(*promote, stdin="production\n")
    assert done.code == 0
    assert done.out.endswith("is live\n")
    assert answer(service) == (200, "two prod")
    moved = cli(*promote, "--move", "A", "--yes", "--json")
    assert moved.json["version"]["number"] == 4
    assert answer(service) == (200, "two stage")


def test_rollback_goes_to_the_version_before_or_to_one_by_number(cli: Cli, service: str, answer):
    cli("promote", service, "--from", "staging", "--to", "production", "--yes")
    assert cli("rollback", service, stdin="\n").code == 4
    done = cli("rollback", service, stdin="production\n")
    assert done.out == f"rolled back {service} › production to v1\n"
    assert answer(service) == (200, "one prod")
    assert cli("rollback", service, "v3", "--yes", "--json").json["versions"][0]["number"] == 3
    assert answer(service) == (200, "two prod")
    assert "has no version v99" in cli("rollback", service, "v99", "--yes").err
    assert "never had another version live" in cli("rollback", service, "--env", "staging", "--yes").err
