"""Pane 4 of the workbench: what the run answered, its headers, its console, its calls."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tui.commands.answer import ANSWER
from tui.commands.base import Command, CommandHost
from tui.markup import escape
from tui.run_report import RunReport
from tui.widgets.calls_view import CallsView
from tui.widgets.code_area import CodeArea
from tui.widgets.console_view import ConsoleView
from tui.widgets.find_bar import FindBar, Searchable
from tui.widgets.headers_view import HeadersView
from tui.widgets.json_tree import JsonTree
from tui.widgets.pane import Pane
from tui.widgets.response_view import ResponseView

RESPONSE, HEADERS, CONSOLE, CALLS = range(4)
PARTS = ("response", "headers", "console", "calls-tab")


class AnswerPane(CommandHost, Pane):
    """Shows a run; while another one is in progress the old answer stays, with a dashed border."""

    ALLOW_MAXIMIZE = True

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = ANSWER
    HELP_TITLE = "Answer"

    def __init__(self, service: str, environment: str, id: str | None = None) -> None:
        Pane.__init__(self, number=4, tabs=["Response", "Headers", "Console", "Calls"], id=id)
        self._place = (service, environment)
        self.report: RunReport | None = None
        """The run that is shown."""

    def compose(self) -> ComposeResult:
        """One of four parts, and a bar to find in the body."""
        with ContentSwitcher(initial=PARTS[0]):
            yield ResponseView(id=PARTS[RESPONSE])
            yield HeadersView(id=PARTS[HEADERS])
            yield ConsoleView(*self._place, id=PARTS[CONSOLE])
            yield CallsView(id=PARTS[CALLS])
        yield FindBar(id="find-answer")

    @property
    def body(self) -> CodeArea:
        """The body's text."""
        return self.query_one(ResponseView).text

    @property
    def searched(self) -> Searchable:
        """What find searches: the folded tree while that is shown, else the body's text."""
        return self.query_one(ResponseView).folded or self.body

    @property
    def part(self) -> Widget:
        """What can have the focus in the part that is shown."""
        shown = self.query_one(f"#{PARTS[self.active]}")
        if isinstance(shown, ResponseView):
            stack = shown.query_one("#stack")
            failed = shown.query_one("#failure").display and stack.display
            return stack if failed else shown.shown_body
        return shown

    def show_part(self, index: int, focus: bool = False) -> None:
        """Show Response (0), Headers (1), Console (2) or Calls (3)."""
        self.active = index
        self.query_one(ContentSwitcher).current = PARTS[index]
        if focus and self.part.focusable:
            self.part.focus()

    def show(self, report: RunReport, running: RunReport | None = None, elapsed: float = 0.0) -> None:
        """Show a run; may be called as often as there is news.

        Args:
            report: The run to show.
            running: The run in progress that has no answer yet.
            elapsed: Milliseconds that it has lasted.
        """
        self.report = report
        self._dash(running is not None)
        self.query_one(ResponseView).show(report, running, elapsed)
        self.query_one(HeadersView).show(report)
        live = running or report
        # Console and calls are live: they begin anew with the run, not with its answer.
        self.query_one(ConsoleView).show(live)
        self.query_one(CallsView).show(live)
        self.tabs = (
            "Response",
            _counted("Headers", len(report.headers)),
            _counted("Console", live.console_count),
            _counted("Calls", len(live.calls)),
        )
        wrote = "[b $error]wrote for real[/]  " if report.mode == "live" else ""
        path = escape(_short(report.path, self.size.width - 28))
        self.bottom = f"{wrote}[b $foreground]{report.method}[/] [$muted]{path}  {report.clock}[/]"

    def _dash(self, stale: bool) -> None:
        """The border says whether the answer is an old one.

        Textual would style everything inside anew, 50 ms at the start and at the end of every run; no rule
        looks at this class for more than the pane itself.
        """
        if stale != self.has_class("-stale"):
            self.set_class(stale, "-stale", update=False)
            self.app.stylesheet.apply(self)

    @on(JsonTree.Found)
    def _found(self, event: JsonTree.Found) -> None:
        event.stop()
        self.query_one(FindBar).say(event.number, event.total)

    @on(Pane.TabChosen)
    def _tab_chosen(self, event: Pane.TabChosen) -> None:
        event.stop()
        self.show_part(event.index, focus=True)

    def allows(self, command: type[Command]) -> bool | None:
        """Most of it needs a body."""
        return True if self.report is not None and self.report.status is not None else None


def _counted(name: str, number: int) -> str:
    return f"{name} {number:,}" if number else name


def _short(text: str, width: int) -> str:
    return text if len(text) <= max(width, 8) else text[: max(width, 8) - 1] + "…"
