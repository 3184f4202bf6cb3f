"""Two rows below a text: find in it, and replace."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from tui.format import count
from tui.markup import escape
from tui.search import Query
from tui.widgets.code_area import CodeArea


class Searchable(Protocol):
    """What the bar can search: an editor, a viewer, a folded tree."""

    @property
    def selected_text(self) -> str:
        """What is selected; sought first."""

    def find(self, query: Query) -> None:
        """Mark what is sought."""

    def go_to_match(self, step: int = 1, include_here: bool = False) -> tuple[int, int]:
        """Go to the next match; its number and how many there are."""

    def focus(self, scroll_visible: bool = True) -> Widget:
        """Take the focus."""


class FindBar(Vertical):
    """Finds as one types. Small letters match both cases; opened again, it replaces too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "next", "Next", show=False, id="find-bar-next"),
        Binding("up", "previous", "Previous", show=False, id="find-bar-previous"),
        Binding("alt+c", "toggle_case", "Match the case", show=False, id="find-bar-case"),
        Binding("alt+e", "toggle_regex", "Regular expression", show=False, id="find-bar-regex"),
        Binding("alt+a", "replace_all", "Replace all", show=False, id="find-bar-replace-all"),
    ]

    class Closed(Message):
        """The bar was closed; the text it searched has the focus again."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.target: Searchable | None = None
        self.regex = self.case = False
        self.display = False

    def compose(self) -> ComposeResult:
        """Label, input, what was found; below it the same for the new text."""
        with Horizontal(id="find-row"):
            yield Label("Find", classes="bar-title")
            yield Input(compact=True, id="needle")
            yield Label(id="find-options", classes="bar-options")
            yield Label(classes="bar-state")
        with Horizontal(id="replace-row"):
            yield Label("With", classes="bar-title")
            yield Input(compact=True, id="template")
            yield Label(classes="bar-keys")

    def on_mount(self) -> None:
        """Nothing to replace yet."""
        self.query_one("#replace-row").display = False
        self._show_options()

    @property
    def query_now(self) -> Query:
        """What is sought."""
        return Query(self.query_one("#needle", Input).value, self.regex, self.case)

    @property
    def replaces(self) -> bool:
        """Whether the row for the new text is shown."""
        return self.query_one("#replace-row").display

    def open(self, target: Searchable, replace: bool = False) -> None:
        """Search in a text; a selection on one line is what is sought first.

        Args:
            target: The text.
            replace: Show the row for the new text; opened again in its own field, it is shown anyway.
        """
        if self.target is not None and self.target is not target:
            self.target.find(Query(""))
        field = self.query_one("#needle", Input)
        again = self.display and self.target is target and field.has_focus
        self.target = target
        self.display = True
        editable = isinstance(target, CodeArea) and not target.read_only
        if editable and (replace or again):
            self.query_one("#replace-row").display = True
        elif not editable:
            self.query_one("#replace-row").display = False
        chosen = target.selected_text
        if chosen and "\n" not in chosen and not again:
            field.value = chosen
        if again and self.replaces:
            field = self.query_one("#template", Input)
        field.focus()
        self._search(include_here=True)

    def close(self) -> None:
        """Hide the bar and the marks; what was sought is remembered."""
        if self.display:
            self.display = False
            self.query_one("#replace-row").display = False
            if self.target is not None:
                self.target.find(Query(""))
                self.target.focus()
            self.post_message(self.Closed())

    def step(self, by: int, target: Searchable | None = None) -> None:
        """To the next (1) or previous (-1) match, opening the bar's search again if it was closed."""
        chosen = target or self.target
        if chosen is None:
            return
        self.target = chosen
        chosen.find(self.query_now)
        self.say(*chosen.go_to_match(by))
        if not self.display:
            chosen.find(Query(""))

    def action_next(self) -> None:
        """To the next match."""
        self.step(1)

    def action_previous(self) -> None:
        """To the match before."""
        self.step(-1)

    def action_toggle_case(self) -> None:
        """Match the case always, or only for words with a capital letter."""
        self.case = not self.case
        self._options_changed()

    def action_toggle_regex(self) -> None:
        """Take what is sought for a regular expression, or for plain text."""
        self.regex = not self.regex
        self._options_changed()

    def action_replace_all(self) -> None:
        """Replace every match; one undo brings all of them back."""
        if isinstance(self.target, CodeArea) and self.replaces:
            number = self.target.replace_matches(self.query_one("#template", Input).value)
            self._keys(f"[$success]{count(number)} replaced[/]  [b $accent]^z[/] in the text undoes it")
            self.say(*self.target.go_to_match(1, include_here=True))

    # ------------------------------------------------------------------ inside

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "needle":
            self._search(include_here=True)
        self._keys()

    @on(Input.Submitted, "#needle")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_next()

    @on(Input.Submitted, "#template")
    def _replace(self, event: Input.Submitted) -> None:
        event.stop()
        if isinstance(self.target, CodeArea):
            self.target.find(self.query_now)
            self.target.replace_match(event.value)
            self.say(*self.target.go_to_match(1, include_here=True))

    def _options_changed(self) -> None:
        self._show_options()
        self._search(include_here=True)

    def _show_options(self) -> None:
        def style(on: bool) -> str:
            return "b $on-fill on $accent" if on else "$muted"

        self.query_one("#find-options", Label).update(
            f"[{style(self.case)}][@click='toggle_case'] Aa [/][/]"
            f"[{style(self.regex)}][@click='toggle_regex'] .* [/][/]"
        )
        self._keys()

    def _keys(self, words: str = "") -> None:
        keys = "[b $accent]enter[/] this  [b $accent][@click='replace_all']alt+a[/][/] all"
        self.query_one(".bar-keys", Label).update(f"[$muted]{words or keys}[/]")

    def _search(self, include_here: bool) -> None:
        if self.target is not None and self.display:
            self.target.find(self.query_now)
            self.say(*self.target.go_to_match(1, include_here))

    def say(self, number: int, total: int) -> None:
        """Show which match the cursor is on, and how many there are."""
        query = self.query_now
        found = f"{count(number)} of {count(total)}" if total else "[$warning]nothing found[/]"
        if query.fault:
            found = f"[$error]{escape(query.fault)}[/]"
        keys = "  [b $accent]↑ ↓[/]  [b $accent]alt+c e[/]  [b $accent]esc[/]"
        if self.size.width >= 100:
            keys = (
                "  [b $accent]enter[/] next  [b $accent]↑[/] previous"
                "  [b $accent]alt+c[/] case  [b $accent]alt+e[/] regex"
            )
            if isinstance(self.target, CodeArea) and not self.target.read_only and not self.replaces:
                keys += "  [b $accent]^f[/] replace"
        elif self.size.width < 60:
            keys = ""
        self.query_one(".bar-state", Label).update(
            ("" if not query.text else f"[$muted]{found}[/]") + f"[$muted]{keys}[/]"
        )
