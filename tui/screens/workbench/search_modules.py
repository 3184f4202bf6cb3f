"""Finds text in all modules."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from tui.format import count, plural
from tui.markup import escape
from tui.run_report import Location
from tui.screens.dialogs.dialog import Dialog, DialogButton, DialogField
from tui.search import Hit, Query, in_modules

MOST = 300


class SearchDialog(Dialog[Location]):
    """Dismissed with the place that was chosen, or None."""

    AUTO_FOCUS = "#name"
    KEYS = "enter goes there  ↑ ↓ choose  alt+c case  alt+e regex  esc cancels"
    MIDDLE = (("#hits", 3),)
    BINDINGS = [  # noqa: RUF012  # as Textual declares it
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("alt+c", "option('case')", "Case", show=False),
        Binding("alt+e", "option('regex')", "Expression", show=False),
    ]

    def __init__(self, texts: Mapping[str, str], value: str = "") -> None:
        """Args:
        texts: module to text.
        value: what is sought first.
        """
        super().__init__(f"Search {plural(len(texts), 'module')}")
        self.texts, self.value = texts, value
        self.case = self.regex = False
        self.hits: list[Hit] = []

    def compose_middle(self) -> ComposeResult:
        with Horizontal(id="name-field"):
            yield Label("Find", classes="field-label")
            yield DialogField(self.value, id="name", compact=True)
        yield Label(id="outcome")
        yield OptionList(id="hits", compact=True)

    def compose_buttons(self) -> ComposeResult:
        yield DialogButton("Cancel", id="cancel")
        yield DialogButton("Go", id="go", disabled=True)

    def opened(self) -> None:
        self.query_one("#words-box").display = False
        self.search()

    @property
    def ready(self) -> bool:
        return bool(self.hits)

    @on(Input.Changed, "#name")
    def search(self) -> None:
        """Show what matches."""
        query = Query(self.query_one("#name", Input).value, self.regex, self.case)
        self.hits, total = in_modules(self.texts, query, MOST)
        options = self.query_one("#hits", OptionList)
        options.clear_options()
        options.add_options([Option(self._row(hit)) for hit in self.hits])
        options.highlighted = 0 if self.hits else None
        modes = "  ".join(name for name, on in (("Aa", self.case), (".*", self.regex)) if on)
        words = f"{count(total)} found" if total else "nothing found" if query.text else ""
        fault = f"[$error]✗ {escape(query.fault)}[/]" if query.fault else f"[$muted]{words}[/]"
        self.query_one("#outcome", Label).update(f"{fault}  [b $accent]{modes}[/]")
        self.refresh_ready()
        self.call_after_refresh(self.fit)

    @staticmethod
    def _row(hit: Hit) -> str:
        text = hit.line
        # The line's own indentation says nothing here.
        lead = min(hit.column, len(text) - len(text.lstrip()))
        before, found = text[lead : hit.column], text[hit.column : hit.column + hit.length]
        after = text[hit.column + hit.length : hit.column + hit.length + 120]
        place = f"[$accent]{escape(hit.module)}[/][$muted]:{hit.row + 1}[/]"
        return f"{place}  {escape(before)}[b u]{escape(found)}[/]{escape(after)}"

    def action_move(self, step: int) -> None:
        """Choose the row above or below without leaving the field."""
        options = self.query_one("#hits", OptionList)
        if self.hits:
            options.highlighted = ((options.highlighted or 0) + step) % len(self.hits)

    def action_option(self, option: str) -> None:
        """Match the case; take the text for a regular expression."""
        setattr(self, option, not getattr(self, option))
        self.search()

    @on(OptionList.OptionSelected, "#hits")
    def _selected(self) -> None:
        self.go()

    def go(self) -> None:
        hit = self.hits[self.query_one("#hits", OptionList).highlighted or 0]
        self.dismiss(Location(hit.module, hit.row + 1, hit.column + 1))
