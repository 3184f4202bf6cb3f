"""How much of the requests a version gets, beside what is live."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label, Static

from tui.format import version
from tui.screens.dialogs.dialog import Dialog, DialogField
from tui.widgets.history_table import Entry

BAR = 40
"""Cells of a full bar."""


class ShareDialog(Dialog[float]):
    """Dismissed with percent, or None. On production the environment's name has to be typed, too."""

    AUTO_FOCUS = "#percent"
    VERB = "Share"

    def __init__(
        self, service: str, environment: str, hostname: str, target: Entry, live: Sequence[Entry]
    ) -> None:
        """Args:
        service: the service.
        environment: the environment.
        hostname: where it answers.
        target: the row whose version gets a part.
        live: what answers now, without that version.
        """
        production = environment == "production"
        mark = "[$production]▲ production[/]" if production else environment
        super().__init__(
            f"Share {service} › {mark} between {version(target.number)} and others", production=production
        )
        self.target, self.hostname = target, hostname
        self.rest = max(live, key=lambda entry: entry.share)
        self.named = environment if production else None

    def words(self) -> str:
        """What happens."""
        new, old = version(self.target.number), version(self.rest.number)
        return (
            f"[b]{new}[/] answers a part of the requests to {self.hostname}, [b]{old}[/] the others. "
            "At 100 it answers them all; at 0 none."
        )

    def keys(self) -> str:
        return "tab fields  enter shares  esc cancels"

    def compose_middle(self) -> ComposeResult:
        with Horizontal(id="name-field"):
            yield Label("Percent", classes="field-label")
            yield DialogField("", id="percent", compact=True, placeholder="10", restrict=r"[0-9.]*")
        yield Static(id="outcome")

    def compose_question(self) -> ComposeResult:
        if self.named:
            yield Label(f"Type [b $production]{self.named}[/]:", id="question")
            yield DialogField(id="typed", compact=True)

    @property
    def percent(self) -> float | None:
        """What was typed, if it is a percentage."""
        try:
            found = float(self.query_one("#percent", Input).value)
        except ValueError:
            return None
        return found if 0 <= found <= 100 else None

    @property
    def ready(self) -> bool:
        if not self.is_mounted or self.percent is None:
            return False
        return self.named is None or self.query_one("#typed", Input).value == self.named

    @on(Input.Changed)
    def _typed(self) -> None:
        percent, outcome = self.percent, self.query_one("#outcome", Static)
        if percent is None:
            given = self.query_one("#percent", Input).value
            outcome.update("[$error]✗ A percentage, 0 to 100.[/]" if given else "")
        else:
            full = round(BAR * percent / 100)
            outcome.update(
                f"[b]{version(self.target.number)}[/] {percent:g} %  [$accent]{'━' * full}[/]"
                f"[$line]{'━' * (BAR - full)}[/]  [b]{version(self.rest.number)}[/] {100 - percent:g} %"
            )
        self.refresh_ready()

    def go(self) -> None:
        self.dismiss(self.percent)
