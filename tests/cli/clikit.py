"""The command line as a process, and files for it to work on."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.cli import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """Its output, parsed."""
        return json.loads(self.out)


Cli = Callable[..., Done]


def run(state: Path, *arguments: object, stdin: str | bytes = b"", cwd: Path = ROOT) -> Done:
    """Run `svc-tui ARGUMENTS…` on a state folder."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    found = subprocess.run(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        input=data,
        capture_output=True,
        timeout=60,
        cwd=cwd,
        env={**os.environ, "SVC_TUI_STATE": str(state), "PYTHONPATH": str(ROOT)},
    )
    return Done(found.returncode, found.stdout.decode(), found.stderr.decode())


def call(state: Path, *arguments: object, stdin: str = "") -> Done:
    """The same, in this process: as the entry point does it, without the start of an interpreter."""
    out, err = io.BytesIO(), io.BytesIO()
    kept = sys.stdin, sys.stdout, sys.stderr, os.environ.get("SVC_TUI_STATE")
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    sys.stdout, sys.stderr = io.TextIOWrapper(out, "utf-8"), io.TextIOWrapper(err, "utf-8")
    os.environ["SVC_TUI_STATE"] = str(state)
    try:
        code = main([str(each) for each in arguments])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        said = out.getvalue().decode(), err.getvalue().decode()  # they close with their wrappers
        sys.stdin, sys.stdout, sys.stderr = kept[:3]
        if kept[3] is None:
            del os.environ["SVC_TUI_STATE"]
        else:
            os.environ["SVC_TUI_STATE"] = kept[3]
    return Done(code, *said)


def write(folder: Path, **files: str) -> Path:
    """Write files, `main_js=…` as main.js, into a folder; gives it."""
    for key, text in files.items():
        path = folder / key.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
