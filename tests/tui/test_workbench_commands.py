"""Commands of the workbench that lead somewhere: panes, the request, what is live, other screens."""

from __future__ import annotations

from pathlib import Path

from account import BINDINGS, Account
from bench_app import opened, palette
from fake_engine import WORKER, FakeEngine
from waiting import seen

from tui.client import Json
from tui.screens.data import DataScreen
from tui.screens.dialogs.keys import KeysDialog
from tui.screens.diff import DiffScreen
from tui.screens.settings import SettingsScreen


class Furnished(FakeEngine):
    """Has what the other screens of an environment ask for, too."""

    settings = Account.settings
    schedules = Account.schedules
    routes = Account.routes
    domains = Account.domains
    kv_namespaces = Account.kv_namespaces
    d1_databases = r2_buckets = object_namespaces = queues = workflows = Account.kv_namespaces
    status = Account.status

    async def environment(self, service: str, environment: str) -> Json:
        return {**await super().environment(service, environment), "bindings": BINDINGS}


async def test_panes_and_keys(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        await it.run()
        editor = it.screen.editor_pane.editor
        assert editor is not None
        await it.press("escape")
        assert it.screen.answer.has_focus_within
        await it.press("2")
        assert editor.has_focus
        assert editor.text == WORKER  # it was no letter

        await it.press("f12")
        await it.pilot.pause()
        assert editor.has_focus
        assert not it.screen.answer.region
        assert editor.region.width > 110
        await it.press("escape")
        await it.until(lambda: it.screen.answer.region)
        assert it.app.screen is it.screen
        assert editor.has_focus

        await it.press("f1")
        await it.until(lambda: isinstance(it.app.screen, KeysDialog))
        assert "find next" in seen(it.pilot)
        await it.press("escape")
        assert it.app.screen is it.screen

        await it.press("ctrl+f", *"note", "escape")
        first = editor.selection
        await it.press("f3")
        assert editor.selected_text.lower() == "note"
        assert editor.selection.start > first.start
        await palette(it, "request: Headers")
        await it.until(lambda: it.screen.query_one("#request-headers").has_focus)
        await it.press(*"x-a: 1")
        await palette(it, "request: Body")
        await it.until(lambda: it.screen.query_one("#request-body").has_focus)
        await it.press("7")
        request = it.screen.request_bar.request
        assert (request.headers, request.body) == ([("x-a", "1")], "7")


async def test_what_is_live_is_compared_with_and_taken(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        editor = it.screen.editor_pane.editor
        assert editor is not None
        await it.press("x")
        await it.press("alt+d")
        await it.until(lambda: isinstance(it.app.screen, DiffScreen))
        shown = it.app.screen
        assert isinstance(shown, DiffScreen)
        assert (shown.diff["added"], shown.diff["removed"]) == (1, 1)
        assert shown.diff["to"]["label"] == "your text"
        await it.press("escape")
        assert it.app.screen is it.screen
        it.engine.deploy("staging", 42, [{"name": "worker.js", "type": "esm", "text": "theirs"}])
        await it.press("alt+r")
        await it.until(lambda: editor.text == "theirs")
        assert any("v42 is on screen" in toast for toast in it.toasts)
        assert not it.screen.workspace.dirty
        await it.press("ctrl+z")
        assert editor.text == f"x{WORKER}"


async def test_settings_and_data_of_the_environment_and_back(tmp_path: Path) -> None:
    async with opened(tmp_path, engine=Furnished(tmp_path)) as it:
        await it.press("x")
        for key, kind in (("alt+v", SettingsScreen), ("alt+t", DataScreen)):
            await it.press(key)
            await it.until(lambda kind=kind: isinstance(it.app.screen, kind))
            assert (it.app.screen.service, it.app.screen.environment) == ("notes", "staging")
            await it.until(lambda: it.app.focused)
            await it.press("escape")
            await it.until(lambda: it.app.screen is it.screen)
        assert it.screen.workspace.dirty  # the draft is as it was
