"""Running what is on screen: one stream of events, painted ten times a second."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import tempfile
import time
import uuid
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

import platformdirs
from textual import on, work
from textual.timer import Timer

from tui import clipboard
from tui.client import EngineAway, EngineError, Json
from tui.commands import answer
from tui.commands import workbench as commands
from tui.format import size
from tui.requests import absolute
from tui.run_report import RunReport
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.workbench.saving import SavingScreen
from tui.widgets.answer_pane import RESPONSE, AnswerPane
from tui.widgets.calls_view import CallsView, calls_summary
from tui.widgets.console_view import ConsoleView
from tui.widgets.pane import Pane
from tui.widgets.request_bar import RequestBar
from tui.widgets.response_view import ResponseView

SECOND_TENTH = 0.1
COPIED = 2 * 1024 * 1024
"""Bytes of a body that are copied at most."""
SUFFIXES = {
    "json": ".json",
    "html": ".html",
    "css": ".css",
    "javascript": ".js",
    "xml": ".xml",
    "plain": ".txt",
}


class RunningScreen(SavingScreen):
    """f5 and everything that follows from it."""

    def __init__(self, service: str, environment: str) -> None:
        super().__init__(service, environment)
        self._began = 0.0
        self._news = False
        self._ticking: Timer | None = None
        self.report: RunReport | None = None
        """The run whose answer is shown."""

    def on_mount(self) -> None:
        """Paint a run in progress at most ten times a second, and its clock with it."""
        self._ticking = self.set_interval(SECOND_TENTH, self._tick, pause=True)

    def on_unmount(self) -> None:
        """Let the body's temporary file go."""
        if self.report is not None:
            self.let_go(self.report)

    @on(commands.Run)
    @on(RequestBar.Submitted)
    @work(exclusive=True, group="ask")
    async def run_draft(self) -> None:
        """Run what is on screen; a run in progress is cancelled."""
        if not self.loaded:
            self.run_wanted = True
            return
        if self.request_bar.fault:
            self.tell(f"The request's headers, {self.request_bar.fault}.", True)
            return
        live = self.writes_next
        if live and self.production:
            question = ConfirmDialog(
                f"Run with live writes on {self.place}",
                "The draft's writes go to production's own data. They are not undone.",
                verb="Run",
                typed="production",
                production=True,
            )
            if not await self.app.push_screen_wait(question):
                return
        self.writes_next = False
        self.keep_now()
        self._run("live" if live else "sandbox")

    @work(exclusive=True, group="run")
    async def _run(self, mode: str) -> None:
        request, turn = self.request_bar.request, self.turn
        report = RunReport(request.method, _path(request.url), mode, f"{datetime.now():%H:%M:%S}")
        report.session = uuid.uuid4().hex
        payload: Json = {
            "modules": self.workspace.payload(),
            "main_module": self.workspace.main,
            "request": request.payload(self.base_url),
            "mode": mode,
            "session": report.session if mode == "sandbox" else None,
            "trace": True,
        }
        self.running, self._began = report, time.monotonic()
        if self._ticking is not None:
            self._ticking.resume()
        self.show_state()
        self._paint()
        try:
            async with aclosing(self.svc.engine.run(self.service, self.environment, payload)) as events:  # type: ignore[type-var]
                async for event in events:
                    report.take(event)
                    self._news = True
        except EngineError as error:
            report.take({"type": "exception", "name": "Error", "message": error.message, "phase": "refused"})
        except EngineAway as away:
            message = f"The engine went away: {away.reason}."
            report.take({"type": "exception", "name": "Error", "message": message, "phase": "away"})
        finally:
            # Cancelled by escape, or by the next run, which is on the screen then.
            report.outcome = report.outcome or ("exception" if report.failure else "canceled")
            report.wall = report.wall or (time.monotonic() - self._began) * 1000
            if self.running is report and self.query(AnswerPane):  # the screen may be closing
                self._finish(report, turn)

    def stop(self) -> bool:
        """Cancel the run in progress; its stream is closed, which ends it in the engine.

        Returns:
            Whether there was one.
        """
        if self.running is None:
            return False
        self.workers.cancel_group(self, "run")
        return True

    def _tick(self) -> None:
        if self.running is not None:
            self._paint()
        elif self._ticking is not None:
            self._ticking.pause()

    def _finish(self, report: RunReport, turn: int) -> None:
        self.running = None
        failure = report.failure
        marks = {}
        if failure is not None and failure.where is not None:
            marks = {failure.where.file: {failure.where.line - 1: failure.message}}
        self.mark_failure(marks, turn)
        self._show(report)
        self.show_state()
        self.remember(report)
        if failure is not None:
            self.answer.show_part(RESPONSE)

    def remember(self, report: RunReport) -> None:
        """The request was sent: the screen that keeps requests writes it down."""

    def _paint(self) -> None:
        """Show the run so far; until it answers, the old answer stays, dashed."""
        running = self.running
        if running is None:
            return
        elapsed = (time.monotonic() - self._began) * 1000
        if running.status is not None or running.failure is not None:
            if self._news:
                self._show(running)
        else:
            self._show(self.report or running, running, elapsed)
        self._news = False

    def _show(self, report: RunReport, running: RunReport | None = None, elapsed: float = 0.0) -> None:
        if self.report is not None and self.report is not report:
            self.let_go(self.report)
        self.report = report
        self.answer.show(report, running, elapsed)
        pane = self.query_one("#calls", Pane)
        pane.query_one(CallsView).show(running or report)
        pane.bottom = calls_summary(running or report)

    def let_go(self, report: RunReport) -> None:
        """A run is not shown any more."""
        report.close()

    # ------------------------------------------------------------------ from the answer to the code

    @on(ResponseView.Chosen)
    @on(ConsoleView.Chosen)
    def _go_to(self, event: ResponseView.Chosen | ConsoleView.Chosen) -> None:
        self.go_to(event.where)

    @on(commands.AllowWrites)
    def _allow_writes(self) -> None:
        self.writes_next = not self.writes_next
        self.show_state()
        if self.writes_next:
            self.notify("The next run writes for real, once.", severity="warning")

    # ------------------------------------------------------------------ the body

    @on(answer.CopyBody)
    async def _copy(self) -> None:
        report = self.report
        if report is None:
            return
        if report.size > COPIED:
            self.tell(f"{size(report.size)} are too much to copy. s saves them.")
            return
        text = report.body().decode(errors="replace")
        done = await clipboard.copy(self.app, text)
        self.tell(
            f"Copied {size(report.size)}."
            if done
            else "No clipboard tool found, and too long for the terminal's."
        )

    @on(answer.SaveBody)
    def _save(self) -> None:
        report = self.report
        if report is None or not report.size:
            self.tell("There is no body to save.")
            return
        folder = Path(platformdirs.user_downloads_dir())
        try:
            folder.mkdir(parents=True, exist_ok=True)
            target = _free(folder / f"{self.service}-{self.environment}{_suffix(report)}")
            with target.open("xb") as file:
                report.copy_body(file)
        except OSError as error:
            self.tell(f"Not saved: {error.strerror or error} ({folder}).", True)
        else:
            self.tell(f"Saved {size(report.size)} in {target}.")

    @on(answer.OpenPager)
    def _pager(self) -> None:
        report = self.report
        if report is None or not report.size:
            return
        with tempfile.NamedTemporaryFile(prefix="svc-tui-", suffix=_suffix(report)) as file:
            report.copy_body(file)
            file.flush()
            self.run_outside([*shlex.split(os.environ.get("PAGER") or "less -R"), file.name], "$PAGER")

    def run_outside(self, command: list[str], what: str) -> bool:
        """Give the terminal to another program until it ends.

        Args:
            command: The program and its arguments.
            what: What to set when it does not start, `$EDITOR`.

        Returns:
            Whether it ran and ended well.
        """
        trouble = ""
        with contextlib.ExitStack() as stack:
            if self.app.is_headless or self.app.is_web:
                trouble = "There is no terminal to give away."
            else:
                stack.enter_context(self.app.suspend())
                try:
                    code = subprocess.run(command, check=False).returncode
                    trouble = f"{command[0]} ended with code {code}; nothing was taken." if code else ""
                except OSError as error:
                    trouble = f"{command[0]} does not start: {error.strerror}. Set {what}."
        self.refresh(layout=True)
        if trouble:
            self.tell(trouble, True)
        return not trouble


def _path(url: str) -> str:
    """The path and query of what was typed, for the answer's border."""
    return "/" + absolute(url, "http://x").split("://", 1)[-1].partition("/")[2]


def _suffix(report: RunReport) -> str:
    subtype = report.header("content-type").partition(";")[0].strip().rpartition("/")[2]
    return SUFFIXES.get(subtype.rpartition("+")[2], ".bin" if subtype else ".txt")


def _free(path: Path) -> Path:
    """A name that is not taken: `-2`, `-3`, … before the suffix."""
    number, free = 2, path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free
