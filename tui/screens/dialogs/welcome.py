"""What an account without services shows: the ways to begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.widgets.pane import Pane

Choice = Literal["hello", "wrangler"]

WAYS: tuple[tuple[Choice, str, str], ...] = (
    ("hello", "New service", "a production environment that says hello"),
    ("wrangler", "Use wrangler", "copies the settings it needs to deploy here"),
)


class Welcome(Vertical):
    """Stands in the browse screen's place while there is nothing to browse."""

    @dataclass
    class Chosen(Message):
        """A way to begin was chosen."""

        choice: Choice

    def compose(self) -> ComposeResult:
        """One box in the middle."""
        with Pane(title="Services on this machine", id="welcome-box"):
            yield Static("No services yet.", id="welcome-words")
            yield OptionList(
                *(Option(f"[b]{title:<14}[/] [$muted]{what}[/]", id=choice) for choice, title, what in WAYS),
                compact=True,
                id="welcome-ways",
            )
            yield Static(
                "[$muted]In a project's folder,[/] [b $accent]svc-tui deploy[/] [$muted]puts it here.[/]",
                id="welcome-hint",
            )

    @on(OptionList.OptionSelected, "#welcome-ways")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        choice: Choice = "wrangler" if event.option_id == "wrangler" else "hello"
        self.post_message(self.Chosen(choice))
