"""The same checks on this engine and on Miniflare (npm): KV, D1, R2, Durable Objects, queues, caches, RPC.

Miniflare runs them on Cloudflare's own workerd, so what it says is right, but for `differences.DIFFERENCES`,
where each is named with its reason. What npm installs stays in the user's cache folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from differences import DIFFERENCES
from enginekit import RunningEngine, upload, worker_path

HERE = Path(__file__).parent
SOURCES = HERE / "worker"
INSTALL_LIMIT = 240
RUN_LIMIT = 120


def installed() -> tuple[str, Path]:
    """Node, and the folder with Miniflare of the version that the lock file names."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Miniflare comes from npm: Node and npm are not on PATH")
    mark = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = Path(platformdirs.user_cache_dir("svc-tui")) / f"miniflare-{mark}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as mutex:  # the suite runs in two processes
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            _install(npm, folder)
            (folder / "installed").touch()
    return node, folder


def _install(npm: str, folder: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder / name)
    # Not `ci`: it refuses a lock without the packages of platforms that a mirror leaves out.
    command = [npm, "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install Miniflare within {INSTALL_LIMIT} s")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        pytest.skip(f"Miniflare cannot be installed, is the npm registry reachable? npm says: {last}")


def deploy(engine: RunningEngine) -> None:
    """The two workers, and what they are bound to."""
    kv = engine.result("POST", "/storage/kv/namespaces", json={"title": "beside"})["id"]
    database = engine.result("POST", "/d1/database", json={"name": "beside"})["uuid"]
    engine.result("POST", "/r2/buckets", json={"name": "beside"})
    queues = {
        name: engine.result("POST", "/queues", json={"queue_name": name})["queue_id"]
        for name in ("first", "dead")
    }
    target = [{"type": "plain_text", "name": "WORD", "text": "bound"}]
    engine.result("PUT", worker_path("target"), **upload(_modules("target.js"), bindings=target))
    bindings: list[dict[str, Any]] = [
        {"type": "kv_namespace", "name": "KV", "namespace_id": kv},
        {"type": "d1", "name": "DB", "id": database},
        {"type": "r2_bucket", "name": "R2", "bucket_name": "beside"},
        {"type": "durable_object_namespace", "name": "THING", "class_name": "Thing"},
        {"type": "queue", "name": "Q", "queue_name": "first"},
        {"type": "service", "name": "TARGET", "service": "target"},
        {"type": "service", "name": "NAMED", "service": "target", "entrypoint": "Named"}
        | {"props": {"given": [1, "x"]}},
        {"type": "service", "name": "PLAIN", "service": "target", "entrypoint": "plain"},
    ]
    migrations = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Thing"]}]}
    names = [
        "worker.js",
        *sorted(p.name for p in SOURCES.glob("*.js") if p.name not in ("worker.js", "target.js")),
    ]
    parts = upload(_modules(*names), bindings=bindings, migrations=migrations)
    engine.result("PUT", worker_path("beside"), **parts)
    for name, more in (("first", {"dead_letter_queue": "dead"}), ("dead", {})):
        settings = {"batch_size": 1, "max_wait_time_ms": 0, "max_retries": 2}
        consumer = {"type": "worker", "script_name": "beside", "settings": settings, **more}
        engine.result("POST", f"/queues/{queues[name]}/consumers", json=consumer)


def _modules(*names: str) -> dict[str, str | bytes]:
    return {name: (SOURCES / name).read_text() for name in names}


def ours(engine: RunningEngine) -> dict[str, dict[str, Any]]:
    """Results by group and name, here."""
    deploy(engine)
    groups: dict[str, int] = engine.get("beside", "/").json()

    def run(group: str) -> dict[str, Any]:
        return dict(engine.get("beside", f"/{group}/{number}").json() for number in range(groups[group]))

    with ThreadPoolExecutor(len(groups)) as pool:
        return dict(zip(groups, pool.map(run, groups), strict=True))


def differing(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is not the same, by `group: name`."""
    return {
        f"{group}: {name}": (mine[group].get(name), value)
        for group, results in theirs.items()
        for name, value in results.items()
        if mine[group].get(name) != value
    }


def test_same_as_on_miniflare(tmp_path: Path) -> None:
    node, folder = installed()
    command = [node, str(HERE / "beside.mjs"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            engine = RunningEngine(tmp_path / "state", "--no-samples")
            try:
                mine = ours(engine)
            finally:
                engine.stop()
            out, err = process.communicate(timeout=RUN_LIMIT)
        finally:
            process.kill()
    assert process.returncode == 0, err
    theirs = json.loads(out)
    assert {group: list(found) for group, found in mine.items()} == {g: list(f) for g, f in theirs.items()}
    assert sum(map(len, theirs.values())) > 500
    found = differing(mine, theirs)
    for name, (here, there) in found.items():
        print(f"{name}\n  here       {json.dumps(here)}\n  Miniflare  {json.dumps(there)}")
    assert sorted(found.keys() - DIFFERENCES.keys()) == []
    for name in sorted(DIFFERENCES.keys() - found.keys()):
        warnings.warn(f"{name} is the same by now: take it out of differences.py", stacklevel=1)
