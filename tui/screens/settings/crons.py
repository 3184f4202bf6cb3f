"""Cron triggers: run one now, and what became of the last runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui import format
from tui.client import EngineAway, EngineError
from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog, DialogButton
from tui.widgets.facts import Block, Facts

if TYPE_CHECKING:
    from tui.client import Engine

Json = dict[str, Any]
#: Runs that are shown.
SHOWN = 12
#: Seconds after which a run that is not over is said to be under way.
PATIENCE = 0.3


class CronsDialog(Dialog[None]):
    """The triggers, and below their last runs; stays open, so that one can run again and again."""

    AUTO_FOCUS = "#crons"
    MIDDLE: ClassVar[tuple[tuple[str, int], ...]] = (("#crons", 1), ("#runs", 3))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "app.simulate_key('down')", "Down", show=False),
        Binding("k", "app.simulate_key('up')", "Up", show=False),
        Binding("r,f5", "run", "Run now", show=False, id="crons-run"),
    ]

    def __init__(self, engine: Engine, where: tuple[str, str], place: str, crons: Sequence[str]) -> None:
        """Args:
        engine: the account.
        where: service and environment.
        place: how they are written, markup.
        crons: the triggers that are live.
        """
        super().__init__(f"Crons of {place}", production=where[1] == "production")
        self.engine, self.where, self.crons = engine, where, list(crons)

    def words(self) -> str:
        return "Each calls [b]scheduled()[/] of the deployed code with its real bindings, also when run now."

    def keys(self) -> str:
        return "enter runs it now  esc closes"

    def compose_middle(self) -> ComposeResult:
        yield OptionList(*(Option(escape(cron), id=cron) for cron in self.crons), compact=True, id="crons")
        yield Static("[b $muted]Last runs[/]", classes="section")
        yield Facts(id="runs")

    def compose_buttons(self) -> ComposeResult:
        yield DialogButton("Close", id="cancel")

    def refresh_ready(self) -> None:
        """There is no verb's button."""

    def opened(self) -> None:
        self.read()

    @work(exclusive=True, group="runs")
    async def read(self) -> None:
        """Read the last runs and show them."""
        try:
            found = await self.engine.schedule_runs(*self.where)
        except (EngineError, EngineAway) as error:
            self.say(f"[$error]✗ {escape(str(error))}[/]")
            return
        rows = [_row(run) for run in found[:SHOWN]] or [("[$muted]None so far.[/]", "", "", "", "")]
        self.query_one("#runs", Facts).show(Block(rows, rigid=frozenset({0, 1}), right=frozenset({3})))
        self.call_after_refresh(self.fit)

    @on(OptionList.OptionSelected, "#crons")
    def action_run(self) -> None:
        """Run the trigger under the cursor."""
        highlighted = self.query_one("#crons", OptionList).highlighted
        if highlighted is None:
            return
        if self.engine.read_only:
            self.say("[$warning]![/] Read only: nothing is run.")
            return
        self._run(self.crons[highlighted])

    @work(exclusive=True, group="run")
    async def _run(self, cron: str) -> None:
        slow = self.set_timer(PATIENCE, lambda: self.say(f"[$accent]◐[/] running {escape(cron)}"))
        try:
            run = await self.engine.run_schedule(*self.where, cron)
        except (EngineError, EngineAway) as error:
            slow.stop()
            self.say(f"[$error]✗ {escape(str(error))}[/]")
            return
        slow.stop()
        took = format.duration(run.get("duration_ms"))
        if run["outcome"] == "ok":
            self.say(f"[$success]✓[/] {escape(cron)} ran in {took}.")
        else:
            self.say(f"[$error]✗ {escape(str(run.get('error') or run['outcome']).splitlines()[0])}[/]")
        self.read()

    def most_rows(self, widget: Widget) -> int:
        return 6 if widget.id == "crons" else SHOWN


def _row(run: Json) -> tuple[str, ...]:
    marks = {"ok": "[$success]✓[/]", "running": "[$accent]◐[/]"}
    why = f"by hand, {run['author']}" if run.get("manual") else "on time"
    error = str(run.get("error") or "").splitlines()
    return (
        marks.get(run["outcome"], "[$error]✗[/]"),
        f"[$muted]{format.day(run['started_on'])}[/]",
        escape(run["cron"]),
        format.duration(run.get("duration_ms")),
        f"[$error]{escape(error[0])}[/]" if error else f"[$muted]{escape(why)}[/]",
    )
