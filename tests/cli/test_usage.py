"""Help, exit codes, and an engine that is away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clikit import run

HEAD = ["SERVICE", "ENVIRONMENT", "LIVE", "SINCE", "(UTC)", "ADDRESS"]


def test_help_lists_the_verbs(tmp_path: Path):
    done = run(tmp_path, "--help")
    assert done.code == 0
    assert done.out.startswith("usage: svc-tui [-h] VERB")
    for verb in ("serve", "up", "run", "deploy", "env", "promote", "rollback"):
        assert f"\n    {verb} " in done.out
    assert "child" not in done.out
    assert "usage: svc-tui deploy" in run(tmp_path, "deploy", "--help").out


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("env",), ("env", "list", "a", "b"), ("promote", "x")]
)
def test_wrong_usage_is_exit_code_2_and_one_line(tmp_path: Path, arguments: tuple[str, ...]):
    done = run(tmp_path, *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("svc-tui: ")
    assert done.err.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path):
    tmp_path.chmod(0o500)
    done = run(tmp_path / "state", "env", "list")
    assert done.code == 3


def test_an_engine_that_cannot_start_is_exit_code_3(tmp_path: Path):
    (tmp_path / "state").write_text("a file, no folder")
    done = run(tmp_path / "state", "env", "list")
    assert done.code == 3
    assert "cannot write to the state folder" in done.err
    assert done.err.count("\n") == 1


def test_a_verb_starts_an_engine_when_none_runs(tmp_path: Path):
    state = tmp_path / "state"
    done = run(state, "up", "--port", "0", "--no-samples", "--json")
    try:
        assert done.code == 0, done.err
        assert run(state, "up", "--json").json == done.json
        assert run(state, "env", "list").out.split() == HEAD
    finally:
        os.kill(json.loads((state / "engine.json").read_bytes())["pid"], signal.SIGTERM)


def test_help_imports_nothing_heavy(tmp_path: Path):
    code = (
        "import sys; from engine.cli import make_parser, VERBS; make_parser(VERBS);"
        "print([m for m in ('httpx', 'textual', 'py_mini_racer', 'starlette') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
