"""The workbench through real keys, with an engine in memory that plays scripted runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import fake_engine
import pytest
from bench_app import Open, opened
from fake_engine import FakeEngine
from textual.widgets import Button, Input, Label, OptionList, Static

from tui.client import Json
from tui.drafts import Drafts
from tui.requests import Requests
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.dialogs.conflict import ConflictDialog
from tui.widgets.calls_view import CallsView
from tui.widgets.console_view import ConsoleView
from tui.widgets.pane import Pane
from tui.widgets.response_view import ResponseView
from tui.widgets.top_bar import TopBar


@pytest.fixture
def bench(tmp_path: Path) -> Open:
    return partial(opened, tmp_path)


async def test_runs_what_is_on_screen_unsaved(bench: Open) -> None:
    async with bench() as it:
        await it.press("x")
        await it.run()
        sent = it.engine.runs[0]
        assert sent["modules"][0]["text"].startswith("xexport default")
        assert [module["name"] for module in sent["modules"]] == ["worker.js", "lib/words.js", "logo.bin"]
        assert sent["mode"] == "sandbox"
        assert sent["request"] == {
            "method": "GET",
            "url": "http://staging.notes.dev.localhost:8787/",
            "headers": [],
            "body": None,
        }
        assert "201 Created" in it.facts
        assert "6.0 ms" in it.facts
        assert '"tags": ["home", "weekly"]' in it.screen.answer.body.text
        assert it.screen.answer.tabs == ("Response", "Headers 3", "Console 1", "Calls 3")
        assert "1 write kept back" in it.screen.query_one("#calls", Pane).bottom
        assert len(it.screen.query_one(ConsoleView).kept) == 1
        tree = it.screen.query_one("#calls CallsView", CallsView)
        assert [len(node.children) for node in tree.root.children] == [1, 0]


async def test_a_run_asked_for_too_early_comes_when_the_text_is_there(tmp_path: Path) -> None:
    came = asyncio.Event()

    class Slow(FakeEngine):
        async def modules(self, service: str, environment: str, version: str | None = None) -> Json:
            await came.wait()
            return await super().modules(service, environment, version)

    async with opened(tmp_path, engine=Slow(tmp_path), wait=False) as it:
        await it.press("f5")
        assert it.engine.runs == []
        came.set()
        await it.until(lambda: it.engine.runs and it.screen.running is None)
        assert "201 Created" in it.facts


async def test_an_error_is_marked_and_enter_jumps_there(bench: Open) -> None:
    async with bench() as it:
        it.engine.script = fake_engine.failure
        await it.run()
        assert "500" in it.facts
        assert "uncaught TypeError" in it.facts
        editor = it.screen.editor_pane.editor
        assert editor is not None
        assert editor.marks == {2: "note is null"}
        assert "note is null" in it.screen.editor_pane.bottom
        assert "no such key" in str(it.screen.query_one("#reason", Static).content)
        assert it.screen.query_one("#stack", OptionList).option_count == 2
        await it.press("escape", "enter")
        assert editor.has_focus
        assert editor.cursor_location == (2, 10)
        await it.press("escape", "down", "enter")
        assert it.screen.editor_pane.current == "lib/words.js"


async def test_the_mark_of_a_run_stays_until_the_text_changes(bench: Open) -> None:
    async with bench() as it:
        it.engine.script = fake_engine.failure
        editor = it.screen.editor_pane.editor
        assert editor is not None
        for marks in ({2: "note is null"}, {}):
            checks = it.engine.checks
            await it.press("end", "space")
            if marks:
                await it.run()
            await it.until(lambda checks=checks: it.engine.checks > checks)  # half a second after the key
            assert editor.marks == marks


async def test_a_limit_is_told_with_its_place(bench: Open) -> None:
    async with bench() as it:
        it.engine.script = fake_engine.cpu_limit
        await it.run()
        assert "1102" in it.facts
        assert "CPU limit. Stopped at worker.js:3." in it.facts
        assert "started again" in str(it.screen.query_one("#reason", Static).content)


async def test_escape_stops_a_run_and_the_old_answer_stays(bench: Open) -> None:
    async with bench() as it:
        await it.run()
        it.engine.script = fake_engine.endless
        await it.press("f5")
        await it.until(lambda: "running" in it.facts)
        assert it.screen.answer.has_class("-stale")
        assert "Groceries" in it.screen.answer.body.text
        await it.press("a")  # editing goes on
        assert it.screen.workspace.dirty
        await it.press("f5")  # running again cancels the earlier run
        await it.until(lambda: it.engine.cancelled == 1)
        assert len(it.engine.runs) == 3
        await it.press("escape")
        await it.until(lambda: it.screen.running is None and it.engine.cancelled == 2)
        assert not it.screen.answer.has_class("-stale")
        assert it.app.screen is it.screen


async def test_saving_makes_a_version(bench: Open) -> None:
    async with bench() as it:
        await it.press("ctrl+s")
        await it.until(lambda: it.toasts)
        assert "Nothing to save: v41" in it.toasts[0]
        await it.press("x")
        assert "unsaved" in it.screen.query_one(TopBar).marks
        assert "◆" in it.screen.editor_pane.tabs[0]
        await it.press("ctrl+s")
        await it.until(lambda: "Saved v42." in it.toasts)
        assert "unsaved" not in it.screen.query_one(TopBar).marks
        assert it.engine.saves[0]["modules"][0]["text"].startswith("xexport")
        await it.pilot.pause(0.4)
        assert it.notice == ""  # our own deployment is no news
        assert it.app.drafts.all() == []


async def test_code_that_does_not_compile_is_not_saved(bench: Open) -> None:
    async with bench() as it:
        for letter in "SYNTAX":
            await it.press(letter)
        await it.press("ctrl+s")
        await it.until(lambda: it.toasts)
        assert it.toasts[-1].startswith("Not saved: Unexpected token")
        editor = it.screen.editor_pane.editor
        assert editor is not None
        assert editor.marks == {2: "Unexpected token"}
        assert it.screen.workspace.dirty


async def test_a_deploy_of_somebody_else_is_noticed_and_asked_about(bench: Open) -> None:
    async with bench() as it:
        await it.press("x")
        it.engine.deploy("staging", 42, [{"name": "worker.js", "type": "esm", "text": "theirs"}])
        it.engine.announce("staging", 42)
        await it.until(lambda: "ana deployed [b]v42[/] while you edited" in it.notice)
        await it.press("ctrl+s")
        await it.until(lambda: isinstance(it.app.screen, ConflictDialog))
        await it.press("o")
        await it.until(lambda: "Saved v43." in it.toasts)
        assert it.notice == ""


async def test_reload_takes_what_is_live_and_undo_brings_the_text_back(bench: Open) -> None:
    async with bench() as it:
        await it.press("x")
        it.engine.deploy("staging", 42, [{"name": "worker.js", "type": "esm", "text": "theirs"}])
        await it.press("ctrl+s")
        await it.until(lambda: isinstance(it.app.screen, ConflictDialog))
        await it.press("r")
        await it.until(lambda: it.screen.workspace.number == 42)
        editor = it.screen.editor_pane.editor
        assert editor is not None
        assert editor.text == "theirs"
        assert list(it.screen.workspace.modules) == ["worker.js"]
        await it.press("ctrl+z")
        assert editor.text.startswith("xexport")


async def test_without_changes_a_deploy_is_taken_at_once(bench: Open) -> None:
    async with bench() as it:
        it.engine.deploy("staging", 42, [{"name": "worker.js", "type": "esm", "text": "theirs"}])
        it.engine.announce("staging", 42)
        await it.until(lambda: "ana deployed v42; it is on screen now." in it.toasts)
        assert it.screen.workspace.number == 42
        assert it.screen.editor_pane.editor is not None
        assert it.screen.editor_pane.editor.text == "theirs"


async def test_unsaved_text_is_kept_and_comes_back(bench: Open, tmp_path: Path) -> None:
    async with bench() as it:
        await it.press("x")
        await it.until(lambda: Drafts(tmp_path).read("notes", "staging"))
        await it.press("y")  # not written yet when the app goes away
    draft = Drafts(tmp_path).read("notes", "staging")
    assert draft is not None
    assert draft.content["modules"][0]["text"].startswith("xyexport")
    async with bench() as it:
        await it.later()
        await it.until(lambda: "is back" in it.notice)
        assert it.screen.workspace.dirty
        await it.press("alt+x")
        await it.until(lambda: isinstance(it.app.screen, ConfirmDialog))
        await it.press("y")
        await it.until(lambda: not it.screen.workspace.dirty)
        assert Drafts(tmp_path).all() == []
        assert it.notice == ""


async def test_kept_text_of_an_older_version_is_not_saved_over_a_newer_one(
    bench: Open, tmp_path: Path
) -> None:
    async with bench() as it:
        await it.press("x")
    engine = FakeEngine(tmp_path)
    engine.deploy("staging", 42, [{"name": "worker.js", "type": "esm", "text": "theirs"}])
    async with bench(engine=engine) as it:
        await it.later()
        await it.until(lambda: "was made from v41; v42 is live now" in it.notice)
        await it.press("ctrl+s")
        await it.until(lambda: isinstance(it.app.screen, ConflictDialog))
        await it.press("escape")
        assert it.engine.saves == []


async def test_production_looks_like_it_and_asks_in_words(bench: Open) -> None:
    async with bench("production") as it:
        assert it.screen.has_class("-production")
        await it.press("x", "ctrl+s")
        await it.until(lambda: isinstance(it.app.screen, ConfirmDialog))
        assert "replaces [b]v38[/] at [b]notes.dev.localhost[/]" in it.app.screen.words()
        assert isinstance(it.app.focused, Button)
        assert it.app.focused.id == "cancel"
        await it.press("enter")
        assert it.engine.saves == []
        await it.press("ctrl+s")
        await it.until(lambda: isinstance(it.app.screen, ConfirmDialog))
        await it.press("y")
        await it.until(lambda: "Saved v39." in it.toasts)


async def test_live_writes_hold_for_one_run(bench: Open) -> None:
    async with bench() as it:
        from tui.commands.workbench import AllowWrites

        it.screen.post_message(AllowWrites())
        await it.until(lambda: "LIVE WRITES" in it.screen.query_one(TopBar).marks)
        await it.run()
        assert it.engine.runs[-1]["mode"] == "live"
        assert "sandbox" in it.screen.query_one(TopBar).marks
        await it.press("f5")
        await it.until(lambda: len(it.engine.runs) == 2)
        assert it.engine.runs[-1]["mode"] == "sandbox"


async def test_empty_parts_say_so(bench: Open) -> None:
    async def silent(payload: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        yield {"type": "response", "status": 204, "headers": [], "time": 1.0}
        yield {"type": "end", "outcome": "ok", "wall": 1.0, "engine_restarted": False}

    async with bench() as it:
        console, calls = it.screen.query_one(ConsoleView), it.screen.query_one("#calls CallsView", CallsView)
        assert "shows up here" in calls.left(calls.root.children[0])
        it.engine.script = silent
        await it.run()
        assert "204 No Content" in it.facts
        assert "Nothing was written" in console.words
        assert "called no bindings" in calls.left(calls.root.children[0])
        it.engine.script = fake_engine.answer
        await it.press("f5")
        await it.until(lambda: "201" in it.facts and it.screen.running is None)
        assert len(console.kept) == 1
        assert "AUTH" in calls.left(calls.root.children[0])


async def test_live_writes_on_production_want_its_name(bench: Open) -> None:
    async with bench("production") as it:
        from tui.commands.workbench import AllowWrites

        it.screen.post_message(AllowWrites())
        await it.pilot.pause()
        await it.press("f5")
        await it.until(lambda: isinstance(it.app.screen, ConfirmDialog))
        await it.press("y", "escape")
        assert it.engine.runs == []


async def test_the_request_is_edited_sent_and_remembered(bench: Open, tmp_path: Path) -> None:
    async with bench() as it:
        await it.press("ctrl+l", "n", "o", "t", "e", "s")
        assert it.screen.request_bar.request.url == "/notes"
        it.screen.query_one("#method").value = "PUT"
        await it.press("ctrl+l")
        body = it.screen.query_one("#request-body")
        assert body.has_focus
        await it.press("left_curly_bracket")
        await it.run()
        sent = it.engine.runs[0]["request"]
        assert (sent["method"], sent["url"].endswith("/notes"), sent["body"]) == ("PUT", True, "{}")
        assert "PUT" in it.screen.answer.bottom
    assert Requests(tmp_path, "notes").read("staging").body == "{}"
    async with bench() as it:
        assert it.screen.query_one("#url", Input).value == "/notes"


async def test_bad_headers_are_told_before_the_run(bench: Open) -> None:
    async with bench() as it:
        await it.press("ctrl+l", "ctrl+l", "a", "f5")
        await it.until(lambda: it.toasts)
        assert "line 1: write it as name: value" in it.toasts[-1]
        assert it.engine.runs == []


async def test_modules_are_added_renamed_and_deleted(bench: Open) -> None:
    async with bench(size=(200, 50)) as it:
        from tui.commands import workbench as commands

        it.screen.post_message(commands.AddModule())
        await it.until(lambda: it.app.screen is not it.screen)
        await it.press(*"a.ts", "enter")
        await it.until(lambda: it.screen.editor_pane.current == "a.ts")
        await it.press("x")
        it.screen.post_message(commands.RenameModule())
        await it.until(lambda: it.app.screen.query("#name"))
        it.app.screen.query_one("#name", Input).value = "b.json"
        await it.press("enter")
        await it.until(lambda: it.screen.editor_pane.current == "b.json")
        assert it.screen.workspace.modules["b.json"].text == "x"
        assert it.screen.workspace.modules["b.json"].type == "json"
        await it.press("ctrl+z")  # the history went along
        assert it.screen.workspace.modules["b.json"].text == ""
        it.screen.post_message(commands.DeleteModule())
        await it.until(lambda: it.app.screen is not it.screen)
        await it.press("y")
        await it.until(lambda: it.screen.editor_pane.current == "worker.js")
        assert not it.screen.workspace.dirty


async def test_each_module_keeps_its_own_history(bench: Open) -> None:
    async with bench() as it:
        await it.press("x", "ctrl+pagedown", "y")
        assert it.screen.editor_pane.current == "lib/words.js"
        assert it.screen.workspace.modules["lib/words.js"].text.startswith("yexport")
        await it.press("ctrl+pageup", "ctrl+z")
        assert not it.screen.workspace.modules["worker.js"].dirty
        assert it.screen.workspace.modules["lib/words.js"].dirty
        await it.press("ctrl+pageup")
        assert it.screen.editor_pane.current == "logo.bin"
        assert "not to be edited" in str(it.screen.query_one("#binary", Label).content)


async def test_find_and_go_to_line(bench: Open) -> None:
    async with bench() as it:
        editor = it.screen.editor_pane.editor
        assert editor is not None
        await it.press("ctrl+f", *"note")
        assert editor.selected_text == "note"
        first = editor.selection
        await it.press("enter")
        assert editor.selection != first
        await it.press("escape")
        assert editor.has_focus
        await it.press("ctrl+g", "3", "colon", "5", "enter")
        assert editor.cursor_location == (2, 4)
        assert editor.has_focus
        await it.press("ctrl+underscore")
        assert editor.document[2].startswith("    // const")


async def test_escape_goes_one_step_at_a_time(bench: Open) -> None:
    async with bench() as it:
        await it.run()
        await it.press("ctrl+f", "escape")
        assert it.screen.editor_pane.has_focus_within
        await it.press("escape")
        assert it.screen.answer.has_focus_within
        await it.press("escape")
        await it.until(lambda: it.app.screen is not it.screen)


async def test_narrow_keeps_the_request_out_of_the_way(bench: Open) -> None:
    async with bench(size=(80, 24)) as it:
        assert not it.screen.request_bar.display or not it.screen.request_bar.region
        await it.press("ctrl+l")
        await it.pilot.pause()
        assert it.screen.request_bar.region.height == 3
        await it.press("escape")
        await it.pilot.pause()
        assert not it.screen.request_bar.region


async def test_the_engine_may_come_later(bench: Open, tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path)
    engine.away = True
    async with bench(engine=engine) as it:
        await it.pilot.pause(0.2)
        assert not it.screen.loaded
        engine.away = False
        it.screen.load()
        await it.until(lambda: it.screen.focused)
        engine.away = True
        await it.press("x", "ctrl+s")
        await it.until(lambda: it.toasts)
        assert it.toasts[-1] == "Not saved: it stopped. Your text is kept."


async def test_a_capped_body_says_so_and_is_saved_whole(
    bench: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_downloads_dir", lambda: str(tmp_path / "downloads"))

    async def large(payload: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        yield {"type": "response", "status": 200, "headers": [["content-type", "text/plain"]], "time": 1.0}
        for _ in range(10):
            yield fake_engine.body(b"line of text\n" * 2_000)
        yield {"type": "body_end", "size": 260_000, "time": 2.0}
        yield {"type": "end", "outcome": "ok", "wall": 2.0, "engine_restarted": False}

    async with bench() as it:
        it.engine.script = large
        await it.run()
        assert "first 64 KB of 254 KB." in str(it.screen.query_one("#capped", Label).content)
        assert it.screen.query_one(ResponseView).text.document.line_count <= 2_001
        await it.press("escape", "s")
        await it.until(lambda: it.toasts)
        saved = tmp_path / "downloads" / "notes-staging.txt"
        assert saved.stat().st_size == 260_000
