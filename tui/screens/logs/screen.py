"""The layout of the logs screen, and its keys."""

from __future__ import annotations

import json
from pathlib import Path, PurePath
from typing import ClassVar

import platformdirs
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input

from tui.commands import logs as commands
from tui.commands.base import Command
from tui.format import plural
from tui.log_records import ALL, ERROR, LEVELS, LogFilter, LogRecord
from tui.markup import escape
from tui.run_report import Location
from tui.screens.logs.following import STEP, FollowingScreen
from tui.widgets.log_view import LogView
from tui.widgets.numbers import Numbers
from tui.widgets.pane import Pane

#: Seconds after the last key until what is kept is asked for again.
REST = 0.15
TITLES = {
    ALL: "Tail",
    "warn": "Tail  [$warning]warnings and errors[/]",
    ERROR: "Tail  [$error]errors only[/]",
}


class LogField(Input):
    """The filter's field; the arrow goes down into the list."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "submit", "To the list", show=False)]


class LogsScreen(FollowingScreen):
    """What an environment (or a service) says and how it does.

    Args:
        service: The service.
        environment: The environment; None for all of the service.
    """

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = commands.LOGS
    HELP_TITLE = "Here: logs"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../../styles/logs.tcss"]
    AUTO_FOCUS = "LogView"

    def __init__(self, service: str, environment: str | None) -> None:
        super().__init__(service, environment)
        self._one = environment or "production"
        self._typing: Timer | None = None

    def body(self) -> ComposeResult:
        """Numbers above, the list below."""
        with Pane(number=1, id="numbers-pane", title="Last 5 minutes"):
            yield Numbers()
        with Pane(number=2, id="tail", title=TITLES[ALL]):
            yield LogField(
                placeholder="filter: status>=400 method:POST level:warn text", id="log-filter", compact=True
            )
            yield LogView()

    def on_mount(self) -> None:
        """Follow it."""
        self.say_where()
        self.svc.account_changed.subscribe(self, self.account_changed)
        self.follow()
        self._count()
        self.set_interval(STEP, self.count_now)

    def on_screen_resume(self) -> None:
        """Back from another screen."""
        self.count_now()

    # ------------------------------------------------------------------ which records

    @on(commands.FilterLogs)
    def _filter(self) -> None:
        self.query_one(LogField).focus()

    @on(Input.Changed, "#log-filter")
    def _filter_changed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(REST, self._choose)

    @on(Input.Submitted, "#log-filter")
    def _filter_submitted(self) -> None:
        self.view.focus()

    def _choose(self, level: str | None = None) -> None:
        """Show what the field and the level let through."""
        chosen = LogFilter(self.query_one(LogField).value, level or self.chosen.level)
        if chosen != self.chosen:
            self.chosen = chosen
            self.tail.title = TITLES[chosen.level]
            self.load()
        if chosen.trouble:
            self.notify(escape(chosen.trouble), severity="warning")

    @on(commands.ErrorsOnly)
    def _errors_only(self) -> None:
        self._choose(ALL if self.chosen.level == ERROR else ERROR)

    @on(commands.LogLevels)
    def _levels(self) -> None:
        self._choose(LEVELS[(LEVELS.index(self.chosen.level) + 1) % len(LEVELS)])

    @on(commands.WholeService)
    def _whole(self) -> None:
        self.environment = None if self.environment is not None else self._one
        self.waiting.clear()
        self.say_where()
        self.follow()
        self._count()

    @on(commands.PauseLogs)
    def _pause(self) -> None:
        self.paused = not self.paused
        if not self.paused:
            self._show_waiting()
        self.say_state()

    @on(commands.ClearLogs)
    def _clear(self) -> None:
        self.waiting.clear()
        self.missed, self.older = 0, None
        self.view.empty = "[$muted]Cleared. What comes shows up here.[/]  [b $accent]x x[/] brings it back"
        self.view.clear()
        self.say_state()

    @on(LogView.Older)
    def _older(self) -> None:
        self.load_older()

    # ------------------------------------------------------------------ one record

    @on(commands.NextError)
    def _next_error(self) -> None:
        if not self.view.go_to_error(1):
            self.notify("Nothing went wrong after this.")

    @on(commands.PreviousError)
    def _previous_error(self) -> None:
        if not self.view.go_to_error(-1):
            self.notify("Nothing went wrong before this.")

    @on(commands.GoToSource)
    def _source(self) -> None:
        row = self.view.row
        if row is None:
            return
        where = row.detail.where if row.detail is not None else None
        if (where := where or row.record.first_place()) is None:
            self.notify("No line of the code is known here: it wrote nothing while somebody listened.")
        else:
            self.go_to_source(row.record, where)

    @on(LogView.Chosen)
    def _chosen(self, event: LogView.Chosen) -> None:
        self.go_to_source(event.record, event.where)

    def go_to_source(self, record: LogRecord, where: Location) -> None:
        """Open the workbench at a place in the code; the one below this screen if it is that one."""
        from tui.screens.workbench import WorkbenchScreen

        version = (record.raw.get("scriptVersion") or {}).get("id")
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        if (
            isinstance(below, WorkbenchScreen)
            and below.loaded
            and (below.service, below.environment) == (self.service, record.environment)
        ):
            self.dismiss()
            below.call_after_refresh(below.arrive, where, version)
            return
        workbench = WorkbenchScreen(self.service, record.environment)
        workbench.wanted = where, version
        self.app.push_screen(workbench)

    @on(commands.CopyLog)
    async def _copy(self) -> None:
        row = self.view.row
        if row is None:
            return
        if row.detail is not None:
            await self.svc.copy(row.detail.text or str(row.detail.where or ""))
        else:
            await self.svc.copy(as_text(row.record), f"{row.record.method} {row.record.path}")

    @on(commands.SaveLogs)
    def _save(self) -> None:
        records = self.view.records
        if not records:
            self.notify("There is nothing to save.")
            return
        folder = Path(platformdirs.user_downloads_dir())
        name = f"{self.service}-{self.environment or 'all'}-logs"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            number = 0
            while (target := folder / f"{name}{f'-{number}' if number else ''}.ndjson").exists():
                number += 1
            with target.open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(json.dumps(record.raw, ensure_ascii=False) + "\n" for record in records)
        except OSError as error:
            self.notify(f"Not saved: {escape(error.strerror or str(error))} ({folder}).", severity="error")
        else:
            self.notify(f"Saved {plural(len(records), 'record')} in {escape(str(target))}.")

    # ------------------------------------------------------------------ the rest

    @on(commands.LogKeys)
    def _keys(self) -> None:
        self.svc.show_keys()

    @on(commands.LeaveLogs)
    def _leave(self) -> None:
        field = self.query_one(LogField)
        if field.has_focus:
            self.view.focus()
        elif field.value or self.chosen.level != ALL:
            with field.prevent(Input.Changed):
                field.value = ""
            self._choose(ALL)
        else:
            self.dismiss()


def as_text(record: LogRecord) -> str:
    """A record as one would paste it into a message."""
    at = f"{record.raw['eventTimestamp'] / 1000:.3f}"
    rows = [
        f"{record.method} {record.url}  {record.status or record.outcome}  {record.raw['wallTime']} ms  {at}"
    ]
    for detail in record.details():
        place = f"  {detail.where.file}:{detail.where.line}:{detail.where.column}" if detail.where else ""
        if detail.kind == "frame":
            rows.append(f"    at {detail.text}{place}")
        else:
            lead = "" if detail.kind in ("fact", "more") else f"{detail.kind}: "
            rows.append(f"  {lead}{detail.text}{place}")
    return "\n".join(rows)
