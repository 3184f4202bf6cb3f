"""Who may import whom. Each module is imported in a fresh interpreter, and sys.modules is asked.

The engine never imports Textual or the app; the app never imports V8 or the engine, and knows it by HTTP.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "engine": {"textual", "tui"},
    "tui": {"engine", "py_mini_racer", "sqlite3"},
}
#: Imported by the first frame, each of these would cost more than the app's own modules together.
LATER = {"httpx", "pygments", "webbrowser", "tui.screens.workbench", "tui.highlight"}

# Modules are imported one after the other in one interpreter; each new forbidden name is blamed on the
# module that brought it in, and forgotten, so that the next one is judged by itself.
PROGRAM = """
import importlib, json, sys
names, forbidden = json.loads(sys.argv[1]), set(json.loads(sys.argv[2]))
guilty = {}
for name in names:
    importlib.import_module(name)
    found = sorted(module for module in list(sys.modules) if module.partition(".")[0] in forbidden)
    if found:
        guilty[name] = found[:3]
        for module in found:
            del sys.modules[module]
print(json.dumps(guilty))
"""


def modules(package: str) -> list[str]:
    """Every module of a package, as import names."""
    files = (ROOT / package).rglob("*.py")
    names = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return sorted(
        name.removesuffix(".__init__")
        for name in names
        if not name.endswith(".__main__") and "node_modules" not in name
    )


def run(program: str, *arguments: str) -> str:
    """Run a program in a fresh interpreter; returns what it printed."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@cache
def guilty(package: str) -> dict[str, list[str]]:
    """Modules of a package that import what they must not."""
    arguments = json.dumps(modules(package)), json.dumps(sorted(FORBIDDEN[package]))
    found: dict[str, list[str]] = json.loads(run(PROGRAM, *arguments))
    return found


@pytest.mark.parametrize("package", ["engine", "tui"])
def test_no_module_imports_the_other_side(package: str) -> None:
    assert len(modules(package)) > 20
    assert guilty(package) == {}


@pytest.mark.parametrize("package", ["engine", "tui"])
def test_the_entry_points_import_nothing_heavy(package: str) -> None:
    program = f"import sys, {package}.__main__; print(*sorted(sys.modules))"
    assert not {"textual", "httpx", "py_mini_racer", "starlette"} & set(run(program).split())


def test_the_first_frame_waits_for_nothing_it_can_do_without() -> None:
    found = set(run("import sys, tui.app; print(*sorted(sys.modules))").split())
    assert not LATER & found
