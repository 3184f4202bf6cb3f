"""Asks for one line of text: a name, a path."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.suggester import Suggester, SuggestFromList
from textual.widgets import Input, Label

from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog, DialogButton, DialogField

Check = Callable[[str], tuple[str, str]]
"""What is wrong with a text (empty when nothing is), and what it means, both plain text."""


class AskDialog(Dialog[str]):
    """Dismissed with the text, or None."""

    AUTO_FOCUS = "#name"

    def __init__(
        self,
        title: str,
        words: str,
        verb: str,
        label: str,
        check: Check,
        value: str = "",
        suggester: Suggester | None = None,
    ) -> None:
        """Args:
        title: verb, thing and target, as markup.
        words: what will happen, as markup.
        verb: the word on the button.
        label: what the field is.
        check: what is wrong with the text.
        value: what the field begins with.
        suggester: how the text may go on; the arrow right takes it.
        """
        super().__init__(title)
        self._words, self.verb, self.label, self.check, self.value = words, verb, label, check, value
        self.suggester = suggester or SuggestFromList(())

    def words(self) -> str:
        return self._words

    def keys(self) -> str:
        return f"enter {self.verb.lower()}s  → completes  esc cancels"

    def compose_middle(self) -> ComposeResult:
        with Horizontal(id="name-field"):
            yield Label(self.label, classes="field-label")
            yield DialogField(
                self.value, id="name", compact=True, select_on_focus=False, suggester=self.suggester
            )
        yield Label(id="outcome")

    def compose_buttons(self) -> ComposeResult:
        yield DialogButton("Cancel", id="cancel")
        yield DialogButton(self.verb, id="go", disabled=True)

    def opened(self) -> None:
        self._typed()

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.query_one("#name", Input).value

    @property
    def ready(self) -> bool:
        return self.is_mounted and bool(self.typed.strip()) and not self.check(self.typed)[0]

    @on(Input.Changed, "#name")
    def _typed(self) -> None:
        fault, meaning = self.check(self.typed) if self.typed.strip() else ("", "")
        words = f"[$error]✗ {escape(fault)}[/]" if fault else f"[$muted]{escape(meaning)}[/]"
        self.query_one("#outcome", Label).update(words)
        self.refresh_ready()

    def go(self) -> None:
        self.dismiss(self.typed)
