"""Real wrangler against the engine: its variables, finding it, and the authority it may be told to trust."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from clikit import ROOT, Cli, Done, write
from enginekit import RunningEngine

from engine.cli import trust, wrangler
from engine.cli.errors import CliError

NAMES = [
    "CLOUDFLARE_API_BASE_URL",
    "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_ACCOUNT_ID",
    "WRANGLER_SEND_METRICS",
    "WRANGLER_SEND_ERROR_REPORTS",
]
#: A program that tells its arguments and its environment.
TELLING = f"""#!{sys.executable}
import json, os, sys
print(json.dumps([sys.argv[0], sys.argv[1:], dict(os.environ)]))
sys.exit(7)
"""


def program(path: Path, text: str = TELLING) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def run_in(folder: Path, engine: RunningEngine, *arguments: str, **environment: str) -> Done:
    """A verb in a folder, with a PATH of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", *arguments],
        cwd=folder,
        capture_output=True,
        timeout=60,
        env={**os.environ, "SVC_TUI_STATE": str(engine.state), "PYTHONPATH": str(ROOT), **environment},
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_exports(cli: Cli, engine: RunningEngine) -> None:
    done = cli("wrangler-env")
    assert done.code == 0
    lines = [shlex.split(line) for line in done.out.splitlines()]
    assert all(words[0] == "export" and len(words) == 2 for words in lines)
    found = dict(words[1].split("=", 1) for words in lines)
    assert list(found) == NAMES
    assert found == cli("wrangler-env", "--json").json
    assert found["CLOUDFLARE_API_BASE_URL"] == f"{engine.address}/client/v4"
    assert found["CLOUDFLARE_API_TOKEN"] == engine.token
    assert found["CLOUDFLARE_ACCOUNT_ID"] == engine.account


def test_values_are_quoted_for_the_shell(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, engine: RunningEngine
) -> None:
    monkeypatch.setattr("engine.cli.wrangler_env.variables", lambda state: {"A": "it's $HOME `x`"})
    done = cli("wrangler-env")
    shown = subprocess.run(
        ["sh", "-c", f'{done.out}printf %s "$A"'], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "it's $HOME `x`"


def test_the_projects_wrangler_is_run(tmp_path: Path, engine: RunningEngine) -> None:
    local = program(tmp_path / "node_modules/.bin/wrangler")
    inner = tmp_path / "packages" / "worker"
    inner.mkdir(parents=True)
    arguments = ["deploy", "--env", "staging", "--", "--json", "-x", "ü b"]
    done = run_in(inner, engine, "wrangler", *arguments, CLOUDFLARE_API_KEY="real", CF_API_TOKEN="real")
    assert done.code == 7, done.err
    name, given, environment = json.loads(done.out)
    assert (name, given) == (str(local), arguments)
    assert environment["CLOUDFLARE_API_TOKEN"] == engine.token
    assert environment["CLOUDFLARE_ACCOUNT_ID"] == engine.account
    assert "real" not in environment.values()
    assert json.loads(run_in(inner, engine, "wrangler", "--version").out)[1] == ["--version"]
    assert json.loads(run_in(inner, engine, "wrangler", "--help").out)[1] == ["--help"]


def test_else_that_of_path_else_npx(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    found = program(first / "wrangler")
    npx = program(second / "npx")
    path = f"{first}{os.pathsep}{second}"
    assert wrangler.find(tmp_path, {"PATH": path}) == [str(found)]
    assert wrangler.find(tmp_path, {"PATH": str(second)}) == [str(npx), "--yes", "wrangler"]
    assert "npx" in capsys.readouterr().err
    with pytest.raises(CliError, match=r"install Node\.js"):
        wrangler.find(tmp_path, {"PATH": str(tmp_path)})


# ---------------------------------------------------------------- trust


def test_trust_prints_path_and_commands(cli: Cli, engine: RunningEngine) -> None:
    done = cli("trust")
    assert done.code == 0
    assert done.out.splitlines()[0] == str(engine.state / "ca.pem")
    assert (engine.state / "ca.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")
    shown = cli("trust", "--print", "--json").json
    assert shown["certificate"] == str(engine.state / "ca.pem")
    for step in shown["steps"]:
        assert all(shlex.split(command) for command in step["commands"])


def test_trust_works_without_an_engine(tmp_path: Path, cli: Cli) -> None:
    done = cli("trust", "--state", tmp_path / "new")
    assert done.out.splitlines()[0] == str(tmp_path / "new" / "ca.pem")
    (tmp_path / "new" / "ca-key.pem").write_text("broken")
    failed = cli("trust", "--state", tmp_path / "new")
    assert failed.code == 1
    assert "move both away" in failed.err


def test_trust_runs_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    programs, log = tmp_path / "bin", tmp_path / "log"
    noting = f'#!/bin/sh\necho "$(basename $0) $*" >> {log}\n'
    for name in ("sudo", "install", "update-ca-certificates"):
        program(programs / name, noting)
    program(programs / "certutil", noting + "echo 'no database' >&2\nexit 3\n")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/bin{os.pathsep}/usr/bin")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "home", lambda: write(tmp_path / "home"))
    state = tmp_path / "state"
    done = cli("trust", "--install", "--state", state, "--json")
    assert done.code == 0
    first, second = done.json["steps"]
    assert (first["installed"], second["installed"]) == (True, False)
    assert "no database" in second["reason"]
    ran = log.read_text()
    assert "update-ca-certificates" in ran
    assert str(state / "ca.pem") in ran
    assert f"-d sql:{tmp_path / 'home'}/.pki/nssdb -A" in ran


def test_trust_without_any_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert trust.steps(tmp_path / "ca.pem") == []
    done = cli("trust", "--install", "--state", tmp_path / "state")
    assert done.code == 1
    assert "by hand" in done.err
