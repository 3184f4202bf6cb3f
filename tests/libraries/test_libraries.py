"""Libraries from npm that Workers developers use, unchanged, in workers that esbuild or wrangler bundled.

Each file of workers/ checks one of them against outputs that its documentation, a standard or another
implementation gives. What npm installs, and what esbuild makes of it, stays in the user's cache folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from enginekit import RunningEngine, upload, worker_path

HERE = Path(__file__).parent
WORKERS = sorted(path.stem for path in (HERE / "workers").glob("*.js") if path.stem != "check")
#: Those that wrangler bundles: one that needs Node's modules by their bare names, and one of the others.
BY_WRANGLER = ["express", "hono"]
BY_ESBUILD = [name for name in WORKERS if name != "express"]
WRANGLER = "4.86.0"
DATE = "2026-01-01"
INSTALL_LIMIT = 240
BUNDLE_LIMIT = 120
#: As wrangler calls it.
OPTIONS = [
    "--bundle",
    "--format=esm",
    "--target=es2024",
    "--platform=browser",
    "--conditions=workerd,worker,browser",
    "--main-fields=browser,module,main",
    "--external:node:*",
    "--external:cloudflare:*",
    "--keep-names",
    "--loader:.wasm=copy",
    '--define:process.env.NODE_ENV="production"',
    "--log-level=error",
]


def installed(npm: str, cache: Path) -> Path:
    """The folder with the libraries, of the versions that the lock file names."""
    lock = HERE / "package-lock.json"
    folder = cache / f"libraries-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "installed").exists():
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, folder / name)
        options = ["--silent", "--no-fund", "--no-audit", "--ignore-scripts"]
        try:
            done = subprocess.run(
                [npm, "ci", *options],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=INSTALL_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not install the libraries within {INSTALL_LIMIT} s")
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason"])[-1]
            pytest.skip(f"npm ci failed, is the npm registry reachable? It says: {last}")
        (folder / "installed").touch()
    return folder


def bundled(folder: Path) -> Path:
    """The folder with the bundles, made again when a worker here has changed."""
    sources = sorted((HERE / "workers").glob("*.js"))
    mark = hashlib.sha256(b"\0".join([*(path.read_bytes() for path in sources), *map(str.encode, OPTIONS)]))
    out = folder / f"out-{mark.hexdigest()[:12]}"
    if not (out / "made").exists():
        shutil.copytree(HERE / "workers", folder / "workers", dirs_exist_ok=True)
        entries = [f"workers/{name}.js" for name in BY_ESBUILD]
        esbuild = folder / "node_modules" / ".bin" / "esbuild"
        if not esbuild.exists():
            pytest.skip("npm has no esbuild for this platform")
        subprocess.run(
            [str(esbuild), *entries, *OPTIONS, f"--outdir={out}"],
            cwd=folder,
            check=True,
            timeout=BUNDLE_LIMIT,
        )
        (out / "made").touch()
    return out


@pytest.fixture(scope="session")
def bundles() -> Path:
    """The bundles, made once."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("the libraries come from npm: Node and npm are not on PATH")
    cache = Path(platformdirs.user_cache_dir("svc-tui"))
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "libraries.lock").open("w") as mutex:  # the suite runs in two processes
        fcntl.flock(mutex, fcntl.LOCK_EX)
        return bundled(installed(npm, cache))


@pytest.fixture(scope="session")
def database(engine: RunningEngine) -> str:
    """A D1 database for the query builders."""
    made = engine.result("POST", "/d1/database", json={"name": "libraries"})
    identifier: str = made["uuid"]
    return identifier


@pytest.fixture(scope="session")
def wrangler() -> tuple[str, Path]:
    """Node and wrangler's program."""
    sys.path.insert(0, str(HERE.parent / "wrangler"))
    from wranglerkit import installed as wrangler_installed

    return wrangler_installed(WRANGLER)


def run_checks(engine: RunningEngine, name: str, modules: dict[str, str | bytes], database: str) -> None:
    """Deploy a worker and let it run its checks."""
    bindings = [
        {"type": "plain_text", "name": "WORD", "text": "bound"},
        {"type": "d1", "name": "DB", "id": database},
    ]
    parts = upload(
        modules,
        types={each: "application/wasm" for each in modules if each.endswith(".wasm")},
        bindings=bindings,
        compatibility_date=DATE,
        compatibility_flags=["nodejs_compat"],
    )
    engine.result("PUT", worker_path(f"lib-{name}"), **parts)
    answer = engine.get(f"lib-{name}")
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert result["failed"] == []
    assert result["count"] > 1


@pytest.mark.parametrize("name", BY_ESBUILD)
def test_library(engine: RunningEngine, bundles: Path, database: str, name: str) -> None:
    code = (bundles / f"{name}.js").read_text()
    modules: dict[str, str | bytes] = {"worker.js": code}
    for path in bundles.glob("*.wasm"):
        if path.name in code:
            modules[f"./{path.name}"] = path.read_bytes()
    run_checks(engine, name, modules, database)


@pytest.mark.parametrize("name", BY_WRANGLER)
def test_library_bundled_by_wrangler(
    engine: RunningEngine, bundles: Path, wrangler: tuple[str, Path], database: str, name: str, tmp_path: Path
) -> None:
    node, cli = wrangler
    entry = bundles.parent / "workers" / f"{name}.js"
    options = ["--dry-run", "--outdir", str(tmp_path / "out"), "--name", name, "--compatibility-date", DATE]
    done = subprocess.run(
        [node, str(cli), "deploy", str(entry), *options, "--compatibility-flags", "nodejs_compat"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "WRANGLER_SEND_METRICS": "false", "CI": "1"},
        capture_output=True,
        text=True,
        timeout=BUNDLE_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    code = (tmp_path / "out" / f"{name}.js").read_text()
    run_checks(engine, f"{name}-by-wrangler", {"worker.js": code}, database)
