"""Somebody deployed while the text was edited: reload, overwrite or compare."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button

from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog

Choice = Literal["reload", "overwrite", "compare"]


class ConflictDialog(Dialog[Choice]):
    """Dismissed with what to do, or None: nothing was saved and the text is as it was."""

    KEYS = "r reloads  c compares  o overwrites  esc cancels"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "choose('reload')", "Reload", show=False, id="conflict-reload"),
        Binding("c", "choose('compare')", "Compare", show=False, id="conflict-compare"),
        Binding("o", "choose('overwrite')", "Overwrite", show=False, id="conflict-overwrite"),
    ]

    def __init__(self, service: str, environment: str, message: str, base: int | None) -> None:
        """Args:
        service: the service.
        environment: the environment that was edited.
        message: what the engine says: who deployed what, and when.
        base: the number of the version that the text was made from.
        """
        production = environment == "production"
        mark = "[$production]▲ production[/]" if production else environment
        super().__init__(f"Save {service} › {mark}: changed elsewhere", production=production)
        self.message, self.base = message, base

    def words(self) -> str:
        based = f"Your text was made from [b]v{self.base}[/]. " if self.base is not None else ""
        return (
            f"[$warning]![/] {escape(self.message)}\n{based}Nothing was saved.\n\n"
            "[b]Reload[/]     [$muted]takes what is live; your text is dropped[/]\n"
            "[b]Compare[/]    [$muted]shows what is live beside your text[/]\n"
            "[b]Overwrite[/]  [$muted]saves your text; what is live stays in the history[/]"
        )

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel", compact=True)
        yield Button("Reload", id="reload", compact=True)
        yield Button("Compare", id="compare", compact=True)
        yield Button("Overwrite", id="overwrite", compact=True)

    @on(Button.Pressed, "#reload, #compare, #overwrite")
    def _chosen(self, event: Button.Pressed) -> None:
        self.action_choose(str(event.button.id))

    def action_choose(self, choice: str) -> None:
        """Close with a choice."""
        choices: dict[str, Choice] = {"reload": "reload", "overwrite": "overwrite", "compare": "compare"}
        self.dismiss(choices[choice])
