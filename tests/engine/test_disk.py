"""A disk that fills up, and databases that somebody else holds: the documented error, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from enginekit import HELLO, RunningEngine, upload, worker_path
from kindskit import ask, prepare

WAIT = 30.0
#: What Workers says when a kind's store fails.
FAILURES = {
    "kv": "Error: KV PUT failed: 500 Internal Server Error",
    "r2": "Error: put: We encountered an internal error. Please try again. (10001)",
    "d1": "Error: D1_ERROR: database or disk is full: SQLITE_FULL",
    "durable": "Error: The Durable Object's storage could not be written: database or disk is full",
    "queue": "Error: Queue send failed: Internal Server Error",
}
#: What a statement of an object's meets before its turn ends.
FULL = "Error: database or disk is full: SQLITE_FULL"
LOCKED = {
    "kv": FAILURES["kv"],
    "d1": "Error: D1_ERROR: database is locked: SQLITE_BUSY",
    "durable": "Error: database is locked: SQLITE_BUSY",
}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a small file system needs `mount`")
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def fill(path: Path) -> None:
    """Leave no byte."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def put(engine: RunningEngine, kind: str, name: str) -> tuple[int, Any]:
    answer = engine.get("all", f"/{kind}/{name}")
    return answer.status_code, answer.json()


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return found


def lost(engine: RunningEngine, kept: dict[str, list[str]]) -> dict[str, set[str]]:
    """What was acknowledged and is not there."""
    found = {kind: set(ask(engine, f"/{kind}")) for kind in ("kv", "r2", "d1")}
    found["durable"] = set(ask(engine, "/durable")["rows"])
    missing = {kind: set(kept[kind]) - found[kind] for kind in found}
    return {kind: names for kind, names in missing.items() if names}


def test_a_disk_that_fills_up(small_disk: Path) -> None:
    engine = RunningEngine(small_disk / "state", "--no-samples")
    try:
        prepare(engine)
        kept: dict[str, list[str]] = {kind: [] for kind in FAILURES}
        for kind, names in kept.items():
            assert put(engine, kind, f"{kind}-before")[0] == 200
            names.append(f"{kind}-before")
        fill(small_disk / "filler")

        for kind, message in FAILURES.items():
            for number in range(3000):  # a log may have room that it was given before
                status, answer = put(engine, kind, f"{kind}-{number}")
                if status != 200:
                    assert status == 500
                    assert answer in (message, FULL if kind == "durable" else message)
                    break
                kept[kind].append(f"{kind}-{number}")
                fill(small_disk / "filler")
            else:
                pytest.fail(f"{kind} was written to a full disk")
        refused = engine.api.put(worker_path("another"), **upload({"worker.js": HELLO + " " * 100_000}))
        assert refused.status_code == 500
        assert "disk is full" in refused.json()["errors"][0]["message"]
        assert lost(engine, kept) == {}  # reading goes on

        (small_disk / "filler").unlink()
        for kind in FAILURES:
            until(lambda kind=kind: put(engine, kind, f"{kind}-after")[0] == 200)
            kept[kind].append(f"{kind}-after")
        engine.deploy("another")
        assert lost(engine, kept) == {}
        until(lambda: set(kept["queue"]) <= set(ask(engine, "/seen")))
    finally:
        assert engine.stop() == 0
    for path in [*engine.state.rglob("*.sqlite"), *engine.state.rglob("*.db")]:
        with sqlite3.connect(path) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",), path


def test_databases_that_somebody_else_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVC_TUI_BUSY_SECONDS", "1")
    engine = RunningEngine(tmp_path / "state", "--no-samples")
    try:
        prepare(engine)
        kept = {kind: [f"{kind}-before"] for kind in FAILURES}
        for kind in kept:
            assert put(engine, kind, f"{kind}-before")[0] == 200
        until(lambda: set(kept["queue"]) <= set(ask(engine, "/seen")))
        found: dict[str, Any] = {}

        def write(kind: str) -> None:
            with RunningClient(engine) as client:
                found[kind] = client.put(kind, f"{kind}-meanwhile")

        files = [*engine.state.rglob("*.sqlite"), engine.state / "store.db"]
        with ExitStack() as held:
            for path in files:
                other = sqlite3.connect(path, isolation_level=None)
                held.callback(other.close)
                other.execute("BEGIN IMMEDIATE")
            threads = [threading.Thread(target=write, args=(kind,)) for kind in LOCKED]
            for thread in threads:
                thread.start()
            assert lost(engine, kept) == {}  # reading goes on
            for thread in threads:
                thread.join(WAIT)
        assert found == {kind: (500, message) for kind, message in LOCKED.items()}
        for kind in LOCKED:
            until(lambda kind=kind: put(engine, kind, f"{kind}-after")[0] == 200)
            kept[kind].append(f"{kind}-after")
        assert lost(engine, kept) == {}
    finally:
        assert engine.stop() == 0
    assert os.path.getsize(engine.state / "store.db") > 0


class RunningClient:
    """Another connection: an engine's own client is for one thread."""

    def __init__(self, engine: RunningEngine) -> None:
        self._client = httpx.Client(base_url=engine.address, timeout=WAIT, trust_env=False)
        self._host = engine.host("all")

    def __enter__(self) -> RunningClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def put(self, kind: str, name: str) -> tuple[int, Any]:
        """As the function."""
        answer = self._client.get(f"/{kind}/{name}", headers={"host": self._host})
        return answer.status_code, answer.json()
