"""`svc-tui deploy --watch`."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clikit import ROOT, write
from enginekit import RunningEngine


class Watching:
    """A running `deploy --watch --json`."""

    def __init__(self, state: Path, *arguments: object) -> None:
        command = [sys.executable, "-m", "engine", "deploy", *map(str, arguments), "--watch", "--json"]
        environment = {**os.environ, "SVC_TUI_STATE": str(state)}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._events.put(json.loads(line))

    def until(self, kind: str) -> dict[str, Any]:
        """The next event of a kind."""
        while True:
            event = self._events.get(timeout=30)
            if event["event"] == kind:
                return event

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def watching(engine: RunningEngine, name: str, tmp_path: Path) -> Iterator[Watching]:
    files = {
        "worker_js": 'import { text } from "../shared/text.js";\n'
        "export default { fetch: (request, env) => new Response(text + env.WORD) };",
        "wrangler_json": json.dumps({"name": name, "main": "worker.js", "vars": {"WORD": "!"}}),
    }
    write(tmp_path / "shared", text_js='export const text = "one";')
    found = Watching(engine.state, write(tmp_path / "project", **files))
    yield found
    if found.process.poll() is None:
        found.stop()


def test_a_saved_file_goes_live_and_a_broken_one_does_not(
    watching: Watching, engine, name: str, tmp_path: Path
):
    first = watching.until("deployed")
    assert (first["service"], first["number"]) == (name, 1)
    watching.until("watching")
    assert engine.get(name).text == "one!"

    shared = tmp_path / "shared" / "text.js"  # beside the project's folder
    shared.write_text('export const text = "two";')
    again = watching.until("deployed")
    assert again["number"] == 2
    assert again["ms"] >= 0
    assert engine.get(name).text == "two!"

    shared.write_text('export const text = "thr')
    assert "text.js" in watching.until("error")["message"]
    assert engine.get(name).text == "two!"
    shared.write_text('export const text = "three";')
    assert watching.until("deployed")["number"] == 3
    assert engine.get(name).text == "three!"

    config = tmp_path / "project" / "wrangler.json"
    config.write_text(config.read_text().replace("!", "?"))
    watching.until("deployed")
    assert engine.get(name).text == "three?"
    assert watching.stop() == 130


def test_a_file_that_says_the_same_makes_no_version(watching: Watching, engine, name: str, tmp_path: Path):
    watching.until("watching")
    worker = tmp_path / "project" / "worker.js"
    worker.write_text(worker.read_text())
    (tmp_path / "project" / "notes.md").write_text("not the project's")
    worker.write_text(worker.read_text() + "// changed\n")
    assert watching.until("deployed")["number"] <= 2
    assert len(engine.result("GET", f"/workers/scripts/{name}/versions")["items"]) == 2


def test_a_project_that_is_wrong_at_first_is_waited_for(engine: RunningEngine, name: str, tmp_path: Path):
    folder = write(tmp_path, wrangler_json=json.dumps({"name": name, "main": "worker.js"}))
    found = Watching(engine.state, folder)
    try:
        assert "worker.js" in found.until("error")["message"]
        (folder / "worker.js").write_text('export default { fetch: () => new Response("late") };')
        assert found.until("deployed")["number"] == 1
        assert engine.get(name).text == "late"
    finally:
        found.stop()
