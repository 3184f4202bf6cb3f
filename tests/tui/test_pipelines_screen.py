"""The pipelines screen: the ladder of a run, and starting, approving and aborting it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from dialog_app import NOW, DialogApp, RecordingEngine, typed
from textual.pilot import Pilot
from textual.widgets import Button
from waiting import seen, until

from tui.client import EngineError
from tui.messages import Change
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.pipelines import PipelinesScreen
from tui.widgets.pane import Pane

Json = dict[str, Any]
GATES: list[Json] = [
    {"type": "request", "name": "health [b]", "method": "GET", "path": "/health", "expect": {"status": 200}},
    {"type": "approval", "name": "somebody"},
]
SOAK = {"seconds": 60, "max_error_rate": 1, "min_requests": 1}
STAGES: list[Json] = [
    {"environment": "staging"},
    {"environment": "production", "gates": GATES, "steps": [10, 100], "soak": SOAK},
]


def event(seq: int, kind: str, position: int = 0, author: str = "ana", **detail: Any) -> Json:
    return {
        "seq": seq,
        "at": NOW,
        "kind": kind,
        "stage": 1,
        "position": position,
        "author": author,
        "detail": detail,
    }


def pipeline(name: str, run: Json | None = None) -> Json:
    definition = {"service": "notes", "name": name, "stages": STAGES}
    return {"name": name, "service": "notes", "definition": definition, "production": True, "run": run}


def waiting() -> Json:
    return {
        "pipeline": "release",
        "number": 3,
        "definition": {"service": "notes", "name": "release", "stages": STAGES},
        "state": "waiting",
        "active": True,
        "stage": 1,
        "environment": "production",
        "phase": "gates",
        "position": 1,
        "source_number": 41,
        "before_number": 38,
        "share": None,
        "soak": None,
        "reason": None,
        "started_on": NOW,
        "modified_on": NOW,
        "ended_on": None,
        "events": [
            event(1, "started", message="ship [it]"),
            event(2, "planned", **{"from": "staging", "to": "production", "number": 41}),
            event(3, "gate.passed", name="health [b]", status=200, time_ms=3.1, failures=[]),
            event(4, "gate.waiting", 1, name="somebody"),
        ],
    }


class PipelineEngine(RecordingEngine):
    """Has two pipelines; one waits for an approval."""

    def __init__(self) -> None:
        super().__init__()
        self.found = [pipeline("quick"), pipeline("release", waiting())]

    async def pipelines(self, service: str) -> list[Json]:
        """As they are now."""
        return deepcopy(self.found)

    async def start_run(self, service: str, name: str, message: str | None = None) -> Json:
        """Remembered."""
        self.asked.append(("start", name))
        self._fail()
        return {}

    async def approve_run(self, service: str, name: str, number: int) -> Json:
        """The gate is passed, the first step is live."""
        self.asked.append(("approve", name, number))
        self._fail()
        run = self.found[1]["run"]
        run["events"] += [
            event(5, "gate.approved", 1, author="ben", name="somebody", message=None),
            event(6, "deployed", 0, percentage=10, number=42),
        ]
        soak = {"seconds": 4.0, "requests": 7, "errors": 0}
        run.update(state="running", phase="soak", position=0, share=10, soak=soak)
        return {}

    async def abort_run(self, service: str, name: str, number: int) -> Json:
        """The run has ended."""
        self.asked.append(("abort", name, number))
        self._fail()
        run = self.found[1]["run"]
        run["events"].append(event(9, "ended", state="aborted", reason="aborted by ana", restored=False))
        run.update(state="aborted", active=False, reason="aborted by ana", ended_on=NOW)
        return {}


async def shown(pilot: Pilot[Any], words: str) -> str:
    """The screen's text once it has these words."""
    await until(pilot, lambda: words in seen(pilot))
    return seen(pilot)


async def opened(pilot: Pilot[Any]) -> PipelinesScreen:
    screen = PipelinesScreen("notes")
    app = pilot.app
    assert isinstance(app, DialogApp)
    app.show(screen)
    await shown(pilot, "2 pipelines")
    return screen


async def confirmed(pilot: Pilot[Any], word: str = "") -> None:
    """Answer the question that is asked."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
    if word:
        pilot.app.screen.query_one("#typed").focus()
        await pilot.pause()
        await typed(pilot, word)
    pilot.app.screen.query_one("#go", Button).press()


async def test_the_run_that_is_under_way_is_shown_gate_by_gate() -> None:
    app = DialogApp(PipelineEngine())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        text = await shown(pilot, "a approves, x aborts")
        assert "notes › pipelines" in text
        assert "never ran" in text
        assert "◌ waits for approval" in text
        assert "✓ health [b]  GET /health  200 in 3.1 ms" in text
        assert "○  10 % ━" in text
        assert "60 s, at most 1 % errors" in text
        assert "started by ana: ship [it]" in text
        assert "v41 of staging is to go to production" in text
        await pilot.press("up")
        await shown(pilot, "It never ran. s starts it.")


async def test_approving_production_needs_its_name() -> None:
    engine = PipelineEngine()
    app = DialogApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await shown(pilot, "◌ ▲ production")
        await pilot.press("s")  # it is under way: nothing to start
        await pilot.press("a")
        await confirmed(pilot, "production")
        await shown(pilot, "4 of 60 s, 0 of 7 failed, limit 1 %")
        assert [each for each in engine.asked if each[0] != "plan"] == [("approve", "release", 3)]
        await shown(pilot, "✓ somebody  approval  by ben")
        assert screen.production
        await pilot.press("a")  # it waits for nobody now
        await pilot.pause()
        assert app.screen is screen


async def test_abort_says_what_goes_back_and_can_be_refused() -> None:
    engine = PipelineEngine()
    await engine.approve_run("notes", "release", 3)
    app = DialogApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("x")
        await shown(pilot, "production goes back to v38.")
        await pilot.press("escape")
        await pilot.pause()
        assert engine.asked[-1][0] == "approve"
        engine.fail.append(EngineError(10423, "it has ended already", 409))
        await pilot.press("x")
        await confirmed(pilot)
        await until(pilot, lambda: "it has ended already" in app.told)
        await pilot.press("x")
        await confirmed(pilot)
        await shown(pilot, "✗ aborted  aborted by ana")
        assert engine.asked[-1] == ("abort", "release", 3)
        assert app.screen is screen


async def test_start_asks_and_changes_are_followed() -> None:
    engine = PipelineEngine()
    app = DialogApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("up")
        await shown(pilot, "It never ran")
        await pilot.press("s")
        await confirmed(pilot, "production")
        await until(pilot, lambda: ("start", "quick") in engine.asked)
        engine.found = []
        app.account_changed.publish(Change("pipeline.deleted", "notes", None))
        await shown(pilot, "notes has no pipeline yet")
        app.account_changed.publish(Change("service.deleted", "notes", None))
        await pilot.pause()
        assert "notes was deleted." in app.told


async def test_it_opens_from_the_history() -> None:
    from tui.screens.deployments import DeploymentsScreen

    app = DialogApp(PipelineEngine())
    async with app.run_test(size=(120, 40)) as pilot:
        app.show(DeploymentsScreen("notes", "production"))
        await shown(pilot, "3 deployments")
        await pilot.press("p")
        await shown(pilot, "2 pipelines")
        await pilot.press("escape")
        await shown(pilot, "3 deployments")


async def test_panes_have_numbers_and_keys_a_help() -> None:
    app = DialogApp(PipelineEngine())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await shown(pilot, "a approves, x aborts")
        panes = {pane.number: pane for pane in app.screen.query(Pane)}
        for key in ("2", "3", "1"):
            await pilot.press(key)
            await pilot.pause()
            assert panes[int(key)].has_focus_within
        asked: list[bool] = []
        app.show_keys = lambda: asked.append(True)  # type: ignore[attr-defined]
        await pilot.press("question_mark")
        await pilot.pause()
        assert asked
