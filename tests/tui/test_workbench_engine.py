"""The workbench against a real engine: run unsaved text, save it, and ask the hostname."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from textual.widgets import Label
from waiting import until

from tui.app import SvcApp
from tui.options import Options
from tui.requests import DraftRequest
from tui.screens.dialogs.writes import WritesDialog
from tui.screens.workbench import WorkbenchScreen

THROWS = "export default {\n  fetch() {\n    const note = undefined;\n    return note.body;\n  },\n};\n"
ANSWERS = """\
export default {
  async fetch(request, env) {
    console.log("asked for", { path: new URL(request.url).pathname });
    await env.NOTES.put("from-the-test", "1");
    return Response.json({ list: [1, 2], kept: await env.NOTES.get("from-the-test") });
  },
};
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """An engine with the sample services, in a state folder of its own."""
    state = tmp_path_factory.mktemp("state")
    command = [sys.executable, "-m", "engine", "up", "--state", str(state), "--port", "0", "--json"]
    started = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert started.returncode == 0, started.stderr
    pid = json.loads((state / "engine.json").read_text())["pid"]
    yield {**json.loads(started.stdout), "state": state}
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            os.kill(pid, 0)
            time.sleep(0.05)


async def test_edit_run_save_answer(
    engine: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVC_TUI_CONFIG", str(tmp_path))
    app = SvcApp(Options(state=engine["state"]))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.engine_state.ready)
        screen = WorkbenchScreen("notes", "staging")
        await app.push_screen(screen)
        await until(pilot, lambda: screen.loaded and screen.editor_pane.editor)
        editor = screen.editor_pane.editor
        assert editor is not None
        before = screen.workspace.number

        def facts() -> str:
            return str(screen.query_one("#facts", Label).content)

        editor.replace_all(THROWS)
        await pilot.press("f5")
        await until(pilot, lambda: "uncaught TypeError" in facts())
        assert list(editor.marks) == [3]

        editor.replace_all(ANSWERS)
        await pilot.press("f5")
        await until(pilot, lambda: "200 OK" in facts() and screen.running is None)
        assert '"kept": "1"' in screen.answer.body.text
        assert screen.report is not None
        assert [line.text for line in screen.report.console] == ["asked for { path: '/' }"]
        assert screen.report.console[0].where is not None
        assert screen.report.console[0].where.line == 3
        assert screen.report.kept_back == 1

        await pilot.press("ctrl+s")
        await until(pilot, lambda: screen.workspace.number != before)
        assert not screen.workspace.dirty
        host = screen.detail["hostname"].partition(":")[0]
        async with httpx.AsyncClient(
            base_url=engine["address"], headers={"host": host}, timeout=60
        ) as client:
            answered = await client.get("/")
        assert answered.json() == {"list": [1, 2], "kept": "1"}

        editor.replace_all("export default {\n  fetch( {\n};\n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: any("Not saved" in str(toast.message) for toast in app._notifications))
        assert editor.marks


WRITES = """\
export default {
  async fetch(request, env) {
    const { searchParams } = new URL(request.url);
    if (searchParams.has("read")) {
      return Response.json({ one: await env.NOTES.get("w:one"), two: await env.NOTES.get("w:two") });
    }
    await env.NOTES.put("w:one", "first");
    await env.NOTES.put("w:two", "second");
    await env.NOTES.put("w:two", "third");
    return new Response("kept");
  },
};
"""


async def test_kept_writes_are_applied_one_by_one(
    engine: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVC_TUI_CONFIG", str(tmp_path))
    app = SvcApp(Options(state=engine["state"]))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.engine_state.ready)
        screen = WorkbenchScreen("notes", "staging")
        await app.push_screen(screen)
        await until(pilot, lambda: screen.loaded and screen.editor_pane.editor)
        assert screen.editor_pane.editor is not None
        screen.editor_pane.editor.replace_all(WRITES)

        async def ask(url: str) -> str:
            before = screen.report
            screen.request_bar.load(DraftRequest("GET", url))
            await pilot.press("f5")
            await until(pilot, lambda: screen.report not in (None, before) and screen.running is None)
            assert screen.report is not None
            return screen.report.body().decode()

        await pilot.press("alt+a")
        await until(pilot, lambda: app._notifications)  # nothing has run yet
        assert await ask("/") == "kept"
        await pilot.press("alt+a")
        await until(pilot, lambda: isinstance(app.screen, WritesDialog) and app.screen.table.items)
        dialog = app.screen
        assert isinstance(dialog, WritesDialog)
        table = dialog.table
        assert [item["superseded"] for item in table.items] == [False, True, False]
        # What a later write replaces takes no mark.
        await pilot.press("j", "space")
        assert not table.marked
        await pilot.press("a")
        assert len(table.marked) == 2
        await pilot.press("a", "g", "enter")  # none marked: the one under the cursor
        await until(pilot, lambda: dialog.applied == 1 and 1 not in [item["id"] for item in table.items])
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert screen.report is not None
        assert screen.report.applied == 1

        await pilot.press("alt+a")
        await until(pilot, lambda: isinstance(app.screen, WritesDialog) and app.screen.table.items)
        assert isinstance(app.screen, WritesDialog)
        # Somebody else writes what the run meant to: its row says so, and applying it means it.
        state = app.engine
        found = await state.environment("notes", "staging")
        space = next(each for each in found["bindings"] if each["name"] == "NOTES")["namespace_id"]
        await state.import_kv(space, [{"key": "w:two", "value": "another one"}])
        await pilot.press("G", "enter")
        table = app.screen.table
        await until(pilot, lambda: table.conflicts)
        await pilot.press("G", "enter")
        await until(pilot, lambda: app.screen is screen)
        assert json.loads(await ask("/?read")) == {"one": "first", "two": "third"}
