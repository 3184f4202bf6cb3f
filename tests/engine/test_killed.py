"""Acknowledged is on the disk: the live process is killed at random moments while every kind is written to.

Most rounds leave the server out (killed_process.py), which makes them several times as fast; one in 16 kills
the live process of a whole engine. `pytest tests/engine/test_killed.py --rounds 300` kills more often.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from enginekit import RunningEngine
from kindskit import KINDS, ask, prepare

WAIT = 60.0


class Load:
    """Writers that go on through every kill, and what was acknowledged to them."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.refused: list[str] = []
        self.highest = 0
        self.over = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, engine: RunningEngine) -> None:
        self._threads = [threading.Thread(target=self._write, args=(engine, kind)) for kind in KINDS]
        for thread in self._threads:
            thread.start()

    def told(self, kind: str, name: str, answer: str | bytes) -> None:
        self.acknowledged[kind].append(name)
        if kind == "durable":
            self.highest = max(self.highest, json.loads(answer))

    def _write(self, engine: RunningEngine, kind: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=WAIT)
        for number in itertools.count():
            if self.over.is_set():
                break
            name = f"{kind}-whole-{number}"
            try:
                connection.request("GET", f"/{kind}/{name}", headers={"host": engine.host("all")})
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):  # the process was killed: who knows
                connection.close()
                continue
            if answer.status != 200:
                self.refused.append(f"{name}: {answer.status} {body[:200]!r}")
                continue
            if kind == "analytics":  # nothing is said of a point until it can be queried
                continue
            self.told(kind, name, body)
            time.sleep(0.002)
        connection.close()

    def count(self) -> int:
        return sum(map(len, self.acknowledged.values()))

    def end(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(WAIT)


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


def kill_inside(state: Path, load: Load, rounds: int) -> None:
    """Rounds without the server."""
    command = [sys.executable, str(Path(__file__).with_name("killed_process.py")), str(state), str(rounds)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, stdout=subprocess.PIPE, env=env, text=True, check=True)
    for line in done.stdout.splitlines():
        load.told(*line.split(" ", 2))


def kill_whole(engine: RunningEngine, load: Load, rounds: int) -> None:
    """Rounds with everything: the supervisor starts the next live process each time."""
    live = 0
    load.begin(engine)
    try:
        for _ in range(rounds):
            live = engine.child("live", other_than=live)
            before = load.count()
            until(lambda before=before: load.count() > before)
            time.sleep(random.uniform(0, 0.15))
            os.kill(live, signal.SIGKILL)
    finally:
        load.end()
    assert load.refused == []


def test_nothing_acknowledged_is_lost(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    rounds = pytestconfig.getoption("--rounds")
    state = tmp_path / "state"
    load = Load()
    made = RunningEngine(state, "--no-samples")
    try:
        prepare(made)
        assert made.stop() == 0
        kill_inside(state, load, rounds - rounds // 16)
        made = RunningEngine(state, "--no-samples")
        kill_whole(made, load, rounds // 16)
        assert all(load.acknowledged.values())
        check(made, load)
    finally:
        assert made.stop() == 0
    files = [*state.rglob("*.sqlite"), *state.rglob("*.db")]
    assert len(files) > 3
    for path in files:
        with sqlite3.connect(path) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",), path
    print(f"{rounds} rounds, {load.count()} writes acknowledged, {len(files)} databases")


def check(made: RunningEngine, load: Load) -> None:
    """Everything that was acknowledged is there, was delivered, has rung."""
    for kind in ("kv", "r2", "d1"):
        found = set(ask(made, f"/{kind}"))
        assert set(load.acknowledged[kind]) - found == set(), kind
        if kind == "d1":  # a batch is whole or not there
            assert {each.removesuffix("+") for each in found} == {each for each in found if each[-1] != "+"}
            assert len(found) % 2 == 0
    kept = ask(made, "/durable")
    assert set(load.acknowledged["durable"]) - set(kept["keys"]) == set()
    assert sorted(kept["keys"]) == kept["rows"]  # what was written in one turn is there together
    assert kept["n"] == len(kept["rows"]) >= load.highest
    until(lambda: set(load.acknowledged["queue"]) <= set(ask(made, "/seen")))
    for kind, path in (("alarm", "/rang"), ("workflow", "/ran")):
        names = load.acknowledged[kind]
        for start in range(0, len(names), 50):
            some = names[start : start + 50]
            until(lambda some=some, path=path: all(ask(made, path, json=some)))
    points = made.api.post("/analytics_engine/sql", content="SELECT blob1 FROM kept FORMAT JSON").json()
    found = [row["blob1"] for row in points["data"]]
    assert set(load.acknowledged["analytics"]) - set(found) == set()
    assert len(found) == len(set(found))
