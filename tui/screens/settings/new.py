"""Asks for a new variable, JSON or secret: its name and what it is; the value is typed in the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label, RadioButton, RadioSet

from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog, DialogField
from tui.setting_values import name_fault

EMPTY: dict[str, dict[str, Any]] = {
    "plain_text": {"type": "plain_text", "text": ""},
    "json": {"type": "json", "json": {}},
    "secret_text": {"type": "secret_text", "text": ""},
}


@dataclass(frozen=True, slots=True)
class New:
    """What was asked for."""

    name: str
    binding: dict[str, Any]


class NewSettingDialog(Dialog[New]):
    """Dismissed with a name and an empty value, or None."""

    AUTO_FOCUS = "#name"
    VERB = "Add"
    KEYS = "tab fields  enter adds  esc cancels"

    def __init__(self, place: str, taken: Mapping[str, Any]) -> None:
        """Args:
        place: `notes › staging`, as markup.
        taken: the keys of the settings there are.
        """
        super().__init__(f"New variable or secret of {place}")
        self.taken = taken

    def words(self) -> str:
        return "Code reads it as [b]env.NAME[/]. Nothing is live before everything is saved."

    def compose_middle(self) -> ComposeResult:
        with Horizontal(id="name-field"):
            yield Label("Name", classes="field-label")
            yield DialogField(id="name", compact=True, select_on_focus=False)
        yield Label(id="outcome")
        with RadioSet(id="kind", compact=True):
            yield RadioButton(
                "Text    [$muted]anybody with access can read it[/]", value=True, id="plain_text"
            )
            yield RadioButton("JSON    [$muted]code gets it as an object[/]", id="json")
            yield RadioButton("Secret  [$muted]kept encrypted, and never shown again[/]", id="secret_text")

    def opened(self) -> None:
        self._typed()

    @property
    def ready(self) -> bool:
        return self.is_mounted and not name_fault(self.query_one("#name", Input).value, self.taken)

    @on(Input.Changed, "#name")
    def _typed(self) -> None:
        name = self.query_one("#name", Input).value
        fault = name_fault(name, self.taken)
        words = f"[$error]✗ {escape(fault)}[/]" if name and fault else f"[$muted]{escape(fault)}[/]"
        self.query_one("#outcome", Label).update(words)
        self.refresh_ready()

    def go(self) -> None:
        kind = next(button.id for button in self.query(RadioButton) if button.value)
        self.dismiss(New(self.query_one("#name", Input).value, dict(EMPTY[str(kind)])))
