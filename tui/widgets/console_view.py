"""What the draft wrote to its console, as it writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.table import Table as Grid
from rich.text import Text
from textual import on
from textual.message import Message
from textual.theme import Theme
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.commands.base import Command, CommandHost
from tui.commands.lists import LIST
from tui.run_report import ConsoleLine, Location, RunReport

MOST = 1_000
"""Lines that are kept on screen, the last ones."""
TONES = {"error": "error", "warn": "warning", "info": "accent", "debug": "muted", "trace": "muted"}
SIGNS = {"error": "✗", "warn": "!"}


class ConsoleView(CommandHost, OptionList):
    """One row a call of `console.*`: level, text (objects laid out), place. Enter goes to the place."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = LIST
    HELP_TITLE = "Lists"

    @dataclass
    class Chosen(Message):
        """A row with a place in the code was opened."""

        where: Location

    def __init__(self, service: str, environment: str, id: str | None = None) -> None:
        super().__init__(id=id, compact=True)
        self._home = (service, environment)
        self._report: RunReport | None = None
        self._shown = 0
        self._kept_lines: list[ConsoleLine] = []

    def show(self, report: RunReport | None) -> None:
        """Show a run's console; lines that came since the last call are added below."""
        if report is not self._report:
            self._report, self._shown, self._kept_lines = report, 0, []
            self.clear_options()
        if report is None:
            self._say("What the draft writes to its console shows up here.")
            return
        if not report.console and not report.running:
            self._say("Nothing was written to the console.")
        if len(report.console) == self._shown:
            return
        if not self._shown:
            self.clear_options()
        fresh = report.console[self._shown :][-MOST:]
        self._shown = len(report.console)
        follows = self.highlighted is None or self.highlighted >= self.option_count - 1
        self._kept_lines = [*self._kept_lines, *fresh]
        if len(self._kept_lines) > MOST:
            self._kept_lines = self._kept_lines[-MOST:]
            self.clear_options()
            self.add_options([Option(self._row(line)) for line in self._kept_lines])
        else:
            self.add_options([Option(self._row(line)) for line in fresh])
        if follows and not self.has_focus:
            self.call_after_refresh(self.scroll_end, animate=False)

    def _say(self, words: str) -> None:
        """Words instead of lines."""
        if not self._kept_lines:
            self.clear_options()
            self.add_option(Option(f"[$muted]{words}[/]", disabled=True))

    def action_cursor_first(self) -> None:
        """To the first row."""
        self.action_first()

    def action_cursor_last(self) -> None:
        """To the last row."""
        self.action_last()

    def on_mount(self) -> None:
        """Rich text knows no theme variables: written again when the theme changes."""
        self.show(None)
        self.app.theme_changed_signal.subscribe(self, self._recolor)

    def _recolor(self, _: Theme) -> None:
        if self._kept_lines:
            self.clear_options()
            self.add_options([Option(self._row(line)) for line in self._kept_lines])

    def _row(self, line: ConsoleLine) -> Grid:
        known = self.app.theme_variables
        tone = known[TONES.get(line.level, "foreground")]
        words = Text(line.text.rstrip("\n"), style=tone, overflow="fold")
        if line.where:
            words.append(f"  {line.where}", style=known["faint"])
        other = (line.service, line.environment)
        if any(other) and other != self._home:
            words = Text.assemble((f"{' › '.join(other)} ", known["muted"]), words)
        grid = Grid.grid(expand=True, padding=(0, 1, 0, 0))
        grid.add_column(justify="right", width=7, style=known["faint"])
        grid.add_column(width=7)
        grid.add_column(ratio=1)
        level = Text(f"{SIGNS.get(line.level, ' ')} {line.level}", style=tone)
        grid.add_row(f"{line.at:,.1f}" if line.at < 99_999 else f"{line.at / 1000:,.0f} s", level, words)
        return grid

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if not 0 <= event.option_index < len(self._kept_lines):
            return
        line = self._kept_lines[event.option_index]
        other = (line.service, line.environment)
        if any(other) and other != self._home:
            # Its file may well have the name of one of ours.
            self.notify(f"That is in the code of {' › '.join(other)}.")
        elif line.where:
            self.post_message(self.Chosen(line.where))
