"""Pipelines of a service: how far a run has come, gate by gate, and its approvals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.widgets import DataTable, Static

from tui.client import EngineAway, EngineError
from tui.commands.base import Command
from tui.commands.pipelines import (
    PIPELINES,
    AbortRun,
    ApproveRun,
    LeavePipelines,
    PaneEvents,
    PanePipelines,
    PaneStages,
    PipelineKeys,
    StartRun,
)
from tui.format import plural, version
from tui.markup import escape
from tui.messages import Change, Connected
from tui.pipeline_text import current_line, happened, ladder, state
from tui.screens.base import SvcScreen
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.widgets.pane import Pane
from tui.widgets.pipelines_table import PipelinesTable

Json = dict[str, Any]
#: Seconds between two looks at a run that is watched: its counters are not in the change feed.
TICK = 1.0
PRODUCTION = "production"


class PipelinesScreen(SvcScreen[None]):
    """Reads a service's pipelines and follows their runs; starts, approves and aborts them."""

    COMMAND_CLASSES = PIPELINES
    HELP_TITLE = "Here: pipelines"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/parts.tcss", "../styles/pipelines.tcss"]
    AUTO_FOCUS = "PipelinesTable"

    def __init__(self, service: str) -> None:
        """Args:
        service: whose pipelines they are.
        """
        super().__init__()
        self.service = service
        self.painted = ("", "")

    # ------------------------------------------------------------------ what is shown

    def body(self) -> ComposeResult:
        """The pipelines above; stages and events of one below, or side by side in a wide terminal."""
        yield Pane(PipelinesTable(id="pipelines-table"), number=1, title="Pipelines", id="pipelines")
        with Grid(id="run-split"):
            with Pane(number=2, title="Stages", id="stages"), VerticalScroll():
                yield Static(id="ladder")
            with Pane(number=3, title="What happened", id="events"), VerticalScroll():
                yield Static(id="happened")

    def on_mount(self) -> None:
        """Read them, and follow what happens."""
        self.crumb = f"{self.service} › [b]pipelines[/]"
        self.svc.account_changed.subscribe(self, self._account_changed)
        self.set_interval(TICK, self._tick)
        self.load()

    @property
    def table(self) -> PipelinesTable:
        """The pipelines."""
        return self.query_one(PipelinesTable)

    @property
    def pipeline(self) -> Json | None:
        """The pipeline under the cursor."""
        found = self.table.current if self.is_mounted else None
        return dict(found) if found is not None else None

    @work(exclusive=True, group="pipelines")
    async def load(self) -> None:
        """Read the pipelines and show them, with the cursor on the row it was on."""
        try:
            found = await self.svc.engine.pipelines(self.service)
        except (EngineError, EngineAway) as error:
            for pane in self.query("#pipelines").results(Pane):
                pane.bottom = f"[$error]✗ {escape(_said(error))}[/]"
            return
        if not self.query(PipelinesTable):
            return  # the screen was left meanwhile
        self.query_one("#pipelines", Pane).bottom = plural(len(found), "pipeline")
        first = not self.table.pipelines
        self.table.show(found)
        if first and (active := self._active()):
            self.table.go_to(active[0]["name"])
        self._show()

    def _show(self) -> None:
        """The pipeline under the cursor, below."""
        shown = self.pipeline
        stages, events = self.query_one("#stages", Pane), self.query_one("#events", Pane)
        if shown is None:
            service = escape(self.service)
            self._paint(
                f"[$muted]{service} has no pipeline yet. Write a pipeline.toml and keep it:[/]\n\n"
                "  svc-tui pipeline set pipeline.toml",
                "",
            )
            stages.bottom = events.title = ""
            return
        run = shown["run"]
        stages.title = escape(shown["name"])
        stages.bottom = state(run)
        events.title = f"Run #{run['number']}" if run else "What happened"
        self._paint(ladder(shown), happened(run))
        self.production = bool(run and run["active"] and run["environment"] == PRODUCTION)
        self.refresh_bindings()

    def _paint(self, stages: str, events: str) -> None:
        """Show texts that are new, with what happens now in sight."""
        if (stages, events) == self.painted:
            return
        moved = events != self.painted[1]
        self.painted = (stages, events)
        steps, said = self.query_one("#ladder", Static), self.query_one("#happened", Static)
        steps.update(stages)
        said.update(events)
        if moved and isinstance(steps.parent, VerticalScroll) and isinstance(said.parent, VerticalScroll):
            steps.parent.scroll_to(y=max(0, current_line(stages) - 3), animate=False)
            said.parent.scroll_end(animate=False)

    @on(DataTable.RowHighlighted)
    def _row_changed(self) -> None:
        self._show()

    def _account_changed(self, event: Connected | Change) -> None:
        if isinstance(event, Change):
            if event.service != self.service:
                return
            if event.kind == "service.deleted":
                self.notify(f"{self.service} was deleted.", severity="warning")
                self.dismiss()
                return
        self.load()

    def _tick(self) -> None:
        if self.query(PipelinesTable) and any(
            each["run"] and each["run"]["phase"] == "soak" for each in self._active()
        ):
            self.load()

    def _active(self) -> list[Any]:
        return [each for each in self.table.pipelines if each["run"] and each["run"]["active"]]

    # ------------------------------------------------------------------ verbs

    def allows(self, command: type[Command]) -> bool | None:
        """A run is started when none is under way; only one that waits is approved."""
        if command not in (StartRun, ApproveRun, AbortRun):
            return True
        shown = self.pipeline
        if shown is None:
            return None
        run = shown["run"]
        active = bool(run and run["active"])
        if command is StartRun:
            return None if active else True
        if command is AbortRun:
            return True if active else None
        return True if active and run["state"] == "waiting" else None

    @on(StartRun)
    @work(exclusive=True, group="verb")
    async def start(self) -> None:
        """Ask, then begin a run."""
        shown = self.pipeline
        if shown is None:
            return
        names = [escape(stage["environment"]) for stage in shown["definition"]["stages"]]
        dialog = ConfirmDialog(
            f"Start {escape(shown['name'])}",
            f"What is live in [b]{names[0]}[/] goes to [b]{', then '.join(names[1:])}[/], as far as "
            "the gates let it.",
            verb="Start",
            typed=PRODUCTION if shown["production"] else None,
            production=shown["production"],
        )
        engine = self.svc.engine
        await self._do(dialog, "Not started", lambda: engine.start_run(self.service, shown["name"]))

    @on(ApproveRun)
    @work(exclusive=True, group="verb")
    async def approve(self) -> None:
        """Ask, then let the run through."""
        shown = self.pipeline
        if shown is None or not shown["run"]:
            return
        run = shown["run"]
        production = run["environment"] == PRODUCTION
        dialog = ConfirmDialog(
            f"Approve {escape(shown['name'])} #{run['number']}",
            f"{version(run['source_number'])} goes to [b]{escape(run['environment'])}[/] once the gates "
            "behind this one have passed.",
            verb="Approve",
            typed=PRODUCTION if production else None,
            production=production,
        )
        engine, number = self.svc.engine, int(run["number"])
        await self._do(
            dialog, "Not approved", lambda: engine.approve_run(self.service, shown["name"], number)
        )

    @on(AbortRun)
    @work(exclusive=True, group="verb")
    async def abort(self) -> None:
        """Ask, then end the run."""
        shown = self.pipeline
        if shown is None or not shown["run"]:
            return
        run = shown["run"]
        half = run["phase"] == "soak" and run["share"]
        dialog = ConfirmDialog(
            f"Abort {escape(shown['name'])} #{run['number']}",
            f"[b]{escape(run['environment'])}[/] goes back to {version(run['before_number'])}."
            if half and run["before_number"] is not None
            else f"Nothing is changed in [b]{escape(run['environment'])}[/].",
            verb="Abort run",
            production=run["environment"] == PRODUCTION,
        )
        engine, number = self.svc.engine, int(run["number"])
        await self._do(dialog, "Not aborted", lambda: engine.abort_run(self.service, shown["name"], number))

    async def _do(self, dialog: ConfirmDialog, failed: str, verb: Callable[[], Awaitable[Json]]) -> None:
        if not await self.app.push_screen_wait(dialog):
            return
        try:
            await verb()
        except (EngineError, EngineAway) as error:
            self.notify(escape(_said(error)), title=failed, severity="error")
        self.load()

    # ------------------------------------------------------------------ the rest

    @on(PanePipelines)
    def go_to_pipelines(self) -> None:
        """Focus the pipelines."""
        self.focus_pane(1)

    @on(PaneStages)
    def go_to_stages(self) -> None:
        """Focus the stages."""
        self.focus_pane(2)

    @on(PaneEvents)
    def go_to_events(self) -> None:
        """Focus what happened."""
        self.focus_pane(3)

    @on(LeavePipelines)
    def leave(self) -> None:
        """Back to where it was opened."""
        self.dismiss()

    @on(PipelineKeys)
    def keys(self) -> None:
        """The keys of this screen."""
        self.svc.show_keys()


def _said(error: EngineError | EngineAway) -> str:
    return error.message if isinstance(error, EngineError) else f"The engine is away: {error.reason}."
