"""The workbench's layout, and the keys that move about in it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.widgets import Input, TextArea

from tui.commands import answer, editing, logs, modules, places, requests, writes
from tui.commands import workbench as commands
from tui.commands.base import Command
from tui.screens.workbench.applying import ApplyingScreen
from tui.widgets.answer_pane import CALLS, CONSOLE, HEADERS, RESPONSE, AnswerPane
from tui.widgets.calls_view import CallsView
from tui.widgets.editor_pane import EditorPane
from tui.widgets.find_bar import FindBar, Searchable
from tui.widgets.goto_line import GotoLine
from tui.widgets.modules_list import ModulesList
from tui.widgets.pane import Pane
from tui.widgets.request_bar import BODY as REQUEST_BODY
from tui.widgets.request_bar import HEADERS as REQUEST_HEADERS
from tui.widgets.request_bar import RequestBar
from tui.widgets.response_view import ResponseView

#: Steps that the border between code and answer may be moved.
MOST_SHIFT = 5


class WorkbenchScreen(ApplyingScreen):
    """Edit, run, save: one environment's code beside what it answers.

    Args:
        service: The service.
        environment: The environment.
    """

    CSS_PATH = "../../styles/workbench.tcss"
    HELP_TITLE = "Here: workbench"
    AUTO_FOCUS = ""
    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = (
        *commands.WORKBENCH,
        *editing.EDITING,
        *requests.REQUESTS,
        writes.KeptWrites,
        *modules.DIVIDING,
    )

    def body(self) -> ComposeResult:
        """Modules (wide) ∥ editor ∥ request, answer, calls."""
        with Grid(id="bench"):
            with Pane(id="modules", number=1, title="Modules"):
                yield ModulesList()
            yield EditorPane(self.svc.settings.editor.indent, id="code")
            with Vertical(id="run"):
                yield RequestBar(id="request")
                yield AnswerPane(self.service, self.environment, id="answer")
                with Pane(id="calls", number=5, title="Calls"):
                    yield CallsView()

    # ------------------------------------------------------------------ room

    @on(modules.CodeWider)
    def _wider(self) -> None:
        self._move_border(1)

    @on(modules.CodeNarrower)
    def _narrower(self) -> None:
        self._move_border(-1)

    def _move_border(self, step: int) -> None:
        self.shift = max(-MOST_SHIFT, min(MOST_SHIFT, self.shift + step))
        self.divide()
        self.keep_place()

    def on_resize(self) -> None:
        """Each layout has its own measures."""
        self.call_after_refresh(self.divide)

    def on_mount(self) -> None:
        """Divide the screen as config.toml says. Textual calls this beside the bases' own."""
        layout = self.svc.settings.layout
        self.set_class(layout.stacked, "-stacked")
        self.set_class(not layout.modules, "-without-modules")

    def divide(self) -> None:
        """Give code and answer their room: steps (keys, config.toml) from what the style sheet says."""
        if self not in self.app.screen_stack:  # left before the refresh that this waited for
            return
        bench = self.query_one("#bench")
        steps = max(-MOST_SHIFT, min(MOST_SHIFT, self.shift + self.svc.settings.layout.split))
        bench.styles.clear_rule("grid_columns")
        bench.styles.clear_rule("grid_rows")
        if not steps:
            return
        if self.has_class("-narrow"):
            rows = 14 if self.has_class("-request-open") else 9
            bench.styles.grid_rows = f"1fr {max(5, rows - 2 * steps)}"
        elif self.has_class("-stacked"):
            bench.styles.grid_rows = f"1fr {45 - 5 * steps}%"
        elif self.has_class("-wide"):
            modules = "26 " if self.svc.settings.layout.modules else ""
            bench.styles.grid_columns = f"{modules}1fr {84 - 8 * steps}"
        else:
            bench.styles.grid_columns = f"1fr {46 - 5 * steps}%"

    # ------------------------------------------------------------------ keys

    @on(commands.FocusUrl)
    def _focus_url(self) -> None:
        self.add_class("-request-open")  # hidden in a narrow terminal until it is asked for
        self.request_bar.focus_url()

    @on(commands.RequestHeaders)
    def _request_headers(self) -> None:
        self.add_class("-request-open")
        self.request_bar.open(REQUEST_HEADERS)

    @on(commands.RequestBody)
    def _request_body(self) -> None:
        self.add_class("-request-open")
        self.request_bar.open(REQUEST_BODY)

    @on(commands.Find)
    def _find(self) -> None:
        pane, area = self._text_in_use()
        pane.query_one(FindBar).open(area)

    @on(answer.FindInBody)
    def _find_in_body(self) -> None:
        self.answer.query_one(FindBar).open(self.answer.searched)

    @on(commands.FindNext)
    def _find_next(self) -> None:
        pane, area = self._text_in_use()
        pane.query_one(FindBar).step(1, area)

    @on(answer.NextMatch)
    def _next_match(self) -> None:
        self.answer.query_one(FindBar).step(1, self.answer.searched)

    @on(answer.PreviousMatch)
    def _previous_match(self) -> None:
        self.answer.query_one(FindBar).step(-1, self.answer.searched)

    @on(commands.GoToLine)
    def _go_to_line(self) -> None:
        if self.editor_pane.editor is not None:
            self.editor_pane.query_one(GotoLine).open(self.editor_pane.editor)

    @on(commands.ToggleComment)
    def _toggle_comment(self) -> None:
        if self.editor_pane.editor is not None:
            self.editor_pane.editor.action_toggle_comment()

    @on(answer.WrapBody)
    def _wrap(self) -> None:
        self.answer.body.soft_wrap = not self.answer.body.soft_wrap

    @on(answer.NextView)
    def _next_view(self) -> None:
        if not self.answer.query_one(ResponseView).next_view():
            self.tell("There is one way to show this body.")

    @on(commands.ShowConsole)
    def _show_console(self) -> None:
        self.answer.show_part(RESPONSE if self.answer.active == CONSOLE else CONSOLE, focus=True)

    @on(commands.ShowResponse)
    def _show_response(self) -> None:
        self.answer.show_part(RESPONSE, focus=True)

    @on(commands.ShowHeaders)
    def _show_headers(self) -> None:
        self.answer.show_part(HEADERS, focus=True)

    @on(commands.ShowCalls)
    def _show_calls(self) -> None:
        own = self.query_one("#calls")
        if own.display:
            own.query_one(CallsView).focus()
        else:
            self.answer.show_part(CALLS, focus=True)

    @on(commands.PaneModules)
    def _pane_modules(self) -> None:
        self.focus_pane(1)

    @on(commands.PaneEditor)
    def _pane_editor(self) -> None:
        self.editor_pane.focus_editor()

    @on(commands.PaneRequest)
    def _pane_request(self) -> None:
        self._focus_url()

    @on(commands.PaneAnswer)
    def _pane_answer(self) -> None:
        if self.answer.part.focusable:
            self.answer.part.focus()

    @on(commands.PaneCalls)
    def _pane_calls(self) -> None:
        self._show_calls()

    @on(places.WorkbenchSettings)
    def _settings(self) -> None:
        from tui.screens.settings import SettingsScreen

        self.app.push_screen(SettingsScreen(self.service, self.environment))

    @on(places.WorkbenchData)
    def _data(self) -> None:
        from tui.screens.data import DataScreen

        self.app.push_screen(DataScreen(self.service, self.environment))

    @on(logs.WorkbenchLogs)
    def _logs(self) -> None:
        from tui.screens.logs import LogsScreen

        self.app.push_screen(LogsScreen(self.service, self.environment))

    @on(commands.LeaveWorkbench)
    def _leave(self) -> None:
        """One step back. What was typed is kept in any case."""
        for bar in self.query(FindBar):
            if bar.display and bar.has_focus_within:
                bar.close()
                return
        goto = self.query_one(GotoLine)
        if goto.display:
            goto.close()
            return
        if self.stop() or self.stop_formatting():
            return
        if self.request_bar.has_focus_within or self.has_class("-request-open"):
            self._leave_request()
            return
        if any(bar.display for bar in self.query(FindBar)):
            for bar in self.query(FindBar):
                bar.close()
            return
        if self.editor_pane.has_focus_within:
            part = self.answer.part
            self.set_focus(part if part.focusable and part.display else None)
            return
        self.dismiss()

    def _leave_request(self) -> None:
        if self.request_bar.is_open:
            self.request_bar.close()
            return
        self.remove_class("-request-open")
        self.editor_pane.focus_editor()

    def _text_in_use(self) -> tuple[Pane, Searchable]:
        """The text that find is about: the answer's when it has the focus, else the editor's."""
        editor = self.editor_pane.editor
        if editor is None or self.answer.has_focus_within:
            return self.answer, self.answer.searched
        return self.editor_pane, editor

    def allows(self, command: type[Command]) -> bool | None:
        """Letters belong to the text while one types; nothing can be saved before it is loaded."""
        if not self.is_mounted:
            return True
        if command is commands.Save:
            return True if self.loaded else None
        if command in PANE_KEYS and isinstance(self.focused, (Input, TextArea)):
            return self.focused.read_only if isinstance(self.focused, TextArea) else False
        return True


PANE_KEYS = frozenset(
    {
        commands.PaneModules,
        commands.PaneEditor,
        commands.PaneRequest,
        commands.PaneAnswer,
        commands.PaneCalls,
    }
)
