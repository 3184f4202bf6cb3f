"""The settings screen: every aspect, against production, edited, saved, and what happens elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from enginekit import HELLO, RunningEngine, environment_path
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList
from waiting import seen, until

from tui import setting_values
from tui.app import SvcApp
from tui.environment_settings import EnvironmentSettings, read
from tui.options import Options
from tui.screens.dialogs.keys import KeysDialog
from tui.screens.settings import SettingsScreen
from tui.screens.settings.bind import BindDialog
from tui.screens.settings.new import NewSettingDialog
from tui.screens.settings.save import SaveSettingsDialog
from tui.widgets.code_editor import CodeEditor
from tui.widgets.settings_table import SettingsTable


def settings(**more: Any) -> dict[str, Any]:
    bindings = [
        {"name": "A", "type": "plain_text", "text": "1"},
        {"name": "J", "type": "json", "json": {"x": [1]}},
        {"name": "S", "type": "secret_text"},
        {"name": "KV", "type": "kv_namespace", "namespace_id": "0" * 32},
    ]
    return {"bindings": bindings, "compatibility_date": "2026-01-01", **more}


def test_standing_against_production() -> None:
    theirs = read(
        {
            "bindings": [
                {"name": "A", "type": "plain_text", "text": "2"},
                {"name": "B", "type": "json", "json": 1},
            ]
        }
    )
    rows = {row.name: row for row in EnvironmentSettings(read(settings()), theirs).rows()}
    assert {name: rows[name].standing for name in ("A", "B", "J", "Crons")} == {
        "A": "own",
        "B": "missing",
        "J": "only here",
        "Crons": "",
    }
    assert rows["A"].theirs == "2"
    assert EnvironmentSettings(read(settings())).rows()[0].group == "Variables"
    same = EnvironmentSettings(read(settings()), read(settings())).rows()
    assert {row.standing for row in same} == {"same", ""}


def test_only_what_was_changed_is_sent() -> None:
    under_edit = EnvironmentSettings(read(settings()))
    assert not under_edit.dirty
    assert under_edit.patch() == {}
    under_edit.type("binding:A", "2")
    under_edit.type("schedules", "*/5 * * * *\n")
    under_edit.remove("binding:J")
    under_edit.type("binding:S", "")  # nothing typed: the secret stays
    assert under_edit.patch() == {
        "bindings": [
            {"name": "A", "type": "plain_text", "text": "2"},
            {"name": "S", "type": "inherit"},
            {"name": "KV", "type": "inherit"},
        ],
        "keep_bindings": [],
    }
    assert under_edit.apart() == {"schedules": ["*/5 * * * *"]}
    under_edit.undo("binding:J")
    under_edit.undo("binding:A")
    under_edit.undo("schedules")
    assert not under_edit.dirty


def test_changes_go_on_top_of_what_came_meanwhile() -> None:
    mine = EnvironmentSettings(read(settings()), version_id="1")
    mine.type("binding:A", "mine")
    mine.type("limits", '{"cpu_ms": 50}')
    other = settings(limits={"cpu_ms": 70})
    other["bindings"][1]["json"] = 7
    fresh = EnvironmentSettings(read(other), version_id="2")
    assert mine.clashes(fresh) == ["Limits"]
    merged = mine.rebased(fresh)
    assert merged.now["binding:J"]["json"] == 7
    assert merged.now["binding:A"]["text"] == "mine"
    assert [edit.name for edit in merged.edits()] == ["A", "Limits"]


@pytest.mark.parametrize(
    ("key", "typed", "words"),
    [
        ("compatibility_date", "2026-13-01", "YYYY-MM-DD"),
        ("compatibility_date", "2999-01-01", "future"),
        ("compatibility_flags", "nodejs_compat Bad-Flag", "Bad-Flag"),
        ("limits", '{"cpu": 1}', "no limit cpu"),
        ("limits", '{"cpu_ms": 0}', "whole number"),
        ("limits", "[1]", "object"),
        ("schedules", "* * *", "5: minute"),
        ("routes", "no host/*", "hostname and a path"),
        ("domains", "*.example.com", "one hostname"),
        ("observability", '{"enabled": 1}', "true or false"),
        ("binding:J", "{", "line 1"),
        ("binding:A", "x" * 6000, "at most 5,120"),
    ],
)
def test_what_is_no_value_says_why(key: str, typed: str, words: str) -> None:
    under_edit = EnvironmentSettings(read(settings()))
    assert words in under_edit.type(key, typed)
    assert under_edit.dirty
    assert under_edit.text(key) == typed
    under_edit.undo(key)
    assert not under_edit.dirty


def test_names_of_bindings() -> None:
    assert setting_values.name_fault("NOTES", {}) == ""
    assert "no digit first" in setting_values.name_fault("1A", {})
    assert "already" in setting_values.name_fault("A", {"binding:A": {}})


@pytest.fixture
def place(engine: RunningEngine, service: str) -> str:
    """A service whose production and staging have settings."""
    variables = [
        {"type": "plain_text", "name": "MAX", "text": "500"},
        {"type": "plain_text", "name": "REGION", "text": "eu"},
    ]
    engine.deploy(service, HELLO, bindings=variables)
    engine.result("POST", f"/workers/services/{service}/environments/production/copy/staging", status=201)
    path = environment_path(service, "staging")
    own = [
        {"type": "plain_text", "name": "MAX", "text": "50"},
        {"type": "json", "name": "RULES", "json": {"a": 1}},
    ]
    engine.result("PATCH", f"{path}/settings", json={"bindings": own})
    return service


async def opened(pilot: Pilot[None], service: str, environment: str) -> SettingsScreen:
    app = pilot.app
    assert isinstance(app, SvcApp)
    await until(pilot, lambda: app.engine_state.ready)
    screen = SettingsScreen(service, environment)
    app.push_screen(screen)
    await until(pilot, lambda: screen.loaded and screen.table.row_count)
    return screen


async def test_edit_add_bind_inherit_and_save(engine: RunningEngine, place: str, tmp_path: Path) -> None:
    app = SvcApp(Options(engine.state))
    path = environment_path(place, "staging")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, place, "staging")
        table = screen.query_one(SettingsTable)
        shown = seen(pilot)
        assert "≠ 500" in shown
        assert "✗ not here eu" in shown
        assert "+ only here" in shown
        assert "= inherited" in shown

        table.go_to("binding:MAX")
        await pilot.press("enter")
        await until(pilot, lambda: screen.query_one("#value", CodeEditor).has_focus)
        await pilot.press("1", "escape")
        await until(pilot, lambda: screen.settings.now["binding:MAX"]["text"] == "150")
        assert "was 50" in seen(pilot)
        assert "◆ 1 change" in seen(pilot)
        await pilot.press("u")
        await until(pilot, lambda: not screen.settings.dirty)

        table.go_to("binding:REGION")
        await pilot.press("p")
        await until(pilot, lambda: screen.settings.now.get("binding:REGION"))
        table.go_to("binding:RULES")
        await pilot.press("x")
        await until(pilot, lambda: "binding:RULES" not in screen.settings.now)

        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewSettingDialog))
        await pilot.press(*"API_KEY", "tab", "end", "space")
        app.screen.query_one("#secret_text").toggle()  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.click("#go")
        await until(pilot, lambda: app.screen is screen and screen.query_one("#secret", Input).has_focus)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: any("needs a text" in str(toast.message) for toast in app._notifications))
        screen.query_one("#secret", Input).focus()
        await pilot.press(*"hush", "enter")
        await until(pilot, lambda: not screen.settings.faults)
        assert "hush" not in seen(pilot)

        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, BindDialog))
        title = f"kv-{place}"
        await pilot.press(*title)
        dialog = app.screen
        assert isinstance(dialog, BindDialog)
        await until(pilot, lambda: dialog.shown and title in dialog.shown[0].label)
        assert dialog.query_one("#go", Button).disabled
        await pilot.press("down", "up", "enter")
        await until(pilot, lambda: dialog.query_one("#name", Input).has_focus)
        await pilot.press(*"NOTES", "enter")
        await until(pilot, lambda: "binding:NOTES" in screen.settings.now)

        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveSettingsDialog))
        shown = seen(pilot)
        assert "Save 4 settings" in shown
        assert "removed" in shown
        await pilot.press("y")
        await until(pilot, lambda: app.screen is screen and screen.loaded and not screen.settings.dirty)
        live = {each["name"]: each for each in engine.result("GET", f"{path}/settings")["bindings"]}
        assert sorted(live) == ["API_KEY", "MAX", "NOTES", "REGION"]
        assert live["API_KEY"] == {"name": "API_KEY", "type": "secret_text"}

        table.go_to("binding:NOTES")
        await pilot.press("e")
        await until(
            pilot,
            lambda: isinstance(app.screen, BindDialog) and app.screen.query_one(OptionList).option_count,
        )
        assert {offer.type for offer in app.screen.shown} == {"kv_namespace"}  # type: ignore[attr-defined]
        await pilot.press("escape")

        for key in ("schedules", "observability"):
            text = {"schedules": "0 3 * * 1", "observability": '{"enabled": true}'}[key]
            table.go_to(key)
            await pilot.press("2")
            await until(pilot, lambda: screen.query_one("#value", CodeEditor).has_focus)
            screen.query_one("#value", CodeEditor).replace_all(text)
            await pilot.press("escape")
            await until(pilot, lambda key=key: screen.settings.row(key).changed)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveSettingsDialog))
        await pilot.press("y")
        await until(pilot, lambda: app.screen is screen and screen.loaded and not screen.settings.dirty)
        assert engine.result("GET", f"{path}/schedules")["schedules"][0]["cron"] == "0 3 * * 1"
        assert engine.result("GET", f"{path}/script-settings")["observability"] == {"enabled": True}
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, KeysDialog))
        assert "Here: settings" in seen(pilot)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(app.screen, SettingsScreen))


async def test_production_and_somebody_else(engine: RunningEngine, place: str, tmp_path: Path) -> None:
    app = SvcApp(Options(engine.state))
    path = environment_path(place)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, place, "production")
        assert "▲ PRODUCTION" in seen(pilot)
        screen.table.go_to("binding:MAX")
        await pilot.press("enter")
        await until(pilot, lambda: screen.query_one("#value", CodeEditor).has_focus)
        await pilot.press("9")
        await until(pilot, lambda: screen.settings.dirty)
        ours = [
            {"type": "plain_text", "name": "MAX", "text": "1"},
            {"type": "plain_text", "name": "NEW", "text": "n"},
        ]
        engine.result("PATCH", f"{path}/settings", json={"bindings": ours})
        await until(pilot, lambda: "while you edited" in screen.notice)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveSettingsDialog))
        assert "MAX changed there, too" in " ".join(seen(pilot).split())
        assert app.screen.query_one("#go", Button).disabled
        await pilot.press(*"production", "enter")
        await until(pilot, lambda: app.screen is screen and screen.loaded and not screen.settings.dirty)
        live = {each["name"]: each["text"] for each in engine.result("GET", f"{path}/settings")["bindings"]}
        assert live == {"MAX": "9500", "NEW": "n"}

        screen.table.focus()
        screen.table.go_to("limits")
        await pilot.press("e")
        await until(pilot, lambda: screen.query_one("#value", CodeEditor).has_focus)
        await pilot.press("z")
        await until(pilot, lambda: screen.settings.dirty)
        await pilot.press("escape", "r")
        await until(pilot, lambda: app.screen is not screen)
        await pilot.press("y")
        await until(pilot, lambda: app.screen is screen and not screen.settings.dirty)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, SettingsScreen))


async def test_crons_run_now_and_tell_how_it_went(engine: RunningEngine, service: str) -> None:
    code = """
export default {
  fetch: () => new Response("ok"),
  scheduled(controller) { if (controller.cron.startsWith("5")) throw new TypeError("no such shelf"); },
};
"""
    engine.deploy(service, code)
    path = environment_path(service, "production")
    engine.result("PUT", f"{path}/schedules", json=[{"cron": "0 3 * * *"}, {"cron": "5 3 * * *"}])
    app = SvcApp(Options(engine.state))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, service, "production")
        await pilot.press("f5")
        await until(pilot, lambda: "None so far." in seen(pilot))
        assert "Crons of" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "✓ 0 3 * * * ran in" in seen(pilot))
        await until(pilot, lambda: "by hand" in seen(pilot))
        await pilot.press("down", "enter")
        await until(pilot, lambda: seen(pilot).count("no such shelf") == 2)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
