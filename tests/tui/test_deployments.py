"""The deployments screen: history, A and B, the difference, rolling back."""

from __future__ import annotations

from typing import Any

from dialog_app import DialogApp, RecordingEngine, text_of, typed
from textual.pilot import Pilot
from textual.widgets import Button

from tui.client import EngineError
from tui.messages import Change
from tui.screens.deployments import DeploymentsScreen
from tui.screens.diff import DiffScreen
from tui.widgets.history_table import HistoryTable, entries
from tui.widgets.pane import Pane


async def settled(pilot: Pilot[Any]) -> None:
    """The engine has answered and the answer is painted."""
    await pilot.pause()
    screen = pilot.app.screen
    reading = [w for w in pilot.app.workers if w.group in ("history", "compare") and w.node is screen]
    await pilot.app.workers.wait_for_complete(reading)
    await pilot.pause()


async def opened(pilot: Pilot[Any], environment: str = "production") -> DeploymentsScreen:
    """The screen with its history on it."""
    app = pilot.app
    assert isinstance(app, DialogApp)
    screen = DeploymentsScreen("notes", environment)
    app.show(screen)
    await settled(pilot)
    await settled(pilot)
    return screen


def test_a_deployment_of_two_versions_has_two_rows() -> None:
    engine = RecordingEngine()
    engine.history[0]["versions"] = [
        {"version_id": "v39", "percentage": 10},
        {"version_id": "v38", "percentage": 90},
    ]
    rows = entries(engine.history, [{"id": "v38", "number": 38}, {"id": "v39", "number": 39}])
    assert [(row.number, row.share, row.live) for row in rows[:3]] == [
        (39, 10, True),
        (38, 90, True),
        (None, 100, False),
    ]


async def test_the_history_names_who_did_what() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = text_of(app)
        assert "▲ PRODUCTION  notes › production › deployments" in shown
        assert "● 100 %" in shown
        assert "wrangler  deploy" in shown
        assert "[b]not markup[/b]" in shown
        assert "3 deployments" in shown
        assert "A v37 → B v38" in shown
        assert "1 setting  1 module, +2 −1" in shown


async def test_b_follows_the_cursor_and_space_holds_a() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        table = screen.query_one(HistoryTable)
        await pilot.press("down")
        await settled(pilot)
        assert app.engine.asked[-1] == ("diff", "v36", "v37")
        await pilot.press("space", "up")
        await settled(pilot)
        assert table.other is not None
        assert table.other.number == 37
        await pilot.press("G")
        await settled(pilot)
        assert app.engine.asked[-1] == ("diff", "v37", "v36")
        assert "A v37 → B v36" in text_of(app)
        await pilot.press("k", "space", "G")
        await settled(pilot)
        assert "v36 is the first version" in text_of(app)


async def test_what_was_compared_once_is_not_asked_again() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for key in ("down", "up", "down", "up"):
            await pilot.press(key)
            await settled(pilot)
    asked = [asked for asked in app.engine.asked if asked[0] == "diff"]
    assert len(asked) == len(set(asked)) == 2


async def test_rolling_production_back_wants_its_name() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("down", "R")
        await pilot.pause()
        shown = text_of(app)
        assert "Roll back notes › ▲ production to v37" in shown
        assert (
            "replaces v38 at production.notes.dev.localhost" in shown or "replaces v38 at notes.dev" in shown
        )
        assert app.screen.query_one("#go", Button).disabled
        await typed(pilot, "production", "enter")
        await settled(pilot)
        await settled(pilot)
        assert ("roll back", "v37", False) in app.engine.asked
        assert any(told.startswith("Rolled back to v37 in ") for told in app.told)
        assert "4 deployments" in text_of(app)


async def test_elsewhere_yes_is_enough_and_escape_is_no() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "staging")
        await pilot.press("down", "R")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert not any(asked[0] == "roll back" for asked in app.engine.asked)
        await pilot.press("R")
        await pilot.pause()
        await pilot.press("y")
        await settled(pilot)
    assert ("roll back", "v37", False) in app.engine.asked


async def test_what_is_live_is_not_rolled_back_to() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("R")
        await pilot.pause()
        assert app.told == ["v38 is live now. Choose another row to roll back to."]


async def test_secrets_that_changed_are_asked_about() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "staging")
        app.engine.fail = [EngineError(10220, "The following secrets have changed: API_KEY", 400)]
        await pilot.press("down", "R")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert "The following secrets have changed: API_KEY" in " ".join(text_of(app).split())
        await pilot.press("y")
        await settled(pilot)
    assert [asked for asked in app.engine.asked if asked[0] == "roll back"] == [
        ("roll back", "v37", False),
        ("roll back", "v37", True),
    ]


async def test_a_refusal_is_told() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "staging")
        app.engine.fail = [EngineError(10041, "v37 binds NOTES to a KV namespace, which is gone", 400)]
        await pilot.press("down", "R")
        await pilot.pause()
        await pilot.press("y")
        await settled(pilot)
    assert app.told == ["v37 binds NOTES to a KV namespace, which is gone"]


async def test_it_follows_what_happens_elsewhere() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("down")
        app.engine.history.insert(0, app.engine.deployment(6, "v39", "from another window", "bo"))
        app.account_changed.publish(Change("deployment", "notes", "production", version=39))
        await settled(pilot)
        await settled(pilot)
        assert "from another window" in text_of(app)
        current = screen.query_one(HistoryTable).current
        assert current is not None
        assert current.number == 37
        app.account_changed.publish(Change("environment.deleted", "notes", "production"))
        await pilot.pause()
    assert app.results == [None]


async def test_a_rename_is_followed() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, "staging")
        app.account_changed.publish(
            Change("environment.renamed", "notes", "preview", old_environment="staging")
        )
        await settled(pilot)
        assert screen.environment == "preview"
        assert "notes › preview › deployments" in text_of(app)


async def test_an_engine_that_is_away_is_said_in_the_border() -> None:
    app = DialogApp()
    app.engine.fail = [EngineError(10092, "notes has no environment named production", 404)]
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        assert "no environment named production" in screen.query_one("#history", Pane).bottom


async def test_the_whole_difference_and_back() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for key in ("d", "enter"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, DiffScreen)
            await pilot.press("escape")
            assert isinstance(app.screen, DeploymentsScreen)
        await pilot.press("3")
        assert app.focused is app.screen.query_one("#history-diff")
        await pilot.press("escape")
    assert app.results == [None]


async def test_panes_keys_and_pipelines_from_the_history() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("3")
        assert screen.query_one("#difference", Pane).has_focus_within
        await pilot.press("2")
        assert screen.query_one("#history", Pane).has_focus_within
        for key in ("question_mark", "p"):
            asked: list[str] = []
            app.show_keys = lambda asked=asked: asked.append("keys")  # type: ignore[attr-defined]
            app.push_screen = lambda other, asked=asked: asked.append(type(other).__name__)  # type: ignore
            await pilot.press(key)
            await pilot.pause()
            assert asked == [{"question_mark": "keys", "p": "PipelinesScreen"}[key]]


async def test_a_part_of_the_requests_goes_to_another_version() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("percent_sign")
        assert "Choose the row of another version." in app.told[-1]
        await pilot.press("down", "percent_sign")
        await pilot.pause()
        assert "Share notes › ▲ production between v37 and others" in text_of(app)
        go = app.screen.query_one("#go", Button)
        await typed(pilot, "101")
        assert "A percentage, 0 to 100." in text_of(app)
        await pilot.press("backspace", "backspace")
        await typed(pilot, "0", "tab")
        assert "v37 10 %  ━━━━" in text_of(app)
        assert "v38 90 %" in text_of(app)
        assert go.disabled, "production wants its name"
        await typed(pilot, "production", "enter")
        await settled(pilot)
        assert ("share", (("v37", 10.0), ("v38", 90.0))) in app.engine.asked
        assert "v37 gets 10 % now." in app.told
        await settled(pilot)
        assert "◐ 10 %" in text_of(app)


async def test_elsewhere_a_hundred_percent_needs_no_name() -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "staging")
        await pilot.press("down", "percent_sign")
        await pilot.pause()
        await typed(pilot, "100", "enter")
        await settled(pilot)
        assert ("share", (("v37", 100.0),)) in app.engine.asked
