"""The writes that the last run kept back: shown, applied, and let go with the run."""

from __future__ import annotations

from textual import on, work

from tui.client import Engine, EngineAway, EngineError
from tui.commands import writes as commands
from tui.format import plural
from tui.run_report import RunReport
from tui.screens.dialogs.writes import WritesDialog
from tui.screens.workbench.requesting import RequestingScreen


class ApplyingScreen(RequestingScreen):
    """What becomes of kept-back writes."""

    @on(commands.KeptWrites)
    @work(exclusive=True, group="writes")
    async def _kept_writes(self) -> None:
        report = self.report
        if report is None or report.running or not report.kept_back:
            self.tell("The last run kept no writes back." if report else "Nothing has run yet: f5 runs it.")
            return
        if self.svc.read_only:
            self.tell(f"{self.svc.read_only_because}: writes stay kept back.", True)
            return
        engine, service, environment = self.svc.engine, self.service, self.environment
        dialog = WritesDialog(
            self.place,
            f"{report.method} {report.path}",
            lambda: engine.kept_writes(service, environment, report.session),
            lambda ids, force: engine.apply_writes(service, environment, report.session, ids, force),
            self.production,
        )
        await self.app.push_screen_wait(dialog)
        if dialog.applied and report is self.report:
            report.applied, report.writes = report.applied + dialog.applied, dialog.left
            self._show(report)
            self.tell(f"Applied {plural(dialog.applied, 'write')}.")

    def let_go(self, report: RunReport) -> None:
        """A run is not shown any more: nobody can apply its writes."""
        super().let_go(report)
        if report.kept_back:
            # Of the app: the screen may be closing.
            self.app.run_worker(
                _drop(self.svc.engine, self.service, self.environment, report.session), group="drop-writes"
            )


async def _drop(engine: Engine, service: str, environment: str, session: str) -> None:
    try:
        await engine.drop_writes(service, environment, session)
    except (EngineError, EngineAway):
        return  # it is gone already, or goes with the engine
