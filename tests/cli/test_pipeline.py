"""`svc-tui pipeline`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clikit import Cli, write

PIPELINE = """
service = "NAME"
name = "release"

[[stages]]
environment = "staging"

[[stages]]
environment = "production"
steps = [50, 100]

[[stages.gates]]
type = "request"
name = "says two"
expect.text = "two"

[[stages.gates]]
type = "approval"
name = "somebody"
"""


@pytest.fixture
def file(cli: Cli, name: str, tmp_path: Path) -> Path:
    """The file of a pipeline of a service with code "one" in production and "two" in staging."""
    for environment, text in (("production", "one"), ("staging", "two")):
        code = f"export default {{ fetch: () => new Response(`{text}`) }};"
        config = f'name = "{name}"\nlegacy_env = false\nmain = "main.js"\n[env.staging]\n'
        folder = write(tmp_path, main_js=code, wrangler_toml=config)
        assert cli("deploy", folder, *(["--env", "staging"] if environment == "staging" else [])).code == 0
    path = tmp_path / "pipeline.toml"
    path.write_text(PIPELINE.replace("NAME", name))
    return path


def test_a_release_from_a_file_to_production(cli: Cli, name: str, file: Path, answer):
    assert cli("pipeline", "set", file).out == f"kept {name} › release: staging → production\n"
    assert cli("pipeline", "list", name).out.splitlines()[1].split()[:4] == [
        "release",
        "staging",
        "→",
        "production",
    ]
    assert cli("pipeline", "start", name, "release", stdin="no\n").code == 4
    done = cli("pipeline", "start", name, "release", "-m", "now", stdin="production\n")
    assert done.out == "started release #1: staging → production\n"
    refused = cli("pipeline", "start", name, "release", "--yes")
    assert refused.code == 1
    assert "under way" in refused.err
    wait_for_approval(cli, name)
    assert cli("pipeline", "approve", name, "release", stdin="production\n").code == 0
    watched = cli("pipeline", "watch", name, "release")
    assert watched.code == 0, watched.out
    assert "✓ says two  200 in" in watched.out
    assert f"svc-tui pipeline approve {name} release 1" in watched.out
    assert watched.out.endswith("succeeded\n")
    assert answer(name) == (200, "two")
    shown = cli("pipeline", "show", name, "release").out
    assert "   gate  says two  (request GET /)\n" in shown
    assert "   steps 50 % → 100 %\n" in shown
    assert "production: v2 of staging is to go there" in shown
    assert cli("pipeline", "show", name, "release", "--json").json["run"]["state"] == "succeeded"


def wait_for_approval(cli: Cli, name: str) -> None:
    """Watch until the run waits; leaving the stream is what `| head` does."""
    for _ in range(2000):
        if cli("pipeline", "list", name, "--json").json[0]["run"]["state"] == "waiting":
            return
    raise AssertionError("it does not wait")


def test_abort_ends_it_and_watch_says_so(cli: Cli, name: str, file: Path, answer):
    cli("pipeline", "set", file)
    assert cli("pipeline", "start", name, "release", "--yes", "--json").json["number"] == 1
    wait_for_approval(cli, name)
    assert cli("pipeline", "abort", name, "release", "1", stdin="n\n").code == 4
    assert cli("pipeline", "abort", name, "release", "--yes", "-m", "not today").code == 0
    watched = cli("pipeline", "watch", name, "release", "--json")
    assert watched.code == 1
    last = json.loads(watched.out.splitlines()[-1])
    assert last["kind"] == "ended"
    assert last["detail"]["reason"].endswith(": not today")
    assert answer(name) == (200, "one")
    assert cli("pipeline", "abort", name, "release").code == 1
    assert cli("pipeline", "delete", name, "release", "--yes").out == f"deleted {name} › release\n"


def test_export_gives_a_file_that_set_takes(cli: Cli, name: str, file: Path, tmp_path: Path):
    cli("pipeline", "set", file)
    copy = tmp_path / "copy.toml"
    assert cli("pipeline", "export", name, "release", "-o", copy).code == 0
    assert cli("pipeline", "export", name, "release").out == copy.read_text()
    assert cli("pipeline", "set", copy).code == 0
    assert cli("pipeline", "export", name, "release").out == copy.read_text()


def test_refusals_are_one_line(cli: Cli, name: str, file: Path, tmp_path: Path):
    file.write_text(file.read_text().replace("[50, 100]", "[50]"))
    done = cli("pipeline", "set", file)
    assert done.code == 1
    assert f"{file}:10: stages[1].steps: must be percentages" in done.err
    for arguments in (
        ("set", tmp_path / "none.toml"),
        ("list", f"{name}x"),
        ("show", name, "none"),
        ("export", name, "none"),
        ("start", name, "none", "--yes"),
        ("watch", name, "none"),
        ("approve", name, "none", "--yes"),
    ):
        done = cli("pipeline", *arguments)
        assert done.code == 1, arguments
        assert done.err.startswith("svc-tui: ")
        assert done.err.count("\n") == 1
    assert cli("pipeline", "bake").code == 2


def test_env_diff_says_what_differs(cli: Cli, name: str, file: Path):
    found = cli("env", "diff", name, "staging", "--code")
    assert found.code == 0
    assert found.out.splitlines()[0].split() == ["production", "staging"]
    assert "main.js  code        code  +1 −1" in found.out
    assert "+export default { fetch: () => new Response(`two`) };" in found.out
    assert cli("env", "diff", name, "staging", "--exit-code").code == 1
    cli("env", "clone", name, "staging", "twin")
    same = cli("env", "diff", name, "twin", "staging", "--exit-code")
    assert (same.code, same.out) == (0, "twin is the same as staging\n")
    assert cli("env", "diff", name, "nowhere").code == 1
