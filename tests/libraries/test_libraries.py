"""Libraries from npm that Workers developers use, unchanged, in workers that esbuild bundled.

Each file of workers/ checks one of them against outputs that its documentation, a standard or another
implementation gives. What npm installs, and what esbuild makes of it, stays in the user's cache folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest
from enginekit import RunningEngine, upload, worker_path

HERE = Path(__file__).parent
WORKERS = sorted(path.stem for path in (HERE / "workers").glob("*.js") if path.stem != "check")
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
        entries = [f"workers/{name}.js" for name in WORKERS]
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


@pytest.mark.parametrize("name", WORKERS)
def test_library(engine: RunningEngine, bundles: Path, database: str, name: str) -> None:
    code = (bundles / f"{name}.js").read_text()
    modules: dict[str, str | bytes] = {"worker.js": code}
    for path in bundles.glob("*.wasm"):
        if path.name in code:
            modules[f"./{path.name}"] = path.read_bytes()
    bindings = [
        {"type": "plain_text", "name": "WORD", "text": "bound"},
        {"type": "d1", "name": "DB", "id": database},
    ]
    parts = upload(
        modules,
        types={each: "application/wasm" for each in modules if each.endswith(".wasm")},
        bindings=bindings,
        compatibility_date="2026-01-01",
        compatibility_flags=["nodejs_compat"],
    )
    engine.result("PUT", worker_path(f"lib-{name}"), **parts)
    answer = engine.get(f"lib-{name}")
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert result["failed"] == []
    assert result["count"] > 1
