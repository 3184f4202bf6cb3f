"""Promote: what moves, what stops it, the typed name, and a plan that has grown stale."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from dialog_app import NOTES, DialogApp, RecordingEngine, environment, text_of, typed
from textual import events
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from tui.client import EngineError
from tui.screens.dialogs.promote import PromoteDialog
from tui.widgets.diff_view import DiffView
from tui.widgets.plan_table import PlanTable


async def opened(pilot: Pilot[Any], source: str = "staging", target: str | None = None) -> PromoteDialog:
    """The dialog with its first plan on it."""
    app = pilot.app
    assert isinstance(app, DialogApp)
    dialog = PromoteDialog(app.engine, NOTES, source, target)  # type: ignore[arg-type]
    app.show(dialog)
    await settled(pilot)
    return dialog


async def settled(pilot: Pilot[Any]) -> None:
    """The engine has answered and the answer is painted."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@pytest.fixture
def app() -> DialogApp:
    """An app whose engine has nothing that stops a promotion."""
    engine = RecordingEngine()
    engine.missing = False
    return DialogApp(engine)


async def test_it_says_what_will_happen_and_goes_to_production_first(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = text_of(app)
        assert "Promote notes: staging → ▲ production" in shown
        assert "v41 replaces v38 at production.example. Code moves;" in shown
        assert "→ moves  +2 −1" in shown
        assert "= stays" in shown
        assert "30 + " in shown
        assert app.focused is app.screen.query_one("#cancel")
        assert app.screen.query_one("#go", Button).disabled
        assert app.screen.query_one("#dialog").has_class("-target-production")


async def test_production_wants_its_exact_name(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await typed(pilot, "Production", "enter")
        assert app.results == []
        assert app.screen.query_one("#go", Button).disabled
        field = app.screen.query_one("#typed", Input)
        field.value = ""
        await typed(pilot, "production")
        assert not app.screen.query_one("#go", Button).disabled
        await pilot.press("enter")
        await settled(pilot)
    assert app.results == [{"version": {"number": 39}, "deployment": {"id": "d"}, "to": "production"}]
    assert app.engine.asked[-1] == ("promote", "staging", "production", (), "plan-1-[]")


async def test_an_enter_counts_for_what_was_typed_before_it(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await typed(pilot, "productio")
        field = app.screen.query_one("#typed", Input)
        assert app.focused is field
        # In one go, as a terminal sends what is typed fast: the name is whole before the enter is answered.
        pilot.app.post_message(events.Key("enter", "\r"))
        await typed(pilot, "n")
        await settled(pilot)
        assert field.value == "production"
        assert app.results == []
        assert [asked[0] for asked in app.engine.asked] == ["plan"]
        await pilot.press("enter")
        await settled(pilot)
    assert len(app.results) == 1
    assert [asked[0] for asked in app.engine.asked] == ["plan", "promote"]


async def test_what_is_typed_before_the_plan_is_there_is_not_lost(app: DialogApp) -> None:
    plan, may = app.engine.plan_promotion, asyncio.Event()

    async def later(*args: Any) -> dict[str, Any]:
        await may.wait()
        return await plan(*args)

    app.engine.plan_promotion = later  # type: ignore[method-assign]
    async with app.run_test(size=(120, 40)) as pilot:
        app.show(PromoteDialog(app.engine, NOTES, "staging"))  # type: ignore[arg-type]
        await pilot.pause()
        await typed(pilot, "producti", "enter")
        assert app.results == []  # it did not press Cancel, which has the focus
        may.set()
        await settled(pilot)
        assert app.screen.query_one("#typed", Input).value == "producti"
        await typed(pilot, "on", "enter")
        await settled(pilot)
    assert app.results == [{"version": {"number": 39}, "deployment": {"id": "d"}, "to": "production"}]


async def test_escape_cancels_and_asks_nothing_of_the_engine(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await typed(pilot, "production", "escape")
    assert app.results == [None]
    assert [asked[0] for asked in app.engine.asked] == ["plan"]


async def test_another_target_is_chosen_in_words(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        target = app.screen.query_one("#target", Select)
        target.focus()
        await pilot.press("enter")
        assert "empty, nothing yet, at empty.notes.dev.localhost" in text_of(app)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert app.engine.asked[-1] == ("plan", "staging", "empty", ())
        assert "Promote notes: staging → empty" in text_of(app)
        assert not app.screen.query_one("#typed").display
        assert not app.screen.query_one("#dialog").has_class("-target-production")
        # No name is asked for, but Cancel is still what enter means first.
        go = app.screen.query_one("#go", Button)
        assert not go.disabled
        go.focus()
        await pilot.press("enter")
        await settled(pilot)
    assert app.results[0]["to"] == "empty"


async def test_space_moves_a_row_too_and_back(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        table = app.screen.query_one(PlanTable)
        table.focus()
        await pilot.press("down")
        assert "= stays  space: move it" in text_of(app)
        await pilot.press("space")
        await settled(pilot)
        assert app.engine.asked[-1] == ("plan", "staging", "production", ("binding:MAX_NOTES",))
        assert "→ moves  space: leave it" in text_of(app)
        assert "Code moves, and with it MAX_NOTES;" in " ".join(text_of(app).split())
        assert table.current_key == "binding:MAX_NOTES"
        await pilot.press("space")
        await settled(pilot)
        assert app.engine.asked[-1] == ("plan", "staging", "production", ())


async def test_a_row_that_cannot_move_says_why(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        app.screen.query_one(PlanTable).focus()
        await pilot.press("space")
        assert "Code always moves." in text_of(app)
        await pilot.press("G", "space")
        assert "NOTES is the same on both sides." in text_of(app)
    assert len(app.engine.asked) == 1


async def test_a_missing_binding_stops_it_and_b_takes_it_along(app: DialogApp) -> None:
    app.engine.missing = True
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = text_of(app)
        assert "✗ MAIL service" in shown
        assert "stops it  worker.js:31" in shown
        assert "✗ production has no MAIL.  b takes it along" in shown
        assert not app.screen.query_one("#typed").display
        assert app.screen.query_one("#go", Button).disabled
        await pilot.press("b")
        await settled(pilot)
        assert app.engine.asked[-1] == ("plan", "staging", "production", ("binding:MAIL",))
        assert app.screen.query_one("#typed").display
        await typed(pilot, "production", "enter")
        await settled(pilot)
    assert app.engine.asked[-1] == (
        "promote",
        "staging",
        "production",
        ("binding:MAIL",),
        "plan-1-['binding:MAIL']",
    )


async def test_a_stale_plan_is_shown_anew_and_the_name_typed_again(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        app.engine.fail = [EngineError(10409, "staging or production has changed", 409)]
        app.engine.revision = 2
        await typed(pilot, "production", "enter")
        await settled(pilot)
        shown = text_of(app)
        assert "Something was deployed meanwhile. This is the plan now." in shown
        assert "replaces v39" in shown
        assert app.screen.query_one("#typed", Input).value == ""
        assert app.screen.query_one("#go", Button).disabled
        assert app.results == []
        await typed(pilot, "production", "enter")
        await settled(pilot)
    assert app.engine.asked[-1] == ("promote", "staging", "production", (), "plan-2-[]")


async def test_a_refusal_is_shown_and_nothing_is_lost(app: DialogApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        app.engine.fail = [EngineError(10410, "production has no [MAIL]", 400)]
        await typed(pilot, "production", "enter")
        await settled(pilot)
        assert "✗ production has no [MAIL]" in text_of(app)
        assert not app.screen.query_one("#go", Button).disabled
    assert app.results == []


async def test_a_service_with_one_environment_has_nowhere_to_go() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        service = {"id": "billing", "environments": [environment("production", 3, "billing")]}
        app.show(PromoteDialog(app.engine, service, "production"))  # type: ignore[arg-type]
        await settled(pilot)
        assert "billing has no other environment." in text_of(app)
        assert app.screen.query_one("#go", Button).disabled
    assert app.engine.asked == []


async def test_table_and_diff_shrink_and_the_buttons_stay(app: DialogApp) -> None:
    async with app.run_test(size=(60, 16)) as pilot:
        await opened(pilot)
        for size in ((60, 16), (80, 24), (120, 40), (200, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            box = app.screen.query_one("#dialog").region
            assert app.screen.region.contains_region(box)
            for button in app.screen.query(Button):
                assert box.contains_region(button.region), f"{button.id} at {size}"
            assert app.screen.query_one(PlanTable).size.height >= 4
            assert app.screen.query_one(DiffView).size.height >= 1
            assert app.screen.query_one("#typed").region.right <= app.screen.query_one("#cancel").region.x
