"""One row below a text: find in it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from tui.format import count
from tui.widgets.code_area import CodeArea


class FindBar(Horizontal):
    """Finds as one types, in the text it was opened for. Small letters match both cases."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "next", "Next", show=False, id="find-bar-next"),
        Binding("up", "previous", "Previous", show=False, id="find-bar-previous"),
    ]

    class Closed(Message):
        """The bar was closed; the text it searched has the focus again."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.target: CodeArea | None = None
        self.display = False

    def compose(self) -> ComposeResult:
        """Label, input, what was found."""
        yield Label("Find", classes="bar-title")
        yield Input(compact=True)
        yield Label(classes="bar-state")

    def open(self, target: CodeArea) -> None:
        """Search in a text; a selection on one line is what is sought first."""
        if self.target is not None and self.target is not target:
            self.target.find("")
        self.target = target
        self.display = True
        field = self.query_one(Input)
        chosen = target.selected_text
        if chosen and "\n" not in chosen:
            field.value = chosen
        field.focus()
        self._search(include_here=True)

    def close(self) -> None:
        """Hide the bar and the marks; what was sought is remembered."""
        if self.display:
            self.display = False
            if self.target is not None:
                self.target.find("")
                self.target.focus()
            self.post_message(self.Closed())

    def step(self, by: int, target: CodeArea | None = None) -> None:
        """To the next (1) or previous (-1) match, opening the bar's search again if it was closed."""
        chosen = target or self.target
        if chosen is None:
            return
        self.target = chosen
        chosen.find(self.query_one(Input).value)
        self._say(*chosen.go_to_match(by))
        if not self.display:
            chosen.find("")

    def action_next(self) -> None:
        """To the next match."""
        self.step(1)

    def action_previous(self) -> None:
        """To the match before."""
        self.step(-1)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._search(include_here=True)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_next()

    def _search(self, include_here: bool) -> None:
        if self.target is not None and self.display:
            self.target.find(self.query_one(Input).value)
            self._say(*self.target.go_to_match(1, include_here))

    def _say(self, number: int, total: int) -> None:
        found = f"{count(number)} of {count(total)}" if total else "[$warning]nothing found[/]"
        keys = "  [b $accent]enter[/] next  [b $accent]↑[/] previous  [b $accent]esc[/]"
        empty = not self.query_one(Input).value
        self.query_one(".bar-state", Label).update(
            ("" if empty else f"[$muted]{found}[/]") + f"[$muted]{keys}[/]"
        )
