"""One row below the editor: go to a line."""

from __future__ import annotations

import re

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label

from tui.format import count
from tui.widgets.code_area import CodeArea


class GotoLine(Horizontal):
    """Takes `35` or `35:14`; the text moves along while one types, escape goes back."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.target: CodeArea | None = None
        self._before = (0, 0)
        self.display = False

    def compose(self) -> ComposeResult:
        """Label, input, the range."""
        yield Label("Go to line", classes="bar-title")
        yield Input(compact=True, restrict=r"[\d:]*", max_length=12)
        yield Label(classes="bar-state")

    def open(self, target: CodeArea) -> None:
        """Ask for a line of a text."""
        self.target, self._before = target, target.cursor_location
        self.display = True
        last = count(target.document.line_count)
        self.query_one(".bar-state", Label).update(
            f"[$muted]1 to {last}  [b $accent]enter[/] goes  [b $accent]esc[/][/]"
        )
        field = self.query_one(Input)
        field.value = ""
        field.focus()

    def close(self, back: bool = True) -> None:
        """Hide the bar.

        Args:
            back: Return to where the cursor was.
        """
        if self.display:
            self.display = False
            if self.target is not None:
                if back:
                    self.target.go_to(self._before)
                self.target.focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display and self.target is not None and (place := re.match(r"(\d+)(?::(\d+))?", event.value)):
            self.target.go_to((int(place[1]) - 1, int(place[2] or 1) - 1))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close(back=False)
