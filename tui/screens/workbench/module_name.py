"""Asks for a module's name."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input, Label

from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog, DialogField
from tui.workspace import duplicate, type_for_name

KINDS = {
    "esm": "an ES module",
    "commonjs": "a CommonJS module",
    "json": "a JSON module",
    "text": "a text module: importing it gives a string",
    "wasm": "a WebAssembly module",
    "data": "a data module: importing it gives an ArrayBuffer",
    "sourcemap": "a source map",
}


class ModuleNameDialog(Dialog[str]):
    """Dismissed with a name, or None."""

    AUTO_FOCUS = "#name"
    KEYS: ClassVar[str] = "enter does it  esc cancels"

    def __init__(self, title: str, verb: str, taken: Collection[str], value: str = "") -> None:
        """Args:
        title: verb and thing, as markup.
        verb: the word on the button.
        taken: names that are used already.
        value: what the field begins with.
        """
        super().__init__(title)
        self.verb, self.taken, self.value = verb, taken, value

    def words(self) -> str:
        return (
            "The suffix says what it is: [b].js .ts .json .txt .html .css[/]. Folders are part of the name."
        )

    def compose_middle(self) -> ComposeResult:
        with Horizontal(id="name-field"):
            yield Label("Module", classes="field-label")
            yield DialogField(
                self.value, id="name", compact=True, select_on_focus=False, placeholder="lib/notes.js"
            )
        yield Label(id="outcome")

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel", compact=True)
        yield Button(self.verb, id="go", compact=True, disabled=True)

    def on_mount(self) -> None:
        super().on_mount()
        self._typed()

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.query_one("#name", Input).value

    @property
    def ready(self) -> bool:
        return self.is_mounted and not duplicate(self.typed, self.taken)

    @on(Input.Changed, "#name")
    def _typed(self) -> None:
        fault = duplicate(self.typed, self.taken) if self.typed and self.typed != self.value else ""
        kind = KINDS.get(type_for_name(self.typed), "a module")
        words = f"[$error]✗ {escape(fault)}[/]" if fault else f"[$muted]{kind}[/]" if self.typed else ""
        self.query_one("#outcome", Label).update(words)
        self.refresh_ready()

    def go(self) -> None:
        self.dismiss(self.typed)
